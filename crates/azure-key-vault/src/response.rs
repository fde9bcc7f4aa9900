//! From answers to the model. Pure.

use http::Response;
use polyvault_core::transport::{Body, json};
use polyvault_core::{
    Labels, Page, PageToken, Payload, Result, Secret, SecretInfo, SecretName, Timestamp, VersionId,
    VersionInfo, VersionState, Written,
};

use crate::config::Config;
use crate::properties::{Backup, DeletedProperties, RecoveryLevel, SecretProperties};
use crate::wire::{self, BackupResult, Bundle, List};

/// How a delete went on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    /// The service keeps no deleted secrets: it is gone.
    Gone,
    /// It is on its way to the deleted ones.
    Kept,
}

pub(crate) fn secret(config: &Config, response: &Response<Body>) -> Result<Secret> {
    let bundle: Bundle<'_> = json::decode(response.body().as_bytes())?;
    let version = version_info(&bundle)?;
    let info = secret_info(config, &bundle)?;
    let value = bundle.value.ok_or_else(|| json::missing("value"))?;
    Ok(Secret {
        id: Some(info.id),
        name: info.name,
        version: version.id.clone(),
        info: Some(version),
        payload: Payload::of(json::text(value)?),
    })
}

/// A secret's metadata; a value in the answer is not looked at.
pub(crate) fn info(config: &Config, response: &Response<Body>) -> Result<SecretInfo> {
    secret_info(config, &json::decode(response.body().as_bytes())?)
}

pub(crate) fn version(response: &Response<Body>) -> Result<VersionInfo> {
    version_info(&json::decode(response.body().as_bytes())?)
}

pub(crate) fn written(
    config: &Config,
    response: &Response<Body>,
    created: bool,
) -> Result<Written> {
    let bundle: Bundle<'_> = json::decode(response.body().as_bytes())?;
    let version = version_info(&bundle)?;
    if version.id.is_none() {
        return Err(json::missing("version in `id`"));
    }
    Ok(Written {
        secret: secret_info(config, &bundle)?.id,
        version,
        created,
    })
}

pub(crate) fn deleted(response: &Response<Body>) -> Result<Deleted> {
    // Nothing of the body is needed: an empty one is a success like any other.
    if response.body().is_empty() {
        return Ok(Deleted::Gone);
    }
    let bundle: Bundle<'_> = json::decode(response.body().as_bytes())?;
    Ok(match bundle.recovery_id {
        Some(_) => Deleted::Kept,
        None => Deleted::Gone,
    })
}

pub(crate) fn properties(config: &Config, response: &Response<Body>) -> Result<SecretProperties> {
    bundle_properties(config, &json::decode(response.body().as_bytes())?)
}

pub(crate) fn deleted_properties(
    config: &Config,
    response: &Response<Body>,
) -> Result<DeletedProperties> {
    bundle_deleted(config, &json::decode(response.body().as_bytes())?)
}

pub(crate) fn backup(response: &Response<Body>) -> Result<Backup> {
    let answer: BackupResult<'_> = json::decode(response.body().as_bytes())?;
    let blob = answer.value.ok_or_else(|| json::missing("value"))?;
    Ok(Backup::of(json::binary(blob)?))
}

/// A page of secrets or of versions.
pub(crate) fn list(config: &Config, response: &Response<Body>) -> Result<Page<SecretProperties>> {
    page(response, |bundle| bundle_properties(config, bundle))
}

pub(crate) fn list_deleted(
    config: &Config,
    response: &Response<Body>,
) -> Result<Page<DeletedProperties>> {
    page(response, |bundle| bundle_deleted(config, bundle))
}

/// The page with other items.
pub(crate) fn map<T, U>(page: Page<T>, item: impl Fn(T) -> U) -> Page<U> {
    Page {
        items: page.items.into_iter().map(item).collect(),
        next: page.next,
    }
}

fn page<T>(response: &Response<Body>, item: impl Fn(&Bundle<'_>) -> Result<T>) -> Result<Page<T>> {
    let list: List<'_> = json::decode(response.body().as_bytes())?;
    let items = list.value.ok_or_else(|| json::missing("value"))?;
    Ok(Page {
        items: items.iter().map(item).collect::<Result<_>>()?,
        next: list
            .next_link
            .filter(|link| !link.is_empty())
            .map(PageToken::new),
    })
}

fn secret_info(config: &Config, bundle: &Bundle<'_>) -> Result<SecretInfo> {
    bundle_properties(config, bundle).map(SecretProperties::into_info)
}

fn bundle_properties(config: &Config, bundle: &Bundle<'_>) -> Result<SecretProperties> {
    let id = bundle.id.as_deref().ok_or_else(|| json::missing("id"))?;
    let (name, _) = wire::split_id(id).ok_or_else(|| json::missing("name in `id`"))?;
    let attributes = bundle.attributes.as_ref();
    let level = attributes.and_then(|attributes| attributes.recovery_level.as_deref());
    let previous = bundle.previous_version.as_deref();
    Ok(SecretProperties {
        secret: config.secret_id(name)?,
        name: SecretName::new(name).map_err(|_| json::missing("name in `id`"))?,
        version: version_info(bundle)?,
        recovery_level: level.map(RecoveryLevel::from),
        recoverable_days: attributes.and_then(|attributes| attributes.recoverable_days),
        managed: bundle.managed.unwrap_or(false),
        key_id: bundle.kid.clone(),
        previous_version: previous.and_then(|id| VersionId::new(id).ok()),
    })
}

fn bundle_deleted(config: &Config, bundle: &Bundle<'_>) -> Result<DeletedProperties> {
    Ok(DeletedProperties {
        properties: bundle_properties(config, bundle)?,
        recovery_id: bundle.recovery_id.clone(),
        deleted_at: time(bundle.deleted_date),
        purge_at: time(bundle.scheduled_purge_date),
    })
}

fn version_info(bundle: &Bundle<'_>) -> Result<VersionInfo> {
    let id = bundle.id.as_deref().ok_or_else(|| json::missing("id"))?;
    let (_, version) = wire::split_id(id).ok_or_else(|| json::missing("name in `id`"))?;
    let attributes = bundle.attributes.as_ref();
    let told = |field: fn(&wire::Attributes) -> Option<i64>| time(attributes.and_then(field));
    let enabled = attributes.and_then(|attributes| attributes.enabled);
    Ok(VersionInfo {
        id: version
            .map(VersionId::new)
            .transpose()
            .map_err(|_| json::missing("version in `id`"))?,
        state: match enabled {
            Some(false) => VersionState::Disabled,
            _ => VersionState::Enabled,
        },
        created_at: told(|a| a.created),
        updated_at: told(|a| a.updated),
        not_before: told(|a| a.nbf),
        expires_at: told(|a| a.exp),
        content_type: bundle.content_type.clone(),
        labels: Some(labels(bundle)),
        ..VersionInfo::default()
    })
}

fn labels(bundle: &Bundle<'_>) -> Labels {
    let tags = bundle.tags.iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.clone().unwrap_or_default()))
        .collect()
}

fn time(seconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?).ok()
}
