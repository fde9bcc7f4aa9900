//! Faults of reads.

use std::sync::atomic::Ordering;

use polyvault_core::*;

use super::bug::{Bug, bug, rows, taken_for};
use super::plain::Plain;

rows![
    LosesTheTextMark,
    MarksAllAsText,
    EmptyValueIsMissing,
    PinnedReadOfAnOldOneGivesTheCurrent,
    PinnedReadTellsTheCurrent,
    MissingVersionGivesTheCurrent,
    MissingListOfVersionsIsEmpty,
    MissingIsAnEmptyValue,
    ForbiddenReadIsMissing,
    ForbiddenIsMissing,
    PicksOneOfTwins,
    FoldsTheCaseOfNames,
    ExpiredIsUnreadable,
    DisabledIsReadable,
    MixesUpReadsAtOnce,
    ARefusalEndsWhatIsInFlight,
    TakesIdsForNames,
];

fn with_value(secret: Secret, change: fn(&Value) -> Value) -> Result<Secret> {
    let entries = secret.payload.iter();
    let payload = Payload::from_entries(entries.map(|(key, value)| (key, change(value))))?;
    Ok(Secret { payload, ..secret })
}

bug!(
    LosesTheTextMark,
    text_comes_back_marked_as_text,
    get,
    async |plain, secret, options| with_value(plain.get(secret, options).await?, |value| {
        Value::binary(value.expose_bytes())
    })
);

bug!(
    MarksAllAsText,
    binary_comes_back,
    get,
    async |plain, secret, options| with_value(plain.get(secret, options).await?, |value| {
        Value::text(String::from_utf8_lossy(value.expose_bytes()).into_owned())
    })
);

bug!(
    EmptyValueIsMissing,
    empty_text_comes_back,
    get,
    async |plain, secret, options| match plain.get(secret, options).await? {
        read if read.payload.iter().all(|(_, value)| value.is_empty()) =>
            Err(Error::new(ErrorKind::NotFound, "there is no value")),
        read => Ok(read),
    }
);

// It looks for the version among the two newest, and falls back to what is there.
bug!(
    PinnedReadOfAnOldOneGivesTheCurrent,
    a_pinned_read_gives_that_version,
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options.clone()).await?;
        let VersionSelector::Exact(version) = options.version else {
            return Ok(read);
        };
        let mut history = plain.memory.history(secret).await?;
        history.reverse();
        history.truncate(2);
        match history
            .iter()
            .any(|known| known.id.as_ref() == Some(&version))
        {
            true => Ok(read),
            false => plain.get(secret, GetOptions::default()).await,
        }
    }
);

bug!(
    PinnedReadTellsTheCurrent,
    a_pinned_read_tells_the_version_it_gives,
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options).await?;
        let current = plain.memory.describe(secret).await?.current;
        let version = current.and_then(|version| version.id);
        Ok(Secret { version, ..read })
    }
);

bug!(
    MissingVersionGivesTheCurrent,
    a_missing_version_is_not_found,
    get,
    async |plain, secret, options| match plain.get(secret, options).await {
        Err(error) if error.kind() == ErrorKind::NotFound =>
            plain.get(secret, GetOptions::default()).await,
        read => read,
    }
);

// A service may answer with 200 and no versions for a name that it does not know.
bug!(
    MissingListOfVersionsIsEmpty,
    what_is_missing_is_not_found,
    list_versions_page,
    async |plain, secret, page| match plain.list_versions_page(secret, page).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (items, next) = (Vec::new(), None);
            Ok(Page { items, next })
        }
        page => page,
    }
);

bug!(
    MissingIsAnEmptyValue,
    what_is_missing_is_not_found,
    get,
    async |plain, secret, options| {
        let current = options.version == VersionSelector::Current;
        match plain.get(secret, options).await {
            Err(error) if current && error.kind() == ErrorKind::NotFound => Ok(Secret {
                id: None,
                name: None,
                version: None,
                info: None,
                payload: Payload::text(""),
            }),
            read => read,
        }
    }
);

bug!(
    ForbiddenReadIsMissing,
    forbidden_never_reads_as_missing,
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options).await;
        read.map_err(|error| taken_for(error, ErrorKind::Forbidden, ErrorKind::NotFound))
    }
);

bug!(
    ForbiddenIsMissing,
    forbidden_never_reads_as_missing,
    describe,
    async |plain, secret| {
        let told = plain.describe(secret).await;
        told.map_err(|error| taken_for(error, ErrorKind::Forbidden, ErrorKind::NotFound))
    }
);

bug!(
    PicksOneOfTwins,
    a_name_of_two_secrets_is_ambiguous,
    get,
    async |plain, secret, options| match plain.get(secret, options).await {
        Err(error) if error.kind() == ErrorKind::Ambiguous => {
            let page = plain.list_page(PageRequest::default()).await?;
            let mut all = page.items.into_iter();
            let named = |info: &SecretInfo| {
                info.name
                    .as_ref()
                    .is_some_and(|name| name.as_str() == secret.as_str())
            };
            let first = all.find(named).ok_or(error)?;
            plain.get(&first.id.into(), GetOptions::default()).await
        }
        read => read,
    }
);

bug!(
    FoldsTheCaseOfNames,
    names_differ_in_case_as_the_rule_says,
    get,
    async |plain, secret, options| match secret {
        SecretRef::Name(name) => {
            let folded = SecretRef::try_from(name.as_str().to_lowercase())?;
            plain.get(&folded, options).await
        }
        SecretRef::Id(_) => plain.get(secret, options).await,
    }
);

bug!(
    ExpiredIsUnreadable,
    what_has_expired_is_readable,
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options).await?;
        let expired = read.info.as_ref().and_then(|info| info.expires_at);
        match expired.is_some_and(|end| end.as_second() < 1_700_000_000) {
            true => Err(Error::new(ErrorKind::FailedPrecondition, "it has expired")),
            false => Ok(read),
        }
    }
);

// Somebody thought that a reader wants the value at any price.
bug!(
    DisabledIsReadable,
    a_disabled_version_never_ends_a_list,
    get,
    async |plain, secret, options| match (
        plain.get(secret, options.clone()).await,
        &options.version
    ) {
        (Err(error), VersionSelector::Exact(version)) if error.kind() == ErrorKind::Disabled => {
            let enabled = |on| {
                VersionChange::Update(VersionPatch {
                    enabled: Some(on),
                    ..VersionPatch::default()
                })
            };
            let memory = &plain.memory;
            memory
                .update_version(secret, version, enabled(true))
                .await?;
            let read = memory.get(secret, options.clone()).await;
            memory
                .update_version(secret, version, enabled(false))
                .await?;
            read
        }
        (read, _) => read,
    }
);

// One place for the request in the making, for all callers.
bug!(
    MixesUpReadsAtOnce,
    reads_at_once_give_each_its_own,
    get,
    async |plain, secret, options| {
        if let SecretRef::Id(_) = secret {
            return plain.get(secret, options).await;
        }
        plain.memo().insert("asked".into(), secret.as_str().into());
        tokio::task::yield_now().await;
        let asked = plain.memo().get("asked").cloned().unwrap_or_default();
        plain.get(&SecretRef::try_from(asked)?, options).await
    }
);

// One cancellation for all that is under way.
bug!(
    ARefusalEndsWhatIsInFlight,
    a_missing_secret_never_ends_a_batch,
    get,
    async |plain, secret, options| {
        let refusals = plain.number().load(Ordering::Relaxed);
        tokio::task::yield_now().await;
        let read = plain.get(secret, options).await;
        if read.is_err() {
            plain.number().fetch_add(1, Ordering::Relaxed);
        } else if plain.number().load(Ordering::Relaxed) > refusals {
            return Err(Error::new(ErrorKind::Unavailable, "it was called off"));
        }
        read
    }
);

bug!(
    TakesIdsForNames,
    an_id_means_the_secret_it_was_given_for,
    describe,
    async |plain, secret| {
        let name = SecretRef::try_from(secret.as_str())?;
        plain.describe(&name).await
    }
);
