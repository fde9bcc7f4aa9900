#![no_main]
//! Answers of a site.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polyvault_fuzz::Fuzzed;

static STORE: LazyLock<Fuzzed> = LazyLock::new(|| {
    Fuzzed::new(
        "wix-secrets://11111111-2222-4333-8444-555555555555?payloads=encoded",
        "v1",
    )
});

fuzz_target!(|input: &[u8]| STORE.answer(input));
