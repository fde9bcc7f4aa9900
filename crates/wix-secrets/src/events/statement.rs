//! The claims of a delivery: texts of JSON within texts of JSON.

use jiff::{SignedDuration, Timestamp};
use polyvault_core::transport::json;
use polyvault_core::{Error, ErrorKind, Result, SecretId, SecretName};
use serde::Deserialize;

use super::{EventKind, SecretEvent};
use crate::config::SCHEME;

/// No `Debug`: whether an event holds more than it should is not known.
#[derive(Deserialize)]
pub(super) struct Claims {
    data: Option<String>,
    iat: Option<i64>,
    exp: Option<i64>,
}

/// What the claims hold as a text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(rename = "instanceId")]
    pub(super) instance: Option<String>,
    event_type: Option<String>,
    data: Option<String>,
}

/// What the event holds as a text. Fields that are not named here are dropped, a value among them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    entity_id: Option<String>,
    event_time: Option<String>,
    entity_event_sequence: Option<serde_json::Value>,
    created_event: Option<Entity>,
    updated_event: Option<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    entity_as_json: Option<String>,
    current_entity_as_json: Option<String>,
}

#[derive(Default, Deserialize)]
struct Named {
    name: Option<String>,
}

impl Claims {
    pub(super) fn begins(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.iat?).ok()
    }

    /// When it ends, or this long after it was made.
    pub(super) fn ends(&self, life: SignedDuration) -> Option<Timestamp> {
        match self.exp {
            Some(exp) => Timestamp::from_second(exp).ok(),
            None => self.begins()?.checked_add(life).ok(),
        }
    }
}

impl Event {
    pub(super) fn read(claims: &Claims) -> Result<Self> {
        let data = claims
            .data
            .as_deref()
            .ok_or_else(|| json::missing("data"))?;
        json::decode(data.as_bytes())
    }

    pub(super) fn secret(&self) -> Result<SecretEvent> {
        let name = self.event_type.as_deref().unwrap_or_default();
        let kind = match name.strip_prefix("wix.velo.secrets_vault.v1.") {
            Some("secret_created") => EventKind::Created,
            Some("secret_updated") => EventKind::Updated,
            Some("secret_deleted") => EventKind::Deleted,
            _ => {
                return Err(
                    Error::new(ErrorKind::Unsupported, "the event is not one of a secret")
                        .with_provider(SCHEME)
                        .with_help(
                            "Answer 200 and leave it to whoever deals with the app's other events.",
                        ),
                );
            }
        };
        let data = self.data.as_deref().ok_or_else(|| json::missing("data"))?;
        let envelope: Envelope = json::decode(data.as_bytes())?;
        let id = envelope
            .entity_id
            .ok_or_else(|| json::missing("entityId"))?;
        let entity = envelope.created_event.or(envelope.updated_event);
        let text = entity.and_then(|told| told.entity_as_json.or(told.current_entity_as_json));
        let named: Named = match &text {
            Some(text) => json::decode(text.as_bytes())?,
            None => Named::default(),
        };
        Ok(SecretEvent {
            kind,
            secret: SecretId::new(id).map_err(|_| json::missing("entityId"))?,
            name: named.name.and_then(|name| SecretName::new(name).ok()),
            at: envelope.event_time.and_then(|at| at.parse().ok()),
            sequence: envelope.entity_event_sequence.and_then(|told| match told {
                serde_json::Value::String(text) => Some(text),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            }),
        })
    }
}
