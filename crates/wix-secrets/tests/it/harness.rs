//! A site on the emulator, as the conformance suite asks for one.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::clock::ManualClock;
use polyvault_core::{SecretStore, Timestamp};
use polyvault_testkit::conformance::{Harness, Hook};
use polyvault_wix_secrets::Payloads;
use polyvault_wix_secrets::emulator::{Call, Emulator};

/// It makes no twins: the service has none, and a read by name never shows which it read.
pub(crate) struct Wix {
    pub(crate) emulator: Emulator,
    pub(crate) payloads: Payloads,
}

impl Wix {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        Self {
            emulator: Emulator::builder().clock(clock).start().await,
            payloads: Payloads::Plain,
        }
    }
}

#[async_trait]
impl Harness for Wix {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.emulator.store_of(self.payloads))
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.emulator.store_of(self.payloads))
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

    async fn lose_next_request(&self) -> Hook {
        self.emulator.drop_next(1);
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        self.emulator.overtake_next_create(name, "overtaken");
        Hook::Done
    }

    /// The service makes none.
    fn generated(&self) -> Option<u64> {
        Some(0)
    }
}
