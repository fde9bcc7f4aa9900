//! From answers to the model. Pure.
//!
//! A field that is left out and one that holds its default read alike.

use std::time::Duration;

use http::Response;
use polyvault_core::transport::{Body, json};
use polyvault_core::{
    Error, ErrorKind, OperationId, Page, PageToken, Payload, Result, SecretId, SecretInfo,
    SecretName, Timestamp, Value, VersionId, VersionInfo, VersionState,
};

use crate::operation::{Effect, Progress, Told};
use crate::{error, wire};

pub(crate) fn secret(response: &Response<Body>) -> Result<SecretInfo> {
    secret_info(json::decode(response.body().as_bytes())?)
}

pub(crate) fn secrets(response: &Response<Body>) -> Result<Page<SecretInfo>> {
    let list: wire::Secrets = json::decode(response.body().as_bytes())?;
    page(list.secrets, list.next_page_token, secret_info)
}

pub(crate) fn versions(response: &Response<Body>) -> Result<Page<VersionInfo>> {
    let list: wire::Versions = json::decode(response.body().as_bytes())?;
    page(list.versions, list.next_page_token, version_info)
}

/// The entries of a version, and which version it is where the answer told.
pub(crate) fn payload(response: &Response<Body>) -> Result<(Option<VersionId>, Payload)> {
    let payload: wire::Payload<'_> = json::decode(response.body().as_bytes())?;
    let version = version_id(payload.version_id)?;
    let entries: Vec<(String, Value)> = payload
        .entries
        .unwrap_or_default()
        .into_iter()
        .map(|entry| {
            let key = text(entry.key).ok_or_else(|| json::missing("entries.key"))?;
            let value = match (entry.text_value, entry.binary_value) {
                (Some(raw), None) => json::text(raw)?,
                (None, Some(raw)) => json::binary(raw)?,
                // Neither may be a kind of value that is not known here: never an empty one.
                _ => return Err(json::missing("entries.textValue or entries.binaryValue")),
            };
            Ok((key, value))
        })
        .collect::<Result<_>>()?;
    if entries.is_empty() {
        return Err(json::missing("entries"));
    }
    let payload = Payload::from_entries(entries)
        .map_err(|_| Error::new(ErrorKind::Decode, "the answer has an entry twice"))?;
    Ok((version, payload))
}

/// How far an operation is.
pub(crate) fn operation(response: &Response<Body>) -> Result<Progress> {
    let operation: wire::Operation<'_> = json::decode(response.body().as_bytes())?;
    let (type_url, secret, version) = match operation.metadata {
        Some(told) => (told.type_url, told.secret_id, told.version_id),
        None => (None, None, None),
    };
    let id = text(operation.id).ok_or_else(|| json::missing("id"))?;
    Ok(Progress {
        id: OperationId::new(id).map_err(|_| json::missing("id"))?,
        done: operation.done.unwrap_or(false),
        effect: type_url.as_deref().and_then(Effect::of_metadata),
        secret: secret_id(secret)?,
        version: version_id(version)?,
        failed: operation.error.as_ref().map(error::from_failure),
        told: told(operation.response.map(|raw| raw.get().as_bytes())),
        pace: pace(response),
    })
}

/// The resource in an operation, where it is one that is known and can be read: the
/// service also stores `Empty` there, and the resource can be asked for anew.
fn told(response: Option<&[u8]>) -> Told {
    let Some(json) = response else {
        return Told::Nothing;
    };
    let any: wire::Any = json::decode(json).unwrap_or_default();
    let name = any.type_url.as_deref().unwrap_or_default();
    let told = match name.rsplit('/').next() {
        Some("yandex.cloud.lockbox.v1.Secret") => json::decode(json)
            .and_then(secret_info)
            .map(|info| Told::Secret(Box::new(info))),
        Some("yandex.cloud.lockbox.v1.Version") => json::decode(json)
            .and_then(version_info)
            .map(|info| Told::Version(Box::new(info))),
        _ => Ok(Told::Nothing),
    };
    told.unwrap_or(Told::Nothing)
}

fn pace(response: &Response<Body>) -> Option<Duration> {
    let header = response.headers().get("x-operation-poll-interval")?;
    let seconds = header.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn page<W, T>(
    items: Option<Vec<W>>,
    next: Option<String>,
    item: impl Fn(W) -> Result<T>,
) -> Result<Page<T>> {
    Ok(Page {
        items: items
            .unwrap_or_default()
            .into_iter()
            .map(item)
            .collect::<Result<_>>()?,
        next: text(next).map(PageToken::new),
    })
}

fn secret_info(secret: wire::Secret) -> Result<SecretInfo> {
    let id = secret_id(secret.id)?.ok_or_else(|| json::missing("id"))?;
    let labels = secret.labels.into_iter().flatten();
    Ok(SecretInfo {
        // A name that this library can't hold must not end a list.
        name: secret.name.and_then(|name| SecretName::new(name).ok()),
        description: text(secret.description),
        labels: Some(
            labels
                .map(|(key, value)| (key, value.unwrap_or_default()))
                .collect(),
        ),
        state: state(secret.status),
        current: secret.current_version.map(version_info).transpose()?,
        created_at: time(secret.created_at),
        deletion_protection: Some(secret.deletion_protection.unwrap_or(false)),
        ..SecretInfo::new(id)
    })
}

fn version_info(version: wire::Version) -> Result<VersionInfo> {
    let id = version_id(version.id)?.ok_or_else(|| json::missing("version id"))?;
    Ok(VersionInfo {
        id: Some(id),
        state: state(version.status),
        created_at: time(version.created_at),
        destroy_at: time(version.destroy_at),
        description: text(version.description),
        entry_keys: version.payload_entry_keys.filter(|keys| !keys.is_empty()),
        ..VersionInfo::default()
    })
}

/// The states of secrets and of versions.
fn state(status: Option<serde_json::Value>) -> VersionState {
    let status = match status {
        Some(serde_json::Value::String(name)) => name,
        Some(serde_json::Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    match status.as_str() {
        "ACTIVE" => VersionState::Enabled,
        "INACTIVE" => VersionState::Disabled,
        "SCHEDULED_FOR_DESTRUCTION" => VersionState::PendingDestruction,
        "DESTROYED" => VersionState::Destroyed,
        "" => VersionState::Unknown("STATUS_UNSPECIFIED".to_owned()),
        _ => VersionState::Unknown(status),
    }
}

fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn secret_id(id: Option<String>) -> Result<Option<SecretId>> {
    let id = text(id).map(SecretId::new).transpose();
    id.map_err(|_| json::missing("secret id"))
}

fn version_id(id: Option<String>) -> Result<Option<VersionId>> {
    let id = text(id).map(VersionId::new).transpose();
    id.map_err(|_| json::missing("version id"))
}

/// RFC 3339 with up to nine digits of a second. Another form is no reason to lose the secret.
fn time(told: Option<String>) -> Option<Timestamp> {
    told?.parse().ok()
}
