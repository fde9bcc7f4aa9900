//! A transport that forbids and loses answers, on the way to the stand-in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, Request, Response};
use polyvault_core::clock::Clock;
use polyvault_core::transport::{
    Body, ClientOptions, ReqwestTransport, SendError, SendErrorKind, Transport,
};
use polyvault_yandex_lockbox::YandexLockbox;
use polyvault_yandex_lockbox::emulator::Emulator;

/// The folder of the stores here.
pub(crate) const FOLDER: &str = "b1gemulatorfolder001";

#[derive(Debug, Default)]
pub(crate) struct Front {
    inner: ReqwestTransport,
    forbidden: Mutex<Vec<String>>,
    lose: Mutex<u32>,
    sent: Mutex<Vec<String>>,
}

impl Front {
    /// A store whose requests come through here.
    pub(crate) fn store(
        self: &Arc<Self>,
        emulator: &Emulator,
        clock: Arc<dyn Clock>,
    ) -> YandexLockbox {
        YandexLockbox::builder(FOLDER)
            .endpoint(emulator.url())
            .token("t1.made-up.token".into())
            .client_options(ClientOptions {
                transport: Some(Arc::clone(self) as _),
                clock,
                ..ClientOptions::default()
            })
            .build()
            .unwrap()
    }

    /// Refuses the operation, named as in errors.
    pub(crate) fn forbid(&self, operation: &str) {
        self.forbidden.lock().unwrap().push(operation.to_owned());
    }

    pub(crate) fn allow_all(&self) {
        self.forbidden.lock().unwrap().clear();
    }

    /// Lets the stand-in carry out the next writes, and drops their answers.
    pub(crate) fn lose_writes(&self, count: u32) {
        *self.lose.lock().unwrap() = count;
    }

    /// Method and path of all requests so far, without ids and queries; forgets them.
    pub(crate) fn take_sent(&self) -> Vec<String> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    fn forbids(&self, operation: &str) -> bool {
        let forbidden = self.forbidden.lock().unwrap();
        forbidden.iter().any(|name| name == operation)
    }
}

#[async_trait]
impl Transport for Front {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let operation = operation(request.method(), request.uri().path());
        self.sent.lock().unwrap().push(route(&request));
        if self.forbids(operation) {
            return Ok(forbidden());
        }
        let write = request.method() != Method::GET;
        let answer = self.inner.send(request, timeout).await?;
        let mut left = self.lose.lock().unwrap();
        if write && *left > 0 {
            *left -= 1;
            return Err(SendError::new(SendErrorKind::AnswerLost, "dropped"));
        }
        Ok(answer)
    }
}

/// The operation of the store that a request is the heart of.
fn operation(method: &Method, path: &str) -> &'static str {
    match (method.as_str(), path) {
        ("GET", path) if path.ends_with("/payload") => "get",
        ("GET", path) if path.ends_with("/versions") => "list_versions",
        ("GET", path) if path.ends_with("/secrets") => "list",
        ("GET", path) if path.starts_with("/operations") => "operation",
        ("GET", _) => "describe",
        ("DELETE", _) => "delete",
        ("PATCH", _) => "update",
        ("POST", path) if path.ends_with("activate") => "update",
        _ => "put",
    }
}

fn route(request: &Request<Body>) -> String {
    let path = request.uri().path().trim_start_matches("/lockbox/v1");
    let mut parts: Vec<&str> = path.split('/').collect();
    // The third is an id, maybe with a verb behind it.
    if let Some(id) = parts.get_mut(2) {
        *id = id.find(':').and_then(|at| id.get(at..)).unwrap_or("ID");
    }
    format!("{} {}", request.method(), parts.join("/"))
}

fn forbidden() -> Response<Body> {
    let body = br#"{"code":7,"message":"Permission denied"}"#.to_vec();
    let mut response = Response::new(Body::from_wiped(body.into()));
    *response.status_mut() = http::StatusCode::FORBIDDEN;
    response
}
