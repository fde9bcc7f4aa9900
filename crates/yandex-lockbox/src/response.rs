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

use crate::operation::Progress;
use crate::properties::{
    AccessBinding, OperationKind, OperationProperties, OperationResponse, PasswordSpecification,
    SecretProperties, Subject, VersionProperties,
};
use crate::{error, wire};

pub(crate) fn secret(response: &Response<Body>) -> Result<SecretProperties> {
    secret_properties(json::decode(response.body().as_bytes())?)
}

pub(crate) fn secrets(response: &Response<Body>) -> Result<Page<SecretProperties>> {
    let list: wire::Secrets = json::decode(response.body().as_bytes())?;
    page(list.secrets, list.next_page_token, secret_properties)
}

pub(crate) fn versions(response: &Response<Body>) -> Result<Page<VersionProperties>> {
    let list: wire::Versions = json::decode(response.body().as_bytes())?;
    page(list.versions, list.next_page_token, version_properties)
}

pub(crate) fn operations(response: &Response<Body>) -> Result<Page<OperationProperties>> {
    let list: wire::Operations<'_> = json::decode(response.body().as_bytes())?;
    page(list.operations, list.next_page_token, operation_properties)
}

pub(crate) fn access_bindings(response: &Response<Body>) -> Result<Page<AccessBinding>> {
    let list: wire::AccessBindings = json::decode(response.body().as_bytes())?;
    page(list.access_bindings, list.next_page_token, |binding| {
        let (id, kind) = match binding.subject {
            Some(subject) => (subject.id, subject.kind),
            None => (None, None),
        };
        Ok(AccessBinding {
            role: binding.role_id.unwrap_or_default(),
            subject: Subject {
                id: id.unwrap_or_default(),
                kind: kind.unwrap_or_default(),
            },
        })
    })
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

/// The entries of a version with its id and the secret's; text is what can be text, for the
/// answer does not tell.
pub(crate) fn payload_ex(
    response: &Response<Body>,
) -> Result<(Option<SecretId>, Option<VersionId>, Payload)> {
    let payload: wire::PayloadEx<'_> = json::decode(response.body().as_bytes())?;
    let (secret, version) = (
        secret_id(payload.secret_id)?,
        version_id(payload.version_id)?,
    );
    let entries: Vec<(String, Value)> = payload
        .entries
        .unwrap_or_default()
        .into_iter()
        .map(|(key, raw)| {
            let value = json::binary(raw)?;
            Ok((key, Value::text_or_binary(value.expose_bytes())))
        })
        .collect::<Result<_>>()?;
    if entries.is_empty() {
        return Err(json::missing("entries"));
    }
    let payload = Payload::from_entries(entries)
        .map_err(|_| Error::new(ErrorKind::Decode, "the answer has an entry without a key"))?;
    Ok((secret, version, payload))
}

/// How far an operation is.
pub(crate) fn operation(response: &Response<Body>) -> Result<Progress> {
    let operation: wire::Operation<'_> = json::decode(response.body().as_bytes())?;
    Ok(Progress {
        told: operation_properties(operation)?,
        pace: pace(response),
    })
}

fn operation_properties(operation: wire::Operation<'_>) -> Result<OperationProperties> {
    let id = text(operation.id).ok_or_else(|| json::missing("id"))?;
    let mut told = OperationProperties {
        id: OperationId::new(id).map_err(|_| json::missing("id"))?,
        description: text(operation.description),
        created_at: time(operation.created_at),
        created_by: text(operation.created_by),
        modified_at: time(operation.modified_at),
        done: operation.done.unwrap_or(false),
        kind: None,
        secret: None,
        version: None,
        destroy_at: None,
        error: operation.error.as_ref().map(error::from_failure),
        response: ended_with(operation.response.map(|raw| raw.get().as_bytes())),
    };
    if let Some(metadata) = operation.metadata {
        told.kind = text(metadata.type_url).as_deref().map(OperationKind::of);
        told.secret = secret_id(text(metadata.secret_id).or(metadata.resource_id))?;
        told.version = version_id(metadata.version_id)?;
        told.destroy_at = time(metadata.destroy_at);
    }
    Ok(told)
}

/// The resource in an operation, where it is one that is known and can be read: the
/// service also stores `Empty` there, and the resource can be asked for anew.
fn ended_with(response: Option<&[u8]>) -> OperationResponse {
    let Some(json) = response else {
        return OperationResponse::None;
    };
    let any: wire::Any = json::decode(json).unwrap_or_default();
    let name = any.type_url.as_deref().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let read = match name {
        "yandex.cloud.lockbox.v1.Secret" => json::decode(json)
            .and_then(secret_properties)
            .map(|secret| OperationResponse::Secret(Box::new(secret))),
        "yandex.cloud.lockbox.v1.Version" => json::decode(json)
            .and_then(version_properties)
            .map(|version| OperationResponse::Version(Box::new(version))),
        "google.protobuf.Empty" => Ok(OperationResponse::Empty),
        _ => Err(json::missing("response")),
    };
    read.unwrap_or_else(|_| OperationResponse::Other(name.to_owned()))
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

fn secret_properties(secret: wire::Secret) -> Result<SecretProperties> {
    let id = secret_id(secret.id)?.ok_or_else(|| json::missing("id"))?;
    let labels = secret.labels.into_iter().flatten();
    let current = secret.current_version.map(version_properties).transpose()?;
    let info = SecretInfo {
        // A name that this library can't hold must not end a list.
        name: secret.name.and_then(|name| SecretName::new(name).ok()),
        description: text(secret.description),
        labels: Some(
            labels
                .map(|(key, value)| (key, value.unwrap_or_default()))
                .collect(),
        ),
        state: state(secret.status),
        current: current.as_ref().map(|version| version.info.clone()),
        created_at: time(secret.created_at),
        deletion_protection: Some(secret.deletion_protection.unwrap_or(false)),
        ..SecretInfo::new(id)
    };
    Ok(SecretProperties {
        info,
        folder: text(secret.folder_id),
        kms_key: text(secret.kms_key_id),
        password: secret.password_payload_specification.map(password),
        current,
    })
}

fn version_properties(version: wire::Version) -> Result<VersionProperties> {
    let id = version_id(version.id)?.ok_or_else(|| json::missing("version id"))?;
    let info = VersionInfo {
        id: Some(id),
        state: state(version.status),
        created_at: time(version.created_at),
        destroy_at: time(version.destroy_at),
        description: text(version.description),
        entry_keys: version.payload_entry_keys.filter(|keys| !keys.is_empty()),
        ..VersionInfo::default()
    };
    Ok(VersionProperties {
        info,
        secret: secret_id(version.secret_id)?,
        password: version.password_payload_specification.map(password),
    })
}

fn password(told: wire::Password) -> PasswordSpecification {
    let length = match &told.length {
        Some(serde_json::Value::String(digits)) => digits.parse().ok(),
        Some(serde_json::Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    let length = length.and_then(|length| u16::try_from(length).ok());
    PasswordSpecification {
        entry_key: told.password_key.unwrap_or_default(),
        length: length.filter(|length| *length > 0),
        uppercase: told.include_uppercase,
        lowercase: told.include_lowercase,
        digits: told.include_digits,
        punctuation: told.include_punctuation,
        included_punctuation: text(told.included_punctuation),
        excluded_punctuation: text(told.excluded_punctuation),
    }
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
