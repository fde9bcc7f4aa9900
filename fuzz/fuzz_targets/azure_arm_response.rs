#![no_main]
//! Answers of the resource manager.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polyvault_fuzz::Fuzzed;

static STORE: LazyLock<Fuzzed> = LazyLock::new(|| {
    Fuzzed::new(
        "azure-key-vault-arm://00000000-0000-0000-0000-000000000000/my-group/myvault",
        "0123456789abcdef0123456789abcdef",
    )
});

fuzz_target!(|input: &[u8]| STORE.answer(input));
