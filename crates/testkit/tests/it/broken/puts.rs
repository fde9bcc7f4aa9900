//! Faults of puts.

use polyvault_core::*;

use super::bug::{Bug, bug, but, rows};
use super::plain::Plain;

rows![
    TrimsValues,
    TurnsTheChunksAround,
    BinaryBecomesText,
    OverwritesTheBeginning,
    MergesEntries,
    IgnoresTheRulesOfAPassword,
    TellsCreateAsUpdate,
    CreateIsUpsert,
    CreateChangesTheExisting,
    CreateLooksFirst,
    AddVersionMakesASecret,
    TellsEveryPutAsCreate,
    MixesUpPutsAtOnce,
    CutsNamesAtTheQuestionMark,
    UnescapesNames,
    RepeatsALostPut,
    TellsALostPutAsFailed,
    DropsTheKeyOfAPut,
    MakesATwinOnARepeat,
    FailedOperationIsDone,
    FailedOperationHasNoCode,
];

/// The payload with each value changed.
fn changed(value: PutValue, change: fn(&Value) -> Value) -> Result<PutValue> {
    let payload = value.into_payload()?;
    let entries = payload.iter().map(|(key, value)| (key, change(value)));
    Ok(Payload::from_entries(entries)?.into())
}

/// What the current version holds, if there is one.
async fn current(plain: &Plain, secret: &SecretRef) -> Option<Payload> {
    let read = plain.memory.get(secret, GetOptions::default()).await;
    read.ok().map(|secret| secret.payload)
}

bug!(
    TrimsValues,
    text_comes_back_byte_for_byte,
    begin_put,
    async |plain, secret, value, options| {
        let trimmed = changed(value, |value| match value.expose_text() {
            Ok(text) => Value::text(text.trim()),
            Err(_) => value.clone(),
        })?;
        plain.begin_put(secret, trimmed, options).await
    }
);

// A large value goes in chunks, and the last one comes first.
bug!(
    TurnsTheChunksAround,
    a_text_of_3000_bytes_comes_back,
    begin_put,
    async |plain, secret, value, options| {
        let turned = changed(value, |value| {
            let chunks: Vec<_> = value.expose_bytes().chunks(1024).rev().collect();
            Value::text_or_binary(&chunks.concat())
        })?;
        plain.begin_put(secret, turned, options).await
    }
);

bug!(
    BinaryBecomesText,
    binary_comes_back,
    begin_put,
    async |plain, secret, value, options| {
        let text = changed(value, |value| {
            Value::text(String::from_utf8_lossy(value.expose_bytes()).into_owned())
        })?;
        plain.begin_put(secret, text, options).await
    }
);

// A file that is opened without being cut.
bug!(
    OverwritesTheBeginning,
    a_put_replaces_the_value,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let before = current(plain, secret).await;
        let merged = payload.iter().map(|(key, value)| {
            let old = before.as_ref().and_then(|before| before.get(key));
            let rest = old.and_then(|old| old.expose_bytes().get(value.len()..));
            let bytes = [value.expose_bytes(), rest.unwrap_or_default()].concat();
            (key, Value::text_or_binary(&bytes))
        });
        let merged = Payload::from_entries(merged)?;
        plain.begin_put(secret, merged.into(), options).await
    }
);

// A service that patches, and a client that does not name the stale keys.
bug!(
    MergesEntries,
    entries_not_mentioned_are_gone,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let before = current(plain, secret).await;
        let stale = before.iter().flat_map(Payload::iter);
        let stale = stale.filter(|(key, _)| payload.get(key).is_none());
        let entries = payload.iter().chain(stale);
        let merged = Payload::from_entries(entries.map(|(key, value)| (key, value.clone())))?;
        plain.begin_put(secret, merged.into(), options).await
    }
);

bug!(
    IgnoresTheRulesOfAPassword,
    a_generated_password_follows_its_rules,
    begin_put,
    async |plain, secret, value, options| {
        let value = match value {
            PutValue::Generate(_) => PasswordSpec::default().into(),
            value => value,
        };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    TellsCreateAsUpdate,
    create_makes_a_secret,
    begin_put,
    async |plain, secret, value, options| {
        let update = options.mode == PutMode::Create;
        let put = plain.begin_put(secret, value, options).await?;
        Ok(but(put, move |written| Written {
            created: written.created && !update,
            ..written
        }))
    }
);

bug!(
    CreateIsUpsert,
    create_on_an_existing_name_changes_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let mode = match options.mode {
            PutMode::Create => PutMode::Upsert,
            mode => mode,
        };
        let options = PutOptions { mode, ..options };
        plain.begin_put(secret, value, options).await
    }
);

// The service answers that it exists once it has taken the value.
bug!(
    CreateChangesTheExisting,
    create_on_an_existing_name_changes_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let put = plain.begin_put(secret, (&payload).into(), options).await;
        if let Err(error) = &put
            && error.kind() == ErrorKind::AlreadyExists
        {
            plain.memory.put(secret, payload).await?;
        }
        put
    }
);

bug!(
    CreateLooksFirst,
    one_of_two_creates_at_once_wins,
    begin_put,
    async |plain, secret, value, options| {
        if options.mode != PutMode::Create || plain.memory.describe(secret).await.is_ok() {
            return plain.begin_put(secret, value, options).await;
        }
        tokio::task::yield_now().await;
        let mode = match plain.describe(secret).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => PutMode::Create,
            _ => PutMode::Upsert,
        };
        let options = PutOptions { mode, ..options };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    AddVersionMakesASecret,
    add_version_needs_a_secret,
    begin_put,
    async |plain, secret, value, options| {
        let mode = match options.mode {
            PutMode::AddVersion => PutMode::Upsert,
            mode => mode,
        };
        let options = PutOptions { mode, ..options };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    TellsEveryPutAsCreate,
    a_put_tells_what_it_made,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await?;
        Ok(but(put, |written| Written {
            created: true,
            ..written
        }))
    }
);

// One place for the request in the making, for all callers.
bug!(
    MixesUpPutsAtOnce,
    puts_at_once_all_take_place,
    begin_put,
    async |plain, secret, value, options| {
        if let SecretRef::Id(_) = secret {
            return plain.begin_put(secret, value, options).await;
        }
        plain.memo().insert("asked".into(), secret.as_str().into());
        tokio::task::yield_now().await;
        let asked = plain.memo().get("asked").cloned().unwrap_or_default();
        let asked = SecretRef::try_from(asked)?;
        plain.begin_put(&asked, value, options).await
    }
);

// A name that stands in a URL as it is.
bug!(
    CutsNamesAtTheQuestionMark,
    a_name_with_every_allowed_sign_is_its_own,
    begin_put,
    async |plain, secret, value, options| {
        let path = secret.as_str().split('?').next().unwrap_or_default();
        match secret {
            SecretRef::Name(_) => {
                let cut = SecretRef::try_from(path)?;
                plain.begin_put(&cut, value, options).await
            }
            SecretRef::Id(_) => plain.begin_put(secret, value, options).await,
        }
    }
);

bug!(
    UnescapesNames,
    a_name_with_every_allowed_sign_is_its_own,
    get,
    async |plain, secret, options| match secret {
        SecretRef::Name(name) => {
            let unescaped = name.as_str().replace("%41", "A");
            plain.get(&SecretRef::try_from(unescaped)?, options).await
        }
        SecretRef::Id(_) => plain.get(secret, options).await,
    }
);

bug!(
    RepeatsALostPut,
    a_put_whose_answer_was_lost_is_made_once,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let put = plain.begin_put(secret, (&payload).into(), options.clone());
        match put.await {
            Err(error) if error.retry() == Retry::OutcomeUnknown => {
                let idempotency_key = None;
                let options = PutOptions {
                    idempotency_key,
                    ..options
                };
                plain.begin_put(secret, payload.into(), options).await
            }
            put => put,
        }
    }
);

bug!(
    TellsALostPutAsFailed,
    a_put_whose_answer_was_lost_is_made_once,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await;
        put.map_err(|error| error.with_retry(Retry::Never))
    }
);

bug!(
    DropsTheKeyOfAPut,
    a_repeat_of_a_put_under_its_key_is_the_same_put,
    begin_put,
    async |plain, secret, value, options| {
        let idempotency_key = None;
        let options = PutOptions {
            idempotency_key,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

// A service that takes two secrets of a name, and a key that is not sent with creates.
bug!(
    MakesATwinOnARepeat,
    a_repeat_of_a_first_put_under_its_key_makes_no_second_secret,
    begin_put,
    async |plain, secret, value, options| {
        let key = options.idempotency_key.map(|key| key.to_string());
        let payload = value.into_payload()?;
        let put = plain.begin_put(secret, (&payload).into(), options).await?;
        let written = put.wait(WaitPolicy::default()).await?;
        if let Some(key) = key.filter(|_| written.created)
            && plain.memo().insert(key, String::new()).is_some()
        {
            plain.memory.faults().make_twin(secret.as_str(), payload)?;
        }
        Ok(Operation::done(written))
    }
);

// HTTP 200, and the error stands in the body.
bug!(
    FailedOperationIsDone,
    an_operation_that_fails_is_an_error_with_a_code,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await?;
        match put.wait(WaitPolicy::default()).await {
            Err(error) if error.kind() == ErrorKind::OperationFailed => {
                Ok(Operation::done(Written {
                    secret: plain.memory.describe(secret).await?.id,
                    version: VersionInfo::default(),
                    created: false,
                }))
            }
            written => Ok(Operation::done(written?)),
        }
    }
);

bug!(
    FailedOperationHasNoCode,
    an_operation_that_fails_is_an_error_with_a_code,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await?;
        match put.wait(WaitPolicy::default()).await {
            Err(error) if error.kind() == ErrorKind::OperationFailed => Err(Error::new(
                ErrorKind::OperationFailed,
                "the operation failed",
            )),
            written => Ok(Operation::done(written?)),
        }
    }
);
