//! What an update changes, what it leaves alone, and what it tells.

use polyvault_core::capabilities::{Scope, Versions};
use polyvault_core::{
    Edit, ErrorKind, InfoPatch, Labels, Payload, PutOptions, SecretName, SecretStore,
    SecretStoreExt, VersionChange, VersionInfo, VersionPatch,
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
    0 what_is_cleared_of_a_validity_is_gone_and_the_rest_stays,
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
            not_before: start.into(),
            ..VersionPatch::default()
        },
        VersionPatch {
            expires_at: end.into(),
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

async fn what_is_cleared_of_a_validity_is_gone_and_the_rest_stays(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = store.capabilities();
    need(can.clear_validity, "clear_validity")?;
    let name = fresh(h, "cleared")?;
    let (start, end) = (time("2021-02-03T04:05:06Z")?, time("2091-02-03T04:05:06Z")?);
    let later = time("2092-02-03T04:05:06Z")?;
    let limited = PutOptions {
        not_before: Some(start),
        expires_at: Some(end),
        ..all(can, "blue")
    };
    let older = store.put_with(&name, "one", limited.clone()).await?.version;
    let newer = store.put_with(&name, "two", limited).await?.version;
    let (older, newer) = (version_id(&older)?, version_id(&newer)?);
    let clear_start = || VersionPatch {
        not_before: Edit::Clear,
        ..VersionPatch::default()
    };
    let clear_end = || VersionPatch {
        expires_at: Edit::Clear,
        ..VersionPatch::default()
    };
    let start_for_end = VersionPatch {
        not_before: start.into(),
        ..clear_end()
    };
    let end_for_start = VersionPatch {
        expires_at: later.into(),
        ..clear_start()
    };
    // To clear what is gone already changes nothing, and is no error.
    for (patch, due) in [
        (clear_start(), (None, Some(end))),
        (clear_start(), (None, Some(end))),
        (start_for_end, (Some(start), None)),
        (end_for_start, (None, Some(later))),
        (clear_end(), (None, None)),
    ] {
        let what = format!("{patch:?}");
        let change = VersionChange::Update(patch);
        store.update_version(&name, &older, change).await?;

        let listed = super::tools::versions(&second, &name).await?;
        for (id, due) in [(&older, due), (&newer, (Some(start), Some(end)))] {
            let found = listed.iter().find(|info| info.id.as_ref() == Some(id));
            let found = found.map(|info| (info.not_before, info.expires_at));
            ensure(
                found == Some(due),
                format!("after {what}: {due:?} is due for {id}, not {found:?}"),
            )?;
        }
    }
    holds(&second, &name, None, &Payload::text("two")).await?;
    has(&second, &name, &all(can, "blue")).await
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
