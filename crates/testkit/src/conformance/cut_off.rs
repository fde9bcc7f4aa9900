//! Calls that are dropped on the way: nothing is half done, and a repeat settles them.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use polyvault_core::capabilities::{CreateStrength, LostPut, Scope, Versions};
use polyvault_core::{
    DeleteOptions, Error, ErrorKind, GetOptions, IdempotencyKey, InfoPatch, Payload, PutMode,
    PutOptions, Retry, SecretName, SecretRef, SecretStore, SecretStoreExt, WaitPolicy,
};

use super::tools::{ensure, fail, fresh, holds, labels, need, versions};
use super::{Harness, Stop};

super::topic! {
    0 a_put_that_was_cut_off_is_whole_or_absent,
    0 a_put_that_was_cut_off_is_made_once_by_its_repeat,
    0 a_first_put_that_was_cut_off_makes_no_twin_with_its_repeat,
    0 a_create_that_was_cut_off_is_no_strangers_to_its_repeat,
    0 an_update_that_was_cut_off_is_settled_by_its_repeat,
    0 a_delete_that_was_cut_off_is_settled_by_its_repeat,
    0 a_recovery_that_was_cut_off_is_settled_by_its_repeat,
    0 a_purge_that_was_cut_off_is_settled_by_its_repeat,
}

/// A call is cut off at these polls, until it ends before one; the first ones matter most.
const POLLS: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25, 30];

/// How often is looked for what is on its way.
const LOOKS: u32 = 50;

/// Drops `future` when it has been polled so often and is not done: `None`.
async fn cut_off<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        left = left.saturating_sub(1);
        match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Whether the call ended by itself, so that there is nothing more to cut off.
fn ended<T>(cut: Option<Result<T, Error>>) -> Result<bool, Stop> {
    Ok(cut.transpose()?.is_some())
}

fn under(key: IdempotencyKey) -> PutOptions {
    PutOptions {
        idempotency_key: Some(key),
        ..PutOptions::default()
    }
}

/// The repeat of a call that was cut off: done, of unknown outcome, or refused as `settled` says.
fn repeated<T>(outcome: Result<T, Error>, settled: Option<ErrorKind>) -> Result<(), Stop> {
    match outcome {
        Ok(_) => Ok(()),
        Err(error) if error.retry() == Retry::OutcomeUnknown => Ok(()),
        Err(error) if Some(error.kind()) == settled => Ok(()),
        Err(error) => Err(fail(format!("the repeat is refused: {error}"))),
    }
}

async fn a_put_that_was_cut_off_is_whole_or_absent(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().read_values, "read_values")?;
    for polls in POLLS {
        let name = fresh(h, "cut-put")?;
        store.put(&name, "one").await?;

        let cut = cut_off(polls, store.put(&name, "two")).await;

        let found = second.get(&name, GetOptions::default()).await?.payload;
        let is = |text: &'static str| found.same_as(&Payload::text(text));
        ensure(
            is("two") || (cut.is_none() && is("one")),
            format!("cut off at poll {polls}: {found:?} is neither the old payload nor the new"),
        )?;
        if ended(cut)? {
            break;
        }
    }
    Ok(())
}

async fn a_put_that_was_cut_off_is_made_once_by_its_repeat(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.lost_put == LostPut::Idempotent, "lost_put: idempotent")?;
    for polls in POLLS {
        let name = fresh(h, "cut-once")?;
        store.put(&name, "one").await?;
        let options = under(IdempotencyKey::random());

        let cut = cut_off(polls, store.put_with(&name, "two", options.clone())).await;
        if ended(cut)? {
            break;
        }
        repeated(store.put_with(&name, "two", options).await, None)?;

        holds(&second, &name, None, &Payload::text("two")).await?;
        if can.versions != Versions::None {
            let count = versions(&second, &name).await?.len();
            ensure(
                count == 2,
                format!("cut off at poll {polls}: two versions are due, there are {count}"),
            )?;
        }
    }
    Ok(())
}

async fn a_first_put_that_was_cut_off_makes_no_twin_with_its_repeat(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.lost_put == LostPut::Idempotent, "lost_put: idempotent")?;
    for polls in POLLS {
        let name = fresh(h, "cut-first")?;
        let options = under(IdempotencyKey::random());

        let cut = cut_off(polls, store.put_with(&name, "one", options.clone())).await;
        if ended(cut)? {
            break;
        }
        repeated(store.put_with(&name, "one", options).await, None)?;

        // By name: two secrets of it would be ambiguous.
        holds(&second, &name, None, &Payload::text("one")).await?;
    }
    Ok(())
}

async fn a_create_that_was_cut_off_is_no_strangers_to_its_repeat(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let creates = store.capabilities().create != CreateStrength::None;
    need(creates, "create: checked or atomic")?;
    for polls in POLLS {
        let name = fresh(h, "cut-create")?;
        let options = PutOptions {
            mode: PutMode::Create,
            ..under(IdempotencyKey::random())
        };

        let cut = cut_off(polls, store.put_with(&name, "one", options.clone())).await;
        if ended(cut)? {
            break;
        }
        // That the name is taken is no answer: it may be by the call itself.
        repeated(second.put_with(&name, "one", options).await, None)?;
    }
    Ok(())
}

/// A change of a secret's metadata that the store can make, and how to see it in place.
fn patch(h: &dyn Harness, store: &dyn SecretStore) -> Result<InfoPatch, Stop> {
    let can = store.capabilities();
    need(
        can.labels != Scope::None || can.description == Scope::Secret || can.rename,
        "labels, description or rename",
    )?;
    let mut patch = InfoPatch::default();
    if can.labels != Scope::None {
        patch.labels = Some(labels("team", "new"));
    }
    if can.description == Scope::Secret {
        patch.description = Some("new".into());
    }
    if patch == InfoPatch::default() {
        patch.name = Some(SecretName::new(h.name("renamed"))?);
    }
    Ok(patch)
}

async fn an_update_that_was_cut_off_is_settled_by_its_repeat(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    for polls in POLLS {
        let patch = patch(h, &store)?;
        let name = fresh(h, "cut-update")?;
        let id = SecretRef::Id(store.put(&name, "one").await?.secret);

        let cut = cut_off(polls, store.update(&id, patch.clone())).await;
        if ended(cut)? {
            break;
        }
        store.update(&id, patch.clone()).await?;

        let info = second.describe(&id).await?;
        let is = (patch.labels.is_none() || info.labels == patch.labels)
            && (patch.description.is_none() || info.description == patch.description)
            && (patch.name.is_none() || info.name == patch.name);
        ensure(
            is,
            format!("cut off at poll {polls}: {patch:?} is due, not {info:?}"),
        )?;
        holds(&second, &id, None, &Payload::text("one")).await?;
    }
    Ok(())
}

async fn a_delete_that_was_cut_off_is_settled_by_its_repeat(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().delete, "delete")?;
    for polls in POLLS {
        let name = fresh(h, "cut-delete")?;
        store.put(&name, "one").await?;
        let options = DeleteOptions {
            idempotency_key: Some(IdempotencyKey::random()),
        };
        let delete = || async {
            let operation = store.begin_delete(&name, options.clone()).await?;
            operation.wait(WaitPolicy::default()).await
        };

        let cut = cut_off(polls, delete()).await;
        if ended(cut)? {
            break;
        }
        repeated(delete().await, Some(ErrorKind::NotFound))?;

        gone(&second, &name, polls).await?;
    }
    Ok(())
}

async fn is_missing(store: &dyn SecretStore, name: &SecretRef) -> bool {
    let found = store.describe(name).await;
    found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

async fn gone(store: &dyn SecretStore, name: &SecretRef, polls: u32) -> Result<(), Stop> {
    match store.describe(name).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        found => Err(fail(format!(
            "cut off at poll {polls}: the secret must be gone, not {found:?}"
        ))),
    }
}

async fn a_recovery_that_was_cut_off_is_settled_by_its_repeat(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().recover, "recover")?;
    for polls in POLLS {
        let name = fresh(h, "cut-recover")?;
        store.put(&name, "one").await?;
        store.delete(&name).await?;

        let cut = cut_off(polls, store.recover(&name)).await;
        if ended(cut)? {
            break;
        }
        repeated(store.recover(&name).await, Some(ErrorKind::NotFound))?;

        // The recovery that was cut off may still be on its way.
        let mut looks = LOOKS;
        while looks > 0 && is_missing(&second, &name).await {
            looks -= 1;
        }
        holds(&second, &name, None, &Payload::text("one")).await?;
    }
    Ok(())
}

async fn a_purge_that_was_cut_off_is_settled_by_its_repeat(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().purge, "purge")?;
    for polls in POLLS {
        let name = fresh(h, "cut-purge")?;
        store.put(&name, "one").await?;
        store.delete(&name).await?;

        let cut = cut_off(polls, store.purge(&name)).await;
        if ended(cut)? {
            break;
        }
        repeated(store.purge(&name).await, Some(ErrorKind::NotFound))?;

        gone(&second, &name, polls).await?;
        // The name is free again: a put makes a secret of one version.
        store.put(&name, "two").await?;
        holds(&second, &name, None, &Payload::text("two")).await?;
    }
    Ok(())
}
