//! The whole suite against a store on the stand-in.

use std::sync::Arc;

use polyvault_core::Timestamp;
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::ClientOptions;
use polyvault_testkit::conformance::{Harness, Report, run_all};
use polyvault_yandex_lockbox::YandexLockbox;
use polyvault_yandex_lockbox::credential::AuthorizedKey;
use polyvault_yandex_lockbox::emulator::{Emulator, Rendering};

use crate::harness::Lockbox;

/// With operations that take their time: three polls, after two that find nothing.
async fn slow() -> Lockbox {
    slow_on(Lockbox::start().await)
}

fn slow_on(lockbox: Lockbox) -> Lockbox {
    lockbox.emulator.pending_polls(3);
    lockbox.emulator.leading_404s(2);
    lockbox
}

/// On four ports, where only tokens are taken that were issued for a key.
async fn signed_in() -> Lockbox {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(Arc::clone(&clock) as _);
    let emulator = emulator.four_ports().require_sign_in().start().await;
    let key = emulator.authorized_key();
    let open = move |emulator: &Emulator| {
        let options = ClientOptions {
            clock: Arc::clone(&clock) as _,
            ..ClientOptions::default()
        };
        let store = YandexLockbox::builder("b1gemulatorfolder001")
            .endpoint(emulator.url())
            .payload_endpoint(emulator.payload_url())
            .operation_endpoint(emulator.operation_url())
            .iam_endpoint(emulator.iam_url())
            .credential(AuthorizedKey::from_json(key.as_str().into()))
            .client_options(options);
        Arc::new(store.build().unwrap()) as _
    };
    Lockbox {
        emulator,
        open: Box::new(open),
    }
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
    lockbox.emulator.page_size(25);
    lockbox.emulator.empty_page(true);
    let harness: Arc<dyn Harness> = Arc::new(lockbox);

    assert_kept(&run_all(async || Arc::clone(&harness)).await);
}

#[tokio::test]
async fn keeps_every_promise_where_operations_are_stored_empty_and_all_defaults_are_printed() {
    let report = run_all(async || {
        let lockbox = slow().await;
        lockbox.emulator.stored_empty(true);
        lockbox.emulator.render(Rendering::All);
        Arc::new(lockbox) as _
    })
    .await;

    assert_kept(&report);
}

#[tokio::test]
async fn keeps_every_promise_where_every_default_is_left_out() {
    let report = run_all(async || {
        let lockbox = slow().await;
        lockbox.emulator.render(Rendering::Omitted);
        Arc::new(lockbox) as _
    })
    .await;

    assert_kept(&report);
}

#[tokio::test]
async fn keeps_every_promise_on_a_port_for_each_service_signed_in_with_a_key() {
    let harness: Arc<dyn Harness> = Arc::new(slow_on(signed_in().await));

    assert_kept(&run_all(async || Arc::clone(&harness)).await);
}
