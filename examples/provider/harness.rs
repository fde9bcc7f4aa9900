//! The harness: the store on the emulator, and what can be done to it from outside.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault::clock::ManualClock;
use polyvault::transport::ClientOptions;
use polyvault::{SecretStore, Timestamp};
use polyvault_testkit::conformance::{Harness, Hook};

use super::emulator::Emulator;
use super::store::Cubby;

/// An emulator, and two clients of it.
pub(crate) struct Place {
    emulator: Emulator,
    store: Arc<Cubby>,
    second: Arc<Cubby>,
}

impl Place {
    pub(crate) async fn start() -> polyvault::Result<Self> {
        let emulator = Emulator::start().await;
        let client = || {
            let options = ClientOptions {
                // Nobody waits for a repeat.
                clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
                ..ClientOptions::default()
            };
            Cubby::new(&emulator.url(), "made-up".into(), options).map(Arc::new)
        };
        Ok(Self {
            store: client()?,
            second: client()?,
            emulator,
        })
    }
}

#[async_trait]
impl Harness for Place {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.store) as _
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.second) as _
    }

    fn requests(&self) -> Option<u64> {
        Some(self.emulator.state().requests)
    }

    async fn forbid(&self, operation: &str) -> Hook {
        let call = match operation {
            "get" => "GET values",
            "describe" => "GET keys",
            "list" => "GET list",
            "put" => "PUT values",
            "delete" => "DELETE values",
            _ => return Hook::Missing,
        };
        self.emulator.state().forbidden.insert(call);
        Hook::Done
    }

    async fn allow_all(&self) {
        self.emulator.state().forbidden.clear();
    }

    async fn lose_next_answer(&self) -> Hook {
        self.emulator.state().lost = Some(true);
        Hook::Done
    }

    async fn lose_next_request(&self) -> Hook {
        self.emulator.state().lost = Some(false);
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        self.emulator.state().overtaken = Some(name.to_owned());
        Hook::Done
    }

    /// The service makes no passwords.
    fn generated(&self) -> Option<u64> {
        Some(0)
    }
}
