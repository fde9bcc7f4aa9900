//! A folder on the stand-in, as the conformance suite asks for one.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::clock::ManualClock;
use polyvault_core::{SecretStore, Timestamp};
use polyvault_testkit::conformance::{Harness, Hook};
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

pub(crate) struct Lockbox {
    pub(crate) emulator: Emulator,
    pub(crate) open: Opener,
}

type Opener = Box<dyn Fn(&Emulator) -> Arc<dyn SecretStore> + Send + Sync>;

impl Lockbox {
    /// An empty one, where no test waits.
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let emulator = Emulator::builder().clock(clock).start().await;
        let open = Box::new(|emulator: &Emulator| Arc::new(emulator.store()) as _);
        Self { emulator, open }
    }
}

#[async_trait]
impl Harness for Lockbox {
    fn store(&self) -> Arc<dyn SecretStore> {
        (self.open)(&self.emulator)
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        (self.open)(&self.emulator)
    }

    fn requests(&self) -> Option<u64> {
        u64::try_from(self.emulator.request_count()).ok()
    }

    async fn make_twins(&self, name: &str) -> Hook {
        for _ in 0..2 {
            self.emulator.seed(&secret(name, "twin")).unwrap();
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

    async fn lose_next_request(&self) -> Hook {
        self.emulator.drop_next(1);
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        let made = secret(name, "overtaken");
        self.emulator.overtake_next_create(&made).unwrap();
        Hook::Done
    }

    fn generated(&self) -> Option<u64> {
        u64::try_from(self.emulator.generated_passwords()).ok()
    }
}

fn secret(name: &str, text: &str) -> Value {
    json!({"name": name, "versions": [{"entries": [{"key": "value", "textValue": text}]}]})
}
