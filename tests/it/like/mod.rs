//! `MemoryStore::like_…` and the adapter of that service on its emulator: the same
//! capabilities, and the same outcome of every call of a script.

mod rights;
mod script;
mod shown;

use std::sync::Arc;

use polyvault::clock::{Clock, ManualClock};
use polyvault::memory::MemoryStoreBuilder;
use polyvault::{
    MemoryStore, PROVIDERS, SecretStore, Timestamp, azure_key_vault, wix_secrets, yandex_lockbox,
};

use self::script::STEPS;

/// Where a store in memory can't be like the service: the provider, the step, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "wix-secrets",
        "a page token from elsewhere",
        "the service gives its list whole, and the adapter takes any token for a place in it",
    ),
    (
        "yandex-lockbox",
        "a key of another put",
        "what the service does is not known: the emulator gives the first put's outcome, and no \
         test of a user's should pass by that",
    ),
];

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))
}

fn like(choose: fn(MemoryStoreBuilder) -> MemoryStoreBuilder) -> MemoryStore {
    choose(MemoryStore::builder().clock(clock())).build()
}

/// Runs the script on both and holds each outcome of one to that of the other.
async fn compare(real: &dyn SecretStore, memory: &MemoryStore) {
    let provider = real.capabilities().provider;
    let known = |step: &str| DIFFERENCES.iter().any(|d| (d.0, d.1) == (provider, step));
    let mut wrong = Vec::new();
    for (step, run) in STEPS {
        let (due, found) = (run(real).await, run(memory).await);
        if (due == found) == known(step) {
            wrong.push(format!("{step}:\n  real:   {due}\n  memory: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{provider}:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_store_like_azure_answers_as_the_adapter_does() {
    let emulator = azure_key_vault::emulator::Emulator::builder();
    let emulator = emulator.clock(clock()).start().await;

    compare(&emulator.store(), &like(MemoryStoreBuilder::like_azure)).await;
}

#[tokio::test]
async fn a_store_like_lockbox_answers_as_the_adapter_does() {
    let emulator = yandex_lockbox::emulator::Emulator::builder();
    let emulator = emulator.clock(clock()).start().await;
    emulator.pending_polls(1);

    compare(&emulator.store(), &like(MemoryStoreBuilder::like_lockbox)).await;
}

#[tokio::test]
async fn a_store_like_wix_answers_as_the_adapter_does() {
    let emulator = wix_secrets::emulator::Emulator::builder();
    let emulator = emulator.clock(clock()).start().await;

    compare(&emulator.store(), &like(MemoryStoreBuilder::like_wix)).await;
}

#[test]
fn each_has_the_capabilities_of_its_adapter() {
    let stores = [
        MemoryStore::like_azure(),
        MemoryStore::like_lockbox(),
        MemoryStore::like_wix(),
    ];
    for provider in PROVIDERS.iter().filter(|p| p.scheme != "memory") {
        let due = (provider.capabilities)();
        let store = stores
            .iter()
            .find(|s| s.capabilities().provider == provider.scheme);
        assert_eq!(store.map(SecretStore::capabilities), Some(&due));
    }
}
