//! Versions, lists and what is current.

use std::collections::BTreeSet;

use polyvault_core::capabilities::{MakeCurrent, Scope, Versions};
use polyvault_core::{
    GetOptions, InfoPatch, Payload, SecretRef, SecretStore, SecretStoreExt, VersionId,
};

use super::metadata::all;
use super::tools::{by_twos, ensure, fail, fresh, given, holds, named, need, version_id, versions};
use super::{Harness, Stop};

super::topic! {
    0 a_list_of_versions_is_complete_over_pages,
    0 a_list_of_secrets_is_complete_over_pages reads,
    5 the_current_version_is_the_one_put_last,
    5 a_version_made_current_is_current,
    5 a_put_after_a_rollback_is_current,
    5 history_goes_from_the_oldest_to_the_newest,
    0 describe_and_list_tell_the_same_secret reads,
    0 a_list_tells_state_and_metadata_as_describe_does,
}

async fn put_five(h: &dyn Harness, name: &SecretRef) -> Result<Vec<VersionId>, Stop> {
    let mut ids = Vec::new();
    for text in ["one", "two", "three", "four", "five"] {
        ids.push(version_id(&h.store().put(name, text).await?.version)?);
    }
    Ok(ids)
}

async fn a_list_of_versions_is_complete_over_pages(h: &dyn Harness) -> Result<(), Stop> {
    let second = h.second();
    need(second.capabilities().versions != Versions::None, "versions")?;
    let name = fresh(h, "pages")?;
    let written: BTreeSet<VersionId> = put_five(h, &name).await?.into_iter().collect();

    let listed = by_twos(
        |page| second.list_versions_page(&name, page),
        |version| version_id(&version),
    )
    .await?;

    ensure(
        listed == written,
        format!("{written:?} were written, {listed:?} are listed"),
    )?;
    let count = versions(&second, &name).await?.len();
    ensure(count == 5, "a list without a page size has all five too")
}

async fn a_list_of_secrets_is_complete_over_pages(h: &dyn Harness) -> Result<(), Stop> {
    let second = h.second();
    let mut written = BTreeSet::new();
    for hint in ["list-a", "list-b", "list-c", "list-d", "list-e"] {
        written.insert(given(h, &fresh(h, hint)?, "value").await?);
    }

    let listed = by_twos(|page| second.list_page(page), |info| Ok(info.id)).await?;

    let lost: Vec<_> = written.difference(&listed).collect();
    ensure(lost.is_empty(), format!("{lost:?} are not listed"))
}

async fn the_current_version_is_the_one_put_last(h: &dyn Harness) -> Result<(), Stop> {
    let second = h.second();
    need(second.capabilities().versions != Versions::None, "versions")?;
    let name = fresh(h, "current")?;

    // Five in a row: where times are told in seconds, they share one.
    let written = put_five(h, &name).await?;

    holds(&second, &name, None, &Payload::text("five")).await?;
    let current = second.describe(&name).await?.current.and_then(|v| v.id);
    ensure(
        current.is_none() || current.as_ref() == written.last(),
        format!("the last of {written:?} is due, not {current:?}"),
    )
}

async fn a_version_made_current_is_current(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let how = second.capabilities().make_current;
    need(how != MakeCurrent::None, "make_current")?;
    let name = fresh(h, "rollback")?;
    let written = put_five(h, &name).await?;
    let [_, older, ..] = written.as_slice() else {
        return Err(fail("five versions are due"));
    };

    let made = version_id(&store.rollback(&name, older).await?)?;

    holds(&second, &name, None, &Payload::text("two")).await?;
    let current = second.describe(&name).await?.current.and_then(|v| v.id);
    ensure(
        current.as_ref().is_none_or(|id| *id == made),
        format!("{made:?} was made current, {current:?} is"),
    )?;
    let count = versions(&second, &name).await?.len();
    match how {
        MakeCurrent::Service => {
            ensure(made == *older, "the service moves its mark to that version")?;
            ensure(
                count == 5,
                format!("no version may be added, there are {count}"),
            )
        }
        _ => ensure(
            count == 6,
            format!("a copy is added, there are {count} versions"),
        ),
    }
}

async fn a_put_after_a_rollback_is_current(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(
        second.capabilities().make_current != MakeCurrent::None,
        "make_current",
    )?;
    let name = fresh(h, "onwards")?;
    let older = version_id(&store.put(&name, "one").await?.version)?;
    store.put(&name, "two").await?;
    store.rollback(&name, &older).await?;

    store.put(&name, "three").await?;

    holds(&second, &name, None, &Payload::text("three")).await
}

async fn history_goes_from_the_oldest_to_the_newest(h: &dyn Harness) -> Result<(), Stop> {
    let second = h.second();
    need(second.capabilities().versions != Versions::None, "versions")?;
    let name = fresh(h, "history")?;
    let written = put_five(h, &name).await?;

    // First in bounded steps: a list that never ends would hold up the history.
    versions(&second, &name).await?;
    let history = second.history(&name).await?;

    ensure(history.len() == 5, "all five versions are due")?;
    ensure(
        history.is_sorted_by_key(|version| version.created_at),
        "the creation times must rise",
    )?;
    let told = second.describe(&name).await?.current.is_some();
    let last = history.last().and_then(|version| version.id.as_ref());
    ensure(
        !told || last == written.last(),
        "the current version comes last, also in a tie",
    )
}

async fn describe_and_list_tell_the_same_secret(h: &dyn Harness) -> Result<(), Stop> {
    let second = h.second();
    let name = fresh(h, "describe")?;
    let id = given(h, &name, "value").await?;

    let info = second.describe(&name).await?;
    let listed = named(&second, &name).await?;

    ensure(info.id == id, "describe tells the id of the put")?;
    ensure(
        info.name
            .as_ref()
            .is_some_and(|n| n.as_str() == name.as_str()),
        "describe tells the name",
    )?;
    ensure(
        listed.len() == 1 && listed.iter().all(|item| item.id == info.id),
        "the list has the secret once, with the same id",
    )?;
    if !second.capabilities().read_values {
        return Ok(());
    }
    let read = second.get(&name, GetOptions::default()).await?;
    ensure(
        read.id.is_none_or(|id| id == info.id)
            && read.name.is_none_or(|n| n.as_str() == name.as_str()),
        "a read tells the same id and name, where it tells them",
    )
}

async fn a_list_tells_state_and_metadata_as_describe_does(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = second.capabilities();
    let name = fresh(h, "alike")?;
    store.put_with(&name, "value", all(can, "blue")).await?;
    if can.disable != Scope::None {
        let off = InfoPatch {
            enabled: Some(false),
            ..InfoPatch::default()
        };
        store.update(&name, off).await?;
    }

    let info = second.describe(&name).await?;
    let listed = named(&second, &name).await?;

    for item in listed {
        ensure(
            item.state == info.state,
            format!("the list tells {:?}, describe {:?}", item.state, info.state),
        )?;
        // A list may tell less than describe, and nothing else.
        for (what, differs) in [
            (
                "labels",
                item.labels.is_some() && item.labels != info.labels,
            ),
            (
                "the description",
                item.description.is_some() && item.description != info.description,
            ),
        ] {
            ensure(!differs, format!("list and describe differ in {what}"))?;
        }
    }
    Ok(())
}
