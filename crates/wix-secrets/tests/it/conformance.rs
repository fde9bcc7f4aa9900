//! The whole suite against a store on the emulator.

use std::sync::Arc;

use polyvault_testkit::conformance::{Harness, run_all};

use polyvault_wix_secrets::Payloads;

use crate::harness::Wix;

#[tokio::test]
async fn keeps_every_promise() {
    let report = run_all(async || Arc::new(Wix::start().await) as _).await;

    println!("{report}");
    assert!(report.is_green(), "{report}");
    // Beside these two hooks, only a capability that is missing skips a check.
    for (check, why) in report.skipped() {
        let hook = why.contains("`make_twins`") || why.contains("`fail_next_operation`");
        assert!(hook || why.starts_with("capability"), "{check}: {why}");
    }
}

#[tokio::test]
async fn keeps_every_promise_in_one_site_that_marks_its_answers() {
    let wix = Wix::start().await;
    wix.emulator.consistency_header(true);
    wix.emulator.empty_list_as_missing(true);
    let harness: Arc<dyn Harness> = Arc::new(wix);

    let report = run_all(async || Arc::clone(&harness)).await;

    assert!(report.is_green(), "{report}");
}

#[tokio::test]
async fn keeps_every_promise_with_encoded_payloads() {
    let report = run_all(async || {
        let wix = Wix::start().await;
        Arc::new(Wix {
            payloads: Payloads::Encoded,
            ..wix
        }) as _
    })
    .await;

    assert!(report.is_green(), "{report}");
}
