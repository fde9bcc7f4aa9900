//! The memory store against the whole suite.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::{MemoryStore, Payload, SecretStore};
use polyvault_testkit::conformance::{Harness, Hook, run_all};

struct Memory(MemoryStore);

#[async_trait]
impl Harness for Memory {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.clone())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.clone())
    }

    async fn make_twins(&self, name: &str) -> Hook {
        for _ in 0..2 {
            self.0
                .faults()
                .make_twin(name, Payload::text("twin"))
                .unwrap();
        }
        Hook::Done
    }

    async fn forbid(&self, operation: &str) -> Hook {
        self.0.faults().forbid(operation);
        Hook::Done
    }

    async fn allow_all(&self) {
        self.0.faults().allow_all();
    }

    async fn fail_next_operation(&self) -> Hook {
        self.0.faults().fail_next_operation();
        Hook::Done
    }

    async fn lose_next_answer(&self) -> Hook {
        self.0.faults().lose_next_answer();
        Hook::Done
    }
}

#[tokio::test]
async fn keeps_every_promise_and_skips_no_check() {
    let report = run_all(async || Arc::new(Memory(MemoryStore::new())) as _).await;

    assert!(report.is_green(), "{report}");
    assert_eq!(report.skipped().count(), 0, "{report}");
}

#[tokio::test]
async fn keeps_every_promise_in_one_store() {
    let harness: Arc<dyn Harness> = Arc::new(Memory(MemoryStore::new()));

    let report = run_all(async || Arc::clone(&harness)).await;

    assert!(report.is_green(), "{report}");
}
