//! Deleting, what comes after it, and operations that outlive the process that began them.

use polyvault_core::{
    DeleteOptions, ErrorKind, OperationId, PageRequest, PutOptions, SecretRef, SecretStore,
    SecretStoreExt, WaitPolicy,
};

use super::super::tools::{all_pages, ensure, fail, fresh, refused};
use super::super::{Harness, Stop};
use super::offered;

/// A secret that was deleted, where the store deletes at all.
async fn gone(h: &dyn Harness, hint: &str) -> Result<SecretRef, Stop> {
    let name = fresh(h, hint)?;
    h.store().put(&name, "value").await?;
    offered(h.store().delete(&name).await)?;
    Ok(name)
}

pub(super) async fn delete(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "delete")?;
    h.store().put(&name, "value").await?;
    if offered(h.store().delete(&name).await)?.is_none() {
        return Ok(false);
    }
    let described = h.second().describe(&name).await;
    refused(described, ErrorKind::NotFound, "describe after the delete")?;
    Ok(true)
}

pub(super) async fn soft_delete(h: &dyn Harness) -> Result<bool, Stop> {
    let second = h.second();
    let listed = second.list_deleted_page(PageRequest::default()).await;
    if offered(listed)?.is_none() {
        return Ok(false);
    }
    let name = gone(h, "soft").await?;
    let listed = all_pages(None, |page| second.list_deleted_page(page)).await?;
    let names = listed
        .iter()
        .filter_map(|deleted| deleted.info.name.as_ref());
    ensure(
        names
            .into_iter()
            .any(|found| found.as_str() == name.as_str()),
        "the list of deleted secrets must show what was deleted",
    )?;
    Ok(true)
}

pub(super) async fn recover(h: &dyn Harness) -> Result<bool, Stop> {
    let name = gone(h, "recover").await?;
    if offered(h.store().recover(&name).await)?.is_none() {
        return Ok(false);
    }
    h.second().describe(&name).await?;
    Ok(true)
}

pub(super) async fn purge(h: &dyn Harness) -> Result<bool, Stop> {
    let name = gone(h, "purge").await?;
    if offered(h.store().purge(&name).await)?.is_none() {
        return Ok(false);
    }
    let again = h.store().purge(&name).await;
    refused(again, ErrorKind::NotFound, "purge of what was purged")?;
    Ok(true)
}

pub(super) async fn resume(h: &dyn Harness) -> Result<bool, Stop> {
    let (store, second) = (h.store(), h.second());
    let name = fresh(h, "resume")?;
    let put = store
        .begin_put(&name, "value".into(), PutOptions::default())
        .await?;
    let mut id = put.id().cloned();
    put.wait(WaitPolicy::default()).await?;
    if id.is_none() {
        // Some services are done with a put at once, and take their time over a delete.
        let deleted = store.begin_delete(&name, DeleteOptions::default()).await;
        if let Some(deleted) = offered(deleted)? {
            id = deleted.id().cloned();
            deleted.wait(WaitPolicy::default()).await?;
        }
    }
    let Some(id) = id else {
        let unknown = OperationId::new("0123456789abcdef0123")?;
        return match offered(second.resume(&unknown).await)? {
            None => Ok(false),
            Some(_) => Err(fail("an operation that never was is resumed")),
        };
    };
    match offered(second.resume(&id).await)? {
        None => Ok(false),
        Some(resumed) => Ok(resumed.wait(WaitPolicy::default()).await.map(|_| true)?),
    }
}
