//! Every store, as the conformance suite asks for one. The adapters' own tests have the same.

#[path = "../../crates/azure-key-vault/tests/it/harness.rs"]
mod azure;
#[path = "../../crates/yandex-lockbox/tests/it/harness.rs"]
mod lockbox;
#[path = "../../crates/wix-secrets/tests/it/harness.rs"]
mod wix;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use polyvault::{MemoryStore, Payload, SecretStore};
use polyvault_testkit::conformance::{Harness, Hook};

/// The schemes of the providers, and the stores in memory that are like their services.
pub(crate) const ALL: [&str; 7] = [
    "azure-key-vault",
    "wix-secrets",
    "yandex-lockbox",
    "memory",
    "like azure-key-vault",
    "like wix-secrets",
    "like yandex-lockbox",
];

/// An empty one each time.
pub(crate) fn start(store: &'static str) -> BoxFuture<'static, Arc<dyn Harness>> {
    Box::pin(async move {
        match store {
            "azure-key-vault" => Arc::new(azure::Vault::start().await) as Arc<dyn Harness>,
            "wix-secrets" => Arc::new(wix::Wix::start().await),
            "yandex-lockbox" => Arc::new(lockbox::Lockbox::start().await),
            "like azure-key-vault" => Arc::new(Memory(MemoryStore::like_azure())),
            "like wix-secrets" => Arc::new(Memory(MemoryStore::like_wix())),
            "like yandex-lockbox" => Arc::new(Memory(MemoryStore::like_lockbox())),
            "memory" => Arc::new(Memory(MemoryStore::new())),
            _ => panic!("{store} has no harness"),
        }
    })
}

struct Memory(MemoryStore);

#[async_trait]
impl Harness for Memory {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.clone())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.0.clone())
    }

    async fn lose_next_answer(&self) -> Hook {
        self.0.faults().lose_next_answer();
        Hook::Done
    }

    async fn lose_next_request(&self) -> Hook {
        self.0.faults().lose_next_request();
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        let made = Payload::text("overtaken");
        self.0.faults().overtake_next_put(name, made).unwrap();
        Hook::Done
    }

    fn generated(&self) -> Option<u64> {
        Some(self.0.faults().generated_passwords())
    }
}
