//! A program whose freed memory holds no secret, whoever freed it: docs/memory.md.
//!
//! Offline: the store is an emulator.

use std::alloc::System;

use polyvault::azure_key_vault::emulator::Emulator;
use polyvault::{Result, SecretStoreExt as _};
use zeroizing_alloc::ZeroAlloc;

/// For all of the program, the HTTP client included.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example")]
async fn main() -> Result<()> {
    let vault = Emulator::start().await;
    let store = vault.store();
    store.put("db-password", "s3cret").await?;

    let password = store.get_text("db-password").await?;
    println!("read {password:?}");
    Ok(())
}
