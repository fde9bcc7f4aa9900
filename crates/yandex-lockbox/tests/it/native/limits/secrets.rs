//! Limits of secrets and of generated passwords.

use polyvault_core::{
    DeleteOptions, Edit, InfoPatch, Labels, PageRequest, Result, SecretName, SecretStore,
};
use polyvault_yandex_lockbox::{
    CreateSecret, FirstVersion, PasswordSpecification, UpdateSecret, YandexLockbox,
};

use super::{id, long, long_id};

/// Breaks a limit; gives the path of the field as the error is to name it, and what came of it.
pub(super) async fn broken(
    rule: &str,
    store: &YandexLockbox,
) -> Option<(&'static str, Result<()>)> {
    let large = PageRequest {
        size: Some(1001),
        token: None,
    };
    let changed = UpdateSecret::default;
    let labelled = |labels| UpdateSecret {
        labels: Edit::Set(labels),
        ..UpdateSecret::default()
    };
    let with_labels = |labels| CreateSecret {
        labels,
        ..CreateSecret::default()
    };
    let many_labels = || {
        (0..65)
            .map(|at| (format!("k{at}"), String::new()))
            .collect()
    };
    Some(match rule {
        "GetSecretRequest.secretId length" => {
            ("secret", store.properties(&long_id()).await.map(drop))
        }
        "ListSecretsRequest.pageSize value" => {
            ("size", store.list_properties_page(large).await.map(drop))
        }
        "CreateSecretRequest.name length" => {
            ("name", create(store, CreateSecret::named(named(101))).await)
        }
        "CreateSecretRequest.description length" => {
            let new = CreateSecret {
                description: Some(long(1025)),
                ..CreateSecret::default()
            };
            ("description", create(store, new).await)
        }
        "CreateSecretRequest.labels size" => {
            ("labels", create(store, with_labels(many_labels())).await)
        }
        "CreateSecretRequest.labels pattern" => (
            "labels",
            create(store, with_labels(one_label("k", "V"))).await,
        ),
        "CreateSecretRequest.labels length" => (
            "labels",
            create(store, with_labels(one_label("k", &long(64)))).await,
        ),
        "CreateSecretRequest.labels map_key pattern" => (
            "labels",
            create(store, with_labels(one_label("1k", "v"))).await,
        ),
        "CreateSecretRequest.labels map_key length" => (
            "labels",
            create(store, with_labels(one_label(&long(64), "v"))).await,
        ),
        "CreateSecretRequest.kmsKeyId length" => {
            let new = CreateSecret {
                kms_key: Some(long(51)),
                ..CreateSecret::default()
            };
            ("kms_key", create(store, new).await)
        }
        "CreateSecretRequest.versionDescription length" => {
            let new = CreateSecret {
                version_description: Some(long(257)),
                ..CreateSecret::default()
            };
            ("version_description", create(store, new).await)
        }
        "UpdateSecretRequest.secretId length" => {
            let change = UpdateSecret {
                description: Edit::Clear,
                ..changed()
            };
            (
                "secret",
                store
                    .begin_update_secret(&long_id(), change)
                    .await
                    .map(drop),
            )
        }
        "UpdateSecretRequest.updateMask required" => ("change", update(store, changed()).await),
        "UpdateSecretRequest.name length" => {
            let change = UpdateSecret {
                name: Edit::Set(named(101)),
                ..changed()
            };
            ("name", update(store, change).await)
        }
        "UpdateSecretRequest.description length" => {
            let change = UpdateSecret {
                description: Edit::Set(long(1025)),
                ..changed()
            };
            ("description", update(store, change).await)
        }
        "UpdateSecretRequest.labels size" => {
            ("labels", update(store, labelled(many_labels())).await)
        }
        "UpdateSecretRequest.labels pattern" => (
            "labels",
            update(store, labelled(one_label("k", "a b"))).await,
        ),
        "UpdateSecretRequest.labels length" => (
            "labels",
            update(store, labelled(one_label("k", &long(64)))).await,
        ),
        "UpdateSecretRequest.labels map_key pattern" => {
            ("labels", update(store, labelled(one_label("K", "v"))).await)
        }
        "UpdateSecretRequest.labels map_key length" => (
            "labels",
            update(store, labelled(one_label(&long(64), "v"))).await,
        ),
        "DeleteSecretRequest.secretId length" => {
            let begun = store
                .begin_delete(&long_id(), DeleteOptions::default())
                .await;
            ("secret", begun.map(drop))
        }
        "ActivateSecretRequest.secretId length" => ("secret", enabled(store, true).await),
        "DeactivateSecretRequest.secretId length" => ("secret", enabled(store, false).await),
        "PasswordPayloadSpecification.passwordKey required" => (
            "first_version.entry_key",
            password(store, |rules| rules.entry_key.clear()).await,
        ),
        "PasswordPayloadSpecification.passwordKey pattern" => (
            "first_version.entry_key",
            password(store, |rules| rules.entry_key = "a b".into()).await,
        ),
        "PasswordPayloadSpecification.passwordKey length" => (
            "first_version.entry_key",
            password(store, |rules| rules.entry_key = long(257)).await,
        ),
        "PasswordPayloadSpecification.length value" => (
            "first_version.length",
            password(store, |rules| rules.length = Some(257)).await,
        ),
        "PasswordPayloadSpecification.includedPunctuation length" => {
            let all = |rules: &mut PasswordSpecification| {
                rules.included_punctuation = Some("-".repeat(33));
            };
            (
                "first_version.included_punctuation",
                password(store, all).await,
            )
        }
        "PasswordPayloadSpecification.excludedPunctuation length" => {
            let all = |rules: &mut PasswordSpecification| {
                rules.excluded_punctuation = Some("-".repeat(32));
            };
            (
                "first_version.excluded_punctuation",
                password(store, all).await,
            )
        }
        _ => return None,
    })
}

fn named(length: usize) -> SecretName {
    SecretName::new(long(length)).unwrap()
}

fn one_label(key: &str, value: &str) -> Labels {
    Labels::from([(key.to_owned(), value.to_owned())])
}

pub(super) async fn create(store: &YandexLockbox, new: CreateSecret) -> Result<()> {
    store.begin_create(new).await.map(drop)
}

async fn update(store: &YandexLockbox, change: UpdateSecret) -> Result<()> {
    store.begin_update_secret(&id(), change).await.map(drop)
}

pub(super) async fn password(
    store: &YandexLockbox,
    break_it: impl Fn(&mut PasswordSpecification),
) -> Result<()> {
    let mut rules = PasswordSpecification {
        entry_key: "k".into(),
        ..PasswordSpecification::default()
    };
    break_it(&mut rules);
    let new = CreateSecret {
        first_version: FirstVersion::Password(rules),
        ..CreateSecret::default()
    };
    create(store, new).await
}

async fn enabled(store: &YandexLockbox, enabled: bool) -> Result<()> {
    let patch = InfoPatch {
        enabled: Some(enabled),
        ..InfoPatch::default()
    };
    store.begin_update(&long_id(), patch).await.map(drop)
}
