//! The adapter against the whole suite, on the emulator.

use std::collections::BTreeSet;
use std::sync::Arc;

use polyvault_testkit::conformance::{Harness, run_all};

use crate::harness::Vault;

/// A vault with short pages, one of them empty, where deletes and recoveries take two looks.
async fn slow_vault() -> Arc<dyn Harness> {
    let harness = Vault::start().await;
    let vault = &harness.0;
    vault.page_size(2);
    vault.empty_page(true);
    vault.delete_polls(2);
    vault.recover_polls(2);
    vault.recover_conflicts(1);
    vault.purge_conflicts(1);
    Arc::new(harness)
}

/// What the service does not have.
const SKIPPED: [&str; 10] = [
    "capability `cancel_destruction`",
    "capability `clear_validity`",
    "capability `create: atomic`",
    "capability `deletion_protection`",
    "capability `description`",
    "capability `destroy`",
    "capability `lost_put: idempotent`",
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
