#![no_main]
//! What a vault asks for in a 401: the whole header.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polyvault::Environment;
use polyvault_fuzz::Fuzzed;

/// An unknown host, so that nothing is signed in for before a challenge.
static STORE: LazyLock<Fuzzed> = LazyLock::new(|| {
    let environment = Environment::empty()
        .with("AZURE_TENANT_ID", "my-tenant")
        .with("AZURE_CLIENT_ID", "my-client")
        .with("AZURE_CLIENT_SECRET", "made-up");
    let url = "azure-key-vault://my-vault?endpoint=https://my-vault.vault.cloud.example";
    Fuzzed::with(url, "0123456789abcdef0123456789abcdef", environment)
});

fuzz_target!(|input: &[u8]| STORE.challenge(input));
