#![no_main]
//! Answers of a vault.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polyvault_fuzz::Fuzzed;

static STORE: LazyLock<Fuzzed> = LazyLock::new(|| {
    Fuzzed::new(
        "azure-key-vault://myvault",
        "0123456789abcdef0123456789abcdef",
    )
});

fuzz_target!(|input: &[u8]| STORE.answer(input));
