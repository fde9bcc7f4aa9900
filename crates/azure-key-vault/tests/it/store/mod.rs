//! What the adapter has of its own, on the emulator and on written answers.

mod bounds;
mod decode;
mod encoded;
mod life;
mod puts;
mod reads;

use std::sync::Arc;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::{DeleteOptions, Labels, Operation, PutOptions, SecretRef, SecretStore};
use wiremock::Request;

use crate::manual_clock;

/// An empty vault, and the clock that it shares with its stores.
async fn vault() -> (Emulator, Arc<ManualClock>) {
    let clock = manual_clock();
    let vault = Emulator::builder().clock(Arc::clone(&clock) as _);
    (vault.start().await, clock)
}

/// Seconds on the clock since the vault was started.
fn waited(clock: &ManualClock) -> i64 {
    waited_ms(clock) / 1000
}

fn waited_ms(clock: &ManualClock) -> i64 {
    clock.now().as_millisecond() - manual_clock().now().as_millisecond()
}

/// What the vault was sent: method and path.
async fn sent(vault: &Emulator) -> Vec<String> {
    let requests = vault.server().received_requests().await.unwrap();
    let line = |request: &Request| format!("{} {}", request.method, request.url.path());
    requests.iter().map(line).collect()
}

/// How many sets the vault was sent.
async fn sets(vault: &Emulator) -> usize {
    let sent = sent(vault).await;
    sent.iter().filter(|line| line.starts_with("PUT ")).count()
}

fn secret(name: &str) -> SecretRef {
    SecretRef::try_from(name).unwrap()
}

fn labels(key: &str, value: &str) -> Labels {
    Labels::from([(key.to_owned(), value.to_owned())])
}

/// Begins to delete `db`.
async fn begin_delete(store: &AzureKeyVault) -> Operation<()> {
    let options = DeleteOptions::default();
    store.begin_delete(&secret("db"), options).await.unwrap()
}

/// Options of a put that asks for nothing to be kept.
fn at_once() -> PutOptions {
    PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    }
}
