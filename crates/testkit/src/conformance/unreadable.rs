//! Items that can't be read, and what may not be done with them.

use std::time::Duration;

use polyvault_core::capabilities::{Scope, Versions};
use polyvault_core::{
    ErrorKind, GetOptions, InfoPatch, Payload, PutOptions, SecretStore, SecretStoreExt,
    VersionChange, VersionPatch, VersionState,
};

use super::tools::{
    ensure, fail, fresh, given, holds, named, need, pinned, refused, time, version_id, versions,
};
use super::{Harness, Stop};

super::topic! {
    6 a_missing_secret_never_ends_a_batch reads,
    6 a_disabled_secret_never_ends_a_list_or_a_batch,
    6 a_disabled_version_never_ends_a_list,
    6 a_destroyed_version_never_ends_a_list,
    6 what_has_expired_is_readable,
    0 a_pending_destruction_can_be_taken_back,
}

async fn a_missing_secret_never_ends_a_batch(h: &dyn Harness) -> Result<(), Stop> {
    need(h.second().capabilities().read_values, "read_values")?;
    let (first, missing, last) = (fresh(h, "here")?, fresh(h, "missing")?, fresh(h, "there")?);
    for name in [&first, &last] {
        given(h, name, "value").await?;
    }

    let asked = vec![first, missing, last];
    let outcomes = h.second().get_many(asked.clone(), 2).await;

    ensure(
        outcomes.iter().map(|(secret, _)| secret).eq(&asked),
        "one outcome an item is due, in the order asked",
    )?;
    let kinds: Vec<_> = outcomes
        .iter()
        .map(|(_, outcome)| outcome.as_ref().err().map(|error| error.kind()))
        .collect();
    ensure(
        kinds == [None, Some(ErrorKind::NotFound), None],
        format!("[None, NotFound, None] is due, not {kinds:?}"),
    )
}

async fn a_disabled_secret_never_ends_a_list_or_a_batch(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(second.capabilities().disable != Scope::None, "disable")?;
    let names = vec![fresh(h, "on")?, fresh(h, "off")?, fresh(h, "on-too")?];
    for name in &names {
        store.put(name, "value").await?;
    }
    let [_, off, _] = names.as_slice() else {
        return Err(fail("three names are due"));
    };
    let patch = |on| InfoPatch {
        enabled: Some(on),
        ..InfoPatch::default()
    };

    store.update(off, patch(false)).await?;

    for name in &names {
        ensure(
            named(&second, name).await?.len() == 1,
            format!("{name:?} must be listed"),
        )?;
    }
    let state = second.describe(off).await?.state;
    ensure(
        state == VersionState::Disabled,
        format!("describe: Disabled is due, not {state:?}"),
    )?;
    if second.capabilities().read_values {
        let outcomes = second.get_many(names.clone(), 3).await;
        let kinds: Vec<_> = outcomes
            .iter()
            .map(|(_, outcome)| outcome.as_ref().err().map(|error| error.kind()))
            .collect();
        ensure(
            kinds == [None, Some(ErrorKind::Disabled), None],
            format!("[None, Disabled, None] is due, not {kinds:?}"),
        )?;
    }
    store.update(off, patch(true)).await?;
    holds(&second, off, None, &Payload::text("value")).await
}

async fn a_disabled_version_never_ends_a_list(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = second.capabilities();
    need(
        can.disable == Scope::Version && can.update_version,
        "disable: version",
    )?;
    need(can.versions == Versions::PinnedReads, "versions")?;
    let name = fresh(h, "old-off")?;
    let older = version_id(&store.put(&name, "one").await?.version)?;
    store.put(&name, "two").await?;
    let change = |on| {
        VersionChange::Update(VersionPatch {
            enabled: Some(on),
            ..VersionPatch::default()
        })
    };

    let changed = store.update_version(&name, &older, change(false)).await?;

    ensure(
        changed.state == VersionState::Disabled,
        "the answer must show it disabled",
    )?;
    let listed = versions(&second, &name).await?;
    let state = listed
        .iter()
        .find(|version| version.id.as_ref() == Some(&older))
        .map(|version| &version.state);
    ensure(
        listed.len() == 2 && state == Some(&VersionState::Disabled),
        format!("two versions are due, the older Disabled, not {listed:?}"),
    )?;
    refused(
        second.get(&name, pinned(&older)).await,
        ErrorKind::Disabled,
        "get of the disabled version",
    )?;
    holds(&second, &name, None, &Payload::text("two")).await?;
    store.update_version(&name, &older, change(true)).await?;
    holds(&second, &name, Some(&older), &Payload::text("one")).await
}

async fn a_destroyed_version_never_ends_a_list(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = second.capabilities();
    need(can.destroy, "destroy")?;
    let name = fresh(h, "destroy")?;
    let older = version_id(&store.put(&name, "one").await?.version)?;
    store.put(&name, "two").await?;

    let change = VersionChange::Destroy { after: None };
    store.update_version(&name, &older, change).await?;

    let listed = versions(&second, &name).await?;
    let state = listed
        .iter()
        .find(|version| version.id.as_ref() == Some(&older))
        .map(|version| &version.state);
    ensure(
        matches!(
            state,
            Some(VersionState::PendingDestruction | VersionState::Destroyed)
        ),
        format!("the older version must be listed as destroyed or about to be, not {state:?}"),
    )?;
    ensure(listed.len() == 2, "both versions must be listed")?;
    if can.versions == Versions::PinnedReads {
        refused(
            second.get(&name, pinned(&older)).await,
            ErrorKind::FailedPrecondition,
            "get of the destroyed version",
        )?;
    }
    holds(&second, &name, None, &Payload::text("two")).await
}

async fn what_has_expired_is_readable(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(second.capabilities().validity, "validity")?;
    let name = fresh(h, "expired")?;
    let end = time("2020-01-02T03:04:05Z")?;
    let options = PutOptions {
        expires_at: Some(end),
        ..PutOptions::default()
    };

    store.put_with(&name, "value", options).await?;

    holds(&second, &name, None, &Payload::text("value")).await?;
    if second.capabilities().read_values {
        let read = second.get(&name, GetOptions::default()).await?;
        ensure(
            read.info.is_none_or(|info| info.is_expired_at(end)),
            "the read must tell that it has expired",
        )?;
    }
    let current = second.describe(&name).await?.current;
    ensure(
        current.is_some_and(|info| info.expires_at == Some(end)),
        "describe must tell the end of validity",
    )
}

async fn a_pending_destruction_can_be_taken_back(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = second.capabilities();
    need(can.destroy && can.cancel_destruction, "cancel_destruction")?;
    let name = fresh(h, "pending")?;
    let older = version_id(&store.put(&name, "one").await?.version)?;
    store.put(&name, "two").await?;
    let week = Duration::from_secs(7 * 24 * 3600);

    let change = VersionChange::Destroy { after: Some(week) };
    let pending = store.update_version(&name, &older, change).await?;

    ensure(
        pending.state == VersionState::PendingDestruction && pending.destroy_at.is_some(),
        format!("PendingDestruction with a time is due, not {pending:?}"),
    )?;
    let change = VersionChange::CancelDestruction;
    let back = store.update_version(&name, &older, change).await?;
    ensure(
        back.state == VersionState::Enabled,
        format!("Enabled is due, not {:?}", back.state),
    )?;
    if can.versions == Versions::PinnedReads {
        holds(&second, &name, Some(&older), &Payload::text("one")).await?;
    }
    Ok(())
}
