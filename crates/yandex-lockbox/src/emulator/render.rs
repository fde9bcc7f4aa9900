//! Answers as the gateway writes them: most defaults left out, two printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::state::{Content, Secret, Version};

/// Writes objects; with `all`, defaults are printed too.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    pub(super) all: bool,
}

impl Writer {
    /// Of `fields`, what is not absent and, unless all are wanted, not a default.
    pub(super) fn object<const N: usize>(self, fields: [(&str, Value); N]) -> Value {
        let printed = |(name, value): &(&str, Value)| {
            // Recordings print these two and leave the others out.
            let always = matches!(*name, "deletionProtection" | "done");
            !value.is_null() && (self.all || always || !is_default(value))
        };
        let fields = fields.into_iter().filter(printed);
        Value::Object(fields.map(|(name, value)| (name.into(), value)).collect())
    }

    pub(super) fn secret(self, secret: &Secret) -> Value {
        let current = secret.current_version();
        self.object([
            ("id", secret.id.as_str().into()),
            ("folderId", secret.folder.as_str().into()),
            ("createdAt", millis(secret.created_at)),
            ("name", secret.name.as_str().into()),
            ("description", secret.description.as_str().into()),
            ("labels", secret.labels.clone().into()),
            ("kmsKeyId", secret.kms_key.as_str().into()),
            ("status", secret.status.as_str().into()),
            (
                "currentVersion",
                current.map_or(Value::Null, |version| self.version(&secret.id, version)),
            ),
            ("deletionProtection", secret.deletion_protection.into()),
            ("passwordPayloadSpecification", password(&secret.password)),
        ])
    }

    pub(super) fn version(self, secret_id: &str, version: &Version) -> Value {
        let keys: Vec<&str> = version.entries.iter().map(|e| e.key.as_str()).collect();
        self.object([
            ("id", version.id.as_str().into()),
            ("secretId", secret_id.into()),
            ("createdAt", millis(version.created_at)),
            ("destroyAt", version.destroy_at.map_or(Value::Null, millis)),
            ("description", version.description.as_str().into()),
            ("status", version.status.as_str().into()),
            ("payloadEntryKeys", keys.into()),
            ("passwordPayloadSpecification", password(&version.password)),
        ])
    }

    pub(super) fn payload(self, version: &Version) -> Value {
        let entries = version.entries.iter().map(|entry| match &entry.value {
            Content::Text(text) => json!({"key": entry.key, "textValue": text}),
            Content::Binary(bytes) => {
                json!({"key": entry.key, "binaryValue": STANDARD.encode(bytes)})
            }
        });
        self.object([
            ("versionId", version.id.as_str().into()),
            ("entries", entries.collect()),
        ])
    }

    /// Every value as base64, text too: the answer has no place for the difference.
    pub(super) fn payload_ex(self, secret_id: &str, version: &Version) -> Value {
        let entries: Map<String, Value> = version
            .entries
            .iter()
            .map(|entry| {
                let value = STANDARD.encode(entry.value.bytes());
                (entry.key.clone(), value.into())
            })
            .collect();
        self.object([
            ("secretId", secret_id.into()),
            ("versionId", version.id.as_str().into()),
            ("entries", entries.into()),
        ])
    }
}

pub(super) fn millis(at: Timestamp) -> Value {
    format!("{at:.3}").into()
}

pub(super) fn nanos(at: Timestamp) -> Value {
    format!("{at:.9}").into()
}

fn password(specification: &Option<Map<String, Value>>) -> Value {
    specification.clone().map_or(Value::Null, Value::Object)
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || text == "STATUS_UNSPECIFIED",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(set) => !set,
        _ => false,
    }
}
