//! A vault on the emulator, as the conformance suite asks for one.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_azure_key_vault::emulator::{Emulator, Operation};
use polyvault_core::SecretStore;
use polyvault_core::clock::ManualClock;
use polyvault_testkit::conformance::{Harness, Hook};

pub(crate) struct Vault(pub(crate) Emulator);

impl Vault {
    /// An empty one, where no test waits.
    pub(crate) async fn start() -> Self {
        let start = "2026-11-22T10:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        Self(Emulator::builder().clock(clock).start().await)
    }
}

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

    async fn lose_next_request(&self) -> Hook {
        self.0.drop_next(1);
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        self.0.overtake_next_set(name, "overtaken");
        Hook::Done
    }

    /// The service makes none.
    fn generated(&self) -> Option<u64> {
        Some(0)
    }
}
