//! Set, get, update and delete, on any store.
//!
//! `cargo run --example quickstart` runs offline, on an emulated Azure vault;
//! `cargo run --example quickstart -- STORE_URL` on a store of yours.

#![expect(clippy::print_stdout, reason = "a program")]

use std::collections::BTreeMap;

use polyvault::capabilities::Scope;
use polyvault::{Environment, InfoPatch, SecretStoreExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let vault = polyvault::azure_key_vault::emulator::Emulator::start().await;
    let store = match std::env::args().nth(1) {
        Some(url) => polyvault::open(&url)?,
        None => polyvault::open_in(
            &format!("azure-key-vault://quickstart?endpoint={}", vault.url()),
            &Environment::empty().with("POLYVAULT_AZURE_TOKEN", "made-up"),
        )?,
    };
    println!("store: {store}");

    let written = store.put("quickstart-password", "s3cret").await?;
    println!("put: {} (new: {})", written.secret, written.created);

    let text = store.get_text("quickstart-password").await?;
    // Debug and Display never show it; reading the plaintext has a name of its own.
    println!("get: {text:?}");

    let patch = match store.capabilities().labels {
        Scope::None => InfoPatch {
            description: Some("made by the quickstart".into()),
            ..InfoPatch::default()
        },
        _ => InfoPatch {
            labels: Some(BTreeMap::from([("env".into(), "test".into())])),
            ..InfoPatch::default()
        },
    };
    let info = store.update("quickstart-password", patch).await?;
    println!("update: labels {:?}", info.labels.unwrap_or_default());

    store.delete("quickstart-password").await?;
    println!("delete: done");
    Ok(())
}
