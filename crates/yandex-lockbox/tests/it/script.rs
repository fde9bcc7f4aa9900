//! A transport that answers from a list, and texts of what the store tells.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::{
    Body, ClientOptions, RetryPolicy, SendError, SendErrorKind, Transport,
};
use polyvault_core::{Error, Labels, SecretInfo, Timestamp, VersionInfo, Written};
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_yandex_lockbox::YandexLockbox;
use serde_json::Value;

pub(crate) const FOLDER: &str = "b1gfolder00000000001";

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

    /// A store at the service's own endpoints that repeats nothing.
    pub(crate) fn store(self: &Arc<Self>) -> YandexLockbox {
        self.store_with(0)
    }

    pub(crate) fn store_with(self: &Arc<Self>, max_repeats: usize) -> YandexLockbox {
        let options = ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
            retry: RetryPolicy {
                max_repeats,
                ..RetryPolicy::default()
            },
            ..ClientOptions::default()
        };
        YandexLockbox::builder(FOLDER)
            .token("t1.emulator.token".into())
            .client_options(options)
            .build()
            .unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<Request<Body>> {
        self.sent.lock().unwrap().clone()
    }

    /// Verb and URL of all that was sent.
    pub(crate) fn lines(&self) -> Vec<String> {
        let sent = self.sent();
        sent.iter()
            .map(|request| format!("{} {}", request.method(), request.uri()))
            .collect()
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    let body = Body::from_wiped(body.as_bytes().to_vec().into());
    Ok(Response::builder().status(status).body(body).unwrap())
}

pub(crate) fn lost() -> Answer {
    Err(SendErrorKind::AnswerLost)
}

pub(crate) fn fixture(name: &str) -> Fixture {
    let all = fixture::load("yandex-lockbox").unwrap();
    all.into_iter()
        .find(|fixture| fixture.name == name)
        .unwrap_or_else(|| panic!("no fixture {name}"))
}

#[expect(clippy::disallowed_methods, reason = "made-up values only")]
pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// `ID NAME DESCRIPTION LABELS STATE CREATED PROTECTED [CURRENT]`, `-` for what is not told.
pub(crate) fn tell_secret(info: &SecretInfo) -> String {
    assert_eq!((info.updated_at, info.managed), (None, false));
    format!(
        "{} {} {} {} {} {} {} [{}]",
        info.id,
        or_dash(&info.name),
        or_dash(&info.description),
        info.labels.as_ref().map_or("-".into(), tell_labels),
        info.state.as_str(),
        or_dash(&info.created_at),
        or_dash(&info.deletion_protection),
        info.current.as_ref().map_or("-".into(), tell_version),
    )
}

/// `ID STATE CREATED DESTROYED DESCRIPTION KEYS`, `-` for what is not told.
pub(crate) fn tell_version(info: &VersionInfo) -> String {
    assert!(info.updated_at.is_none() && info.labels.is_none() && info.content_type.is_none());
    format!(
        "{} {} {} {} {} {}",
        or_dash(&info.id),
        info.state.as_str(),
        or_dash(&info.created_at),
        or_dash(&info.destroy_at),
        or_dash(&info.description),
        or_dash(&info.entry_keys.as_ref().map(|keys| keys.join(","))),
    )
}

/// `SECRET created|added VERSION`
pub(crate) fn tell_written(written: &Written) -> String {
    let how = if written.created { "created" } else { "added" };
    format!(
        "{} {how} {}",
        written.secret,
        tell_version(&written.version)
    )
}

/// `KIND CODE RETRY`
pub(crate) fn tell_error(error: &Error) -> String {
    let code = error.code().unwrap_or("-");
    format!("{} {code} {}", error.kind(), error.retry().as_str())
}

fn tell_labels(labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("{{{}}}", labels.join(","))
}

fn or_dash<T: ToString>(told: &Option<T>) -> String {
    told.as_ref().map_or("-".into(), T::to_string)
}
