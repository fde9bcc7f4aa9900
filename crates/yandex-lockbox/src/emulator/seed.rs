//! Secrets that are put in place.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Emulator;
use super::bindings::Binding;
use super::fields::SEED;
use super::state::{ACTIVE, Content, Entry, SCHEDULED, Secret, State, Version};
use super::status::Status;
use super::write::{flag, object, text};

impl Emulator {
    /// Puts a secret in place, as if made earlier, and gives its id.
    ///
    /// It is written as the service writes one: `id`, `folderId` (default: the stand-in's),
    /// `createdAt`, `name` (need not be unique), `description`, `labels`, `kmsKeyId`, `status`
    /// (any text), `deletionProtection`, `passwordPayloadSpecification`; and `versions`, each
    /// with `id`, `createdAt`, `destroyAt`, `description`, `status`, `entries` of `key` and
    /// `textValue` or `binaryValue`, and the `passwordPayloadSpecification` that it was made by;
    /// `currentVersionId`, which is the last one's otherwise; `accessBindings`.
    ///
    /// # Errors
    ///
    /// A text that names the field that is wrong.
    pub fn seed(&self, secret: &Value) -> Result<String, String> {
        let fields = SEED.read(secret).map_err(reason)?;
        let mut state = self.state();
        let secret = seeded(&mut state, &fields)?;
        let id = secret.id.clone();
        state.secrets.push(secret);
        Ok(id)
    }
}

pub(super) fn seeded(state: &mut State, fields: &Map<String, Value>) -> Result<Secret, String> {
    let versions = fields.get("versions").and_then(Value::as_array);
    let versions: Result<Vec<Version>, String> = versions
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|version| seeded_version(state, version))
        .collect();
    let versions = versions?;
    let last = versions.last().map(|version| version.id.clone());
    let folder = state.folder.clone();
    Ok(Secret {
        serial: state.next_serial(),
        id: given(fields, "id").unwrap_or_else(|| state.new_id()),
        folder: given(fields, "folderId").unwrap_or(folder),
        created_at: time(fields, "createdAt")?.unwrap_or_else(|| state.clock.now()),
        name: text(fields, "name"),
        description: text(fields, "description"),
        labels: object(fields, "labels").unwrap_or_default(),
        kms_key: text(fields, "kmsKeyId"),
        status: given(fields, "status").unwrap_or_else(|| ACTIVE.into()),
        current: given(fields, "currentVersionId").or(last),
        deletion_protection: flag(fields, "deletionProtection").unwrap_or_default(),
        password: object(fields, "passwordPayloadSpecification"),
        versions,
        bindings: Binding::all(fields, "accessBindings"),
    })
}

fn seeded_version(state: &mut State, fields: &Map<String, Value>) -> Result<Version, String> {
    let entries = fields.get("entries").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().map(|item| {
        let (key, value) = Entry::change(item);
        let value = value.unwrap_or(Content::Text(String::new()));
        Entry { key, value }
    });
    let status = given(fields, "status").unwrap_or_else(|| ACTIVE.into());
    let destroy_at = time(fields, "destroyAt")?;
    if status == SCHEDULED && destroy_at.is_none() {
        return Err("a scheduled version needs destroyAt".into());
    }
    Ok(Version {
        serial: state.next_serial(),
        id: given(fields, "id").unwrap_or_else(|| state.new_id()),
        created_at: time(fields, "createdAt")?.unwrap_or_else(|| state.clock.now()),
        destroy_at,
        description: text(fields, "description"),
        status,
        password: object(fields, "passwordPayloadSpecification"),
        entries: entries.collect(),
    })
}

fn given(fields: &Map<String, Value>, name: &str) -> Option<String> {
    Some(text(fields, name)).filter(|text| !text.is_empty())
}

fn time(fields: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    let parse = |text: String| text.parse().map_err(|_| format!("{name} is no time"));
    given(fields, name).map(parse).transpose()
}

pub(super) fn reason(status: Status) -> String {
    status.message
}
