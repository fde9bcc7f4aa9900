//! The adapter against the whole suite, on the emulator.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use polyvault_azure_key_vault::emulator::{Emulator, Operation};
use polyvault_core::SecretStore;
use polyvault_testkit::conformance::{Harness, Hook, run_all};

use crate::manual_clock;

struct Vault(Emulator);

#[async_trait]
impl Harness for Vault {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.store())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.store())
    }

    fn requests(&self) -> Option<u64> {
        u64::try_from(self.0.request_count()).ok()
    }

    async fn forbid(&self, operation: &str) -> Hook {
        let refused = match operation {
            "get" | "describe" => Operation::GetSecret,
            "list" => Operation::GetSecrets,
            "list_versions" => Operation::GetSecretVersions,
            "put" => Operation::SetSecret,
            "update" => Operation::UpdateSecret,
            "delete" => Operation::DeleteSecret,
            _ => return Hook::Missing,
        };
        self.0.forbid([refused], "ForbiddenByRbac");
        Hook::Done
    }

    async fn allow_all(&self) {
        self.0.permit_all();
    }

    async fn lose_next_answer(&self) -> Hook {
        self.0.commit_then_drop(1);
        Hook::Done
    }
}

/// A vault with short pages, one of them empty, where deletes and recoveries take two looks.
async fn slow_vault() -> Arc<dyn Harness> {
    let vault = Emulator::builder().clock(manual_clock()).start().await;
    vault.page_size(2);
    vault.empty_page(true);
    vault.delete_polls(2);
    vault.recover_polls(2);
    vault.recover_conflicts(1);
    vault.purge_conflicts(1);
    Arc::new(Vault(vault))
}

/// What the service or this version of the adapter does not have.
const SKIPPED: [&str; 12] = [
    "capability `binary`",
    "capability `cancel_destruction`",
    "capability `create: atomic`",
    "capability `deletion_protection`",
    "capability `description`",
    "capability `destroy`",
    "capability `entries`",
    "capability `lost_put: idempotent`",
    "capability `make_current`",
    "capability `rename`",
    "the harness has no hook `fail_next_operation`",
    "the harness has no hook `make_twins`",
];

#[tokio::test]
async fn keeps_every_promise_of_a_store() {
    let report = run_all(async || slow_vault().await).await;

    println!("{report}");
    assert!(report.is_green(), "{report}");
    let skipped: BTreeSet<_> = report.skipped().map(|(_, why)| why).collect();
    assert_eq!(skipped, BTreeSet::from(SKIPPED), "{report}");
}

#[tokio::test]
async fn keeps_every_promise_in_one_vault() {
    let harness = slow_vault().await;

    let report = run_all(async || Arc::clone(&harness)).await;

    assert!(report.is_green(), "{report}");
}
