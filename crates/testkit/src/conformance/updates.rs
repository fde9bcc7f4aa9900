//! What an update changes, what it leaves alone, and what it tells.

use polyvault_core::capabilities::{Scope, Versions};
use polyvault_core::{
    ErrorKind, InfoPatch, Labels, Payload, PutOptions, SecretName, SecretStore, SecretStoreExt,
    VersionChange, VersionInfo, VersionPatch,
};

use super::metadata::{all, has};
use super::tools::{ensure, fail, fresh, holds, labels, named, need, refused, time, version_id};
use super::{Harness, Stop};

super::topic! {
    0 an_update_leaves_alone_what_it_does_not_mention,
    0 an_update_tells_the_new_state,
    7 an_update_of_what_is_missing_is_not_found,
    0 labels_come_back_character_for_character,
    0 a_patch_of_a_version_leaves_alone_what_it_does_not_mention,
    0 a_renamed_secret_keeps_its_versions_and_metadata,
}

/// One patch for each field that an update of every store's own could set.
fn patches(store: &dyn SecretStore) -> Vec<(InfoPatch, PutOptions)> {
    let can = store.capabilities();
    let mut patches = Vec::new();
    if can.labels != Scope::None {
        let set = Some(labels("team", "green"));
        let patch = InfoPatch {
            labels: set.clone(),
            ..InfoPatch::default()
        };
        let due = PutOptions {
            labels: set,
            ..all(can, "blue")
        };
        patches.push((patch, due));
    }
    if can.description == Scope::Secret {
        let set = Some("about green".to_owned());
        let patch = InfoPatch {
            description: set.clone(),
            ..InfoPatch::default()
        };
        let due = PutOptions {
            description: set,
            ..all(can, "blue")
        };
        patches.push((patch, due));
    }
    patches
}

async fn an_update_leaves_alone_what_it_does_not_mention(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let patches = patches(&store);
    need(!patches.is_empty(), "labels, description")?;
    for (patch, due) in patches {
        let name = fresh(h, "alone")?;
        let before = all(store.capabilities(), "blue");
        store.put_with(&name, "value", before).await?;

        store.update(&name, patch).await?;

        has(&h.second(), &name, &due).await?;
        holds(&h.second(), &name, None, &Payload::text("value")).await?;
    }
    Ok(())
}

async fn an_update_tells_the_new_state(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let patches = patches(&store);
    need(!patches.is_empty(), "labels, description")?;
    let name = fresh(h, "told")?;
    let id = store.put(&name, "value").await?.secret;
    for (patch, _) in patches {
        let told = store.update(&name, patch.clone()).await?;

        ensure(told.id == id, "the answer tells the secret's id")?;
        ensure(
            patch.labels.is_none_or(|due| told.labels == Some(due)),
            format!("the answer tells labels {:?}", told.labels),
        )?;
        ensure(
            patch
                .description
                .is_none_or(|due| told.description == Some(due)),
            format!("the answer tells the description {:?}", told.description),
        )?;
    }
    Ok(())
}

async fn an_update_of_what_is_missing_is_not_found(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let patches = patches(&store);
    need(!patches.is_empty(), "labels, description")?;
    let name = fresh(h, "missing")?;
    for (patch, _) in patches {
        let update = store.update(&name, patch).await;

        refused(update, ErrorKind::NotFound, "update")?;
        ensure(
            named(&h.second(), &name).await?.is_empty(),
            "an update makes no secret",
        )?;
    }
    Ok(())
}

async fn labels_come_back_character_for_character(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    need(can.labels != Scope::None, "labels")?;
    let rule = can.limits.labels;
    let candidates = [
        ("plain", "blue"),
        ("empty", ""),
        ("signs", "a-b_c"),
        ("Mixed Case", "Cost Center"),
        ("unicode", "gr\u{fc}n"),
        ("quotes", "\"a\" \\ b"),
    ];
    let due: Labels = candidates
        .into_iter()
        .filter(|(key, value)| rule.is_none_or(|rule| rule.check(key, value).is_ok()))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let name = fresh(h, "odd-labels")?;

    let options = PutOptions {
        labels: Some(due.clone()),
        ..PutOptions::default()
    };
    store.put_with(&name, "value", options).await?;

    let found = h.second().describe(&name).await?.labels.unwrap_or_default();
    ensure(found == due, format!("{due:?} are due, not {found:?}"))
}

async fn a_patch_of_a_version_leaves_alone_what_it_does_not_mention(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    need(
        can.update_version && can.validity,
        "update_version, validity",
    )?;
    let name = fresh(h, "patch")?;
    let written = store
        .put_with(&name, "value", all(can, "blue"))
        .await?
        .version;
    let id = version_id(&written)?;
    let (start, end) = (time("2021-02-03T04:05:06Z")?, time("2091-02-03T04:05:06Z")?);
    let patches = [
        VersionPatch {
            not_before: Some(start),
            ..VersionPatch::default()
        },
        VersionPatch {
            expires_at: Some(end),
            ..VersionPatch::default()
        },
    ];
    for patch in patches {
        let change = VersionChange::Update(patch);
        store.update_version(&name, &id, change).await?;
    }

    let current = h.second().describe(&name).await?.current;
    let found = current.ok_or_else(|| fail("describe must tell the current version"))?;
    let of = |version: &VersionInfo| (version.not_before, version.expires_at);
    ensure(
        of(&found) == (Some(start), Some(end)),
        format!("{start} to {end} is due, not {:?}", of(&found)),
    )?;
    has(&h.second(), &name, &all(can, "blue")).await
}

async fn a_renamed_secret_keeps_its_versions_and_metadata(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.rename, "rename")?;
    let (old, new) = (fresh(h, "before")?, fresh(h, "after")?);
    let options = all(can, "blue");
    store.put_with(&old, "one", options.clone()).await?;
    store.put(&old, "two").await?;

    let patch = InfoPatch {
        name: Some(SecretName::new(new.as_str())?),
        ..InfoPatch::default()
    };
    store.update(&old, patch).await?;

    has(&second, &new, &options).await?;
    if can.versions != Versions::None {
        let count = super::tools::versions(&second, &new).await?.len();
        ensure(
            count == 2,
            format!("two versions are due, there are {count}"),
        )?;
    }
    Ok(())
}
