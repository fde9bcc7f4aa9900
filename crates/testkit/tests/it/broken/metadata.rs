//! Faults of what a put keeps, and what it does not.

use polyvault_core::*;

use super::bug::{Bug, bug, rows};
use super::plain::Plain;

rows![
    LosesLabels,
    LosesTheContentType,
    LosesTheDescription,
    EmptyLabelsClearNothing,
    EmptyClearsNothing,
    DropsMetadataItCannotRead,
    KeepsTheContentTypeUnasked,
    CarriesTheExpiry,
    CarriesDisabled,
    DropsEmptyLabels,
    LowersLabels,
    KeepsMetadataOfThePurged,
];

/// What is told of the secret now, if there is one.
async fn before(plain: &Plain, secret: &SecretRef) -> Option<SecretInfo> {
    plain.memory.describe(secret).await.ok()
}

/// A text that is silent is cleared.
fn or_cleared(text: Option<String>) -> Option<String> {
    text.or(Some(String::new()))
}

bug!(
    LosesLabels,
    a_silent_put_keeps_the_metadata,
    begin_put,
    async |plain, secret, value, options| {
        let labels = options.labels.clone().or(Some(Labels::new()));
        let options = PutOptions { labels, ..options };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    LosesTheContentType,
    a_silent_put_keeps_the_metadata,
    begin_put,
    async |plain, secret, value, options| {
        let content_type = or_cleared(options.content_type.clone());
        let options = PutOptions {
            content_type,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    LosesTheDescription,
    a_silent_put_keeps_the_metadata,
    begin_put,
    async |plain, secret, value, options| {
        let description = or_cleared(options.description.clone());
        let options = PutOptions {
            description,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

// What is empty is left out of the request.
bug!(
    EmptyLabelsClearNothing,
    a_put_replaces_and_clears_what_it_mentions,
    begin_put,
    async |plain, secret, value, options| {
        let labels = options.labels.clone().filter(|labels| !labels.is_empty());
        let options = PutOptions { labels, ..options };
        plain.begin_put(secret, value, options).await
    }
);

// `if !text.is_empty()` around the field of the request.
bug!(
    EmptyClearsNothing,
    a_put_replaces_and_clears_what_it_mentions,
    begin_put,
    async |plain, secret, value, options| {
        let description = options.description.clone().filter(|text| !text.is_empty());
        let options = PutOptions {
            description,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

// Tags of the version before are read from a service that refuses to read it.
bug!(
    DropsMetadataItCannotRead,
    a_put_on_a_disabled_secret_drops_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let before = before(plain, secret).await;
        let off = before.is_some_and(|info| info.state == VersionState::Disabled);
        let labels = options.labels.clone().or(off.then(Labels::new));
        let options = PutOptions { labels, ..options };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    KeepsTheContentTypeUnasked,
    without_keep_metadata_the_content_type_is_not_carried,
    begin_put,
    async |plain, secret, value, options| {
        let options = PutOptions {
            keep_metadata: true,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    CarriesTheExpiry,
    validity_is_not_carried,
    begin_put,
    async |plain, secret, value, options| {
        let current = before(plain, secret).await.and_then(|info| info.current);
        let carried = current.and_then(|version| version.expires_at);
        let options = PutOptions {
            expires_at: options.expires_at.or(carried),
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    CarriesDisabled,
    enabled_is_not_carried,
    begin_put,
    async |plain, secret, value, options| {
        let current = before(plain, secret).await.and_then(|info| info.current);
        let off = current.is_some_and(|version| version.state == VersionState::Disabled);
        let options = PutOptions {
            enabled: options.enabled.or(off.then_some(false)),
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    DropsEmptyLabels,
    labels_come_back_character_for_character,
    begin_put,
    async |plain, secret, value, options| {
        let labels = options.labels.clone().map(|mut labels| {
            labels.retain(|_, text| !text.is_empty());
            labels
        });
        let options = PutOptions { labels, ..options };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    LowersLabels,
    labels_come_back_character_for_character,
    describe,
    async |plain, secret| {
        let info = plain.describe(secret).await?;
        let lower = |labels: Labels| {
            let pairs = labels.into_iter();
            pairs
                .map(|(key, text)| (key, text.to_lowercase()))
                .collect()
        };
        Ok(SecretInfo {
            labels: info.labels.map(lower),
            ..info
        })
    }
);

// Metadata is remembered by name, and nobody forgets it.
bug!(
    KeepsMetadataOfThePurged,
    a_new_secret_has_nothing_of_a_deleted_one,
    begin_put,
    async |plain, secret, value, options| {
        let remembered = plain.memo().get(secret.as_str()).cloned();
        let description = options.description.clone().or(remembered);
        if let Some(text) = &description {
            let name = secret.as_str().to_owned();
            plain.memo().insert(name, text.clone());
        }
        let options = PutOptions {
            description,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);
