//! From the model to requests. Pure: nothing is sent here.
//!
//! Every write has an `Idempotency-Key`: the same request again is the same write.

use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderValue, Method, Request};
use polyvault_core::transport::json::{PlainBase64, PlainText};
use polyvault_core::transport::{Body, UrlBuilder, json, request};
use polyvault_core::{
    Edit, Error, ErrorKind, IdempotencyKey, OperationId, PageRequest, Payload, Result, SecretId,
    SecretName, SecretRef, VersionId, VersionSelector,
};

use crate::config::{Config, SCHEME};
use crate::properties::{
    AccessBinding, AccessChange, CreateSecret, FirstVersion, PasswordSpecification, UpdateSecret,
    set,
};
use crate::wire::{self, mask};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(crate) fn get(config: &Config, id: &SecretId) -> Result<Request<Body>> {
    read(secret(config, id)?)
}

pub(crate) fn payload(
    config: &Config,
    id: &SecretId,
    version: &VersionSelector,
) -> Result<Request<Body>> {
    let url = config.payload_endpoint.url().literal("/lockbox/v1/secrets");
    let url = url.segment(checked("secret", id.as_str())?)?;
    read(of_version(url.literal("/payload"), version)?)
}

/// The payload of a secret whose id need not be known.
pub(crate) fn payload_ex(
    config: &Config,
    secret: &SecretRef,
    version: &VersionSelector,
) -> Result<Request<Body>> {
    let url = config.payload_endpoint.url();
    let url = url.literal("/lockbox/v1/secrets:getEx");
    let url = match secret {
        SecretRef::Id(id) => url.query("secretId", checked("secret", id.as_str())?),
        SecretRef::Name(name) => url
            .query("folderAndName.folderId", &config.folder)
            .query("folderAndName.secretName", name.as_str()),
    };
    read(of_version(url, version)?)
}

pub(crate) fn list(config: &Config, page: &PageRequest) -> Result<Request<Body>> {
    let url = secrets(config).query("folderId", &config.folder);
    read(paged(url, page))
}

pub(crate) fn list_versions(
    config: &Config,
    id: &SecretId,
    page: &PageRequest,
) -> Result<Request<Body>> {
    let url = secret(config, id)?.literal("/versions");
    read(paged(url, page))
}

pub(crate) fn operation(config: &Config, id: &OperationId) -> Result<Request<Body>> {
    let url = config.operation_endpoint.url().literal("/operations");
    read(url.segment(id.as_str())?)
}

pub(crate) fn list_operations(
    config: &Config,
    id: &SecretId,
    page: &PageRequest,
) -> Result<Request<Body>> {
    let url = secret(config, id)?.literal("/operations");
    read(paged(url, page))
}

pub(crate) fn list_access_bindings(
    config: &Config,
    id: &SecretId,
    page: &PageRequest,
) -> Result<Request<Body>> {
    let url = secret(config, id)?.literal(":listAccessBindings");
    read(paged(url, page))
}

pub(crate) fn create(
    config: &Config,
    new: &CreateSecret,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    // What is empty is what a new secret has anyway.
    let (entries, password) = match &new.first_version {
        FirstVersion::None => (Vec::new(), None),
        FirstVersion::Payload(payload) => (wanted(payload).collect(), None),
        FirstVersion::Password(rules) => (Vec::new(), Some(rules)),
    };
    let body = json::encode(&wire::Create {
        folder_id: &config.folder,
        name: new.name.as_ref().map(SecretName::as_str),
        description: given(new.description.as_ref()),
        labels: Some(&new.labels).filter(|labels| !labels.is_empty()),
        kms_key_id: given(new.kms_key.as_ref()),
        version_description: given(new.version_description.as_ref()),
        version_payload_entries: entries,
        deletion_protection: new.deletion_protection.then_some(true),
        password_payload_specification: password.map(rules),
        create_version: new.create_version,
    })?;
    write(Method::POST, secrets(config), Some(body), key)
}

/// A new version: that of `base` with all entries of `set` and without the keys of `remove`.
#[derive(Debug, Default)]
pub(crate) struct Change<'a> {
    pub(crate) set: Option<&'a Payload>,
    pub(crate) remove: Vec<&'a str>,
    pub(crate) base: Option<&'a VersionId>,
    pub(crate) description: Option<&'a str>,
}

pub(crate) fn add_version(
    config: &Config,
    id: &SecretId,
    change: &Change<'_>,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let removed = change.remove.iter().map(|key| wire::EntryChange {
        key,
        text_value: None,
        binary_value: None,
    });
    let base = change.base.map(|base| checked("version", base.as_str()));
    let body = json::encode(&wire::AddVersion {
        description: change.description,
        payload_entries: change
            .set
            .into_iter()
            .flat_map(wanted)
            .chain(removed)
            .collect(),
        base_version_id: base.transpose()?,
    })?;
    let url = secret(config, id)?.literal(":addVersion");
    write(Method::POST, url, Some(body), key)
}

/// All that `change` mentions; what its mask names and its body lacks is cleared.
pub(crate) fn update(
    config: &Config,
    id: &SecretId,
    change: &UpdateSecret,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let body = json::encode(&wire::Update {
        update_mask: change.mask().join(","),
        name: set(&change.name).map(SecretName::as_str),
        description: set(&change.description).map(String::as_str),
        labels: set(&change.labels),
        deletion_protection: change.deletion_protection,
        password_payload_specification: set(&change.password).map(rules),
    })?;
    write(Method::PATCH, secret(config, id)?, Some(body), key)
}

impl UpdateSecret {
    /// The fields that it changes, as the service names them.
    pub(crate) fn mask(&self) -> Vec<&'static str> {
        [
            (self.name != Edit::Keep, mask::NAME),
            (self.description != Edit::Keep, mask::DESCRIPTION),
            (self.labels != Edit::Keep, mask::LABELS),
            (
                self.deletion_protection.is_some(),
                mask::DELETION_PROTECTION,
            ),
            (self.password != Edit::Keep, mask::PASSWORD),
        ]
        .into_iter()
        .filter_map(|(mentioned, field)| mentioned.then_some(field))
        .collect()
    }
}

pub(crate) fn set_current(
    config: &Config,
    id: &SecretId,
    version: &VersionId,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    one_version(config, id, version, ":setCurrentVersion", None, key)
}

pub(crate) fn schedule_destruction(
    config: &Config,
    id: &SecretId,
    version: &VersionId,
    after: Option<Duration>,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let after = after.map(period).transpose()?;
    one_version(
        config,
        id,
        version,
        ":scheduleVersionDestruction",
        after,
        key,
    )
}

pub(crate) fn cancel_destruction(
    config: &Config,
    id: &SecretId,
    version: &VersionId,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    one_version(config, id, version, ":cancelVersionDestruction", None, key)
}

fn one_version(
    config: &Config,
    id: &SecretId,
    version: &VersionId,
    verb: &'static str,
    pending_period: Option<String>,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let body = json::encode(&wire::OneVersion {
        version_id: checked("version", version.as_str())?,
        pending_period,
    })?;
    let url = secret(config, id)?.literal(verb);
    write(Method::POST, url, Some(body), key)
}

/// A protobuf Duration, which has its own end and three, six or nine digits of a second.
fn period(after: Duration) -> Result<String> {
    const MOST: u64 = 315_576_000_000;
    let (seconds, nanos) = (after.as_secs(), after.subsec_nanos());
    if seconds > MOST {
        return Err(invalid("after", "at most 315576000000 seconds"));
    }
    Ok(match nanos {
        0 => format!("{seconds}s"),
        _ if nanos % 1_000_000 == 0 => format!("{seconds}.{:03}s", nanos / 1_000_000),
        _ if nanos % 1000 == 0 => format!("{seconds}.{:06}s", nanos / 1000),
        _ => format!("{seconds}.{nanos:09}s"),
    })
}

pub(crate) fn set_access_bindings(
    config: &Config,
    id: &SecretId,
    bindings: &[AccessBinding],
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let body = json::encode(&wire::SetAccessBindings {
        access_bindings: bindings.iter().map(binding).collect(),
    })?;
    let url = secret(config, id)?.literal(":setAccessBindings");
    write(Method::POST, url, Some(body), key)
}

pub(crate) fn update_access_bindings(
    config: &Config,
    id: &SecretId,
    changes: &[AccessChange],
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let deltas = changes.iter().map(|change| wire::Delta {
        action: match change {
            AccessChange::Add(_) => "ADD",
            AccessChange::Remove(_) => "REMOVE",
        },
        access_binding: binding(change.binding()),
    });
    let body = json::encode(&wire::UpdateAccessBindings {
        access_binding_deltas: deltas.collect(),
    })?;
    let url = secret(config, id)?.literal(":updateAccessBindings");
    write(Method::POST, url, Some(body), key)
}

pub(crate) fn set_enabled(
    config: &Config,
    id: &SecretId,
    enabled: bool,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let verb = if enabled { ":activate" } else { ":deactivate" };
    let url = secret(config, id)?.literal(verb);
    write(Method::POST, url, None, key)
}

pub(crate) fn delete(config: &Config, id: &SecretId, key: IdempotencyKey) -> Result<Request<Body>> {
    write(Method::DELETE, secret(config, id)?, None, key)
}

fn secrets(config: &Config) -> UrlBuilder {
    config.endpoint.url().literal("/lockbox/v1/secrets")
}

fn secret(config: &Config, id: &SecretId) -> Result<UrlBuilder> {
    secrets(config).segment(checked("secret", id.as_str())?)
}

/// Ids are opaque; one that is longer than any is refused.
fn checked<'a>(field: &str, id: &'a str) -> Result<&'a str> {
    match id.chars().count() <= 50 {
        true => Ok(id),
        false => Err(invalid(field, "an id has at most 50 characters")),
    }
}

fn invalid(field: &str, rule: &str) -> Error {
    let message = format!("field `{field}`: {rule}");
    Error::new(ErrorKind::InvalidInput, message).with_provider(SCHEME)
}

fn of_version(url: UrlBuilder, version: &VersionSelector) -> Result<UrlBuilder> {
    Ok(match version {
        VersionSelector::Exact(id) => url.query("versionId", checked("version", id.as_str())?),
        _ => url,
    })
}

fn paged(mut url: UrlBuilder, page: &PageRequest) -> UrlBuilder {
    if let Some(size) = page.size {
        url = url.query("pageSize", &size.to_string());
    }
    match &page.token {
        Some(token) => url.query("pageToken", token.as_str()),
        None => url,
    }
}

fn wanted(payload: &Payload) -> impl Iterator<Item = wire::EntryChange<'_>> {
    payload.iter().map(|(key, value)| wire::EntryChange {
        key,
        text_value: value.is_text().then_some(PlainText(value)),
        binary_value: (!value.is_text()).then_some(PlainBase64(value)),
    })
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn rules(rules: &PasswordSpecification) -> wire::PasswordRules<'_> {
    wire::PasswordRules {
        password_key: &rules.entry_key,
        length: rules.length.map(|length| length.to_string()),
        include_uppercase: rules.uppercase,
        include_lowercase: rules.lowercase,
        include_digits: rules.digits,
        include_punctuation: rules.punctuation,
        included_punctuation: rules.included_punctuation.as_deref(),
        excluded_punctuation: rules.excluded_punctuation.as_deref(),
    }
}

fn binding(binding: &AccessBinding) -> wire::Binding<'_> {
    wire::Binding {
        role_id: &binding.role,
        subject: wire::BindingSubject {
            id: &binding.subject.id,
            kind: &binding.subject.kind,
        },
    }
}

fn read(url: UrlBuilder) -> Result<Request<Body>> {
    Ok(request(Method::GET, url.build()?, None))
}

fn write(
    method: Method,
    url: UrlBuilder,
    body: Option<Body>,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let mut request = request(method, url.build()?, body);
    let key = HeaderValue::try_from(key.to_string())
        .map_err(|_| Error::new(ErrorKind::Unexpected, "a UUID is no header"))?;
    request.headers_mut().insert(IDEMPOTENCY_KEY, key);
    Ok(request)
}
