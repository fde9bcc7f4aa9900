//! Puts: what they keep, and what becomes of a lost answer.

use polyvault_azure_key_vault::emulator::{Emulator, Operation, Version};
use polyvault_core::ErrorKind::{Disabled, Forbidden, InTransition, NotFound, SoftDeleted};
use polyvault_core::{
    ErrorKind, Labels, OnSoftDeleted, PutMode, PutOptions, Retry, SecretRef, SecretStore,
    SecretStoreExt,
};
use polyvault_testkit::script::{self, Script, answer};
use serde_json::json as object;

use super::{at_once, begin_delete, labels, secret, sent, sets, vault, waited, waited_ms};
use crate::script::{json, lines, store_on};

/// A version with everything that a put can give.
fn full() -> Version {
    Version {
        value: "one".into(),
        content_type: Some("text/plain".into()),
        tags: Some(labels("team", "blue")),
        nbf: Some(1_767_225_600),
        exp: Some(1_798_761_600),
        ..Version::default()
    }
}

fn last(vault: &Emulator) -> Version {
    vault.versions("db").pop().unwrap()
}

#[tokio::test]
async fn a_silent_put_carries_tags_and_content_type_and_nothing_else() {
    let (vault, _) = vault().await;
    vault.seed("db", [full()]).unwrap();

    let written = vault.store().put("db", "two").await.unwrap();

    let now = last(&vault);
    assert_eq!(now.value, "two");
    assert_eq!(now.tags, Some(labels("team", "blue")));
    assert_eq!(now.content_type.as_deref(), Some("text/plain"));
    assert_eq!((now.nbf, now.exp, now.enabled), (None, None, true));
    assert_eq!(written.version.id.unwrap().as_str(), now.id);
    assert_eq!(sent(&vault).await, ["GET /secrets/db", "PUT /secrets/db"]);
}

#[tokio::test]
async fn a_put_carries_what_the_options_are_silent_of_only() {
    let options = |labels: Option<Labels>, content_type: Option<&str>| PutOptions {
        labels,
        content_type: content_type.map(str::to_owned),
        ..PutOptions::default()
    };
    let (blue, red) = (Some(labels("team", "blue")), Some(labels("team", "red")));
    for (given, tags, content_type, requests) in [
        (
            options(red.clone(), None),
            red.clone(),
            Some("text/plain"),
            2,
        ),
        (options(None, Some("text/x")), blue, Some("text/x"), 2),
        (options(red.clone(), Some("text/x")), red, Some("text/x"), 1),
        (options(Some(Labels::new()), Some("")), None, None, 1),
        (at_once(), None, None, 1),
    ] {
        let (vault, _) = vault().await;
        vault.seed("db", [full()]).unwrap();

        vault
            .store()
            .put_with("db", "two", given.clone())
            .await
            .unwrap();

        let now = last(&vault);
        assert_eq!(now.tags, tags, "{given:?}");
        assert_eq!(now.content_type.as_deref(), content_type, "{given:?}");
        assert_eq!(vault.request_count(), requests, "{given:?}");
    }
}

#[tokio::test]
async fn a_put_that_may_not_read_fails_and_drops_no_tags() {
    let (vault, _) = vault().await;
    vault.seed("db", [full()]).unwrap();
    vault.forbid([Operation::GetSecret], "ForbiddenByRbac");

    let error = vault.store().put("db", "two").await.unwrap_err();

    assert_eq!(error.kind(), Forbidden);
    assert_eq!(error.operation(), Some("put"));
    assert!(error.help().contains("keep_metadata"), "{}", error.help());
    assert_eq!((vault.versions("db").len(), sets(&vault).await), (1, 0));
    vault
        .store()
        .put_with("db", "two", at_once())
        .await
        .unwrap();
    assert_eq!(last(&vault).value, "two");
}

#[tokio::test]
async fn a_put_over_a_disabled_version_fails_and_drops_no_tags() {
    let (vault, _) = vault().await;
    let off = Version {
        enabled: false,
        ..full()
    };
    vault.seed("db", [full(), off]).unwrap();

    let error = vault.store().put("db", "two").await.unwrap_err();

    assert_eq!(error.kind(), Disabled);
    assert!(error.help().contains("keep_metadata"), "{}", error.help());
    assert_eq!((vault.versions("db").len(), sets(&vault).await), (2, 0));
    vault
        .store()
        .put_with("db", "two", at_once())
        .await
        .unwrap();
    assert_eq!(last(&vault).value, "two");
}

#[tokio::test]
async fn a_put_that_does_not_look_never_claims_to_have_made_the_secret() {
    let (vault, _) = vault().await;

    let written = vault.store().put_with("db", "one", at_once()).await;

    assert!(!written.unwrap().created);
}

#[tokio::test]
async fn a_lost_answer_to_a_set_is_confirmed_by_looking() {
    for seeded in [true, false] {
        let (vault, _) = vault().await;
        if seeded {
            vault.seed("db", ["one"]).unwrap();
        }
        vault.commit_then_drop(1);

        let written = vault.store().put("db", "two").await.unwrap();

        assert_eq!(written.version.id.unwrap().as_str(), last(&vault).id);
        assert_eq!(written.created, !seeded);
        assert_eq!(sets(&vault).await, 1);
    }
}

/// A script of a put: the read before it, a lost answer, and the read after it.
async fn lost(before: &str, after: serde_json::Value) -> (polyvault_core::Error, Vec<String>) {
    let script = Script::new([json(bundle("one", before)), script::lost(), json(after)]);
    let error = store_on(&script).put("db", "two").await.unwrap_err();
    (error, lines(&script))
}

fn bundle(value: &str, version: &str) -> serde_json::Value {
    let id = format!("https://myvault.vault.azure.net/secrets/db/{version}");
    object!({ "value": value, "id": id })
}

#[tokio::test]
async fn a_lost_answer_that_looking_can_not_confirm_is_unknown_and_never_sent_again() {
    let (old, new) = ("0".repeat(32), "1".repeat(32));
    for (what, after) in [
        ("the set did not take place", bundle("one", &old)),
        ("the same value as before", bundle("two", &old)),
        ("another writer came between", bundle("three", &new)),
        ("an answer that tells nothing", object!({})),
    ] {
        let (error, lines) = lost(&old, after).await;

        assert_eq!(error.retry(), Retry::OutcomeUnknown, "{what}");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{what}");
        let current = "/secrets/db?api-version=2026-04-01";
        let due = ["GET", "PUT", "GET"].map(|method| format!("{method} {current}"));
        assert_eq!(lines, due, "{what}");
    }
}

#[tokio::test]
async fn a_lost_answer_without_a_look_before_is_unknown() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    vault.commit_then_drop(1);

    let error = vault.store().put_with("db", "two", at_once()).await;

    assert_eq!(error.unwrap_err().retry(), Retry::OutcomeUnknown);
    assert_eq!(vault.versions("db").len(), 2);
}

#[tokio::test]
async fn an_answer_to_a_set_that_can_not_be_read_is_settled_by_looking() {
    let new = "1".repeat(32);
    for (after, settled) in [(bundle("two", &new), true), (bundle("six", &new), false)] {
        let before = bundle("one", &"0".repeat(32));
        let script = Script::new([json(before), answer(200, "<html>"), json(after)]);

        let put = store_on(&script).put("db", "two").await;

        match put {
            Ok(written) => assert!(settled && !written.created),
            Err(error) => {
                assert!(!settled);
                assert_eq!(error.kind(), ErrorKind::Decode);
                assert_eq!(error.retry(), Retry::OutcomeUnknown);
            }
        }
    }
}

#[tokio::test]
async fn a_throttled_set_without_a_told_wait_is_sent_again() {
    let (vault, clock) = vault().await;
    vault.throttle(3, None);

    vault
        .store()
        .put_with("db", "one", at_once())
        .await
        .unwrap();

    assert_eq!((vault.versions("db").len(), sets(&vault).await), (1, 4));
    // Half of 200, 400 and 800 ms at the least.
    assert!(waited_ms(&clock) >= 700);
}

#[tokio::test]
async fn a_set_over_a_deleted_secret_does_as_told() {
    for (told, versions) in [
        (OnSoftDeleted::Fail, 1),
        (OnSoftDeleted::Recover, 2),
        (OnSoftDeleted::Purge, 1),
    ] {
        for mode in [PutMode::Upsert, PutMode::Create] {
            let (vault, _) = vault().await;
            vault.recover_polls(3);
            vault.recover_conflicts(2);
            vault.purge_conflicts(2);
            vault.seed("db", [full()]).unwrap();
            vault.store().delete("db").await.unwrap();
            let options = PutOptions {
                mode,
                on_soft_deleted: told,
                ..PutOptions::default()
            };

            let put = vault.store().put_with("db", "two", options).await;

            assert_eq!(vault.versions("db").len(), versions, "{told:?} {mode:?}");
            if told == OnSoftDeleted::Fail {
                let error = put.unwrap_err();
                assert_eq!(error.kind(), SoftDeleted);
                assert_eq!(error.operation(), Some("put"));
                continue;
            }
            let recovered = told == OnSoftDeleted::Recover;
            assert_eq!(put.unwrap().created, !recovered);
            assert_eq!(last(&vault).value, "two");
            assert_eq!(last(&vault).tags.is_some(), recovered);
        }
    }
}

#[tokio::test]
async fn adding_a_version_recovers_a_deleted_secret_if_told_and_makes_none() {
    let (vault, _) = vault().await;
    let add = PutOptions {
        mode: PutMode::AddVersion,
        on_soft_deleted: OnSoftDeleted::Recover,
        ..PutOptions::default()
    };
    let store = vault.store();

    let missing = store.put_with("db", "two", add.clone()).await.unwrap_err();
    assert_eq!(missing.kind(), NotFound);
    vault.seed("db", ["one"]).unwrap();
    store.delete("db").await.unwrap();

    store.put_with("db", "two", add).await.unwrap();

    assert_eq!(vault.versions("db").len(), 2);
}

#[tokio::test]
async fn an_upsert_by_id_makes_no_secret() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let id = store.describe(&secret("db")).await.unwrap().id;

    store.put(SecretRef::from(id.clone()), "two").await.unwrap();
    assert_eq!(last(&vault).value, "two");
    store.delete("db").await.unwrap();
    store.purge("db").await.unwrap();

    let error = store.put(SecretRef::from(id), "three").await.unwrap_err();

    assert_eq!(error.kind(), NotFound);
    assert_eq!(vault.versions("db").len(), 0);
}

#[tokio::test]
async fn a_secret_on_its_way_is_waited_for_and_not_for_ever() {
    let (vault, clock) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    vault.delete_polls(3);
    let store = vault.store();
    let _begun = begin_delete(&store).await;

    // Three refusals, two seconds apart, and then it is deleted.
    let error = store.put("db", "two").await.unwrap_err();
    assert_eq!(error.kind(), SoftDeleted);
    assert_eq!(waited(&clock), 6);

    store.purge("db").await.unwrap();
    vault.purge_conflicts(u32::MAX);
    vault.seed("db", ["one"]).unwrap();
    store.delete("db").await.unwrap();
    store.purge("db").await.unwrap();
    let before = waited(&clock);

    let error = store.put("db", "two").await.unwrap_err();

    assert_eq!(error.kind(), InTransition);
    assert_eq!(error.retry(), Retry::After(None));
    assert_eq!(waited(&clock) - before, 60);
}
