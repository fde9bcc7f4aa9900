//! From answers to the model. Pure.

use http::Response;
use polyvault_core::transport::{Body, json};
use polyvault_core::{
    Error, ErrorKind, Payload, Result, SecretId, SecretInfo, SecretName, Timestamp,
};
use serde_json::value::RawValue;

use crate::wire::{Created, Item, Listed, Read};

/// All secrets of the site; a list without the field is that of an empty site.
pub(crate) fn list(response: &Response<Body>) -> Result<Vec<SecretInfo>> {
    let listed: Listed = json::decode(response.body().as_bytes())?;
    let items = listed.secrets.unwrap_or_default().0.unwrap_or_default();
    items.into_iter().map(info).collect()
}

/// The value; the service keeps no empty one, so neither a missing nor an empty one is a secret.
pub(crate) fn value(response: &Response<Body>) -> Result<Payload> {
    let read: Read<'_> = json::decode(response.body().as_bytes())?;
    let value = read.value.ok_or_else(|| json::missing("value"))?;
    let value = json::text(value)?;
    match value.is_empty() {
        true => Err(json::missing("value")),
        false => Ok(Payload::of(value)),
    }
}

pub(crate) fn created(response: &Response<Body>) -> Result<SecretId> {
    let created: Created = json::decode(response.body().as_bytes())?;
    id(created.id)
}

/// Nothing is told, but by the service, in an object: somebody in between may answer 200 with a page of their own.
pub(crate) fn done(response: &Response<Body>) -> Result<()> {
    let body = response.body().as_bytes();
    if body.is_empty() {
        return Ok(());
    }
    let told: &RawValue = json::decode(body)?;
    match told.get().starts_with('{') {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Decode, "the answer is no object")),
    }
}

fn info(item: Item) -> Result<SecretInfo> {
    Ok(SecretInfo {
        name: item.name.and_then(|name| SecretName::new(name).ok()),
        description: item.description.filter(|text| !text.is_empty()),
        created_at: time(item.created_date.as_ref()),
        updated_at: time(item.updated_date.as_ref()),
        ..SecretInfo::new(id(item.id)?)
    })
}

fn id(told: Option<String>) -> Result<SecretId> {
    let id = told.and_then(|id| SecretId::new(id).ok());
    id.ok_or_else(|| json::missing("id"))
}

fn time(told: Option<&serde_json::Value>) -> Option<Timestamp> {
    told?.as_str()?.parse().ok()
}
