//! The site at rest, and the five calls on it.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use polyvault_core::clock::Clock;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::answer::{invalid, no_route, not_found, ok, refused, throttled};
use super::auth;
use super::route::{Call, Route, route};
use super::rules::{Fields, Purpose, check};

/// The header by which a client says what it has seen.
const CONSISTENT: &str = "x-wix-consistent";

/// A secret at rest.
#[derive(Clone)]
pub(super) struct Secret {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl Secret {
    pub(super) fn new(name: &str, value: &str, now: Timestamp) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            name: name.to_owned(),
            value: value.to_owned(),
            description: None,
            created: now,
            updated: now,
        }
    }

    fn listed(&self) -> Value {
        let mut item = json!({
            "id": self.id,
            "name": self.name,
            "createdDate": date(self.created),
            "updatedDate": date(self.updated),
        });
        if let (Some(fields), Some(description)) = (item.as_object_mut(), &self.description) {
            fields.insert("description".into(), description.as_str().into());
        }
        item
    }
}

/// What a call meets instead of its answer.
pub(super) enum Fault {
    Throttled(Option<Duration>),
    Status(u16),
}

/// Everything an emulator remembers. It has no `Debug`, since it holds values.
pub(super) struct State {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) secrets: Vec<Secret>,
    /// The app tokens issued, and when each ends.
    pub(super) tokens: HashMap<String, Timestamp>,
    pub(super) faults: VecDeque<Fault>,
    /// How many writes are still to be carried out without an answer.
    pub(super) drops: u32,
    /// How many writes are still to be lost before that.
    pub(super) lost: u32,
    pub(super) overtaker: Option<Secret>,
    pub(super) forbidden: Vec<Call>,
    pub(super) api_key: Option<String>,
    pub(super) site: Option<String>,
    pub(super) app_secret: Option<String>,
    pub(super) empty_list_as_missing: bool,
    pub(super) consistency_header: bool,
    pub(super) stale_reads: bool,
    /// The secrets as they were before the last write.
    before: Option<Vec<Secret>>,
    answers: u64,
    writes: u64,
}

impl State {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            secrets: Vec::new(),
            tokens: HashMap::new(),
            faults: VecDeque::new(),
            drops: 0,
            lost: 0,
            overtaker: None,
            forbidden: Vec::new(),
            api_key: None,
            site: None,
            app_secret: None,
            empty_list_as_missing: false,
            consistency_header: false,
            stale_reads: false,
            before: None,
            answers: 0,
            writes: 0,
        }
    }

    /// Answers any request.
    pub(super) fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let answer = match route(request) {
            Route::Token => auth::issue(self, request),
            Route::Call(call, key) => self.call(call, &key, request),
            Route::Nowhere => no_route(),
        };
        self.answers += 1;
        let id = format!("{}.{}", self.clock.now().as_second(), self.answers);
        let answer = answer.insert_header("x-wix-request-id", id);
        if self.consistency_header {
            return answer.insert_header(CONSISTENT, self.mark());
        }
        answer
    }

    /// Whether this request or its answer is to be lost.
    pub(super) fn drops_answer_to(&self, request: &Request) -> bool {
        let lets_in = |call| auth::refusal(self, request, call).is_none();
        (self.drops > 0 || self.lost > 0)
            && self.faults.is_empty()
            && matches!(route(request), Route::Call(call, _) if call.writes() && lets_in(call))
    }

    /// Loses the request, or carries it out; gives the error that ends its connection.
    pub(super) fn answer_and_drop(&mut self, request: &Request) -> io::Error {
        match self.lost.checked_sub(1) {
            Some(left) => self.lost = left,
            None => {
                self.drops = self.drops.saturating_sub(1);
                self.answer(request);
            }
        }
        io::Error::new(io::ErrorKind::ConnectionReset, "the answer is dropped")
    }

    pub(super) fn corrupt(&mut self, name: &str) -> bool {
        let Some(secret) = self.secrets.iter_mut().find(|s| s.name == name) else {
            return false;
        };
        // The low bit of the last byte can flip in any UTF-8 text and leave it one.
        let mut bytes = std::mem::take(&mut secret.value).into_bytes();
        let Some(last) = bytes.last_mut() else {
            return false;
        };
        *last ^= 1;
        secret.value = String::from_utf8_lossy(&bytes).into_owned();
        true
    }

    fn call(&mut self, call: Call, key: &str, request: &Request) -> ResponseTemplate {
        match self.faults.pop_front() {
            Some(Fault::Throttled(wait)) => return throttled(wait),
            Some(Fault::Status(status)) => return ResponseTemplate::new(status),
            None => {}
        }
        if let Some(refusal) = auth::refusal(self, request, call) {
            return refusal;
        }
        match call {
            Call::List => self.list(self.seen_by(request)),
            Call::GetValue => get_value(self.seen_by(request), key),
            Call::Create => match check(&request.body, Purpose::Create) {
                Ok(fields) => self.create(&fields),
                Err(broken) => invalid(&broken),
            },
            Call::Update => match check(&request.body, Purpose::Update) {
                Ok(fields) => self.update(key, fields),
                Err(broken) => invalid(&broken),
            },
            Call::Delete => self.delete(key),
        }
    }

    /// What tells how far the answer's site has come.
    fn mark(&self) -> String {
        format!("write-{}", self.writes)
    }

    /// The secrets that this read sees.
    fn seen_by(&self, request: &Request) -> &[Secret] {
        let newest = self.mark();
        let mark = request.headers.get(CONSISTENT);
        let late = mark.is_none_or(|mark| mark.as_bytes() != newest.as_bytes());
        match &self.before {
            Some(before) if self.stale_reads && late => before,
            _ => &self.secrets,
        }
    }

    fn list(&self, secrets: &[Secret]) -> ResponseTemplate {
        if secrets.is_empty() && self.empty_list_as_missing {
            return ok(&json!({}));
        }
        let items: Vec<_> = secrets.iter().map(Secret::listed).collect();
        ok(&json!({ "secrets": items }))
    }

    /// Called before a write is carried out.
    fn count_write(&mut self) {
        self.before = Some(self.secrets.clone());
        self.writes += 1;
    }

    fn create(&mut self, fields: &Fields) -> ResponseTemplate {
        self.secrets.extend(self.overtaker.take());
        let name = fields.name.as_deref().unwrap_or_default();
        if self.secrets.iter().any(|s| s.name == name) {
            return taken();
        }
        let value = fields.value.as_deref().unwrap_or_default();
        let mut secret = Secret::new(name, value, self.clock.now());
        secret.description = fields.description.clone().filter(|text| !text.is_empty());
        let answer = ok(&json!({"id": secret.id}));
        self.count_write();
        self.secrets.push(secret);
        answer
    }

    fn update(&mut self, id: &str, fields: Fields) -> ResponseTemplate {
        let Some(at) = self.secrets.iter().position(|s| s.id == id) else {
            return not_found();
        };
        let name = fields.name.as_deref();
        let is_taken = |s: &Secret| s.id != id && Some(s.name.as_str()) == name;
        if self.secrets.iter().any(is_taken) {
            return taken();
        }
        self.count_write();
        let now = self.clock.now();
        if let Some(secret) = self.secrets.get_mut(at) {
            secret.updated = now;
            secret.name = fields.name.unwrap_or(std::mem::take(&mut secret.name));
            secret.value = fields.value.unwrap_or(std::mem::take(&mut secret.value));
            if let Some(text) = fields.description {
                secret.description = Some(text).filter(|text| !text.is_empty());
            }
        }
        ok(&json!({}))
    }

    fn delete(&mut self, id: &str) -> ResponseTemplate {
        let Some(at) = self.secrets.iter().position(|s| s.id == id) else {
            return not_found();
        };
        self.count_write();
        self.secrets.remove(at);
        ok(&json!({}))
    }
}

fn get_value(secrets: &[Secret], name: &str) -> ResponseTemplate {
    match secrets.iter().find(|s| s.name == name) {
        Some(secret) => ok(&json!({"value": secret.value})),
        None => not_found(),
    }
}

fn taken() -> ResponseTemplate {
    refused(
        409,
        "ALREADY_EXISTS",
        "A secret of that name exists already.",
    )
}

/// A date of the wire: UTC, milliseconds, `Z`.
fn date(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
