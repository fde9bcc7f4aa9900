//! Stores of other capabilities: like the services, and each strength that none of them has.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::future::join;
use polyvault_core::capabilities::{CreateStrength, LostPut, MakeCurrent, Scope, Versions};
use polyvault_core::{
    Capabilities, DeleteOptions, ErrorKind, GetOptions, IdempotencyKey, InfoPatch, Labels,
    MemoryStore, OnSoftDeleted, OperationId, Outcome, Payload, PutMode, PutOptions, Retry,
    SecretId, SecretRef, SecretStore, SecretStoreExt, VersionSelector, WaitPolicy,
};
use polyvault_testkit::conformance::{Harness, run_all};

use crate::memory::Memory;

fn with(change: impl FnOnce(&mut Capabilities)) -> MemoryStore {
    let mut capabilities = MemoryStore::new().capabilities().clone();
    change(&mut capabilities);
    MemoryStore::builder().capabilities(capabilities).build()
}

/// Runs the suite on fresh stores and on one, and gives why checks were skipped.
async fn skipped(make: fn() -> MemoryStore) -> BTreeSet<String> {
    let fresh = run_all(async || Arc::new(Memory::new(make())) as _).await;
    assert!(fresh.is_green(), "{fresh}");
    let harness: Arc<dyn Harness> = Arc::new(Memory::new(make()));
    let one = run_all(async || Arc::clone(&harness)).await;
    assert!(one.is_green(), "{one}");
    fresh.skipped().map(|(_, why)| why.to_owned()).collect()
}

fn reasons<const N: usize>(reasons: [&str; N]) -> BTreeSet<String> {
    reasons.map(str::to_owned).into()
}

#[tokio::test]
async fn a_store_like_azure_keeps_every_promise() {
    let due = reasons([
        "capability `cancel_destruction`",
        "capability `clear_validity`",
        "capability `create: atomic`",
        "capability `deletion_protection`",
        "capability `description`",
        "capability `destroy`",
        "capability `lost_put: idempotent`",
        "capability `rename`",
        "the harness has no hook `make_twins`",
    ]);

    assert_eq!(skipped(MemoryStore::like_azure).await, due);
}

#[tokio::test]
async fn a_store_like_lockbox_keeps_every_promise() {
    let due = reasons([
        "capability `clear_validity`",
        "capability `content_type`",
        "capability `create: atomic`",
        "capability `disable: version`",
        "capability `disable`",
        "capability `empty_values`",
        "capability `purge`",
        "capability `recover, purge`",
        "capability `recover`",
        "capability `soft_delete`",
        "capability `update_version, validity`",
        "capability `validity`",
    ]);

    assert_eq!(skipped(MemoryStore::like_lockbox).await, due);
}

#[tokio::test]
async fn a_store_like_wix_keeps_every_promise() {
    let due = reasons([
        "capability `binary`",
        "capability `cancel_destruction`",
        "capability `clear_validity`",
        "capability `content_type`",
        "capability `deletion_protection`",
        "capability `destroy`",
        "capability `disable: version`",
        "capability `disable`",
        "capability `empty_values`",
        "capability `entries`",
        "capability `labels`",
        "capability `make_current`",
        "capability `purge`",
        "capability `recover, purge`",
        "capability `recover`",
        "capability `soft_delete`",
        "capability `update_version, validity`",
        "capability `validity`",
        "capability `versions`",
    ]);

    assert_eq!(skipped(MemoryStore::like_wix).await, due);
}

/// Every value of every field once, also those that no service has.
#[tokio::test]
async fn a_store_of_any_one_other_capability_keeps_every_promise() {
    let changes: [fn(&mut Capabilities); 25] = [
        |can| {
            can.versions = Versions::None;
            (can.update_version, can.disable) = (false, Scope::Secret);
            (can.make_current, can.destroy) = (MakeCurrent::None, false);
            (can.cancel_destruction, can.clear_validity) = (false, false);
        },
        |can| can.versions = Versions::Listed,
        |can| can.labels = Scope::None,
        |can| can.labels = Scope::Version,
        |can| can.content_type = false,
        |can| can.description = Scope::None,
        |can| can.description = Scope::Version,
        |can| (can.validity, can.clear_validity) = (false, false),
        |can| can.clear_validity = false,
        |can| can.disable = Scope::None,
        |can| can.disable = Scope::Secret,
        |can| can.rename = false,
        |can| can.deletion_protection = false,
        |can| (can.update_version, can.clear_validity) = (false, false),
        |can| can.make_current = MakeCurrent::Copy,
        |can| can.destroy = false,
        // Nothing can be brought back of what doesn't stay.
        |can| (can.soft_delete, can.recover, can.purge) = (false, false, false),
        |can| can.recover = false,
        |can| can.purge = false,
        |can| can.resume = true,
        |can| can.create = CreateStrength::None,
        |can| can.create = CreateStrength::Checked,
        |can| can.lost_put = LostPut::Confirmed,
        |can| can.lost_put = LostPut::Unknown,
        |can| can.limits.name.case_sensitive = false,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let report = run_all(async || Arc::new(Memory::new(with(change))) as _).await;
        assert!(report.is_green(), "change {number}: {report}");
    }
}

#[tokio::test]
async fn an_error_names_the_provider_and_the_store_keeps_its_own_name() {
    let store = MemoryStore::builder().like_lockbox().name("test").build();

    let error = store.get_text("a").await.unwrap_err();

    assert_eq!(error.provider(), Some("yandex-lockbox"));
    assert_eq!(store.to_string(), "memory://test");
}

#[tokio::test]
async fn two_creates_that_only_look_may_both_create() {
    for (twins, secrets) in [(true, 2), (false, 1)] {
        let store = with(|can| {
            can.create = CreateStrength::Checked;
            can.twins = twins;
        });
        let put = |mode: PutMode| store.put_with("a", "value", mode.into());

        let both = join(put(PutMode::Create), put(PutMode::Create)).await;

        assert!(both.0.unwrap().created && both.1.unwrap().created);
        let listed: Vec<_> = store.list().try_collect().await.unwrap();
        assert_eq!(listed.len(), secrets);
    }
}

#[tokio::test]
async fn two_first_puts_at_once_may_make_twins_where_there_are_twins() {
    let store = MemoryStore::like_lockbox();

    let both = join(store.put("a", "one"), store.put("a", "two")).await;

    assert_ne!(both.0.unwrap().secret, both.1.unwrap().secret);
    let error = store.get_text("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
}

#[tokio::test]
async fn a_rename_can_make_a_twin_where_there_are_twins() {
    let store = with(|can| can.twins = true);
    store.put("a", "one").await.unwrap();
    store.put("b", "two").await.unwrap();
    let rename = InfoPatch {
        name: Some("a".try_into().unwrap()),
        ..InfoPatch::default()
    };

    store.update("b", rename).await.unwrap();

    let error = store.put("a", "three").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let create = store.put_with("a", "three", PutMode::Create.into()).await;
    assert_eq!(create.unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn without_soft_delete_a_delete_is_final() {
    let store = with(|can| can.soft_delete = false);
    let first = store.put("a", "one").await.unwrap();
    store.delete("a").await.unwrap();

    let second = store.put("a", "two").await.unwrap();

    assert!(second.created);
    assert_ne!(first.secret, second.secret);
}

#[tokio::test]
async fn a_put_neither_recovers_nor_purges_what_the_store_can_not() {
    let store = with(|can| (can.recover, can.purge) = (false, false));
    store.put("a", "one").await.unwrap();
    store.delete("a").await.unwrap();

    for on_soft_deleted in [OnSoftDeleted::Recover, OnSoftDeleted::Purge] {
        let options = PutOptions {
            on_soft_deleted,
            ..PutOptions::default()
        };
        let error = store.put_with("a", "two", options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SoftDeleted);
    }
}

#[tokio::test]
async fn labels_of_versions_stay_with_them_and_are_carried() {
    let store = with(|can| can.labels = Scope::Version);
    let blue: Labels = [("team".to_owned(), "blue".to_owned())].into();
    let labelled = PutOptions {
        labels: Some(blue.clone()),
        ..PutOptions::default()
    };

    let first = store.put_with("a", "one", labelled).await.unwrap().version;
    let second = store.put("a", "two").await.unwrap().version;
    let bare = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    let third = store.put_with("a", "three", bare).await.unwrap().version;

    assert_eq!(first.labels, Some(blue.clone()));
    assert_eq!(second.labels, Some(blue.clone()));
    assert_eq!(third.labels, Some(Labels::new()));
    let pinned = GetOptions::from(VersionSelector::from(first.id.unwrap()));
    let read = store.get_with("a", pinned).await.unwrap();
    assert_eq!(read.info.unwrap().labels, Some(blue));
    let described = store.describe(&"a".try_into().unwrap()).await.unwrap();
    assert_eq!(described.labels, Some(Labels::new()));
}

#[tokio::test]
async fn an_operation_is_resumed_in_a_clone_again_and_again() {
    let store = with(|can| can.resume = true);
    let secret = SecretRef::try_from("a").unwrap();
    let operation = store
        .begin_put(&secret, "value".into(), PutOptions::default())
        .await
        .unwrap();
    let id = operation.id().unwrap().clone();
    let written = operation.wait(WaitPolicy::default()).await.unwrap();

    for _ in 0..2 {
        let resumed = store.clone().resume(&id).await.unwrap();
        let outcome = resumed.wait(WaitPolicy::default()).await.unwrap();
        assert_eq!(outcome, Outcome::Written(written.clone()));
    }
    let other = OperationId::new("other").unwrap();
    let error = store.resume(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_resumed_operation_that_failed_fails_again() {
    let store = MemoryStore::like_lockbox();
    store.faults().fail_next_operation();
    let secret = SecretRef::try_from("a").unwrap();
    let operation = store
        .begin_put(&secret, "value".into(), PutOptions::default())
        .await
        .unwrap();
    let id = operation.id().unwrap().clone();

    let first = operation.wait(WaitPolicy::default()).await.unwrap_err();
    let resumed = store.resume(&id).await.unwrap();
    let second = resumed.wait(WaitPolicy::default()).await.unwrap_err();

    assert_eq!(first.code(), Some("MADE_TO_FAIL"));
    assert_eq!(second.to_string(), first.to_string());
}

#[tokio::test]
async fn a_delete_resumed_after_a_recovery_conflicts() {
    let store = MemoryStore::like_azure();
    let secret = SecretRef::try_from("a").unwrap();
    store.put("a", "value").await.unwrap();
    let delete = store.begin_delete(&secret, DeleteOptions::default());
    let id = delete.await.unwrap().id().unwrap().clone();
    store.recover("a").await.unwrap();

    let resumed = store.resume(&id).await.unwrap();

    let error = resumed.wait(WaitPolicy::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.operation(), Some("delete"));
}

/// What a lost answer to a put comes to, and to its repeat under the same key.
#[tokio::test]
async fn a_lost_put_is_idempotent_confirmed_or_unknown() {
    let unknown = Some(Retry::OutcomeUnknown);
    for (strength, first, again, versions) in [
        (LostPut::Idempotent, unknown, None, 1),
        (LostPut::Confirmed, None, None, 2),
        (LostPut::Unknown, unknown, unknown, 1),
    ] {
        let store = with(|can| can.lost_put = strength);
        let options = PutOptions {
            idempotency_key: Some(IdempotencyKey::random()),
            ..PutOptions::default()
        };
        store.faults().lose_next_answer();

        let lost = store.put_with("a", "value", options.clone()).await;
        let repeat = store.put_with("a", "value", options).await;

        let retries = [lost, repeat].map(|put| put.err().map(|error| error.retry()));
        assert_eq!(retries, [first, again], "{strength:?}");
        let count = store.history("a").await.unwrap().len();
        assert_eq!(count, versions, "{strength:?}");
    }
}

#[tokio::test]
async fn a_put_that_could_not_look_is_not_confirmed() {
    let store = MemoryStore::like_azure();
    let blind = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    store.faults().lose_next_answer();

    let error = store.put_with("a", "value", blind).await.unwrap_err();

    assert_eq!(error.retry(), Retry::OutcomeUnknown);
    assert!(store.get_text("a").await.is_ok());
}

#[tokio::test]
async fn an_id_made_of_the_name_goes_to_the_secret_and_no_other_does() {
    let store = MemoryStore::builder().like_azure().name("mine").build();

    let id = store.put("Db", "value").await.unwrap().secret;

    assert_eq!(id.as_str(), "https://mine.vault.azure.net/secrets/Db");
    let by_id = SecretRef::from(id);
    assert!(store.get(&by_id, GetOptions::default()).await.is_ok());
    for foreign in ["https://other.vault.azure.net/secrets/Db", "Db"] {
        let foreign = SecretRef::from(SecretId::new(foreign).unwrap());
        let error = store.describe(&foreign).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let twin = store.faults().make_twin("a", Payload::text("twin"));
    assert_eq!(twin.unwrap_err().kind(), ErrorKind::FailedPrecondition);
}
