//! Deletes, what brings back what was deleted, and answers that were lost.

use std::future::Future;

use polyvault_core::capabilities::{LostPut, Versions};
use polyvault_core::{
    DeleteOptions, Error, ErrorKind, GetOptions, IdempotencyKey, InfoPatch, Payload, PutOptions,
    Retry, SecretRef, SecretStore, SecretStoreExt, WaitPolicy,
};

use super::metadata::{all, has, need_any};
use super::tools::{ensure, fail, fresh, holds, hooked, named, need, refused, versions};
use super::{Harness, Stop};

super::topic! {
    10 deleting_what_is_gone_is_not_found,
    10 a_delete_whose_answer_was_lost_is_not_taken_for_missing,
    10 a_put_whose_answer_was_lost_is_made_once,
    10 a_repeat_of_a_put_under_its_key_is_the_same_put,
    10 a_repeat_of_a_first_put_under_its_key_makes_no_second_secret,
    0 a_protected_secret_is_not_deleted,
    0 a_new_secret_has_nothing_of_a_deleted_one,
}

fn need_delete(store: &dyn SecretStore) -> Result<(), Stop> {
    need(store.capabilities().delete, "delete")
}

async fn deleting_what_is_gone_is_not_found(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need_delete(&store)?;
    let (name, other) = (fresh(h, "delete")?, fresh(h, "stays")?);
    refused(
        store.delete(&name).await,
        ErrorKind::NotFound,
        "delete of what never was",
    )?;
    store.put(&name, "value").await?;
    store.put(&other, "other").await?;

    store.delete(&name).await?;

    refused(
        second.get(&name, GetOptions::default()).await,
        ErrorKind::NotFound,
        "get after the delete",
    )?;
    refused(
        second.describe(&name).await,
        ErrorKind::NotFound,
        "describe after the delete",
    )?;
    ensure(
        named(&second, &name).await?.is_empty(),
        "the list must not show what was deleted",
    )?;
    refused(
        store.delete(&name).await,
        ErrorKind::NotFound,
        "delete of what is gone",
    )?;
    holds(&second, &other, None, &Payload::text("other")).await
}

async fn a_delete_whose_answer_was_lost_is_not_taken_for_missing(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need_delete(&store)?;
    let name = fresh(h, "lost")?;
    store.put(&name, "value").await?;
    hooked(h.lose_next_answer().await, "lose_next_answer")?;
    let key = IdempotencyKey::random();

    settled(delete_under(&store, &name, key).await, || {
        delete_under(&store, &name, key)
    })
    .await?;

    refused(
        second.describe(&name).await,
        ErrorKind::NotFound,
        "describe after the delete",
    )?;
    Ok(())
}

async fn delete_under(
    store: &dyn SecretStore,
    name: &SecretRef,
    key: IdempotencyKey,
) -> Result<(), Error> {
    let options = DeleteOptions {
        idempotency_key: Some(key),
    };
    let operation = store.begin_delete(name, options).await?;
    operation.wait(WaitPolicy::default()).await
}

/// Takes the outcome of a call whose answer was lost: done, or said to be unknown; then
/// the repeat under the same key must be done or unknown too.
async fn settled<T, F: Future<Output = Result<T, Error>>>(
    first: Result<T, Error>,
    repeat: impl FnOnce() -> F,
) -> Result<Option<T>, Stop> {
    let unknown = |error: &Error| error.retry() == Retry::OutcomeUnknown;
    match first {
        Ok(done) => return Ok(Some(done)),
        Err(error) if unknown(&error) => {}
        Err(error) => {
            return Err(fail(format!(
                "a call that took place is done or its outcome unknown, not {error}"
            )));
        }
    }
    match repeat().await {
        Ok(done) => Ok(Some(done)),
        Err(error) if unknown(&error) => Ok(None),
        Err(error) => Err(fail(format!(
            "the repeat under the same key is done or its outcome unknown, not {error}"
        ))),
    }
}

async fn a_put_whose_answer_was_lost_is_made_once(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let name = fresh(h, "lost-put")?;
    store.put(&name, "one").await?;
    hooked(h.lose_next_answer().await, "lose_next_answer")?;
    let options = under(IdempotencyKey::random());

    let first = store.put_with(&name, "two", options.clone()).await;
    settled(first, || store.put_with(&name, "two", options)).await?;

    holds(&second, &name, None, &Payload::text("two")).await?;
    if store.capabilities().versions != Versions::None {
        let count = versions(&second, &name).await?.len();
        ensure(
            count == 2,
            format!("two versions are due, there are {count}"),
        )?;
    }
    Ok(())
}

async fn a_repeat_of_a_put_under_its_key_is_the_same_put(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.lost_put == LostPut::Idempotent, "lost_put: idempotent")?;
    let name = fresh(h, "repeat")?;
    store.put(&name, "one").await?;
    let options = under(IdempotencyKey::random());
    let first = store.put_with(&name, "two", options.clone()).await?;

    let again = store.put_with(&name, "two", options).await?;

    ensure(
        first.secret == again.secret && first.version.id == again.version.id,
        format!("the first outcome is due again: {first:?}, not {again:?}"),
    )?;
    holds(&second, &name, None, &Payload::text("two")).await?;
    if can.versions != Versions::None {
        let count = versions(&second, &name).await?.len();
        ensure(
            count == 2,
            format!("two versions are due, there are {count}"),
        )?;
    }
    Ok(())
}

async fn a_repeat_of_a_first_put_under_its_key_makes_no_second_secret(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.lost_put == LostPut::Idempotent, "lost_put: idempotent")?;
    let name = fresh(h, "first")?;
    let options = under(IdempotencyKey::random());
    let first = store.put_with(&name, "one", options.clone()).await?;

    let again = store.put_with(&name, "one", options).await?;

    ensure(first.secret == again.secret, "both tell the same secret")?;
    ensure(
        named(&second, &name).await?.len() == 1,
        "the name must have one secret",
    )?;
    holds(&second, &name, None, &Payload::text("one")).await
}

fn under(key: IdempotencyKey) -> PutOptions {
    PutOptions {
        idempotency_key: Some(key),
        ..PutOptions::default()
    }
}

async fn a_protected_secret_is_not_deleted(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need_delete(&store)?;
    need(
        store.capabilities().deletion_protection,
        "deletion_protection",
    )?;
    let name = fresh(h, "protected")?;
    store.put(&name, "value").await?;
    let protect = |on| InfoPatch {
        deletion_protection: Some(on),
        ..InfoPatch::default()
    };

    store.update(&name, protect(true)).await?;

    let told = second.describe(&name).await?.deletion_protection;
    ensure(told == Some(true), "describe must tell the protection")?;
    refused(
        store.delete(&name).await,
        ErrorKind::FailedPrecondition,
        "delete of a protected secret",
    )?;
    holds(&second, &name, None, &Payload::text("value")).await?;
    store.update(&name, protect(false)).await?;
    Ok(store.delete(&name).await?)
}

async fn a_new_secret_has_nothing_of_a_deleted_one(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need_any(can)?;
    need_delete(&store)?;
    need(can.purge || !can.soft_delete, "purge")?;
    let name = fresh(h, "again")?;
    store.put_with(&name, "one", all(can, "blue")).await?;
    store.delete(&name).await?;
    if can.soft_delete {
        store.purge(&name).await?;
    }

    store.put(&name, "two").await?;

    has(&second, &name, &PutOptions::default()).await?;
    if can.versions != Versions::None {
        let count = versions(&second, &name).await?.len();
        ensure(count == 1, format!("one version is due, there are {count}"))?;
    }
    Ok(())
}
