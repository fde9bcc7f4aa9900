//! The memory store against the whole suite.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use polyvault_core::clock::ManualClock;
use polyvault_core::{
    DeleteOptions, ErrorKind, IdempotencyKey, InfoPatch, MemoryStore, OnSoftDeleted, PageRequest,
    PageToken, Payload, PutMode, PutOptions, Retry, SecretName, SecretRef, SecretStore,
    SecretStoreExt, VersionChange, VersionId, VersionState, WaitPolicy,
};
use polyvault_testkit::conformance::{Harness, Hook, run_all};

/// A store whose faults are those of a store in memory: that store itself, or one before it.
pub(crate) struct Memory {
    faults: MemoryStore,
    store: Arc<dyn SecretStore>,
}

impl Memory {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self::before(store.clone(), store)
    }

    pub(crate) fn before(faults: MemoryStore, store: impl SecretStore) -> Self {
        let store = Arc::new(store);
        Self { faults, store }
    }
}

#[async_trait]
impl Harness for Memory {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.store)
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.store)
    }

    async fn make_twins(&self, name: &str) -> Hook {
        for _ in 0..2 {
            let twin = self.faults.faults().make_twin(name, Payload::text("twin"));
            // Where an id is made of the name, there are none.
            if twin.is_err_and(|error| error.kind() == ErrorKind::FailedPrecondition) {
                return Hook::Missing;
            }
        }
        Hook::Done
    }

    async fn forbid(&self, operation: &str) -> Hook {
        self.faults.faults().forbid(operation);
        Hook::Done
    }

    async fn allow_all(&self) {
        self.faults.faults().allow_all();
    }

    async fn fail_next_operation(&self) -> Hook {
        self.faults.faults().fail_next_operation();
        Hook::Done
    }

    async fn lose_next_answer(&self) -> Hook {
        self.faults.faults().lose_next_answer();
        Hook::Done
    }

    async fn lose_next_request(&self) -> Hook {
        self.faults.faults().lose_next_request();
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        let made = Payload::text("overtaken");
        self.faults.faults().overtake_next_put(name, made).unwrap();
        Hook::Done
    }

    fn generated(&self) -> Option<u64> {
        Some(self.faults.faults().generated_passwords())
    }
}

#[tokio::test]
async fn keeps_every_promise_and_skips_no_check() {
    let report = run_all(async || Arc::new(Memory::new(MemoryStore::new())) as _).await;

    assert!(report.is_green(), "{report}");
    assert_eq!(report.skipped().count(), 0, "{report}");
}

#[tokio::test]
async fn keeps_every_promise_in_one_store() {
    let harness: Arc<dyn Harness> = Arc::new(Memory::new(MemoryStore::new()));

    let report = run_all(async || Arc::clone(&harness)).await;

    assert!(report.is_green(), "{report}");
}

fn clocked() -> (Arc<ManualClock>, MemoryStore) {
    let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
    let store = MemoryStore::builder()
        .clock(Arc::clone(&clock) as _)
        .build();
    (clock, store)
}

async fn state_of(store: &MemoryStore, secret: &str, version: &VersionId) -> VersionState {
    let versions: Vec<_> = store.list_versions(secret).try_collect().await.unwrap();
    let found = versions
        .into_iter()
        .find(|v| v.id.as_ref() == Some(version));
    found.unwrap().state
}

#[tokio::test]
async fn destroys_a_version_when_its_time_has_come_and_for_good() {
    let (clock, store) = clocked();
    let id = store.put("a", "value").await.unwrap().version.id.unwrap();
    let after = Some(Duration::from_secs(60));

    let pending = store
        .update_version("a", &id, VersionChange::Destroy { after })
        .await
        .unwrap();
    assert_eq!(
        pending.destroy_at.unwrap().to_string(),
        "2026-01-01T00:01:00Z"
    );
    clock.advance(Duration::from_secs(59));
    assert_eq!(
        state_of(&store, "a", &id).await,
        VersionState::PendingDestruction
    );
    clock.advance(Duration::from_secs(1));
    assert_eq!(state_of(&store, "a", &id).await, VersionState::Destroyed);

    // Not even turning back the clock makes it come back.
    clock.set("2026-01-01T00:00:00Z".parse().unwrap());
    let error = store
        .update_version("a", &id, VersionChange::CancelDestruction)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    let error = store.get_text("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
}

#[tokio::test]
async fn a_lost_request_is_not_carried_out() {
    let store = MemoryStore::new();
    store.faults().lose_next_request();

    let lost = store.put("a", "value").await.unwrap_err();
    let after = store.describe(&"a".try_into().unwrap()).await.unwrap_err();
    store.put("a", "value").await.unwrap();

    assert_eq!(lost.retry(), Retry::OutcomeUnknown);
    assert_eq!(after.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_repeat_of_a_delete_under_its_key_is_done() {
    let store = MemoryStore::new();
    let secret = SecretRef::try_from("a").unwrap();
    store.put("a", "value").await.unwrap();
    let options = DeleteOptions {
        idempotency_key: Some(IdempotencyKey::random()),
    };

    for _ in 0..2 {
        let operation = store.begin_delete(&secret, options.clone()).await.unwrap();
        operation.wait(WaitPolicy::default()).await.unwrap();
    }
    let other = store.begin_delete(&secret, DeleteOptions::default()).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn refuses_an_idempotency_key_that_named_another_call() {
    let store = MemoryStore::new();
    let key = Some(IdempotencyKey::random());
    let options = PutOptions {
        idempotency_key: key,
        ..PutOptions::default()
    };
    store.put_with("a", "value", options.clone()).await.unwrap();

    let put = store.put_with("b", "value", options).await.unwrap_err();
    let secret = SecretRef::try_from("a").unwrap();
    let delete = store
        .begin_delete(
            &secret,
            DeleteOptions {
                idempotency_key: key,
            },
        )
        .await
        .unwrap_err();

    assert_eq!(put.kind(), ErrorKind::InvalidInput);
    assert_eq!(delete.kind(), ErrorKind::InvalidInput);
    assert!(store.get_text("a").await.is_ok());
}

#[tokio::test]
async fn a_new_name_must_be_free_also_of_deleted_secrets() {
    let store = MemoryStore::new();
    for name in ["a", "live", "deleted"] {
        store.put(name, name).await.unwrap();
    }
    store.delete("deleted").await.unwrap();
    let rename = |name| InfoPatch {
        name: Some(SecretName::new(name).unwrap()),
        ..InfoPatch::default()
    };

    let live = store.update("a", rename("live")).await.unwrap_err();
    let deleted = store.update("a", rename("deleted")).await.unwrap_err();
    store.update("a", rename("b")).await.unwrap();

    assert_eq!(live.kind(), ErrorKind::AlreadyExists);
    assert_eq!(deleted.kind(), ErrorKind::SoftDeleted);
    assert!(store.get_text("b").await.is_ok());
    let old = store.get_text("a").await.unwrap_err();
    assert_eq!(old.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn refuses_a_page_token_that_is_not_its_own() {
    let page = PageRequest {
        size: None,
        token: Some(PageToken::new("next")),
    };

    let error = MemoryStore::new().list_page(page).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_refused_put_over_a_deleted_secret_leaves_it_deleted() {
    let store = MemoryStore::new();
    store.put("a", "old").await.unwrap();
    store.delete("a").await.unwrap();
    let options = PutOptions {
        on_soft_deleted: OnSoftDeleted::Purge,
        ..PutOptions::from(PutMode::AddVersion)
    };

    let error = store.put_with("a", "new", options).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::SoftDeleted);
    store.recover("a").await.unwrap();
    assert!(store.get_text("a").await.is_ok());
}

#[tokio::test]
async fn an_error_names_provider_operation_and_secret() {
    let error = MemoryStore::new().get_text("a").await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "memory: get \"a\": NotFound: there is no such secret"
    );
}
