//! The whole suite against a store on the stand-in.

use std::sync::Arc;

use polyvault_testkit::conformance::{Harness, Report, run_all};

use crate::harness::Lockbox;

/// With operations that take their time: three polls, after two that find nothing.
async fn slow() -> Lockbox {
    let lockbox = Lockbox::start().await;
    lockbox.emulator.pending_polls(3);
    lockbox.emulator.leading_404s(2);
    lockbox
}

/// Every hook is there, so only a capability that is missing skips a check.
fn assert_kept(report: &Report) {
    println!("{report}");
    assert!(report.is_green(), "{report}");
    for (check, why) in report.skipped() {
        assert!(why.starts_with("capability"), "{check}: {why}");
    }
}

#[tokio::test]
async fn keeps_every_promise() {
    assert_kept(&run_all(async || Arc::new(slow().await) as _).await);
}

#[tokio::test]
async fn keeps_every_promise_in_one_folder_of_many_pages() {
    let lockbox = slow().await;
    lockbox.emulator.page_size(10);
    lockbox.emulator.empty_page(true);
    let harness: Arc<dyn Harness> = Arc::new(lockbox);

    assert_kept(&run_all(async || Arc::clone(&harness)).await);
}

#[tokio::test]
async fn keeps_every_promise_where_operations_are_stored_empty_and_defaults_are_printed() {
    let report = run_all(async || {
        let lockbox = slow().await;
        lockbox.emulator.stored_empty(true);
        lockbox.emulator.print_defaults(true);
        Arc::new(lockbox) as _
    })
    .await;

    assert_kept(&report);
}
