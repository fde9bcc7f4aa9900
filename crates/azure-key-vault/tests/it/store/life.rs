//! Deletes, recoveries and purges, and taking them up again.

use std::time::Duration;

use polyvault_azure_key_vault::emulator::{Operation, Version};
use polyvault_core::ErrorKind::{Conflict, InvalidInput, NotFound, Timeout};
use polyvault_core::{
    InfoPatch, OperationId, Outcome, Polled, SecretInfo, SecretStore, SecretStoreExt, VersionState,
    WaitPolicy,
};
use polyvault_testkit::script::{Script, answer, lost};
use serde_json::json as object;

use super::{begin_delete, labels, secret, sent, vault, waited};
use crate::script::{json, lines, store_on};

fn off() -> Version {
    Version {
        enabled: false,
        ..Version::from("one")
    }
}

#[tokio::test]
async fn a_delete_is_polled_until_the_deleted_secret_shows() {
    let (vault, clock) = vault().await;
    vault.delete_polls(3);
    vault.seed("db", ["one"]).unwrap();

    vault.store().delete("db").await.unwrap();

    let mut due = vec!["DELETE /secrets/db"];
    due.extend(["GET /deletedsecrets/db"; 4]);
    assert_eq!(sent(&vault).await, due);
    assert_eq!(waited(&clock), 6);
}

#[tokio::test]
async fn a_vault_without_soft_delete_has_nothing_to_poll() {
    let (vault, _) = vault().await;
    vault.soft_delete(false);
    vault.seed("db", ["one"]).unwrap();

    vault.store().delete("db").await.unwrap();

    assert_eq!(vault.request_count(), 1);
}

#[tokio::test]
async fn who_may_not_look_at_what_is_deleted_can_delete() {
    let (vault, _) = vault().await;
    vault.delete_polls(3);
    vault.seed("db", ["one"]).unwrap();
    vault.forbid([Operation::GetDeletedSecret], "ForbiddenByRbac");

    vault.store().delete("db").await.unwrap();

    assert_eq!(vault.request_count(), 2);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    vault.commit_then_drop(1);
    let store = vault.store();

    store.delete("db").await.unwrap();

    let again = store.delete("db").await.unwrap_err();
    assert_eq!(again.kind(), NotFound);
}

#[tokio::test]
async fn a_delete_that_is_under_way_is_joined() {
    let refused = object!({ "error": { "code": "Conflict", "innererror": { "code": "ObjectIsBeingDeleted" } } });
    let script = Script::new([lost(), answer(409, refused.to_string()), json(object!({}))]);

    store_on(&script).delete("db").await.unwrap();

    let api = "?api-version=2026-04-01";
    let delete = format!("DELETE /secrets/db{api}");
    let look = format!("GET /deletedsecrets/db{api}");
    assert_eq!(lines(&script), [delete.clone(), delete, look]);
}

#[tokio::test]
async fn a_purge_or_recovery_whose_answer_was_lost_is_done() {
    let (vault, _) = vault().await;
    vault.recover_polls(2);
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();

    store.delete("db").await.unwrap();
    vault.commit_then_drop(1);
    let recovered = store.recover("db").await.unwrap();
    assert_eq!(recovered.name.unwrap().as_str(), "db");

    store.delete("db").await.unwrap();
    vault.commit_then_drop(1);
    store.purge("db").await.unwrap();
    assert_eq!(vault.versions("db").len(), 0);
    assert_eq!(store.purge("db").await.unwrap_err().kind(), NotFound);
}

#[tokio::test]
async fn a_delete_is_taken_up_by_another_process() {
    let (vault, _) = vault().await;
    vault.delete_polls(3);
    vault.seed("db", ["one"]).unwrap();
    let begun = begin_delete(&vault.store()).await;
    let id = begun.id().unwrap().to_string();

    let id = OperationId::new(id).unwrap();
    let mut resumed = vault.store().resume(&id).await.unwrap();

    assert_eq!(resumed.id(), Some(&id));
    assert!(matches!(resumed.poll().await.unwrap(), Polled::Pending(_)));
    let outcome = resumed.wait(WaitPolicy::default()).await.unwrap();
    assert_eq!(outcome, Outcome::Done);
}

#[tokio::test]
async fn a_delete_taken_up_after_a_recovery_is_a_conflict() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let operation = begin_delete(&store).await;
    let id = operation.id().unwrap().clone();
    store.recover("db").await.unwrap();

    let error = vault
        .store()
        .resume_as::<()>(&id, WaitPolicy::default())
        .await
        .unwrap_err();

    assert_eq!(error.kind(), Conflict);
    assert_eq!(error.provider(), Some("azure-key-vault"));
    assert_eq!(error.operation(), Some("delete"));
    assert_eq!(error.secret(), Some("db"));
}

#[tokio::test]
async fn who_may_not_list_waits_for_a_delete_to_the_deadline() {
    let (vault, clock) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    vault.forbid([Operation::GetSecretVersions], "ForbiddenByRbac");
    let id = OperationId::new("delete:db").unwrap();

    let policy = WaitPolicy::default();
    let error = vault
        .store()
        .resume_as::<()>(&id, policy)
        .await
        .unwrap_err();

    assert_eq!(error.kind(), Timeout);
    assert_eq!(waited(&clock), 300);
}

#[tokio::test]
async fn a_recovery_is_polled_until_the_secret_can_be_read() {
    let (vault, clock) = vault().await;
    vault.recover_polls(3);
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    store.delete("db").await.unwrap();

    let info = store.recover("db").await.unwrap();

    assert_eq!(info.id.as_str(), format!("{}/secrets/db", vault.url()));
    assert_eq!(waited(&clock), 6);
}

#[tokio::test]
async fn a_recovery_is_taken_up_by_another_process() {
    let (vault, _) = vault().await;
    vault.recover_polls(3);
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    store.delete("db").await.unwrap();
    let operation = store.begin_recover(&secret("db")).await.unwrap();

    let policy = WaitPolicy::default();
    let other = vault.store();
    let info: SecretInfo = other
        .resume_as(operation.id().unwrap(), policy)
        .await
        .unwrap();

    assert_eq!(info.name.unwrap().as_str(), "db");
}

#[tokio::test]
async fn a_recovered_secret_that_can_not_be_read_is_back() {
    for (seeded, forbidden, told, resumed) in [
        (off(), false, VersionState::Disabled, VersionState::Disabled),
        (
            Version::from("one"),
            true,
            VersionState::Enabled,
            VersionState::Unknown("forbidden".into()),
        ),
    ] {
        let (vault, _) = vault().await;
        vault.recover_polls(2);
        vault.seed("db", [seeded]).unwrap();
        let store = vault.store();
        store.delete("db").await.unwrap();
        if forbidden {
            vault.forbid([Operation::GetSecret], "ForbiddenByRbac");
        }

        let info = store.recover("db").await.unwrap();
        assert_eq!(info.state, told);

        let id = OperationId::new("recover:db").unwrap();
        let policy = WaitPolicy::default();
        let info: SecretInfo = store.resume_as(&id, policy).await.unwrap();
        assert_eq!(info.state, resumed);
        assert_eq!(info.name.unwrap().as_str(), "db");
    }
}

#[tokio::test]
async fn a_recovery_of_what_is_being_deleted_waits_for_the_delete() {
    let (vault, _) = vault().await;
    vault.delete_polls(3);
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let _begun = begin_delete(&store).await;

    store.recover("db").await.unwrap();

    assert!(store.get_text("db").await.is_ok());
}

#[tokio::test]
async fn a_recovered_secret_can_be_changed_and_deleted_at_once() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let patch = InfoPatch {
        labels: Some(labels("team", "blue")),
        ..InfoPatch::default()
    };
    vault.recover_polls(3);

    store.delete("db").await.unwrap();
    let _begun = store.begin_recover(&secret("db")).await.unwrap();
    store.update("db", patch).await.unwrap();

    store.delete("db").await.unwrap();
    let _begun = store.begin_recover(&secret("db")).await.unwrap();
    store.delete("db").await.unwrap();
    assert_eq!(vault.versions("db")[0].tags, Some(labels("team", "blue")));
}

#[tokio::test]
async fn ids_of_other_operations_are_refused_and_send_nothing() {
    let (vault, _) = vault().await;
    let store = vault.store();
    for id in [
        "delete",
        "purge:db",
        "delete:",
        "delete:../deletedsecrets/db",
        "recover:a b",
    ] {
        let error = store
            .resume(&OperationId::new(id).unwrap())
            .await
            .unwrap_err();

        assert_eq!(error.kind(), InvalidInput, "{id}");
        assert_eq!(error.operation(), Some("resume"), "{id}");
    }
    assert_eq!(vault.request_count(), 0);
}

#[tokio::test]
async fn waiting_ends_where_the_caller_says() {
    let (vault, clock) = vault().await;
    vault.delete_polls(u32::MAX);
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let operation = begin_delete(&store).await;

    let policy = WaitPolicy {
        deadline: Duration::from_secs(9),
        ..WaitPolicy::default()
    };
    let error = operation.wait(policy).await.unwrap_err();

    assert_eq!(error.kind(), Timeout);
    assert!(error.help().contains("delete:db"), "{}", error.help());
    assert_eq!(waited(&clock), 9);
}
