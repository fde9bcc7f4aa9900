//! The whole suite against a store on the stand-in.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::clock::ManualClock;
use polyvault_core::{SecretStore, Timestamp};
use polyvault_testkit::conformance::{Harness, Hook, Report, run_all};
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::json;

struct Lockbox {
    emulator: Emulator,
}

impl Lockbox {
    /// With operations that take their time: three polls, after two that find nothing.
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let emulator = Emulator::builder().clock(clock).start().await;
        emulator.pending_polls(3);
        emulator.leading_404s(2);
        Self { emulator }
    }

    fn boxed(self) -> Arc<dyn Harness> {
        Arc::new(self)
    }
}

#[async_trait]
impl Harness for Lockbox {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.emulator.store())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.emulator.store())
    }

    fn requests(&self) -> Option<u64> {
        u64::try_from(self.emulator.request_count()).ok()
    }

    async fn make_twins(&self, name: &str) -> Hook {
        for _ in 0..2 {
            let twin = json!({
                "name": name,
                "versions": [{"entries": [{"key": "value", "textValue": "twin"}]}],
            });
            self.emulator.seed(&twin).unwrap();
        }
        Hook::Done
    }

    async fn forbid(&self, operation: &str) -> Hook {
        let methods: &[&str] = match operation {
            "get" => &["Payload.Get"],
            "describe" => &["Secret.Get"],
            "list" => &["Secret.List"],
            "list_versions" => &["Secret.ListVersions"],
            "put" => &["Secret.Create", "Secret.AddVersion"],
            "update" => &["Secret.Update", "Secret.Activate", "Secret.Deactivate"],
            "delete" => &["Secret.Delete"],
            _ => return Hook::Missing,
        };
        for method in methods {
            self.emulator.forbid(method).unwrap();
        }
        Hook::Done
    }

    async fn allow_all(&self) {
        self.emulator.permit_all();
    }

    async fn fail_next_operation(&self) -> Hook {
        self.emulator.fail_next_operation(13, "Internal error");
        Hook::Done
    }

    async fn lose_next_answer(&self) -> Hook {
        self.emulator.commit_then_drop(1);
        Hook::Done
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
    assert_kept(&run_all(async || Lockbox::start().await.boxed()).await);
}

#[tokio::test]
async fn keeps_every_promise_in_one_folder_of_many_pages() {
    let lockbox = Lockbox::start().await;
    lockbox.emulator.page_size(25);
    lockbox.emulator.empty_page(true);
    let harness = lockbox.boxed();

    assert_kept(&run_all(async || Arc::clone(&harness)).await);
}

#[tokio::test]
async fn keeps_every_promise_where_operations_are_stored_empty_and_defaults_are_printed() {
    let report = run_all(async || {
        let lockbox = Lockbox::start().await;
        lockbox.emulator.stored_empty(true);
        lockbox.emulator.print_defaults(true);
        lockbox.boxed()
    })
    .await;

    assert_kept(&report);
}
