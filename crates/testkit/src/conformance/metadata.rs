//! What a put keeps of an existing secret, and how metadata is changed.

use polyvault_core::capabilities::{Capabilities, Scope};
use polyvault_core::{
    ErrorKind, GetOptions, InfoPatch, Labels, Payload, PutOptions, SecretInfo, SecretName,
    SecretRef, SecretStore, SecretStoreExt, VersionState,
};

use super::tools::{ensure, fail, fresh, holds, labels, need, refused, time};
use super::{Harness, Stop};

super::topic! {
    2 a_silent_put_keeps_the_metadata,
    2 a_put_replaces_and_clears_what_it_mentions,
    2 a_put_on_a_disabled_secret_drops_nothing,
    2 without_keep_metadata_the_content_type_is_not_carried,
    2 validity_is_not_carried,
    2 enabled_is_not_carried,
    0 an_update_replaces_the_labels,
    0 an_update_sets_and_clears_the_description,
    0 a_renamed_secret_goes_by_its_new_name,
}

/// Options with all metadata that the store can hold.
pub(super) fn all(can: &Capabilities, text: &str) -> PutOptions {
    PutOptions {
        labels: (can.labels != Scope::None).then(|| labels("team", text)),
        content_type: can.content_type.then(|| format!("text/{text}")),
        description: (can.description != Scope::None).then(|| format!("about {text}")),
        ..PutOptions::default()
    }
}

pub(super) fn need_any(can: &Capabilities) -> Result<(), Stop> {
    need(
        can.labels != Scope::None || can.content_type || can.description != Scope::None,
        "labels, content_type, description",
    )
}

/// Fails unless the secret has the metadata of `options`.
pub(super) async fn has(
    store: &dyn SecretStore,
    name: &SecretRef,
    options: &PutOptions,
) -> Result<(), Stop> {
    let info = store.describe(name).await?;
    let can = store.capabilities();
    let labels = info.labels.clone().unwrap_or_default();
    let due = options.labels.clone().unwrap_or_default();
    ensure(
        labels == due,
        format!("labels {due:?} are due, not {labels:?}"),
    )?;
    if can.content_type {
        same_text("content type", content_type(&info), &options.content_type)?;
    }
    if can.description != Scope::None {
        let current = info.current.as_ref();
        let found = info
            .description
            .clone()
            .or_else(|| current.and_then(|version| version.description.clone()));
        same_text("description", found, &options.description)?;
    }
    Ok(())
}

fn same_text(what: &str, found: Option<String>, due: &Option<String>) -> Result<(), Stop> {
    let found = found.filter(|text| !text.is_empty());
    let due = due.clone().filter(|text| !text.is_empty());
    ensure(
        found == due,
        format!("{what} {due:?} is due, not {found:?}"),
    )
}

fn content_type(info: &SecretInfo) -> Option<String> {
    info.current.as_ref()?.content_type.clone()
}

async fn a_silent_put_keeps_the_metadata(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need_any(store.capabilities())?;
    let name = fresh(h, "keep")?;
    let options = all(store.capabilities(), "blue");
    store.put_with(&name, "one", options.clone()).await?;
    has(&h.second(), &name, &options).await?;

    store.put(&name, "two").await?;

    holds(&h.second(), &name, None, &Payload::text("two")).await?;
    has(&h.second(), &name, &options).await
}

async fn a_put_replaces_and_clears_what_it_mentions(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    need_any(can)?;
    let name = fresh(h, "mention")?;
    let mut first = all(can, "blue");
    if let Some(labels) = &mut first.labels {
        labels.insert("stage".to_owned(), "test".to_owned());
    }
    store.put_with(&name, "one", first).await?;

    let second = all(can, "green");
    store.put_with(&name, "two", second.clone()).await?;
    has(&h.second(), &name, &second).await?;

    let cleared = PutOptions {
        labels: second.labels.map(|_| Labels::new()),
        content_type: second.content_type.map(|_| String::new()),
        description: second.description.map(|_| String::new()),
        ..PutOptions::default()
    };
    store.put_with(&name, "three", cleared.clone()).await?;
    has(&h.second(), &name, &cleared).await
}

async fn a_put_on_a_disabled_secret_drops_nothing(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    need_any(can)?;
    need(can.disable != Scope::None, "disable")?;
    let name = fresh(h, "off")?;
    let options = all(can, "blue");
    store.put_with(&name, "one", options.clone()).await?;
    set_enabled(&store, &name, false).await?;

    let put = store.put(&name, "two").await;

    let due = match put {
        Ok(_) => "two",
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Disabled | ErrorKind::FailedPrecondition
            ) =>
        {
            "one"
        }
        Err(error) => return Err(fail(format!("it goes through or is Disabled, not {error}"))),
    };
    set_enabled(&store, &name, true).await?;
    holds(&h.second(), &name, None, &Payload::text(due)).await?;
    has(&h.second(), &name, &options).await
}

async fn set_enabled(store: &dyn SecretStore, name: &SecretRef, on: bool) -> Result<(), Stop> {
    let patch = InfoPatch {
        enabled: Some(on),
        ..InfoPatch::default()
    };
    store.update(name, patch).await?;
    Ok(())
}

async fn without_keep_metadata_the_content_type_is_not_carried(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().content_type, "content_type")?;
    let name = fresh(h, "nokeep")?;
    let options = all(store.capabilities(), "blue");
    store.put_with(&name, "one", options).await?;

    let silent = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    store.put_with(&name, "two", silent).await?;

    holds(&h.second(), &name, None, &Payload::text("two")).await?;
    let found = content_type(&h.second().describe(&name).await?);
    same_text("content type", found, &None)
}

async fn validity_is_not_carried(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().validity, "validity")?;
    let name = fresh(h, "validity")?;
    let (start, end) = (time("2021-02-03T04:05:06Z")?, time("2091-02-03T04:05:06Z")?);
    let limited = PutOptions {
        not_before: Some(start),
        expires_at: Some(end),
        ..PutOptions::default()
    };
    store.put_with(&name, "one", limited).await?;
    if h.second().capabilities().read_values {
        let read = h.second().get(&name, GetOptions::default()).await?;
        let told = read.info.map(|info| (info.not_before, info.expires_at));
        ensure(
            told.is_none_or(|told| told == (Some(start), Some(end))),
            format!("{start} to {end} is due, not {told:?}"),
        )?;
    }

    store.put(&name, "two").await?;

    let current = h.second().describe(&name).await?.current;
    ensure(
        current.is_some_and(|v| v.not_before.is_none() && v.expires_at.is_none()),
        "the new version must have no validity of the old one",
    )
}

async fn enabled_is_not_carried(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().disable == Scope::Version, "disable")?;
    let name = fresh(h, "enabled")?;
    let off = PutOptions {
        enabled: Some(false),
        ..PutOptions::default()
    };
    store.put_with(&name, "one", off).await?;
    let state = h.second().describe(&name).await?.state;
    ensure(
        state == VersionState::Disabled,
        format!("Disabled is due, not {state:?}"),
    )?;

    // Where metadata is kept by reading it first, a disabled version refuses that read.
    let silent = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    store.put_with(&name, "two", silent).await?;

    holds(&h.second(), &name, None, &Payload::text("two")).await
}

async fn an_update_replaces_the_labels(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().labels != Scope::None, "labels")?;
    let name = fresh(h, "labels")?;
    store.put(&name, "one").await?;
    for due in [
        labels("team", "blue"),
        labels("stage", "test"),
        Labels::new(),
    ] {
        let patch = InfoPatch {
            labels: Some(due.clone()),
            ..InfoPatch::default()
        };
        store.update(&name, patch).await?;

        let found = h.second().describe(&name).await?.labels.unwrap_or_default();
        ensure(found == due, format!("{due:?} is due, not {found:?}"))?;
    }
    holds(&h.second(), &name, None, &Payload::text("one")).await
}

async fn an_update_sets_and_clears_the_description(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(
        store.capabilities().description == Scope::Secret,
        "description",
    )?;
    let name = fresh(h, "about")?;
    store.put(&name, "one").await?;
    for text in ["of the \"main\" database", "of the standby", ""] {
        let patch = InfoPatch {
            description: Some(text.to_owned()),
            ..InfoPatch::default()
        };
        store.update(&name, patch).await?;

        let found = h.second().describe(&name).await?.description;
        same_text("description", found, &Some(text.to_owned()))?;
    }
    holds(&h.second(), &name, None, &Payload::text("one")).await
}

async fn a_renamed_secret_goes_by_its_new_name(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(store.capabilities().rename, "rename")?;
    let (old, new, taken) = (fresh(h, "old")?, fresh(h, "new")?, fresh(h, "taken")?);
    let id = store.put(&old, "value").await?.secret;
    store.put(&taken, "taken").await?;
    let rename = |name: &SecretRef| -> Result<InfoPatch, Stop> {
        Ok(InfoPatch {
            name: Some(SecretName::new(name.as_str())?),
            ..InfoPatch::default()
        })
    };

    let renamed = store.update(&old, rename(&new)?).await?;

    ensure(renamed.id == id, "a rename keeps the id")?;
    holds(&second, &new, None, &Payload::text("value")).await?;
    refused(
        second.describe(&old).await,
        ErrorKind::NotFound,
        "describe by the old name",
    )?;
    if !store.capabilities().twins {
        refused(
            store.update(&new, rename(&taken)?).await,
            ErrorKind::AlreadyExists,
            "a rename to a taken name",
        )?;
    }
    holds(&second, &taken, None, &Payload::text("taken")).await
}
