//! A store whose answers are written beforehand, and what it asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_core::transport::{Body, ClientOptions, SendError, SendErrorKind, Transport};
use polyvault_testkit::fixture::{self, Fixture};
use serde_json::Value;

use crate::manual_clock;

pub(crate) type Answer = Result<http::Response<Body>, SendErrorKind>;

/// Gives the answers in turn, and the last one for ever.
#[derive(Debug)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Option<Value>,
}

impl Script {
    pub(crate) fn of(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        })
    }

    /// A store on the vault that the fixtures tell of.
    pub(crate) fn store(self: &Arc<Self>) -> AzureKeyVault {
        AzureKeyVault::builder("myvault")
            .token("made-up-token".into())
            .client_options(self.options())
            .build()
            .unwrap()
    }

    pub(crate) fn options(self: &Arc<Self>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: manual_clock(),
            ..ClientOptions::default()
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method, path and query of what was sent.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |asked: &Asked| format!("{} {}", asked.method, asked.path);
        self.asked().iter().map(line).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: http::Request<Body>,
        _timeout: Duration,
    ) -> Result<http::Response<Body>, SendError> {
        let body = request.body().as_bytes();
        assert!(self.asked.lock().unwrap().len() < 100, "it asks for ever");
        self.asked.lock().unwrap().push(Asked {
            method: request.method().to_string(),
            host: request.uri().authority().unwrap().to_string(),
            path: request.uri().path_and_query().unwrap().to_string(),
            headers: request.headers().clone(),
            body: (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap()),
        });
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.len() {
            1 => answers.front().cloned().unwrap(),
            _ => answers.pop_front().unwrap(),
        };
        answer.map_err(|kind| SendError::new(kind, "scripted"))
    }
}

/// An answer with this body.
pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    let body = Body::from_wiped(body.into().into());
    Ok(http::Response::builder().status(status).body(body).unwrap())
}

/// An answer of 200 with JSON.
pub(crate) fn json(body: Value) -> Answer {
    answer(200, body.to_string())
}

pub(crate) fn load(name: &str) -> Fixture {
    let mut all = fixture::load("azure-key-vault").unwrap();
    all.retain(|fixture| fixture.name == name);
    all.pop().unwrap()
}

/// Calls a store that gets the fixture's answer, and holds what it asked to the fixture's request.
pub(crate) async fn exchange<T>(fixture: &str, call: impl AsyncFnOnce(AzureKeyVault) -> T) -> T {
    let fixture = load(fixture);
    let script = Script::of([fixture.http_response()].map(Result::unwrap).map(Ok));
    let outcome = call(script.store()).await;
    let asked = script.asked();
    assert_eq!(asked.len(), 1, "{}: {:?}", fixture.name, script.lines());
    same_request(&asked[0], &fixture);
    outcome
}

/// Method, host, path and query, body, and the headers that matter.
pub(crate) fn same_request(asked: &Asked, fixture: &Fixture) {
    let name = &fixture.name;
    // Both spellings of "the current version" are known; ours has no slash at its end.
    let path = fixture.request.path.replace("/?", "?");
    assert_eq!(asked.method, fixture.request.method, "{name}");
    assert_eq!(asked.host, "myvault.vault.azure.net", "{name}");
    assert_eq!(asked.path, path, "{name}");
    assert_eq!(asked.body, fixture.request.body, "{name}");
    for header in ["authorization", "accept", "content-type"] {
        let sent = asked.headers.get(header).map(|v| v.to_str().unwrap());
        let due = fixture.request.headers.get(header).map(String::as_str);
        assert_eq!(sent, due, "{name}: {header}");
    }
}
