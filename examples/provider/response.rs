//! From answers to the model. Pure.

use http::Response;
use polyvault::transport::{Body, json};
use polyvault::{
    Page, PageToken, Payload, Result, Secret, SecretId, SecretInfo, SecretName, VersionInfo,
    Written,
};

use super::wire::{Key, Keys, Read, Wrote};

pub(crate) fn secret(answer: &Response<Body>) -> Result<Secret> {
    let read: Read<'_> = json::decode(answer.body().as_bytes())?;
    Ok(Secret {
        id: Some(SecretId::new(read.key.as_str())?),
        name: Some(SecretName::new(read.key)?),
        version: None,
        info: None,
        payload: Payload::of(json::text(read.value)?),
    })
}

pub(crate) fn info(answer: &Response<Body>) -> Result<SecretInfo> {
    let key: Key = json::decode(answer.body().as_bytes())?;
    of_key(key.key)
}

/// The token is the last key: the list goes on behind it, whatever came or went.
pub(crate) fn page(answer: &Response<Body>) -> Result<Page<SecretInfo>> {
    let Keys { keys, more } = json::decode(answer.body().as_bytes())?;
    let last = keys.last().filter(|_| more);
    Ok(Page {
        next: last.map(PageToken::new),
        items: keys.into_iter().map(of_key).collect::<Result<_>>()?,
    })
}

pub(crate) fn written(answer: &Response<Body>) -> Result<Written> {
    let wrote: Wrote = json::decode(answer.body().as_bytes())?;
    Ok(Written {
        secret: SecretId::new(wrote.key)?,
        version: VersionInfo::default(),
        created: wrote.created,
    })
}

/// The service goes by key: the key is the name and the id.
fn of_key(key: String) -> Result<SecretInfo> {
    Ok(SecretInfo {
        name: Some(SecretName::new(key.as_str())?),
        ..SecretInfo::new(SecretId::new(key)?)
    })
}
