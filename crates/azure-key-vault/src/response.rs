//! From answers to the model. Pure.

use http::Response;
use polyvault_core::encoding::Mark;
use polyvault_core::transport::{Body, json};
use polyvault_core::{
    Labels, Page, PageToken, Payload, Result, Secret, SecretInfo, SecretName, Timestamp, VersionId,
    VersionInfo, VersionState, Written,
};

use crate::config::Config;
use crate::properties::{Backup, DeletedProperties, RecoveryLevel, SecretProperties};
use crate::request::Stored;
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
    let info = secret_info(config, &bundle)?;
    let payload = payload(&bundle)?;
    let version = VersionInfo {
        entry_keys: Some(payload.keys().map(str::to_owned).collect()),
        ..version_info(&bundle)?
    };
    Ok(Secret {
        id: Some(info.id),
        name: info.name,
        version: version.id.clone(),
        info: Some(version),
        payload,
    })
}

/// A secret's metadata; of a value in the answer, only the keys of its entries.
pub(crate) fn info(config: &Config, response: &Response<Body>) -> Result<SecretInfo> {
    let bundle: Bundle<'_> = json::decode(response.body().as_bytes())?;
    let info = secret_info(config, &bundle)?;
    // What can't be read is told without keys: a description is no read.
    let payload = payload(&bundle).ok();
    let entry_keys = payload.map(|payload| payload.keys().map(str::to_owned).collect());
    Ok(SecretInfo {
        current: info.current.map(|current| VersionInfo {
            entry_keys,
            ..current
        }),
        ..info
    })
}

/// The value of a version as it is stored, and what the answer tells of it.
pub(crate) fn stored(response: &Response<Body>) -> Result<(Stored, VersionInfo)> {
    let bundle: Bundle<'_> = json::decode(response.body().as_bytes())?;
    let keys = payload(&bundle).map(|payload| payload.keys().map(str::to_owned).collect());
    let value = bundle.value.ok_or_else(|| json::missing("value"))?;
    let stored = Stored {
        value: json::text(value)?,
        content_type: bundle.content_type.clone(),
    };
    let version = VersionInfo {
        entry_keys: keys.ok(),
        ..version_info(&bundle)?
    };
    Ok((stored, version))
}

/// The payload, decoded only where the content type marks it.
fn payload(bundle: &Bundle<'_>) -> Result<Payload> {
    let value = json::text(bundle.value.ok_or_else(|| json::missing("value"))?)?;
    match mark(bundle) {
        Some(mark) => mark.decode(&value),
        None => Ok(Payload::of(value)),
    }
}

fn mark(bundle: &Bundle<'_>) -> Option<Mark> {
    bundle.content_type.as_deref().and_then(Mark::read)
}

/// The mark of a version, from an answer that tells one.
pub(crate) fn mark_of(response: &Response<Body>) -> Result<Option<Mark>> {
    Ok(mark(&json::decode(response.body().as_bytes())?))
}

/// The marks of a page of versions.
pub(crate) fn marks(response: &Response<Body>) -> Result<Page<(Option<VersionId>, Option<Mark>)>> {
    page(response, |bundle| {
        Ok((version_info(bundle)?.id, mark(bundle)))
    })
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
    let keys = payload(&bundle).map(|payload| payload.keys().map(str::to_owned).collect());
    let version = VersionInfo {
        entry_keys: keys.ok(),
        ..version_info(&bundle)?
    };
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
        content_type: match mark(bundle) {
            Some(mark) => mark.content_type().map(str::to_owned),
            None => bundle.content_type.clone(),
        },
        labels: Some(labels(bundle)),
        ..VersionInfo::default()
    })
}

fn labels(bundle: &Bundle<'_>) -> Labels {
    let tags = bundle.tags.iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.clone().unwrap_or_default()))
        .collect()
}

pub(crate) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?).ok()
}
