//! The whole suite against a store on the emulator.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::clock::ManualClock;
use polyvault_core::{SecretStore, Timestamp};
use polyvault_testkit::conformance::{Harness, Hook, run_all};
use polyvault_wix_secrets::emulator::{Call, Emulator};

/// It makes no twins: the service has none, and a read by name never shows which it read.
struct Wix {
    emulator: Emulator,
}

impl Wix {
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        Self {
            emulator: Emulator::builder().clock(clock).start().await,
        }
    }
}

#[async_trait]
impl Harness for Wix {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.emulator.store())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.emulator.store())
    }

    fn requests(&self) -> Option<u64> {
        u64::try_from(self.emulator.request_count()).ok()
    }

    async fn forbid(&self, operation: &str) -> Hook {
        let calls: &[Call] = match operation {
            "get" => &[Call::GetValue],
            "describe" | "list" => &[Call::List],
            "put" => &[Call::Create, Call::Update],
            "update" => &[Call::Update],
            "delete" => &[Call::Delete],
            _ => return Hook::Missing,
        };
        self.emulator.forbid(calls.iter().copied());
        Hook::Done
    }

    async fn allow_all(&self) {
        self.emulator.permit_all();
    }

    async fn lose_next_answer(&self) -> Hook {
        self.emulator.commit_then_drop(1);
        Hook::Done
    }
}

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
