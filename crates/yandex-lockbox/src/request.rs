//! From the model to requests. Pure: nothing is sent here.
//!
//! Every write has an `Idempotency-Key`: the same request again is the same write.

use http::header::HeaderName;
use http::{HeaderValue, Method, Request};
use polyvault_core::transport::json::{PlainBase64, PlainText};
use polyvault_core::transport::{Body, UrlBuilder, json, request};
use polyvault_core::{
    Error, ErrorKind, IdempotencyKey, InfoPatch, OperationId, PageRequest, Payload, PutOptions,
    Result, SecretId, SecretName, VersionId, VersionSelector,
};

use crate::config::Config;
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
    let url = url.segment(id.as_str())?.literal("/payload");
    read(match version {
        VersionSelector::Exact(version) => url.query("versionId", version.as_str()),
        _ => url,
    })
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

pub(crate) fn create(
    config: &Config,
    name: &SecretName,
    payload: &Payload,
    options: &PutOptions,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    // What is empty is what a new secret has anyway.
    let description = options.description.as_deref().filter(|t| !t.is_empty());
    let labels = options.labels.as_ref().filter(|labels| !labels.is_empty());
    let body = json::encode(&wire::Create {
        folder_id: &config.folder,
        name: name.as_str(),
        description,
        labels,
        version_payload_entries: wanted(payload).collect(),
    })?;
    write(Method::POST, secrets(config), Some(body), key)
}

/// A new version: that of `base` with all entries of `payload` and without the `stale` keys.
pub(crate) fn add_version(
    config: &Config,
    id: &SecretId,
    payload: &Payload,
    stale: &[&str],
    base: Option<&VersionId>,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let removed = stale.iter().map(|key| wire::EntryChange {
        key,
        text_value: None,
        binary_value: None,
    });
    let body = json::encode(&wire::AddVersion {
        payload_entries: wanted(payload).chain(removed).collect(),
        base_version_id: base.map(VersionId::as_str),
    })?;
    let url = secret(config, id)?.literal(":addVersion");
    write(Method::POST, url, Some(body), key)
}

/// All that `patch` mentions, but `enabled`, which has requests of its own.
pub(crate) fn update(
    config: &Config,
    id: &SecretId,
    patch: &InfoPatch,
    key: IdempotencyKey,
) -> Result<Request<Body>> {
    let body = json::encode(&wire::Update {
        update_mask: changed(patch).join(","),
        name: patch.name.as_ref().map(SecretName::as_str),
        description: patch.description.as_deref(),
        labels: patch.labels.as_ref(),
        deletion_protection: patch.deletion_protection,
    })?;
    write(Method::PATCH, secret(config, id)?, Some(body), key)
}

/// The fields that an [`update`] changes, as the service names them.
pub(crate) fn changed(patch: &InfoPatch) -> Vec<&'static str> {
    [
        (patch.name.is_some(), mask::NAME),
        (patch.description.is_some(), mask::DESCRIPTION),
        (patch.labels.is_some(), mask::LABELS),
        (
            patch.deletion_protection.is_some(),
            mask::DELETION_PROTECTION,
        ),
    ]
    .into_iter()
    .filter_map(|(mentioned, field)| mentioned.then_some(field))
    .collect()
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
    secrets(config).segment(id.as_str())
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
