//! The control plane against the whole suite, on the emulator.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use polyvault_azure_key_vault::emulator::Operation;
use polyvault_core::SecretStore;
use polyvault_testkit::conformance::{Harness, Hook, run_all};

use crate::harness::Vault;

struct Arm(Vault);

impl Arm {
    async fn start() -> Self {
        let vault = Vault::start().await;
        vault.0.page_size(2);
        vault.0.empty_page(true);
        Self(vault)
    }
}

#[async_trait]
impl Harness for Arm {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.0.arm_store())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.0.arm_store())
    }

    fn requests(&self) -> Option<u64> {
        self.0.requests()
    }

    async fn forbid(&self, operation: &str) -> Hook {
        let refused = match operation {
            "describe" => Operation::SecretsGet,
            "list" => Operation::SecretsList,
            "put" => Operation::SecretsCreateOrUpdate,
            "update" => Operation::SecretsUpdate,
            _ => return Hook::Missing,
        };
        self.0.0.forbid([refused], "");
        Hook::Done
    }

    async fn allow_all(&self) {
        self.0.0.permit_all();
    }

    async fn lose_next_answer(&self) -> Hook {
        self.0.0.commit_then_drop(1);
        Hook::Done
    }

    async fn lose_next_request(&self) -> Hook {
        self.0.0.drop_next(1);
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        self.0.0.overtake_next_set(name, "overtaken");
        Hook::Done
    }

    fn versions_kept(&self, name: &str) -> Option<u64> {
        u64::try_from(self.0.0.versions(name).len()).ok()
    }

    fn generated(&self) -> Option<u64> {
        Some(0)
    }
}

#[tokio::test]
async fn keeps_every_promise_of_a_store() {
    let report = run_all(async || Arc::new(Arm::start().await) as _).await;

    println!("{report}");
    assert!(report.is_green(), "{report}");
    let skipped: BTreeSet<_> = report.skipped().map(|(_, why)| why).collect();
    assert!(
        skipped
            .iter()
            .all(|why| why.starts_with("capability") || why.contains("hook")),
        "{report}"
    );
}
