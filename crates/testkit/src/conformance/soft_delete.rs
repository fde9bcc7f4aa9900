//! Secrets that stay for a while after their delete.

use std::collections::BTreeSet;

use polyvault_core::capabilities::Versions;
use polyvault_core::{
    ErrorKind, OnSoftDeleted, Payload, PutOptions, SecretRef, SecretStore, SecretStoreExt,
};

use super::tools::{all_pages, by_twos, ensure, fresh, holds, named, need, refused, versions};
use super::{Harness, Stop};

super::topic! {
    0 a_deleted_secret_is_listed_as_deleted,
    0 a_list_of_deleted_secrets_is_complete_over_pages,
    0 a_recovered_secret_is_as_before,
    0 a_purged_secret_is_gone,
    0 what_is_not_deleted_is_neither_recovered_nor_purged,
    0 a_put_over_a_deleted_secret_is_refused,
    0 a_put_over_a_deleted_secret_recovers_it_if_told,
    0 a_put_over_a_deleted_secret_purges_it_if_told,
}

/// A secret of two versions that was deleted, and the name.
async fn deleted(h: &dyn Harness, hint: &str) -> Result<SecretRef, Stop> {
    let store = h.store();
    need(store.capabilities().soft_delete, "soft_delete")?;
    let name = fresh(h, hint)?;
    store.put(&name, "one").await?;
    store.put(&name, "two").await?;
    store.delete(&name).await?;
    Ok(name)
}

/// Whether the list of deleted secrets shows it.
async fn listed(store: &dyn SecretStore, name: &SecretRef) -> Result<bool, Stop> {
    let all = all_pages(None, |page| store.list_deleted_page(page)).await?;
    Ok(all.iter().any(|deleted| {
        let found = deleted.info.name.as_ref();
        found.is_some_and(|found| found.as_str() == name.as_str())
    }))
}

async fn a_deleted_secret_is_listed_as_deleted(h: &dyn Harness) -> Result<(), Stop> {
    let name = deleted(h, "gone").await?;
    let second = h.second();

    ensure(
        listed(&second, &name).await?,
        "the list of deleted ones must show it",
    )?;
    ensure(
        named(&second, &name).await?.is_empty(),
        "the list must not show it",
    )
}

async fn a_list_of_deleted_secrets_is_complete_over_pages(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().soft_delete, "soft_delete")?;
    let mut deleted = BTreeSet::new();
    for hint in ["gone-a", "gone-b", "gone-c", "gone-d", "gone-e"] {
        let name = fresh(h, hint)?;
        store.put(&name, "value").await?;
        store.delete(&name).await?;
        deleted.insert(name.as_str().to_owned());
    }

    let listed = by_twos(
        |page| second.list_deleted_page(page),
        |deleted| Ok(deleted.info.name.map(|name| name.as_str().to_owned())),
    )
    .await?;

    deleted.retain(|name| !listed.contains(&Some(name.clone())));
    ensure(deleted.is_empty(), format!("{deleted:?} are not listed"))
}

async fn a_recovered_secret_is_as_before(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().recover, "recover")?;
    let name = deleted(h, "back").await?;

    store.recover(&name).await?;

    holds(&second, &name, None, &Payload::text("two")).await?;
    ensure(
        !listed(&second, &name).await?,
        "it must not be listed as deleted",
    )?;
    if second.capabilities().versions != Versions::None {
        let count = versions(&second, &name).await?.len();
        ensure(
            count == 2,
            format!("two versions are due, there are {count}"),
        )?;
    }
    Ok(())
}

async fn a_purged_secret_is_gone(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().purge, "purge")?;
    let name = deleted(h, "purged").await?;

    store.purge(&name).await?;

    ensure(
        !listed(&second, &name).await?,
        "it must not be listed as deleted",
    )?;
    refused(store.purge(&name).await, ErrorKind::NotFound, "purge again")?;
    let written = store.put(&name, "new").await?;
    ensure(written.created, "the name is free: a put makes a secret")
}

async fn what_is_not_deleted_is_neither_recovered_nor_purged(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.recover || can.purge, "recover, purge")?;
    let (live, missing) = (fresh(h, "live")?, fresh(h, "missing")?);
    store.put(&live, "value").await?;
    for name in [&live, &missing] {
        if can.recover {
            refused(store.recover(name).await, ErrorKind::NotFound, "recover")?;
        }
        if can.purge {
            refused(store.purge(name).await, ErrorKind::NotFound, "purge")?;
        }
    }
    holds(&second, &live, None, &Payload::text("value")).await
}

fn over(on_soft_deleted: OnSoftDeleted) -> PutOptions {
    PutOptions {
        on_soft_deleted,
        ..PutOptions::default()
    }
}

async fn a_put_over_a_deleted_secret_is_refused(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let name = deleted(h, "over").await?;

    let put = store.put(&name, "three").await;

    refused(put, ErrorKind::SoftDeleted, "put")?;
    ensure(
        listed(&second, &name).await?,
        "it must still be listed as deleted",
    )
}

async fn a_put_over_a_deleted_secret_recovers_it_if_told(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().recover, "recover")?;
    let name = deleted(h, "over-back").await?;

    let written = store
        .put_with(&name, "three", over(OnSoftDeleted::Recover))
        .await?;

    ensure(!written.created, "the recovered secret is no new one")?;
    holds(&second, &name, None, &Payload::text("three")).await?;
    if second.capabilities().versions != Versions::None {
        let count = versions(&second, &name).await?.len();
        ensure(
            count == 3,
            format!("three versions are due, there are {count}"),
        )?;
    }
    Ok(())
}

async fn a_put_over_a_deleted_secret_purges_it_if_told(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().purge, "purge")?;
    let name = deleted(h, "over-new").await?;

    let written = store
        .put_with(&name, "three", over(OnSoftDeleted::Purge))
        .await?;

    ensure(written.created, "the secret is a new one")?;
    holds(&second, &name, None, &Payload::text("three")).await?;
    if second.capabilities().versions != Versions::None {
        let count = versions(&second, &name).await?.len();
        ensure(count == 1, format!("one version is due, there are {count}"))?;
    }
    Ok(())
}
