//! Faults of updates, of a secret or of a version.

use polyvault_core::*;

use super::bug::{Bug, bug, but, rows};
use super::plain::Plain;

rows![
    UpdateMergesLabels,
    UpdateClearsNoDescription,
    UpdateResetsTheRest,
    UpdateTellsTheStateBefore,
    UpdateIsDoneTooEarly,
    UpdateMakesTheSecret,
    PatchOfAVersionResetsTheRest,
    IgnoresAClear,
    ClearsBothEnds,
    ClearsOfTheCurrentVersion,
    AClearDropsWhatIsSetBesideIt,
    AClearDropsTheLabels,
    RenameIsACopy,
    RenameLosesTheHistory,
    RenameTakesATakenName,
    DestroysAtOnce,
    CancelsNoDestruction,
    MakesNothingCurrent,
    MakesCurrentByACopy,
    TheRollbackSticks,
];

bug!(
    UpdateMergesLabels,
    an_update_replaces_the_labels,
    begin_update,
    async |plain, secret, patch| {
        let before = plain.memory.describe(secret).await.ok();
        let before = before.and_then(|info| info.labels).unwrap_or_default();
        let labels = patch.labels.clone();
        let labels = labels.map(|labels| before.into_iter().chain(labels).collect());
        plain
            .begin_update(secret, InfoPatch { labels, ..patch })
            .await
    }
);

// An empty text is taken for none.
bug!(
    UpdateClearsNoDescription,
    an_update_sets_and_clears_the_description,
    begin_update,
    async |plain, secret, patch| {
        let told = plain.memory.describe(secret).await.ok();
        let kept = told.and_then(|info| info.description);
        let description = match patch.description.as_deref() {
            Some("") => kept,
            _ => patch.description.clone(),
        };
        let patch = InfoPatch {
            description,
            ..patch
        };
        plain.begin_update(secret, patch).await
    }
);

// A PATCH without its field mask: what is not in it, is reset.
bug!(
    UpdateResetsTheRest,
    an_update_leaves_alone_what_it_does_not_mention,
    begin_update,
    async |plain, secret, patch| {
        let description = match &patch.labels {
            Some(_) => patch.description.clone().or(Some(String::new())),
            None => patch.description.clone(),
        };
        let patch = InfoPatch {
            description,
            ..patch
        };
        plain.begin_update(secret, patch).await
    }
);

bug!(
    UpdateTellsTheStateBefore,
    an_update_tells_the_new_state,
    begin_update,
    async |plain, secret, patch| {
        let before = plain.memory.describe(secret).await;
        let update = plain.begin_update(secret, patch).await?;
        let before = before?;
        Ok(but(update, |_| before))
    }
);

// The service goes on with it, and the first look finds the state before.
bug!(
    UpdateIsDoneTooEarly,
    an_update_sets_and_clears_the_description,
    begin_update,
    async |plain, secret, patch| {
        let before = plain.memory.describe(secret).await.ok();
        let old = before.and_then(|info| info.description);
        if patch.description.is_some() {
            let name = secret.as_str().to_owned();
            plain.memo().insert(name, old.unwrap_or_default());
        }
        plain.begin_update(secret, patch).await
    },
    describe,
    async |plain, secret| {
        let info = plain.describe(secret).await?;
        let stale = plain.memo().remove(secret.as_str());
        Ok(SecretInfo {
            description: stale.or(info.description),
            ..info
        })
    }
);

bug!(
    UpdateMakesTheSecret,
    an_update_of_what_is_missing_is_not_found,
    begin_update,
    async |plain, secret, patch| {
        let update = plain.begin_update(secret, patch.clone()).await;
        match update {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                plain.memory.put(secret, "made by an update").await?;
                plain.begin_update(secret, patch).await
            }
            update => update,
        }
    }
);

bug!(
    PatchOfAVersionResetsTheRest,
    a_patch_of_a_version_leaves_alone_what_it_does_not_mention,
    begin_update_version,
    async |plain, secret, version, change| {
        let change = match change {
            VersionChange::Update(patch) => VersionChange::Update(VersionPatch {
                content_type: patch.content_type.or(Some(String::new())),
                ..patch
            }),
            change => change,
        };
        plain.begin_update_version(secret, version, change).await
    }
);

/// The patch of a change that clears a start or an end of validity.
fn clear(change: &VersionChange) -> Option<&VersionPatch> {
    match change {
        VersionChange::Update(patch)
            if [patch.not_before, patch.expires_at].contains(&Edit::Clear) =>
        {
            Some(patch)
        }
        _ => None,
    }
}

// A service that takes null for what was left out.
bug!(
    IgnoresAClear,
    what_is_cleared_of_a_validity_is_gone_and_the_rest_stays,
    begin_update_version,
    async |plain, secret, version, change| match clear(&change) {
        Some(_) => Ok(Operation::done(told(plain, secret, version).await?)),
        None => plain.begin_update_version(secret, version, change).await,
    }
);

// Attributes are written as a whole.
bug!(
    ClearsBothEnds,
    what_is_cleared_of_a_validity_is_gone_and_the_rest_stays,
    begin_update_version,
    async |plain, secret, version, change| {
        let both = |patch: &VersionPatch| VersionPatch {
            not_before: Edit::Clear,
            expires_at: Edit::Clear,
            ..patch.clone()
        };
        let change = clear(&change)
            .map(both)
            .map_or(change.clone(), VersionChange::Update);
        plain.begin_update_version(secret, version, change).await
    }
);

// The request without a version is one for the current.
bug!(
    ClearsOfTheCurrentVersion,
    what_is_cleared_of_a_validity_is_gone_and_the_rest_stays,
    begin_update_version,
    async |plain, secret, version, change| {
        let info = plain.memory.describe(secret).await?;
        let current = info.current.and_then(|current| current.id);
        let version = match (clear(&change), &current) {
            (Some(_), Some(current)) => current,
            _ => version,
        };
        plain.begin_update_version(secret, version, change).await
    }
);

// Two requests, of which the second is forgotten.
bug!(
    AClearDropsWhatIsSetBesideIt,
    what_is_cleared_of_a_validity_is_gone_and_the_rest_stays,
    begin_update_version,
    async |plain, secret, version, change| {
        let kept = |edit| match edit {
            Edit::Set(_) => Edit::Keep,
            edit => edit,
        };
        let alone = |patch: &VersionPatch| VersionPatch {
            not_before: kept(patch.not_before),
            expires_at: kept(patch.expires_at),
            ..VersionPatch::default()
        };
        let change = clear(&change)
            .map(alone)
            .map_or(change.clone(), VersionChange::Update);
        plain.begin_update_version(secret, version, change).await
    }
);

// What the secret has is written again with it, but for the labels.
bug!(
    AClearDropsTheLabels,
    what_is_cleared_of_a_validity_is_gone_and_the_rest_stays,
    begin_update_version,
    async |plain, secret, version, change| {
        if clear(&change).is_some() {
            let patch = InfoPatch {
                labels: Some(Labels::new()),
                ..InfoPatch::default()
            };
            plain.memory.update(secret, patch).await?;
        }
        plain.begin_update_version(secret, version, change).await
    }
);

/// Puts the current value under the new name, and deletes the old secret.
async fn copied(plain: &Plain, secret: &SecretRef, name: &SecretName) -> Result<SecretInfo> {
    let memory = &plain.memory;
    let told = memory.describe(secret).await?;
    let read = memory.get(secret, GetOptions::default()).await?;
    let options = PutOptions {
        labels: told.labels,
        description: told.description,
        content_type: told.current.and_then(|version| version.content_type),
        ..PutMode::Create.into()
    };
    memory.put_with(name, read.payload, options).await?;
    memory.delete(secret).await?;
    memory.describe(&SecretRef::from(name)).await
}

// Where a service can't rename.
bug!(
    RenameIsACopy,
    a_renamed_secret_goes_by_its_new_name,
    begin_update,
    async |plain, secret, patch| match &patch.name {
        Some(name) => Ok(Operation::done(copied(plain, secret, name).await?)),
        None => plain.begin_update(secret, patch).await,
    }
);

bug!(
    RenameLosesTheHistory,
    a_renamed_secret_keeps_its_versions_and_metadata,
    begin_update,
    async |plain, secret, patch| match &patch.name {
        Some(name) => {
            let id = plain.memory.describe(secret).await?.id;
            let copy = copied(plain, secret, name).await?;
            Ok(Operation::done(SecretInfo { id, ..copy }))
        }
        None => plain.begin_update(secret, patch).await,
    }
);

bug!(
    RenameTakesATakenName,
    a_renamed_secret_goes_by_its_new_name,
    begin_update,
    async |plain, secret, patch| {
        if let Some(name) = &patch.name
            && plain.memory.delete(name).await.is_ok()
        {
            plain.memory.purge(name).await?;
        }
        plain.begin_update(secret, patch).await
    }
);

bug!(
    DestroysAtOnce,
    a_pending_destruction_can_be_taken_back,
    begin_update_version,
    async |plain, secret, version, change| {
        let change = match change {
            VersionChange::Destroy { .. } => VersionChange::Destroy { after: None },
            change => change,
        };
        plain.begin_update_version(secret, version, change).await
    }
);

bug!(
    CancelsNoDestruction,
    a_pending_destruction_can_be_taken_back,
    begin_update_version,
    async |plain, secret, version, change| match change {
        VersionChange::CancelDestruction => Ok(Operation::done(VersionInfo::default())),
        change => plain.begin_update_version(secret, version, change).await,
    }
);

/// What is told of a version, without changing it.
async fn told(plain: &Plain, secret: &SecretRef, version: &VersionId) -> Result<VersionInfo> {
    let options = GetOptions::from(VersionSelector::from(version.clone()));
    let read = plain.get(secret, options).await?;
    Ok(read.info.unwrap_or_default())
}

bug!(
    MakesNothingCurrent,
    a_version_made_current_is_current,
    begin_update_version,
    async |plain, secret, version, change| match change {
        VersionChange::MakeCurrent => Ok(Operation::done(told(plain, secret, version).await?)),
        change => plain.begin_update_version(secret, version, change).await,
    }
);

bug!(
    MakesCurrentByACopy,
    a_version_made_current_is_current,
    begin_update_version,
    async |plain, secret, version, change| match change {
        VersionChange::MakeCurrent => {
            let options = GetOptions::from(VersionSelector::from(version.clone()));
            let payload = plain.get(secret, options).await?.payload;
            Ok(Operation::done(
                plain.memory.put(secret, payload).await?.version,
            ))
        }
        change => plain.begin_update_version(secret, version, change).await,
    }
);

// What was made current once stays so.
bug!(
    TheRollbackSticks,
    a_put_after_a_rollback_is_current,
    begin_update_version,
    async |plain, secret, version, change| {
        if change == VersionChange::MakeCurrent {
            let name = secret.as_str().to_owned();
            plain.memo().insert(name, version.as_str().to_owned());
        }
        plain.begin_update_version(secret, version, change).await
    },
    get,
    async |plain, secret, options| {
        let stuck = plain.memo().get(secret.as_str()).cloned();
        match (stuck, &options.version) {
            (Some(version), VersionSelector::Current) => {
                let version = VersionSelector::from(VersionId::new(version)?);
                plain.get(secret, version.into()).await
            }
            _ => plain.get(secret, options).await,
        }
    }
);
