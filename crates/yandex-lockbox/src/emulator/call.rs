//! What the service sees of a request.

use serde_json::{Map, Value};
use uuid::Uuid;
use wiremock::Request;

use super::fields::{self, Message};
use super::status::Status;

/// One request.
pub(super) struct Call {
    /// The service that it came to; any, where one port serves them all.
    pub(super) at: Option<&'static str>,
    pub(super) verb: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn of(request: &Request, at: Option<&'static str>) -> Self {
        Self {
            at,
            verb: request.method.to_string(),
            path: request.url.path().into(),
            query: request.url.query_pairs().into_owned().collect(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        }
    }
}

impl Call {
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
