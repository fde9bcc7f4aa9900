//! What the service sees of a request.

use serde_json::{Map, Value};
use uuid::Uuid;
use wiremock::Request;

use super::fields::{self, Message};
use super::ports::Service;
use super::route;
use super::status::Status;

/// One request.
pub(super) struct Call {
    /// The only service whose methods are answered; without one, all are.
    pub(super) service: Option<Service>,
    pub(super) verb: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn new(service: Option<Service>, request: &Request) -> Self {
        Self {
            service,
            verb: request.method.to_string(),
            path: request.url.path().into(),
            query: request.url.query_pairs().into_owned().collect(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        }
    }

    /// The method, and the id within the path.
    pub(super) fn route(&self) -> Option<(&'static str, &str)> {
        let (method, id) = route::route(&self.verb, &self.path)?;
        let here = self
            .service
            .is_none_or(|only| only == route::service(method));
        here.then_some((method, id))
    }

    /// What two requests have in common that ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        let body = parse(&self.body).unwrap_or_default();
        format!("{} {} {body}", self.verb, self.path)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `Idempotency-Key`, which must be a UUID.
    pub(super) fn idempotency_key(&self) -> Result<Option<&str>, Status> {
        let key = self.header("idempotency-key");
        match key.is_none_or(|key| Uuid::try_parse(key).is_ok()) {
            true => Ok(key),
            false => Err(Status::invalid("Idempotency-Key", "must be a UUID")),
        }
    }

    pub(super) fn read(&self, message: &Message) -> Result<Map<String, Value>, Status> {
        let body = parse(&self.body).ok_or_else(|| Status::invalid("body", "is no JSON"))?;
        message.read(&body)
    }

    /// A method without a body.
    pub(super) fn read_none(&self) -> Result<(), Status> {
        match self.body.is_empty() {
            true => Ok(()),
            false => Err(Status::invalid("body", "must be absent")),
        }
    }

    /// A custom method without a body: many clients send `{}` with a POST.
    pub(super) fn read_empty(&self) -> Result<(), Status> {
        match self.body.is_empty() {
            true => Ok(()),
            false => self.read(&fields::EMPTY).map(drop),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in's values are made up, and the error is dropped"
)]
fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}
