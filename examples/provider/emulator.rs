//! A stand-in for the service, written from its table in `main.rs` and never from `wire.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) struct Emulator {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) requests: u64,
    /// Calls that are refused, as verb and room: `GET values`.
    pub(crate) forbidden: BTreeSet<&'static str>,
    /// The next write gets no answer; it is carried out or not.
    pub(crate) lost: Option<bool>,
    /// A key that somebody else writes right before the next write.
    pub(crate) overtaken: Option<String>,
}

impl Emulator {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let state: Arc<Mutex<State>> = Arc::default();
        let (answering, losing, asked) =
            (Arc::clone(&state), Arc::clone(&state), Arc::clone(&state));
        Mock::given(|_: &Request| true)
            .respond_with(move |request: &Request| lock(&answering).answer(request))
            .mount(&server)
            .await;
        // A mock either answers or fails, so what is lost has a mock of its own.
        let loses = move |request: &Request| request.method != "GET" && lock(&asked).lost.is_some();
        Mock::given(loses)
            .respond_with_err(move |request: &Request| {
                let mut state = lock(&losing);
                if state.lost.take() == Some(true) {
                    state.answer(request);
                }
                std::io::Error::other("the answer is lost")
            })
            .with_priority(1)
            .mount(&server)
            .await;
        Self { server, state }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        self.requests += 1;
        let verb = request.method.as_str();
        let path = request.url.path().trim_start_matches('/');
        let (room, key) = path.split_once('/').unwrap_or((path, ""));
        let room = if path == "keys" { "list" } else { room };
        if request
            .headers
            .get("authorization")
            .is_none_or(|key| key != "Bearer made-up")
        {
            return refused(401, "no_such_token");
        }
        if self.forbidden.contains(format!("{verb} {room}").as_str()) {
            return refused(403, "denied");
        }
        if verb != "GET"
            && let Some(key) = self.overtaken.take()
        {
            self.values.insert(key, "overtaken".to_owned());
        }
        match (verb, room, self.values.get(key)) {
            ("GET", "list", _) => self.list(request),
            ("GET", "keys", Some(_)) => ok(json!({"key": key})),
            ("GET", "values", Some(value)) => ok(json!({"key": key, "value": value})),
            ("PUT", "values", known) => {
                let exists = known.is_some();
                if exists && request.headers.contains_key("if-none-match") {
                    return refused(412, "exists");
                }
                if !exists && request.headers.contains_key("if-match") {
                    return refused(404, "no_such_key");
                }
                let body: Value = request.body_json().unwrap_or_default();
                let Some(value) = body.get("value").and_then(Value::as_str) else {
                    return refused(400, "no_value");
                };
                self.values.insert(key.to_owned(), value.to_owned());
                ok(json!({"key": key, "created": !exists}))
            }
            ("DELETE", "values", Some(_)) => {
                self.values.remove(key);
                ResponseTemplate::new(204)
            }
            (_, "keys" | "values", None) => refused(404, "no_such_key"),
            _ => ResponseTemplate::new(404),
        }
    }

    fn list(&self, request: &Request) -> ResponseTemplate {
        let query: BTreeMap<_, _> = request.url.query_pairs().collect();
        let limit = query.get("limit").and_then(|limit| limit.parse().ok());
        let limit: usize = limit.unwrap_or(100);
        let start = match query.get("after") {
            Some(after) => Bound::Excluded(after.to_string()),
            None => Bound::Unbounded,
        };
        let left: Vec<_> = self.values.range((start, Bound::Unbounded)).collect();
        let keys: Vec<_> = left.iter().take(limit).map(|(key, _)| key).collect();
        ok(json!({"keys": keys, "more": left.len() > limit}))
    }
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn refused(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"code": code}))
}
