//! Calls that are refused, lost or too early.

use polyvault_azure_key_vault::emulator::Operation;
use polyvault_azure_key_vault::{AzureKeyVault, Backup, ReadOptions};
use polyvault_core::ErrorKind::{
    self, Conflict, Disabled, Forbidden, InTransition, InvalidInput, NotFound, SoftDeleted,
    Unauthenticated,
};
use polyvault_core::clock::Clock;
use polyvault_core::transport::ClientOptions;
use polyvault_core::{Error, PageRequest, Retry, SecretStoreExt, VersionPatch, VersionSelector};
use polyvault_testkit::refusals::check_help;
use polyvault_testkit::script::{Script, answer, lost};
use serde_json::json as object;

use super::{secret, text};
use crate::manual_clock;
use crate::script::{lines, store_on};

/// The error of each call, by its name, as each must have one.
pub(super) async fn errors_of_all(store: &AzureKeyVault) -> Vec<(&'static str, Error)> {
    let (db, current, page) = (secret("db"), VersionSelector::Current, PageRequest::default);
    let patch = VersionPatch {
        enabled: Some(true),
        ..VersionPatch::default()
    };
    let update = store.update_properties(&db, &current, patch).await;
    let read = store.read(&db, &ReadOptions::default()).await;
    let versions = store.list_version_properties_page(&db, page()).await;
    let deleted = store.list_deleted_properties_page(page()).await;
    let backup = Backup::from_bytes(b"made up".as_slice());
    vec![
        (
            "properties",
            store.properties(&db, &current).await.unwrap_err(),
        ),
        ("read", read.unwrap_err()),
        ("update_properties", update.unwrap_err()),
        (
            "list_properties",
            store.list_properties_page(page()).await.unwrap_err(),
        ),
        ("list_version_properties", versions.unwrap_err()),
        ("list_deleted_properties", deleted.unwrap_err()),
        ("get_deleted", store.get_deleted(&db).await.unwrap_err()),
        ("backup", store.backup(&db).await.unwrap_err()),
        ("restore", store.restore(&backup).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn a_refusal_is_what_it_is_whatever_its_body_says() {
    let coded = |code: &str| object!({ "error": { "code": "SecretNotFound", "innererror": { "code": code } }, "value": [] });
    for (status, code, kind) in [
        (401, "SecretNotFound", Unauthenticated),
        (403, "SecretNotFound", Forbidden),
        (403, "ForbiddenByRbac", Forbidden),
        (403, "SecretDisabled", Disabled),
        (404, "ForbiddenByRbac", NotFound),
        (409, "SomethingNew", Conflict),
        (409, "ObjectIsDeletedButRecoverable", SoftDeleted),
        (429, "Throttled", ErrorKind::RateLimited),
        (503, "SecretNotFound", ErrorKind::Unavailable),
    ] {
        let script = Script::always(answer(status, coded(code).to_string()));
        for (name, error) in errors_of_all(&store_on(&script)).await {
            assert_eq!(error.kind(), kind, "{name} {status} {code}");
            assert_eq!(error.operation(), Some(name));
            assert_eq!(check_help(&error), Ok(()), "{name} {status} {code}");
        }
    }
}

#[tokio::test]
async fn without_an_answer_a_change_is_unknown_and_a_restore_is_sent_once() {
    for (name, error) in errors_of_all(&store_on(&Script::always(lost()))).await {
        let changes = ["restore", "update_properties"].contains(&name);
        let unknown = error.retry() == Retry::OutcomeUnknown;
        assert_eq!(unknown, changes, "{name}");
        assert_eq!(check_help(&error), Ok(()), "{name}");
    }

    let script = Script::always(lost());
    let backup = Backup::from_bytes(b"made up".as_slice());
    let error = store_on(&script).restore(&backup).await.unwrap_err();
    assert_eq!(
        lines(&script),
        ["POST /secrets/restore?api-version=2026-04-01"]
    );
    assert!(error.help().contains("properties"), "{}", error.help());
}

#[tokio::test]
async fn an_empty_backup_and_a_strange_name_send_nothing() {
    let script = Script::new([]);
    let store = store_on(&script);
    let strange = secret("../deletedsecrets/x");

    let errors = [
        store
            .restore(&Backup::from_bytes(Vec::new()))
            .await
            .map(drop),
        store.backup(&strange).await.map(drop),
        store.get_deleted(&strange).await.map(drop),
        store
            .properties(&strange, &Default::default())
            .await
            .map(drop),
        store
            .read(&strange, &ReadOptions::default())
            .await
            .map(drop),
        store
            .update_properties(&secret("db"), &Default::default(), VersionPatch::default())
            .await
            .map(drop),
    ];

    for error in errors {
        assert_eq!(error.unwrap_err().kind(), InvalidInput);
    }
}

#[tokio::test]
async fn a_restore_waits_for_a_purge_and_not_for_ever() {
    let (vault, clock) = super::life::vault().await;
    let store = vault.store();
    vault.seed("db", ["one", "two"]).unwrap();
    let backup = store.backup(&secret("db")).await.unwrap();
    store.delete("db").await.unwrap();

    let error = store.restore(&backup).await.unwrap_err();
    assert_eq!(error.kind(), SoftDeleted);
    assert!(error.help().contains("restore again"), "{}", error.help());

    vault.purge_conflicts(3);
    store.purge("db").await.unwrap();
    let restored = store.restore(&backup).await.unwrap();
    assert_eq!(restored.name.as_str(), "db");
    assert_eq!(vault.versions("db").len(), 2);
    assert_eq!(text(&store, "db").await, "two");

    let error = store.restore(&backup).await.unwrap_err();
    assert_eq!(error.kind(), Conflict);
    assert_eq!(vault.versions("db").len(), 2);

    store.delete("db").await.unwrap();
    vault.purge_conflicts(100);
    store.purge("db").await.unwrap();
    let before = clock.now();
    let error = store.restore(&backup).await.unwrap_err();
    assert_eq!(error.kind(), InTransition);
    let waited = clock.now().duration_since(before);
    assert_eq!(waited.as_secs(), 60);
}

#[tokio::test]
async fn a_restore_whose_answer_is_lost_took_place_and_is_not_repeated() {
    let (vault, _) = super::life::vault().await;
    vault.seed("db", ["one"]).unwrap();
    let backup = vault.store().backup(&secret("db")).await.unwrap();
    let new = polyvault_azure_key_vault::emulator::Emulator::builder();
    let new = new.clock(manual_clock()).start().await;
    new.commit_then_drop(1);

    let store = new.store_with(ClientOptions::default());
    let error = store.restore(&backup).await.unwrap_err();

    assert_eq!(error.retry(), Retry::OutcomeUnknown);
    assert_eq!(new.request_count(), 1);
    let told = store.properties(&secret("db"), &Default::default()).await;
    assert_eq!(told.unwrap().name.as_str(), "db");
    new.forbid([Operation::RestoreSecret], "ForbiddenByRbac");
    assert_eq!(store.restore(&backup).await.unwrap_err().kind(), Forbidden);
}
