//! Answers as proto3 JSON writes them, in each of the ways in which a gateway may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::message;
use super::state::{Content, Secret, Version};

/// Which fields are printed that hold their defaults: proto3 JSON allows each of these.
///
/// What is absent is printed in none of them: messages, members of a union, nullable booleans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rendering {
    /// None.
    Omitted,
    /// `done` and `deletionProtection`, as in recorded traffic.
    #[default]
    Recorded,
    /// All: `""`, `[]`, `{}`, `"0"`, `false` and the first name of an enum.
    All,
}

/// Writes objects.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    pub(super) rendering: Rendering,
}

impl Writer {
    /// Of `fields`, what is not absent (null) and, unless it is to be printed, not a default.
    ///
    /// A number is an int64, which proto3 JSON writes as text.
    pub(super) fn object<const N: usize>(self, fields: [(&str, Value); N]) -> Value {
        let printed = |(name, value): &(&str, Value)| {
            let default = match self.rendering {
                Rendering::Omitted => false,
                Rendering::Recorded => matches!(*name, "deletionProtection" | "done"),
                Rendering::All => true,
            };
            !value.is_null() && (default || !is_default(value))
        };
        let fields = fields.into_iter().filter(printed);
        let text = |value: Value| match value {
            Value::Number(number) => number.to_string().into(),
            value => value,
        };
        Value::Object(
            fields
                .map(|(name, value)| (name.into(), text(value)))
                .collect(),
        )
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
                self.password(secret.password.as_ref()),
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
                self.password(version.password.as_ref()),
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

    fn password(self, specification: Option<&Map<String, Value>>) -> Value {
        let Some(specification) = specification else {
            return Value::Null;
        };
        let text = |name: &str| specification.get(name).cloned().unwrap_or("".into());
        let length = specification.get("length").and_then(message::integer);
        let mut written = self.object([
            ("passwordKey", text("passwordKey")),
            ("length", length.unwrap_or_default().into()),
            ("includedPunctuation", text("includedPunctuation")),
            ("excludedPunctuation", text("excludedPunctuation")),
        ]);
        if let Value::Object(written) = &mut written {
            // These are nullable: false is no default.
            let nullable = specification.iter().filter(|(_, value)| value.is_boolean());
            written.extend(nullable.map(|(name, value)| (name.clone(), value.clone())));
        }
        written
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
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Null => true,
    }
}
