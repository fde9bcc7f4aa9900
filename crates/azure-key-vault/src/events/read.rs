//! The JSON of a delivery: keys without case and blanks, and nothing of it in an error.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use polyvault_core::transport::json;
use polyvault_core::{Error, ErrorKind, Result, SecretName, Timestamp, VersionId};
use serde_json::{Map, Value};

use super::{Event, EventKind, MAX_BODY, SecretEvent};
use crate::config::SCHEME;
use crate::identifier::{is_name, is_version};

const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
const DELETED: &str = "Microsoft.EventGrid.SubscriptionDeletedEvent";

pub(super) fn events(body: &[u8]) -> Result<Vec<Event>> {
    let delivered = decode(body)?;
    let items = items(&delivered)?;
    items.iter().map(Fields::event).collect()
}

/// The code that proves that the endpoint takes part, in the one event of a handshake.
pub(super) fn validation_code(body: &[u8]) -> Result<String> {
    let delivered = decode(body)?;
    let code = alone(&delivered, VALIDATION)?.and_then(|data| data.text("validationcode"));
    code.map(str::to_owned)
        .ok_or_else(|| undecodable("it is no validation with a code"))
}

/// The subscription that the one event says is deleted.
pub(super) fn deleted_subscription(body: &[u8]) -> Result<Option<String>> {
    let delivered = decode(body)?;
    let id = alone(&delivered, DELETED)?.and_then(|data| data.text("eventsubscriptionid"));
    Ok(id.map(str::to_owned))
}

fn decode(body: &[u8]) -> Result<Value> {
    if body.len() > MAX_BODY {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the delivery is longer than {MAX_BODY} bytes"),
        )
        .with_provider(SCHEME)
        .with_help("Answer 413: Event Grid delivers no such body."));
    }
    json::decode(body).map_err(|error| error.with_provider(SCHEME).with_help(HELP))
}

fn items(delivered: &Value) -> Result<Vec<Fields<'_>>> {
    match delivered {
        Value::Array(events) => events.iter().map(Fields::of).collect(),
        one => Ok(vec![Fields::of(one)?]),
    }
}

/// The data of the one event of this type.
fn alone<'a>(delivered: &'a Value, kind: &str) -> Result<Option<Fields<'a>>> {
    let items = items(delivered)?;
    let [event] = items.as_slice() else {
        return Err(undecodable("a handshake is one event"));
    };
    Ok(match event.get("data") {
        Some(Value::Object(data)) if event.text("eventtype") == Some(kind) => Some(Fields(data)),
        _ => None,
    })
}

/// The fields of an object.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn of(event: &'a Value) -> Result<Self> {
        let fields = event.as_object().map(Self);
        fields.ok_or_else(|| undecodable("an event is an object"))
    }

    fn event(&self) -> Result<Event> {
        let (vault, kind, time) = match self.get("specversion") {
            Some(_) => ("source", "type", "time"),
            None => ("topic", "eventtype", "eventtime"),
        };
        let missing = |what| undecodable(&format!("an event lacks its {what}"));
        let kind = kind_of(self.text(kind).ok_or_else(|| missing("type"))?);
        let secret = match &kind {
            EventKind::Other(_) => None,
            _ => Some(self.secret()?),
        };
        Ok(Event {
            id: self.text("id").ok_or_else(|| missing("id"))?.to_owned(),
            vault: self.text(vault).map(str::to_owned),
            kind,
            time: self.text(time).and_then(|time| time.parse().ok()),
            secret,
        })
    }

    fn secret(&self) -> Result<SecretEvent> {
        let none = Map::new();
        let decoded = match (self.get("data"), self.text("data_base64")) {
            (None, Some(text)) => from_base64(text)?,
            _ => Value::Null,
        };
        let data = match (self.get("data"), &decoded) {
            (Some(Value::Object(data)), _) | (None, Value::Object(data)) => Fields(data),
            _ => Fields(&none),
        };
        let name = data.text("objectname").or(self.text("subject"));
        let name = name.filter(|name| is_name(name));
        let name =
            name.ok_or_else(|| undecodable("an event of a secret lacks the secret's name"))?;
        let version = data.text("version").filter(|version| is_version(version));
        Ok(SecretEvent {
            id: data.text("id").map(str::to_owned),
            vault_name: data.text("vaultname").map(str::to_owned),
            name: SecretName::new(name)?,
            version: version
                .map(|version| VersionId::new(version.to_ascii_lowercase()))
                .transpose()?,
            not_before: data.seconds("nbf"),
            expires_at: data.seconds("exp"),
        })
    }

    /// The value of a key that is given in lower case; null is none.
    fn get(&self, key: &str) -> Option<&'a Value> {
        let told = |(name, value): &(&String, &Value)| {
            name.trim().eq_ignore_ascii_case(key) && !value.is_null()
        };
        self.0.iter().find(told).map(|(_, value)| value)
    }

    /// A text without blanks around it; an empty one is none.
    fn text(&self, key: &str) -> Option<&'a str> {
        let text = self.get(key)?.as_str()?.trim();
        Some(text).filter(|text| !text.is_empty())
    }

    /// Unix seconds, as a number or as a text.
    fn seconds(&self, key: &str) -> Option<Timestamp> {
        let seconds = match self.get(key)? {
            Value::String(text) => text.trim().parse().ok()?,
            number => number.as_i64()?,
        };
        Timestamp::from_second(seconds).ok()
    }
}

fn kind_of(name: &str) -> EventKind {
    match name {
        "Microsoft.KeyVault.SecretNewVersionCreated" => EventKind::SecretNewVersionCreated,
        "Microsoft.KeyVault.SecretNearExpiry" => EventKind::SecretNearExpiry,
        "Microsoft.KeyVault.SecretExpired" => EventKind::SecretExpired,
        other => EventKind::Other(other.to_owned()),
    }
}

fn from_base64(text: &str) -> Result<Value> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(text);
    decode(&bytes.map_err(|_| undecodable("an event's data_base64 is not base64"))?)
}

fn undecodable(rule: &str) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the delivery can't be read: {rule}"),
    )
    .with_provider(SCHEME)
    .with_help(HELP)
}

const HELP: &str = "Answer 400, so that Event Grid does not deliver it again, and look at what is subscribed here.";
