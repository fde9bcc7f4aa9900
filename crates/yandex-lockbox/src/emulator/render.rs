//! Answers as proto3 JSON may be written: which defaults are left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::state::{Content, Secret, Version};

/// Which fields are printed that hold their defaults; a client must read all three forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rendering {
    /// None: as the protobuf runtime does unless told otherwise.
    Omitted,
    /// `done` and `deletionProtection` alone, as in recorded answers of the service.
    #[default]
    Recorded,
    /// All that have no presence: as the protobuf runtime does when told so.
    All,
}

/// Writes objects.
#[derive(Clone, Copy)]
pub(super) struct Writer(pub(super) Rendering);

impl Writer {
    /// Of `fields`, what is not absent and, as the rendering says, not a default.
    pub(super) fn object<const N: usize>(self, fields: [(&str, Value); N]) -> Value {
        let printed = |(name, value): &(&str, Value)| {
            let anyway = match self.0 {
                Rendering::Omitted => false,
                Rendering::Recorded => matches!(*name, "deletionProtection" | "done"),
                Rendering::All => true,
            };
            !value.is_null() && (anyway || !is_default(value))
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
            (
                "passwordPayloadSpecification",
                self.password(&secret.password),
            ),
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
            (
                "passwordPayloadSpecification",
                self.password(&version.password),
            ),
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

    fn password(self, specification: &Option<Map<String, Value>>) -> Value {
        let Some(specification) = specification else {
            return Value::Null;
        };
        let mut printed = specification.clone();
        // Booleans of presence are printed where they are set.
        for (name, default) in [
            ("length", "0"),
            ("includedPunctuation", ""),
            ("excludedPunctuation", ""),
        ] {
            let told = printed.get(name).and_then(Value::as_str);
            match (self.0, told.unwrap_or(default) == default) {
                (Rendering::All, true) => drop(printed.insert(name.into(), default.into())),
                (_, true) => drop(printed.remove(name)),
                (_, false) => {}
            }
        }
        printed.into()
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

fn is_default(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || text == "STATUS_UNSPECIFIED",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(set) => !set,
        _ => false,
    }
}
