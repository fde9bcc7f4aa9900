//! From answers to the model. Pure.

use http::Response;
use polyvault_core::transport::{Body, json};
use polyvault_core::{
    DeletedSecretInfo, Labels, Page, PageToken, Payload, Result, Secret, SecretInfo, SecretName,
    Timestamp, VersionId, VersionInfo, VersionState, Written,
};

use crate::config::Config;
use crate::wire::{self, Bundle, List};

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

pub(crate) fn list(config: &Config, response: &Response<Body>) -> Result<Page<SecretInfo>> {
    page(response, |bundle| secret_info(config, bundle))
}

pub(crate) fn list_versions(response: &Response<Body>) -> Result<Page<VersionInfo>> {
    page(response, version_info)
}

pub(crate) fn list_deleted(
    config: &Config,
    response: &Response<Body>,
) -> Result<Page<DeletedSecretInfo>> {
    page(response, |bundle| {
        let level = bundle.attributes.as_ref();
        let level = level.and_then(|attributes| attributes.recovery_level.as_deref());
        Ok(DeletedSecretInfo {
            info: secret_info(config, bundle)?,
            deleted_at: time(bundle.deleted_date),
            purge_at: time(bundle.scheduled_purge_date),
            // Lists may leave the level out; what is in the list of deleted ones is there to be recovered.
            recoverable: level.is_none_or(|level| level.contains("Recoverable")),
        })
    })
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
    let id = bundle.id.as_deref().ok_or_else(|| json::missing("id"))?;
    let (name, _) = wire::split_id(id).ok_or_else(|| json::missing("name in `id`"))?;
    let current = version_info(bundle)?;
    Ok(SecretInfo {
        name: Some(SecretName::new(name).map_err(|_| json::missing("name in `id`"))?),
        labels: current.labels.clone(),
        state: current.state.clone(),
        updated_at: current.updated_at,
        managed: bundle.managed.unwrap_or(false),
        current: Some(current),
        ..SecretInfo::new(config.secret_id(name)?)
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
