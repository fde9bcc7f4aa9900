//! Faults of what a put stores, and where.

use polyvault_core::*;

use super::bug::{Bug, bug, rows};
use super::plain::Plain;

rows![
    TrimsValues,
    TurnsTheChunksAround,
    BinaryBecomesText,
    OverwritesTheBeginning,
    MergesEntries,
    IgnoresTheRulesOfAPassword,
    MixesUpPutsAtOnce,
    CutsNamesAtTheQuestionMark,
    UnescapesNames,
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
