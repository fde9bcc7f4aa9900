//! What the stand-in remembers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use polyvault_core::clock::Clock;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::bindings::Binding;
use super::knobs::Knobs;
use super::message;
use super::operation::Operation;
use super::ports::Addresses;
use super::sign_in::SignIn;
use super::status::Status;

pub(super) const ACTIVE: &str = "ACTIVE";
pub(super) const CREATING: &str = "CREATING";
pub(super) const DESTROYED: &str = "DESTROYED";
pub(super) const INACTIVE: &str = "INACTIVE";
pub(super) const SCHEDULED: &str = "SCHEDULED_FOR_DESTRUCTION";

/// No `Debug`: it holds values.
pub(super) struct State {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) token: Option<String>,
    pub(super) folder: String,
    pub(super) knobs: Knobs,
    pub(super) secrets: Vec<Secret>,
    pub(super) operations: Vec<Operation>,
    pub(super) keys: BTreeMap<String, UsedKey>,
    pub(super) sign_in: SignIn,
    pub(super) addresses: Addresses,
    /// Ids that are handed out before any made-up one.
    pub(super) next_ids: VecDeque<String>,
    /// How many secrets and versions there ever were: what page tokens count in.
    made: u64,
}

/// What came with an `Idempotency-Key` first.
pub(super) struct UsedKey {
    pub(super) operation: String,
    pub(super) request: String,
}

/// `status` is free text, so that a seed may hold one that clients do not know.
#[derive(Clone)]
pub(super) struct Secret {
    pub(super) serial: u64,
    pub(super) id: String,
    pub(super) folder: String,
    pub(super) created_at: Timestamp,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) labels: Map<String, Value>,
    pub(super) kms_key: String,
    pub(super) status: String,
    pub(super) current: Option<String>,
    pub(super) deletion_protection: bool,
    pub(super) password: Option<Map<String, Value>>,
    pub(super) versions: Vec<Version>,
    pub(super) bindings: Vec<Binding>,
}

#[derive(Clone)]
pub(super) struct Version {
    pub(super) serial: u64,
    pub(super) id: String,
    pub(super) created_at: Timestamp,
    pub(super) destroy_at: Option<Timestamp>,
    pub(super) description: String,
    pub(super) status: String,
    pub(super) password: Option<Map<String, Value>>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    Text(String),
    Binary(Vec<u8>),
}

impl State {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        token: Option<String>,
        folder: String,
        addresses: Addresses,
    ) -> Self {
        Self {
            clock,
            token,
            folder,
            knobs: Knobs::default(),
            secrets: Vec::new(),
            operations: Vec::new(),
            keys: BTreeMap::new(),
            sign_in: SignIn::default(),
            addresses,
            next_ids: VecDeque::new(),
            made: 0,
        }
    }

    /// 20 characters of `[a-z0-9]`, as the service's ids have.
    pub(super) fn new_id(&mut self) -> String {
        self.next_ids.pop_front().unwrap_or_else(|| made_up("e6q"))
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(super) fn secret(&self, id: &str) -> Result<&Secret, Status> {
        let found = self.secrets.iter().find(|secret| secret.id == id);
        found.ok_or_else(|| Status::not_found("Secret"))
    }

    /// Destroys what is due, and ends what nobody polls.
    pub(super) fn catch_up(&mut self) {
        let now = self.clock.now();
        self.settle_overdue(now);
        for version in self.secrets.iter_mut().flat_map(|s| &mut s.versions) {
            if version.status == SCHEDULED && version.destroy_at.is_some_and(|at| at <= now) {
                version.destroy();
            }
        }
    }
}

pub(super) fn made_up(prefix: &str) -> String {
    let mut number = Uuid::new_v4().as_u128();
    let mut id = String::from(prefix);
    while id.len() < 20 {
        id.extend(char::from_digit((number % 36) as u32, 36));
        number /= 36;
    }
    id
}

impl Secret {
    pub(super) fn version(&self, id: &str) -> Result<&Version, Status> {
        let found = self.versions.iter().find(|version| version.id == id);
        found.ok_or_else(|| Status::not_found("Version"))
    }

    pub(super) fn version_mut(&mut self, id: &str) -> Result<&mut Version, Status> {
        let found = self.versions.iter_mut().find(|version| version.id == id);
        found.ok_or_else(|| Status::not_found("Version"))
    }

    pub(super) fn current_version(&self) -> Option<&Version> {
        self.version(self.current.as_deref()?).ok()
    }
}

impl Version {
    /// Keys stay in the version's metadata; its state keeps the values from being read.
    pub(super) fn destroy(&mut self) {
        self.status = DESTROYED.into();
        self.destroy_at = None;
    }
}

impl Entry {
    /// The change that one item of a request asks for: its key, and no value where it removes.
    pub(super) fn change(item: &Value) -> (String, Option<Content>) {
        let field = |name: &str| item.get(name).and_then(Value::as_str);
        let text = field("textValue").map(|text| Content::Text(text.into()));
        let binary = || field("binaryValue").and_then(message::base64_bytes);
        let value = text.or_else(|| binary().map(Content::Binary));
        (field("key").unwrap_or_default().into(), value)
    }
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}
