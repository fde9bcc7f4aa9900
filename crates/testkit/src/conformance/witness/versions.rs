//! Versions, and what can be done with one.

use std::time::Duration;

use polyvault_core::capabilities::{MakeCurrent, Versions};
use polyvault_core::{
    Edit, Error, ErrorKind, PageRequest, Payload, PutOptions, SecretRef, SecretStore,
    SecretStoreExt, VersionChange, VersionId, VersionInfo, VersionPatch, VersionState,
};

use super::super::tools::{self, ensure, fail, fresh, labels, pinned, time};
use super::super::{Harness, Stop};
use super::{comes_back, offered};

/// A secret of two versions, `one` and `two`, and the id of the first: a made-up one where it has none.
async fn two(h: &dyn Harness, hint: &str) -> Result<(SecretRef, VersionId), Stop> {
    let name = fresh(h, hint)?;
    let first = h.store().put(&name, "one").await?.version.id;
    h.store().put(&name, "two").await?;
    let first = first.map_or_else(|| VersionId::new("0123456789abcdef0123456789abcdef"), Ok)?;
    Ok((name, first))
}

/// Whether a version can be read: as a read of it shows, or where only the current one is
/// read, as the list tells.
pub(super) async fn state(
    h: &dyn Harness,
    name: &SecretRef,
    id: &VersionId,
) -> Result<VersionState, Stop> {
    match h.second().get(name, pinned(id)).await {
        Ok(_) => Ok(VersionState::Enabled),
        Err(error) => match error.kind() {
            ErrorKind::Disabled => Ok(VersionState::Disabled),
            ErrorKind::FailedPrecondition => Ok(VersionState::Destroyed),
            ErrorKind::Unsupported => Ok(told(h, name, id).await?.state),
            _ => Err(error.into()),
        },
    }
}

/// What the store tells of one version: with its payload, or in the list.
pub(super) async fn told(
    h: &dyn Harness,
    name: &SecretRef,
    id: &VersionId,
) -> Result<VersionInfo, Stop> {
    let read = offered(h.second().get(name, pinned(id)).await)?;
    if let Some(info) = read.and_then(|read| read.info) {
        return Ok(info);
    }
    let listed = tools::versions(&h.second(), name).await?;
    let found = listed.into_iter().find(|info| info.id.as_ref() == Some(id));
    found.ok_or_else(|| fail(format!("the list of versions lacks {id}")))
}

pub(super) async fn versions(h: &dyn Harness) -> Result<Versions, Stop> {
    let (name, first) = two(h, "versions").await?;
    let second = h.second();
    let listed = second.list_versions_page(&name, PageRequest::default());
    if offered(listed.await)?.is_none() {
        return Ok(Versions::None);
    }
    let Some(read) = offered(second.get(&name, pinned(&first)).await)? else {
        return Ok(Versions::Listed);
    };
    ensure(
        read.payload.same_as(&Payload::text("one")),
        "the read of a version must give that version",
    )?;
    Ok(Versions::PinnedReads)
}

async fn change(
    h: &dyn Harness,
    name: &SecretRef,
    version: &VersionId,
    change: VersionChange,
) -> Result<VersionInfo, Error> {
    h.store().update_version(name, version, change).await
}

pub(super) async fn update_version(h: &dyn Harness) -> Result<bool, Stop> {
    let (name, first) = two(h, "patch").await?;
    let end = time("2091-02-03T04:05:06Z")?;
    let patches = [
        VersionPatch {
            expires_at: end.into(),
            ..VersionPatch::default()
        },
        VersionPatch {
            content_type: Some("text/plain".to_owned()),
            ..VersionPatch::default()
        },
        VersionPatch {
            labels: Some(labels("team", "blue")),
            ..VersionPatch::default()
        },
        VersionPatch {
            enabled: Some(false),
            ..VersionPatch::default()
        },
    ];
    // A store may have some of these fields only: the first that it has is the witness.
    for patch in patches {
        let changed = change(h, &name, &first, VersionChange::Update(patch.clone()));
        if offered(changed.await)?.is_none() {
            continue;
        }
        if patch.enabled.is_some() {
            let state = state(h, &name, &first).await?;
            let off = state == VersionState::Disabled;
            return ensure(off, format!("a disabled version is {state:?}")).map(|()| true);
        }
        let info = told(h, &name, &first).await?;
        ensure(
            patch.expires_at.apply_to(info.expires_at) == info.expires_at
                && (patch.content_type.is_none() || info.content_type == patch.content_type)
                && (patch.labels.is_none() || info.labels == patch.labels),
            format!("{patch:?} was answered with success, and {info:?} is told"),
        )?;
        return Ok(true);
    }
    Ok(false)
}

pub(super) async fn clear_validity(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "clear")?;
    let (start, end) = (time("2021-02-03T04:05:06Z")?, time("2091-02-03T04:05:06Z")?);
    let limited = PutOptions {
        not_before: Some(start),
        expires_at: Some(end),
        ..PutOptions::default()
    };
    let put = h.store().put_with(&name, "value", limited).await;
    let Some(id) = offered(put)?.and_then(|written| written.version.id) else {
        return Ok(false);
    };
    let end_only = VersionPatch {
        expires_at: Edit::Clear,
        ..VersionPatch::default()
    };
    let start_only = VersionPatch {
        not_before: Edit::Clear,
        ..VersionPatch::default()
    };
    let mut cleared = [false; 2];
    for (patch, cleared) in [end_only, start_only].into_iter().zip(&mut cleared) {
        let changed = change(h, &name, &id, VersionChange::Update(patch.clone())).await;
        if offered(changed)?.is_none() {
            continue;
        }
        let info = told(h, &name, &id).await?;
        ensure(
            patch.expires_at.apply_to(info.expires_at) == info.expires_at
                && patch.not_before.apply_to(info.not_before) == info.not_before,
            format!("{patch:?} was answered with success, and {info:?} is told"),
        )?;
        *cleared = true;
    }
    let [end, start] = cleared;
    ensure(
        start == end,
        "a store must clear both the start and the end of validity, or neither",
    )?;
    Ok(start)
}

pub(super) async fn make_current(h: &dyn Harness) -> Result<MakeCurrent, Stop> {
    let (name, first) = two(h, "current").await?;
    let made = change(h, &name, &first, VersionChange::MakeCurrent).await;
    let Some(made) = offered(made)? else {
        return Ok(MakeCurrent::None);
    };
    comes_back(h, &name, &Payload::text("one")).await?;
    Ok(match made.id == Some(first) {
        true => MakeCurrent::Service,
        false => MakeCurrent::Copy,
    })
}

pub(super) async fn destroy(h: &dyn Harness) -> Result<bool, Stop> {
    let (name, first) = two(h, "destroy").await?;
    let destroyed = change(h, &name, &first, VersionChange::Destroy { after: None });
    if offered(destroyed.await)?.is_none() {
        return Ok(false);
    }
    let state = state(h, &name, &first).await?;
    ensure(
        matches!(
            state,
            VersionState::Destroyed | VersionState::PendingDestruction
        ),
        format!("a destroyed version is {state:?}"),
    )?;
    comes_back(h, &name, &Payload::text("two")).await?;
    Ok(true)
}

pub(super) async fn cancel_destruction(h: &dyn Harness) -> Result<bool, Stop> {
    let (name, first) = two(h, "cancel").await?;
    let after = Some(Duration::from_secs(24 * 60 * 60));
    let destroyed = change(h, &name, &first, VersionChange::Destroy { after });
    let destroys = offered(destroyed.await)?.is_some();
    let cancelled = change(h, &name, &first, VersionChange::CancelDestruction).await;
    let nothing_to_cancel = |error: &Error| error.kind() == ErrorKind::FailedPrecondition;
    if !destroys && cancelled.as_ref().is_err_and(nothing_to_cancel) {
        return Ok(true);
    }
    if offered(cancelled)?.is_none() {
        return Ok(false);
    }
    let state = state(h, &name, &first).await?;
    ensure(
        state == VersionState::Enabled,
        format!("a version whose destruction was taken back is {state:?}"),
    )?;
    comes_back(h, &name, &Payload::text("two")).await?;
    Ok(true)
}
