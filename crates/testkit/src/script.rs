//! A transport that answers from a list: races and losses, step by step.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::missing_errors_doc,
    reason = "a test may panic and holds made-up values only; an answer is an error at will"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use jiff::Timestamp;
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::{Body, ClientOptions, SendError, SendErrorKind, Transport};
use serde_json::Value;

/// What a request gets.
pub type Answer = Result<Response<Body>, SendErrorKind>;

/// More requests than any test needs: the store asks for ever.
const MOST: usize = 1_000;

/// Gives its answers in turn, and keeps what it was sent.
///
/// # Panics
///
/// If it is sent more requests than it has answers.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Transport;
/// use polyvault_testkit::script::{Script, answer, body_of, lost};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script = Script::new([lost(), answer(404, "{}")]);
/// let store_options = script.options();
/// # let request = http::Request::get("https://service.example/db").body(Default::default())?;
/// # let timeout = std::time::Duration::from_secs(1);
///
/// assert!(script.send(request.clone(), timeout).await.is_err());
/// assert_eq!(script.send(request, timeout).await?.status(), 404);
/// assert_eq!(script.lines(), ["GET https://service.example/db"; 2]);
/// assert!(body_of(&script.sent()[0]).is_none());
///
/// let away = Script::always(answer(503, ""));
/// let away_later = Script::then_always([answer(200, "{}")], answer(503, ""));
/// # let _ = (away, away_later, store_options);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Script {
    answers: Mutex<VecDeque<Answer>>,
    /// Given once the others are used up.
    always: Option<Answer>,
    sent: Mutex<Vec<Request<Body>>>,
}

impl Script {
    /// A script of these answers.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Self::default()
        })
    }

    /// A script that gives the same answer to every request, up to a thousand.
    #[must_use]
    pub fn always(answer: Answer) -> Arc<Self> {
        Arc::new(Self {
            always: Some(answer),
            ..Self::default()
        })
    }

    /// A script of these answers, and then of the last one to every request.
    pub fn then_always(answers: impl IntoIterator<Item = Answer>, last: Answer) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            always: Some(last),
            ..Self::default()
        })
    }

    /// Options of a store that speaks to it, on a clock on which no test waits.
    #[must_use]
    pub fn options(self: &Arc<Self>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
            ..ClientOptions::default()
        }
    }

    /// All requests so far.
    #[must_use]
    pub fn sent(&self) -> Vec<Request<Body>> {
        self.sent.lock().unwrap().clone()
    }

    /// Verb and URL of all requests so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |request: &Request<Body>| format!("{} {}", request.method(), request.uri());
        self.sent.lock().unwrap().iter().map(line).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: Request<Body>,
        _timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let mut sent = self.sent.lock().unwrap();
        assert!(sent.len() < MOST, "it asks for ever");
        sent.push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        answer
            .or_else(|| self.always.clone())
            .expect("a request more than the script has answers")
            .map_err(|kind| SendError::new(kind, "scripted"))
    }
}

/// An answer with this status and body.
///
/// # Example
///
/// ```
/// use polyvault_testkit::script::answer;
///
/// assert_eq!(answer(404, "{}").map(|answer| answer.status().as_u16()).ok(), Some(404));
/// ```
///
/// # Panics
///
/// If no status has this number.
pub fn answer(status: u16, body: impl AsRef<[u8]>) -> Answer {
    let body = Body::from_wiped(body.as_ref().to_vec().into());
    Ok(Response::builder().status(status).body(body).unwrap())
}

/// The request goes out, and no answer comes.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::SendErrorKind;
/// use polyvault_testkit::script::lost;
///
/// assert_eq!(lost().err(), Some(SendErrorKind::AnswerLost));
/// ```
pub fn lost() -> Answer {
    Err(SendErrorKind::AnswerLost)
}

/// The JSON body of a request, where it has a body.
///
/// # Example
///
/// ```
/// use polyvault_testkit::script::body_of;
///
/// let request = http::Request::new(polyvault_core::transport::Body::empty());
/// assert!(body_of(&request).is_none());
/// ```
///
/// # Panics
///
/// If the body is not JSON.
#[must_use]
pub fn body_of(request: &Request<Body>) -> Option<Value> {
    let body = request.body().as_bytes();
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap())
}
