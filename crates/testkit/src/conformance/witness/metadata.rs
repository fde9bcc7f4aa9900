//! What can be said of a secret or a version beside its payload, and where it is kept.

use polyvault_core::capabilities::Scope;
use polyvault_core::{
    ErrorKind, GetOptions, InfoPatch, PutOptions, SecretName, SecretRef, SecretStore,
    SecretStoreExt, VersionInfo, VersionState, Written,
};

use super::super::tools::{ensure, fresh, labels as label, refused, time};
use super::super::{Harness, Stop};
use super::offered;
use super::versions::{state, told};

/// What describe tells of the current version.
async fn current(h: &dyn Harness, name: &SecretRef) -> Result<VersionInfo, Stop> {
    Ok(h.second().describe(name).await?.current.unwrap_or_default())
}

/// Whether the version that was `written` before another still tells what it was put with.
async fn still(
    h: &dyn Harness,
    name: &SecretRef,
    written: Written,
    tells: impl Fn(VersionInfo) -> bool + Send + Sync,
) -> Result<Scope, Stop> {
    let kept = match written.version.id {
        Some(id) => tells(told(h, name, &id).await?),
        None => false,
    };
    Ok(if kept { Scope::Version } else { Scope::Secret })
}

pub(super) async fn labels(h: &dyn Harness) -> Result<Scope, Stop> {
    let name = fresh(h, "labels")?;
    let put = |value, labels| {
        let options = PutOptions {
            labels: Some(labels),
            ..PutOptions::default()
        };
        let (store, name) = (h.store(), name.clone());
        async move { store.put_with(&name, value, options).await }
    };
    let (first, last) = (label("team", "blue"), label("team", "green"));
    let Some(written) = offered(put("one", first.clone()).await)? else {
        return Ok(Scope::None);
    };
    put("two", last.clone()).await?;
    let found = h.second().describe(&name).await?.labels;
    ensure(
        found.as_ref() == Some(&last),
        format!("the labels {last:?} were put, {found:?} are told"),
    )?;
    still(h, &name, written, |info| info.labels == Some(first.clone())).await
}

pub(super) async fn content_type(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "type")?;
    let options = PutOptions {
        content_type: Some("text/plain".to_owned()),
        ..PutOptions::default()
    };
    if offered(h.store().put_with(&name, "value", options).await)?.is_none() {
        return Ok(false);
    }
    let found = current(h, &name).await?.content_type;
    ensure(
        found.as_deref() == Some("text/plain"),
        format!("the content type text/plain was put, {found:?} is told"),
    )?;
    Ok(true)
}

pub(super) async fn description(h: &dyn Harness) -> Result<Scope, Stop> {
    let name = fresh(h, "about")?;
    let put = |value, text: &str| {
        let options = PutOptions {
            description: Some(text.to_owned()),
            ..PutOptions::default()
        };
        let (store, name) = (h.store(), name.clone());
        async move { store.put_with(&name, value, options).await }
    };
    let Some(written) = offered(put("one", "the first").await)? else {
        return Ok(Scope::None);
    };
    put("two", "the last").await?;
    let info = h.second().describe(&name).await?;
    let of_version = info.current.and_then(|version| version.description);
    let found = info.description.or(of_version);
    ensure(
        found.as_deref() == Some("the last"),
        format!("a description was put, {found:?} is told"),
    )?;
    let tells = |info: VersionInfo| info.description.as_deref() == Some("the first");
    still(h, &name, written, tells).await
}

pub(super) async fn validity(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "valid")?;
    let span = (
        Some(time("2021-02-03T04:05:06Z")?),
        Some(time("2091-02-03T04:05:06Z")?),
    );
    let options = PutOptions {
        not_before: span.0,
        expires_at: span.1,
        ..PutOptions::default()
    };
    if offered(h.store().put_with(&name, "value", options).await)?.is_none() {
        return Ok(false);
    }
    let info = current(h, &name).await?;
    let found = (info.not_before, info.expires_at);
    ensure(
        found == span,
        format!("{span:?} was put, {found:?} is told"),
    )?;
    Ok(true)
}

pub(super) async fn disable(h: &dyn Harness) -> Result<Scope, Stop> {
    let (store, second) = (h.store(), h.second());
    let name = fresh(h, "disable")?;
    let first = store.put(&name, "one").await?.version.id;
    let off = PutOptions {
        enabled: Some(false),
        ..PutOptions::default()
    };
    let put = offered(store.put_with(&name, "two", off).await)?;
    if put.is_none() {
        let patch = InfoPatch {
            enabled: Some(false),
            ..InfoPatch::default()
        };
        if offered(store.update(&name, patch).await)?.is_none() {
            return Ok(Scope::None);
        }
    }
    let told = second.describe(&name).await?.state;
    ensure(
        told == VersionState::Disabled,
        "describe must tell what was disabled",
    )?;
    let read = second.get(&name, GetOptions::default()).await;
    // Who gives no values to anybody refuses them all alike.
    if !matches!(&read, Err(error) if error.kind() == ErrorKind::Unsupported) {
        refused(read, ErrorKind::Disabled, "get of what was disabled")?;
    }
    let others = match first {
        Some(first) if put.is_some() => state(h, &name, &first).await? == VersionState::Enabled,
        _ => false,
    };
    Ok(if others {
        Scope::Version
    } else {
        Scope::Secret
    })
}

pub(super) async fn rename(h: &dyn Harness) -> Result<bool, Stop> {
    let (old, new) = (fresh(h, "old")?, fresh(h, "new")?);
    let id = h.store().put(&old, "value").await?.secret;
    let patch = InfoPatch {
        name: Some(SecretName::new(new.as_str())?),
        ..InfoPatch::default()
    };
    if offered(h.store().update(&old, patch).await)?.is_none() {
        return Ok(false);
    }
    let found = h.second().describe(&new).await?.id;
    ensure(found == id, "the new name must lead to the same secret")?;
    Ok(true)
}

pub(super) async fn deletion_protection(h: &dyn Harness) -> Result<bool, Stop> {
    let (store, name) = (h.store(), fresh(h, "protect")?);
    store.put(&name, "value").await?;
    let protect = |on| InfoPatch {
        deletion_protection: Some(on),
        ..InfoPatch::default()
    };
    if offered(store.update(&name, protect(true)).await)?.is_none() {
        return Ok(false);
    }
    let told = h.second().describe(&name).await?.deletion_protection;
    ensure(told == Some(true), "describe must tell the protection")?;
    let deleted = store.delete(&name).await;
    store.update(&name, protect(false)).await?;
    refused(
        deleted,
        ErrorKind::FailedPrecondition,
        "delete of a protected secret",
    )?;
    Ok(true)
}
