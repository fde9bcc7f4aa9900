//! From answers to the model. Pure.

use http::Response;
use polyvault_core::encoding::Mark;
use polyvault_core::transport::{Body, json};
use polyvault_core::{Page, PageToken, Result, SecretName, VersionInfo, VersionState};

use super::config::Config;
use super::properties::{ArmSecret, SecretUri};
use super::wire::{List, Resource};
use crate::response::time;

pub(super) fn secret(config: &Config, response: &Response<Body>) -> Result<ArmSecret> {
    resource(config, json::decode(response.body().as_bytes())?)
}

/// The content type as it is stored, with our mark.
pub(super) fn stored_type(response: &Response<Body>) -> Result<Option<String>> {
    let told: Resource = json::decode(response.body().as_bytes())?;
    Ok(told.properties.unwrap_or_default().content_type)
}

pub(super) fn list(config: &Config, response: &Response<Body>) -> Result<Page<ArmSecret>> {
    let list: List = json::decode(response.body().as_bytes())?;
    let items = list.value.ok_or_else(|| json::missing("value"))?;
    Ok(Page {
        items: items
            .into_iter()
            .map(|item| resource(config, item))
            .collect::<Result<_>>()?,
        next: list
            .next_link
            .filter(|link| !link.is_empty())
            .map(PageToken::new),
    })
}

fn resource(config: &Config, told: Resource) -> Result<ArmSecret> {
    // A name alone tells it too: no vault but ours was asked.
    let name = told
        .name
        .or_else(|| {
            told.id
                .as_deref()
                .and_then(|id| config.name_in(id))
                .map(str::to_owned)
        })
        .ok_or_else(|| json::missing("name"))?;
    let properties = told.properties.unwrap_or_default();
    let uri_with_version = properties.secret_uri_with_version.map(SecretUri::new);
    let attributes = properties.attributes.unwrap_or_default();
    let labels = told.tags.unwrap_or_default().into_iter();
    let mark = properties.content_type.as_deref().and_then(Mark::read);
    Ok(ArmSecret {
        id: config.secret_id(&name)?,
        name: SecretName::new(name).map_err(|_| json::missing("name"))?,
        location: told.location,
        current: VersionInfo {
            state: match attributes.enabled {
                Some(false) => VersionState::Disabled,
                _ => VersionState::Enabled,
            },
            created_at: time(attributes.created),
            updated_at: time(attributes.updated),
            not_before: time(attributes.nbf),
            expires_at: time(attributes.exp),
            content_type: match mark {
                Some(mark) => mark.content_type().map(str::to_owned),
                None => properties.content_type,
            },
            labels: Some(
                labels
                    .map(|(key, value)| (key, value.unwrap_or_default()))
                    .collect(),
            ),
            ..VersionInfo::default()
        },
        uri: properties.secret_uri.map(SecretUri::new),
        uri_with_version,
    })
}
