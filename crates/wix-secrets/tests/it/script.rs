//! A transport that answers from a list: races and losses, step by step.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::Timestamp;
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::{
    Body, ClientOptions, RetryPolicy, SendError, SendErrorKind, Transport,
};
use polyvault_wix_secrets::WixSecrets;
use serde_json::Value;

pub(crate) const SITE: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const KEY: &str = "IST.fixture-key";

pub(crate) type Answer = Result<Response<Body>, SendErrorKind>;

#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    sent: Mutex<Vec<Request<Body>>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: Request<Body>,
        _timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        self.sent.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        answer
            .expect("a request more than the script has answers")
            .map_err(|kind| SendError::new(kind, "scripted"))
    }
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let script = Self::default();
        script.answers.lock().unwrap().extend(answers);
        Arc::new(script)
    }

    /// A store that speaks to it as to `endpoint`, the service's own where there is none.
    pub(crate) fn store(
        self: &Arc<Self>,
        endpoint: Option<&str>,
        max_repeats: usize,
    ) -> WixSecrets {
        let mut builder = WixSecrets::builder(SITE).api_key(KEY.into());
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint);
        }
        let options = ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
            retry: RetryPolicy {
                max_repeats,
                ..RetryPolicy::default()
            },
            ..ClientOptions::default()
        };
        builder.client_options(options).build().unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<Request<Body>> {
        self.sent.lock().unwrap().clone()
    }

    /// The verbs that were sent.
    pub(crate) fn verbs(&self) -> Vec<String> {
        let sent = self.sent();
        sent.iter().map(|r| r.method().to_string()).collect()
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    let body = Body::from_wiped(body.as_bytes().to_vec().into());
    Ok(Response::builder().status(status).body(body).unwrap())
}

pub(crate) fn lost() -> Answer {
    Err(SendErrorKind::AnswerLost)
}

#[expect(clippy::disallowed_methods, reason = "made-up values only")]
pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}
