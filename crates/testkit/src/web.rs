//! Hosts of the real names, in the test's own process: which of them is sent what.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic and holds made-up values only"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::{Body, ClientOptions, SendError, SendErrorKind, Transport};

/// Gives the answers of each host in turn, and keeps what each was sent.
///
/// # Panics
///
/// If a request has no host, or its credential is no text.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Transport;
/// use polyvault_testkit::web::{Web, json, token};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let web = Web::new();
/// web.answer("login.example", token("issued")).answer("vault.example", json(200, "{}".parse()?));
/// let options = web.options();
/// # let request = http::Request::get("https://login.example/token").body(Default::default())?;
/// web.send(request, std::time::Duration::from_secs(1)).await?;
/// assert_eq!(web.lines(), ["GET login.example/token -"]);
/// assert_eq!(web.bodies("login.example"), [b""]);
/// assert!(web.header("login.example", "authorization").is_none());
/// # let _ = options;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Web {
    answers: Mutex<Vec<Host>>,
    sent: Mutex<Vec<Request<Body>>>,
}

type Host = (&'static str, VecDeque<Response<Body>>);

impl Web {
    /// Hosts that have no answers yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// One more answer of a host.
    pub fn answer(self: &Arc<Self>, host: &'static str, answer: Response<Body>) -> &Arc<Self> {
        let mut hosts = self.answers.lock().unwrap();
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            Some((_, answers)) => answers.push_back(answer),
            None => hosts.push((host, VecDeque::from([answer]))),
        }
        drop(hosts);
        self
    }

    /// Options of a store that speaks to them, on a clock of 2026-11-22T10:00:00Z on which no test waits.
    #[must_use]
    pub fn options(self: &Arc<Self>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: Arc::new(ManualClock::at("2026-11-22T10:00:00Z".parse().unwrap())),
            ..ClientOptions::default()
        }
    }

    /// Method, URL without its query, and credential of each request.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |request: &Request<Body>| {
            let credential = request.headers().get("authorization");
            let credential = credential.map_or("-", |value| value.to_str().unwrap());
            let uri = request.uri();
            let host = uri.host().unwrap();
            format!("{} {host}{} {credential}", request.method(), uri.path())
        };
        self.sent.lock().unwrap().iter().map(line).collect()
    }

    /// A header of the first request that a host was sent.
    #[must_use]
    pub fn header(&self, host: &str, name: &str) -> Option<String> {
        let sent = self.sent.lock().unwrap();
        let mut theirs = sent
            .iter()
            .filter(|request| request.uri().host() == Some(host));
        let value = theirs.next()?.headers().get(name)?.to_str();
        value.ok().map(str::to_owned)
    }

    /// The bodies that a host was sent.
    #[must_use]
    pub fn bodies(&self, host: &str) -> Vec<Vec<u8>> {
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

/// An answer of this status and body.
///
/// # Example
///
/// ```
/// let answer = polyvault_testkit::web::json(404, "{}".parse().expect("JSON"));
/// assert_eq!(answer.status(), 404);
/// ```
#[must_use]
pub fn json(status: u16, body: serde_json::Value) -> Response<Body> {
    let body = Body::from_wiped(body.to_string().into_bytes().into());
    Response::builder().status(status).body(body).unwrap()
}

/// A token of this text, as OAuth 2.0 has it, good for an hour less a second.
///
/// # Example
///
/// ```
/// let answer = polyvault_testkit::web::token("issued");
/// assert!(answer.body().as_bytes().starts_with(br#"{"access_token":"issued""#));
/// ```
#[must_use]
pub fn token(text: &str) -> Response<Body> {
    json(
        200,
        serde_json::json!({"access_token": text, "expires_in": 3599}),
    )
}
