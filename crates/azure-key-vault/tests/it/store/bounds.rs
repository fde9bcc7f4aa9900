//! What never leaves the process, and what never shows.

use polyvault_azure_key_vault::{AzureKeyVault, PROVIDER};
use polyvault_core::ErrorKind::{Config, InvalidInput};
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::{
    DeleteOptions, Environment, Error, GetOptions, InfoPatch, PageRequest, PutOptions, Result,
    SecretId, SecretRef, SecretStore, SecretStoreExt, VersionChange, VersionId, VersionPatch,
};
use polyvault_testkit::leak::{Mark, assert_absent};
use polyvault_testkit::script::{Answer, Script, answer};
use serde_json::json as object;

use super::{secret, vault};
use crate::script::{json, lines, store_on};

/// The errors of every method that names a secret; those that went through are left out.
async fn all_calls(store: &AzureKeyVault, secret: &SecretRef) -> Vec<(&'static str, Result<()>)> {
    let patch = InfoPatch {
        enabled: Some(true),
        ..InfoPatch::default()
    };
    let change = VersionChange::Update(VersionPatch {
        enabled: Some(true),
        ..VersionPatch::default()
    });
    let version = VersionId::new("a".repeat(32)).unwrap();
    let (page, put) = (PageRequest::default(), PutOptions::default());
    let delete = DeleteOptions::default();
    vec![
        (
            "get",
            store.get(secret, GetOptions::default()).await.map(drop),
        ),
        ("describe", store.describe(secret).await.map(drop)),
        (
            "list_versions",
            store.list_versions_page(secret, page).await.map(drop),
        ),
        (
            "put",
            store.begin_put(secret, "v".into(), put).await.map(drop),
        ),
        ("update", store.begin_update(secret, patch).await.map(drop)),
        (
            "update_version",
            store
                .begin_update_version(secret, &version, change)
                .await
                .map(drop),
        ),
        ("delete", store.begin_delete(secret, delete).await.map(drop)),
        ("recover", store.begin_recover(secret).await.map(drop)),
        ("purge", store.begin_purge(secret).await.map(drop)),
    ]
}

#[test]
fn an_api_version_that_is_none_or_too_old_is_refused() {
    let fitting = [
        "7.4",
        "7.5",
        "7.5-preview",
        "7.6",
        "7.6-preview.2",
        "2025-07-01",
        "2026-04-01",
        "2026-03-01-preview",
        "2031-12-31",
    ];
    let others = [
        "",
        "7",
        "7.0",
        "7.3",
        "7.3-preview",
        "7.7",
        "7.40",
        "07.4",
        "2016-10-01",
        "2024-12-31",
        "2026-13-01",
        "2026-02-30",
        "2026-4-1",
        "20260401",
        "2026-04-01-beta",
        "2026-04-01-preview.",
        "2026-04-01-preview.x",
        "2026-04-01-preview2",
        "-preview",
        "latest",
        "7.6&x=y",
        "7.6\n",
    ];
    let all = fitting.map(|version| (version, true)).into_iter();
    for (version, fits) in all.chain(others.map(|version| (version, false))) {
        let built = AzureKeyVault::builder("myvault")
            .token("made-up".into())
            .api_version(version)
            .build();

        let error = built.err();
        let kind = error.as_ref().map(|error| error.kind());
        assert_eq!(kind, (!fits).then_some(Config), "{version}");
        if let Some(error) = error {
            assert!(error.to_string().contains("7.4 (the oldest)"), "{error}");
        }
    }
}

#[test]
fn the_api_version_in_a_url_is_held_to_the_same() {
    for (version, fits) in [("7.4", true), ("2026-03-01-preview", true), ("7.3", false)] {
        let url = format!("azure-key-vault://myvault?api_version={version}");
        let options = OpenOptions {
            environment: Environment::empty().with("POLYVAULT_AZURE_TOKEN", "made-up"),
            ..OpenOptions::default()
        };

        let opened = (PROVIDER.open)(&StoreUrl::parse(&url).unwrap(), options);

        let kind = opened.err().map(|error| error.kind());
        assert_eq!(kind, (!fits).then_some(Config), "{version}");
    }
}

#[tokio::test]
async fn names_that_are_none_are_refused_and_send_nothing() {
    let (vault, _) = vault().await;
    let (store, long) = (vault.store(), "a".repeat(128));
    for name in [
        "../deletedsecrets/x",
        "a/../b",
        "a_b",
        "a b",
        ".",
        "a?b",
        "a#b",
        "a%2fb",
        "é",
        &long,
    ] {
        for (operation, result) in all_calls(&store, &secret(name)).await {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), InvalidInput, "{operation} {name}");
            assert_eq!(
                error.provider(),
                Some("azure-key-vault"),
                "{operation} {name}"
            );
            assert_eq!(error.operation(), Some(operation), "{name}");
            assert_eq!(error.secret(), Some(name), "{operation}");
        }
    }
    assert_eq!(vault.request_count(), 0);
}

#[tokio::test]
async fn ids_that_are_none_of_this_vaults_are_refused_and_send_nothing() {
    let (vault, _) = vault().await;
    let (store, url) = (vault.store(), vault.url());
    for id in [
        "https://other.vault.azure.net/secrets/db".to_owned(),
        url.replace("http:", "https:") + "/secrets/db",
        format!("{url}/keys/db"),
        format!("{url}/deletedsecrets/db"),
        format!("{url}/secrets"),
        format!("{url}/secrets/../deletedsecrets/db"),
        format!("{url}/secrets/db/{}", "a".repeat(32)),
        format!("{url}/secrets/db?x=1"),
        "db".to_owned(),
    ] {
        let secret = SecretRef::from(SecretId::new(&*id).unwrap());
        for (operation, result) in all_calls(&store, &secret).await {
            assert_eq!(result.unwrap_err().kind(), InvalidInput, "{operation} {id}");
        }
    }
    assert_eq!(vault.request_count(), 0);
}

#[tokio::test]
async fn ids_of_this_vault_are_as_good_as_names() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let told = store.describe(&secret("db")).await.unwrap().id;
    // The service compares without case: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
    let url = vault.url();
    for id in [
        told.to_string(),
        format!("{url}/secrets/db/"),
        format!("{url}/SECRETS/DB"),
    ] {
        let id = SecretRef::from(SecretId::new(id).unwrap());

        assert!(store.get(&id, GetOptions::default()).await.is_ok(), "{id}");
        assert!(store.put(id.clone(), "two").await.is_ok(), "{id}");
    }
}

#[tokio::test]
async fn ids_keep_the_path_of_the_endpoint() {
    let item = object!({ "id": "https://myvault.vault.azure.net/secrets/db/1", "value": "v" });
    let script = Script::always(json(item));
    let store = AzureKeyVault::builder("myvault")
        .endpoint("https://gateway.example/vault")
        .token("made-up-token".into())
        .client_options(script.options())
        .build()
        .unwrap();

    let read = store
        .get(&secret("db"), GetOptions::default())
        .await
        .unwrap();
    let id = read.id.unwrap();
    assert_eq!(id.as_str(), "https://gateway.example/vault/secrets/db");
    store.get(&id.into(), GetOptions::default()).await.unwrap();

    let line = "GET /vault/secrets/db?api-version=2026-04-01";
    assert_eq!(lines(&script), [line, line]);
}

/// Answers that echo what was put, where a service might.
fn echoes(mark: &Mark) -> Vec<Answer> {
    let text = mark.text();
    let bundle = object!({ "value": text, "id": "https://myvault.vault.azure.net/secrets/db/1" });
    let told = |code: &str| {
        let message = format!("Property {text} has invalid value");
        object!({ "error": { "code": code, "message": message } }).to_string()
    };
    vec![
        json(bundle.clone()),
        json(object!({ "value": [bundle, { "id": text }] })),
        json(object!({ "value": { "nested": text } })),
        json(object!({ "value": text })),
        answer(200, format!("{{\"value\": \"{text}\", oops")),
        answer(200, format!("<html>{text}</html>")),
        answer(400, told("BadParameter")),
        answer(403, told("Forbidden")),
        answer(409, told("Conflict")),
        answer(500, format!("<html>{text}</html>")),
    ]
}

#[tokio::test]
async fn a_marked_value_never_shows() {
    let mark = Mark::new();
    let mut errors = 0;
    for echo in echoes(&mark) {
        let status = echo.as_ref().unwrap().status();
        let script = Script::always(echo);
        let store = store_on(&script);
        let put = PutOptions {
            keep_metadata: false,
            ..PutOptions::default()
        };

        let written = store.put_with("db", mark.text(), put).await;
        assert_absent(&mark, "Written", &written);
        errors += usize::from(clean(&mark, written.err()));
        if status == 200 {
            let read = store.get(&secret("db"), GetOptions::default()).await;
            assert_absent(&mark, "Secret", &read);
            errors += usize::from(clean(&mark, read.err()));
            let page = store.list_page(PageRequest::default()).await;
            assert_absent(&mark, "a page", &page);
            errors += usize::from(clean(&mark, page.err()));
        }
        assert_absent(&mark, "the store", &store);
        assert_eq!(mark.find_in(&store.to_string()), None);
    }
    assert!(errors >= 12, "{errors}");
}

fn clean(mark: &Mark, error: Option<Error>) -> bool {
    let Some(error) = error else { return false };
    assert_eq!(mark.find_in_all(&error), None);
    assert_eq!(mark.find_in(error.help()), None);
    assert!(std::error::Error::source(&error).is_none());
    true
}
