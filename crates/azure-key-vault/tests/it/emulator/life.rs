//! The life of a secret: set, update, delete, recover, purge, backup.

use std::sync::Arc;
use std::time::Duration;

use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::clock::ManualClock;
use serde_json::{Value, json};

use super::{ask, get, set};

#[tokio::test]
async fn names_are_compared_without_case_and_kept_as_first_spelt() {
    let vault = Emulator::start().await;

    set(&vault, "Db-Password", "first").await;
    let second = set(&vault, "DB-PASSWORD", "second").await;
    let read = get(&vault, "/secrets/db-password").await;

    let begin = format!("{}/secrets/Db-Password/", vault.url());
    assert!(second.body["id"].as_str().unwrap().starts_with(&begin));
    assert_eq!(read.body["value"], "second");
    assert_eq!(vault.versions("db-password").len(), 2);
}

#[tokio::test]
async fn times_come_from_the_clock_in_whole_seconds() {
    let start = "2026-01-01T00:00:00.9Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let builder = Emulator::builder().clock(Arc::clone(&clock) as _);
    let vault = builder.start().await;

    let made = set(&vault, "db", "v").await;
    clock.advance(Duration::from_secs(60));
    let path = "/secrets/db";
    let changed = ask(&vault, "PATCH", path, Some(json!({"tags": {}}))).await;
    clock.advance(Duration::from_secs(60));
    let deleted = ask(&vault, "DELETE", path, None).await;

    let second = 1_767_225_600;
    assert_eq!(made.body["attributes"]["created"], second);
    assert_eq!(made.body["attributes"]["updated"], second);
    assert_eq!(changed.body["attributes"]["created"], second);
    assert_eq!(changed.body["attributes"]["updated"], second + 60);
    assert_eq!(deleted.body["deletedDate"], second + 120);
    let ninety_days = 90 * 24 * 60 * 60;
    let purge = second + 120 + ninety_days;
    assert_eq!(deleted.body["scheduledPurgeDate"], purge);
    clock.advance(Duration::from_secs(90 * 24 * 60 * 60 - 1));
    assert_eq!(get(&vault, "/deletedsecrets/db").await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(get(&vault, "/deletedsecrets/db").await.status, 404);
}

#[tokio::test]
async fn a_set_inherits_nothing() {
    let vault = Emulator::start().await;
    let first = json!({"name": "db", "versions": [
        {"value": "v", "contentType": "text/plain", "tags": {"a": "1"}, "exp": 1_798_761_600},
    ]});
    vault.given(&json!({ "secret": first })).unwrap();

    let second = set(&vault, "db", "w").await;

    for field in ["/contentType", "/tags", "/attributes/exp"] {
        assert_eq!(second.body.pointer(field), None, "{field}");
    }
}

#[tokio::test]
async fn an_update_replaces_tags_keeps_the_rest_and_can_not_clear_expiry() {
    let vault = Emulator::start().await;
    let version = json!({
        "value": "v", "contentType": "text/plain", "tags": {"a": "1", "b": "2"}, "exp": 1_798_761_600,
    });
    let seed = json!({"secret": {"name": "db", "versions": [version]}});
    vault.given(&seed).unwrap();

    let change = json!({"tags": {"c": "3"}, "attributes": {"exp": null}});
    let changed = ask(&vault, "PATCH", "/secrets/db/", Some(change)).await;

    assert_eq!(changed.body["tags"], json!({"c": "3"}));
    assert_eq!(changed.body["contentType"], "text/plain");
    assert_eq!(changed.body["attributes"]["exp"], 1_798_761_600);
    assert_eq!(changed.body.get("value"), None);
}

#[tokio::test]
async fn a_value_may_have_25_times_1024_bytes_and_no_more() {
    let vault = Emulator::start().await;

    let fits = set(&vault, "db", &"é".repeat(25 * 512)).await;
    let too_long = set(&vault, "db", &"x".repeat(25 * 1024 + 1)).await;
    let too_long_in_bytes = set(&vault, "db", &"é".repeat(25 * 512 + 1)).await;

    assert_eq!(fits.status, 200);
    assert_eq!(too_long.error(), (400, "BadParameter", None));
    assert_eq!(too_long_in_bytes.error(), (400, "BadParameter", None));
}

#[tokio::test]
async fn a_delete_goes_on_for_as_many_requests_as_told() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v"]).unwrap();
    vault.delete_polls(3);
    let (live, deleted) = ("/secrets/db", "/deletedsecrets/db");
    let being_deleted = (409, "Conflict", Some("ObjectIsBeingDeleted"));

    let answer = ask(&vault, "DELETE", live, None).await;

    let recovery_id = format!("{}{deleted}", vault.url());
    assert_eq!(answer.body["recoveryId"], recovery_id);
    assert_eq!(
        get(&vault, live).await.error(),
        (404, "SecretNotFound", None)
    );
    assert_eq!(
        get(&vault, deleted).await.error(),
        (404, "SecretNotFound", None)
    );
    assert_eq!(set(&vault, "db", "w").await.error(), being_deleted);
    let purge = ask(&vault, "DELETE", deleted, None).await;
    assert_eq!(purge.error(), being_deleted);
    assert_eq!(get(&vault, deleted).await.status, 200);
    let refused = (409, "Conflict", Some("ObjectIsDeletedButRecoverable"));
    assert_eq!(set(&vault, "db", "w").await.error(), refused);
}

#[tokio::test]
async fn a_recovery_goes_on_and_then_refuses_sets_for_as_long_as_told() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v", "w"]).unwrap();
    vault.given(&json!({"delete": "db"})).unwrap();
    vault.recover_polls(2);
    vault.recover_conflicts(1);
    let being_recovered = (409, "Conflict", Some("ObjectIsBeingRecovered"));

    let answer = ask(&vault, "POST", "/deletedsecrets/db/recover", None).await;

    assert_eq!((answer.status, answer.body.get("value")), (200, None));
    assert_eq!(get(&vault, "/secrets/db").await.status, 404);
    assert_eq!(set(&vault, "db", "x").await.error(), being_recovered);
    assert_eq!(get(&vault, "/secrets/db").await.body["value"], "w");
    assert_eq!(set(&vault, "db", "x").await.error(), being_recovered);
    assert_eq!(set(&vault, "db", "x").await.status, 200);
    assert_eq!(vault.versions("db").len(), 3);
}

#[tokio::test]
async fn a_purge_is_answered_at_once_and_may_refuse_sets_for_a_while() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v"]).unwrap();
    vault.given(&json!({"delete": "db"})).unwrap();
    vault.purge_conflicts(1);

    let purge = ask(&vault, "DELETE", "/deletedsecrets/db", None).await;

    assert_eq!((purge.status, purge.body), (204, Value::Null));
    let refused = (409, "Conflict", Some("ObjectIsBeingDeleted"));
    assert_eq!(set(&vault, "db", "w").await.error(), refused);
    assert_eq!(set(&vault, "db", "w").await.status, 200);
    assert_eq!(vault.versions("db").len(), 1);
}

#[tokio::test]
async fn a_vault_without_soft_delete_forgets_at_once() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v"]).unwrap();
    vault.soft_delete(false);

    let answer = ask(&vault, "DELETE", "/secrets/db", None).await;

    assert_eq!((answer.status, answer.body.get("recoveryId")), (200, None));
    assert_eq!(answer.body["attributes"]["recoveryLevel"], "Purgeable");
    assert_eq!(get(&vault, "/deletedsecrets/db").await.status, 404);
    assert_eq!(set(&vault, "db", "w").await.status, 200);
}

#[tokio::test]
async fn a_backup_restores_all_versions_into_another_vault() {
    let (vault, other) = (Emulator::start().await, Emulator::start().await);
    vault.seed("db", ["first", "second"]).unwrap();

    let blob = ask(&vault, "POST", "/secrets/db/backup", None).await.body;
    let restored = ask(&other, "POST", "/secrets/restore", Some(blob.clone())).await;
    let again = ask(&other, "POST", "/secrets/restore", Some(blob)).await;

    assert_eq!((restored.status, restored.body.get("value")), (200, None));
    assert_eq!(again.error(), (409, "Conflict", None));
    let ids = |vault: &Emulator| vault.versions("db").into_iter().map(|v| v.id);
    assert!(ids(&vault).eq(ids(&other)));
    assert_eq!(get(&other, "/secrets/db").await.body["value"], "second");
}

#[tokio::test]
async fn corrupt_changes_the_current_value_and_nothing_else() {
    let vault = Emulator::start().await;
    vault.seed("db", ["first", "second"]).unwrap();

    assert!(vault.corrupt("db"));
    assert!(!vault.corrupt("nothing"));

    let values: Vec<String> = vault.versions("db").into_iter().map(|v| v.value).collect();
    assert_eq!(values, ["first", "secone"]);
}
