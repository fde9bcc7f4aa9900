//! Hosts of the real names, in the test's own process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::transport::{Body, ClientOptions, SendError, SendErrorKind, Transport};

/// Gives the answers of each host in turn, and keeps what each was sent.
#[derive(Debug, Default)]
pub(super) struct Web {
    answers: Mutex<Vec<Host>>,
    sent: Mutex<Vec<Request<Body>>>,
}

type Host = (&'static str, VecDeque<Response<Body>>);

impl Web {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// One more answer of a host.
    pub(super) fn answer(
        self: &Arc<Self>,
        host: &'static str,
        answer: Response<Body>,
    ) -> &Arc<Self> {
        let mut hosts = self.answers.lock().unwrap();
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            Some((_, answers)) => answers.push_back(answer),
            None => hosts.push((host, VecDeque::from([answer]))),
        }
        drop(hosts);
        self
    }

    pub(super) fn options(self: &Arc<Self>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: crate::manual_clock(),
            ..ClientOptions::default()
        }
    }

    /// Method, URL without its query, and credential of each request.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |request: &Request<Body>| {
            let credential = request.headers().get("authorization");
            let credential = credential.map_or("-", |value| value.to_str().unwrap());
            let uri = request.uri();
            let host = uri.host().unwrap();
            format!("{} {host}{} {credential}", request.method(), uri.path())
        };
        self.sent.lock().unwrap().iter().map(line).collect()
    }

    pub(super) fn bodies(&self, host: &str) -> Vec<Vec<u8>> {
        let sent = self.sent.lock().unwrap();
        let theirs = sent
            .iter()
            .filter(|request| request.uri().host() == Some(host));
        theirs
            .map(|request| request.body().as_bytes().to_vec())
            .collect()
    }
}

#[async_trait]
impl Transport for Web {
    async fn send(&self, request: Request<Body>, _: Duration) -> Result<Response<Body>, SendError> {
        let host = request.uri().host().unwrap().to_owned();
        self.sent.lock().unwrap().push(request);
        let mut hosts = self.answers.lock().unwrap();
        let answers = hosts.iter_mut().find(|(known, _)| *known == host);
        let answer = answers.and_then(|(_, answers)| answers.pop_front());
        answer
            .ok_or_else(|| SendError::new(SendErrorKind::Setup, "no such host, or no more answers"))
    }
}

pub(super) fn json(status: u16, body: serde_json::Value) -> Response<Body> {
    let body = Body::from_wiped(body.to_string().into_bytes().into());
    Response::builder().status(status).body(body).unwrap()
}

/// A 401 with this challenge.
pub(super) fn challenge(text: &str) -> Response<Body> {
    let mut answer = json(401, serde_json::json!({"error": {"code": "Unauthorized"}}));
    answer
        .headers_mut()
        .insert("www-authenticate", text.parse().unwrap());
    answer
}

/// A token of this text.
pub(super) fn token(text: &str) -> Response<Body> {
    json(
        200,
        serde_json::json!({"access_token": text, "expires_in": 3599}),
    )
}
