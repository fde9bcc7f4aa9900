//! The methods that begin operations: from a checked body to a change.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::change::{Change, NewVersion, generated, patch};
use super::knobs::Knobs;
use super::message;
use super::seed::seeded;
use super::state::{ACTIVE, CREATING, Content, Entry, Secret, State, Version};
use super::status::Status;

/// How long a destruction waits unless the request says, in seconds: 7 days.
const PENDING_PERIOD: i64 = 7 * 24 * 60 * 60;

/// The field of a Create.
const ENTRIES: &str = "versionPayloadEntries";

impl State {
    /// Somebody else's secret, made right before a creation.
    pub(super) fn overtake_create(&mut self) -> Result<(), Status> {
        if let Some(secret) = self.knobs.creator.take() {
            let secret = seeded(self, &secret).map_err(|e| Status::invalid("seed", &e))?;
            self.secrets.push(secret);
        }
        Ok(())
    }

    /// Somebody else's version, added right before one is.
    pub(super) fn overtake_add_version(&mut self, id: &str) -> Result<(), Status> {
        let Some(body) = self.knobs.adder.take() else {
            return Ok(());
        };
        // What is set for the next operation, and its ids, is for the one that is overtaken.
        let mut others = Knobs::default();
        others.rules = self.knobs.rules;
        let knobs = std::mem::replace(&mut self.knobs, others);
        let ids = std::mem::take(&mut self.next_ids);
        let added = self.add_version(id, &body);
        self.knobs = knobs;
        self.next_ids = ids;
        added.map(drop)
    }

    pub(super) fn create(&mut self, body: &Map<String, Value>) -> Result<Value, Status> {
        let changes = entries(body, "versionPayloadEntries");
        let password = object(body, "passwordPayloadSpecification");
        let version = first_version(body, changes, password.as_ref())?;

        let id = self.new_id();
        let version = version.map(|entries| Version {
            serial: self.next_serial(),
            id: self.new_id(),
            created_at: self.clock.now(),
            destroy_at: None,
            description: text(body, "versionDescription"),
            status: ACTIVE.into(),
            password: password.clone(),
            entries,
        });
        let secret = Secret {
            serial: self.next_serial(),
            id: id.clone(),
            folder: text(body, "folderId"),
            created_at: self.clock.now(),
            name: text(body, "name"),
            description: text(body, "description"),
            labels: object(body, "labels").unwrap_or_default(),
            kms_key: text(body, "kmsKeyId"),
            status: CREATING.into(),
            current: None,
            deletion_protection: flag(body, "deletionProtection").unwrap_or_default(),
            password,
            versions: Vec::new(),
            bindings: Vec::new(),
        };
        self.secrets.push(secret);
        self.begin(&id, Change::Create(version))
    }

    pub(super) fn update(&mut self, id: &str, body: Map<String, Value>) -> Result<Value, Status> {
        if let Some(specification) = object(&body, "passwordPayloadSpecification") {
            generated(&specification)?;
        }
        self.begin(id, Change::Update(body))
    }

    pub(super) fn add_version(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Value, Status> {
        let new = NewVersion {
            serial: self.next_serial(),
            id: self.new_id(),
            description: text(body, "description"),
            entries: entries(body, "payloadEntries"),
            base: Some(text(body, "baseVersionId")).filter(|base| !base.is_empty()),
        };
        self.begin(id, Change::AddVersion(new))
    }

    pub(super) fn schedule(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Value, Status> {
        let period = body.get("pendingPeriod").and_then(Value::as_str);
        let (seconds, nanos) = period
            .and_then(message::duration)
            .unwrap_or((PENDING_PERIOD, 0));
        let destroy_at: Timestamp = self
            .clock
            .now()
            .checked_add(SignedDuration::new(seconds, nanos))
            .map_err(|_| Status::invalid("pendingPeriod", "is too long"))?;
        let version = text(body, "versionId");
        self.begin(id, Change::Schedule(version, destroy_at))
    }
}

/// The entries of the version that a creation makes; `None` where it makes none.
fn first_version(
    body: &Map<String, Value>,
    changes: Vec<(String, Option<Content>)>,
    password: Option<&Map<String, Value>>,
) -> Result<Option<Vec<Entry>>, Status> {
    if !changes.is_empty() && password.is_some() {
        return Err(Status::invalid(
            ENTRIES,
            "entries and a password specification exclude each other",
        ));
    }
    let made = password.map(generated).transpose()?;
    let given = !changes.is_empty() || made.is_some();
    match flag(body, "createVersion") {
        Some(true) if !given => Err(Status::invalid(
            "createVersion",
            "needs entries or a password specification",
        )),
        Some(false) => Ok(None),
        _ if !given => Ok(None),
        _ => Ok(Some(patch(&[], changes.into_iter().chain(made), ENTRIES)?)),
    }
}

fn entries(body: &Map<String, Value>, field: &str) -> Vec<(String, Option<Content>)> {
    let items = body.get(field).and_then(Value::as_array);
    items.into_iter().flatten().map(Entry::change).collect()
}

pub(super) fn text(body: &Map<String, Value>, field: &str) -> String {
    let text = body.get(field).and_then(Value::as_str);
    text.unwrap_or_default().into()
}

pub(super) fn flag(body: &Map<String, Value>, field: &str) -> Option<bool> {
    body.get(field).and_then(Value::as_bool)
}

pub(super) fn object(body: &Map<String, Value>, field: &str) -> Option<Map<String, Value>> {
    body.get(field).and_then(Value::as_object).cloned()
}
