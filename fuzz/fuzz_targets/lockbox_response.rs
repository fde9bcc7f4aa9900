#![no_main]
//! Answers of a folder, and its operations.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polyvault_fuzz::Fuzzed;

static STORE: LazyLock<Fuzzed> = LazyLock::new(|| {
    Fuzzed::new(
        "yandex-lockbox://b1gfolder00000000001",
        "e6q0000000000000v001",
    )
});

fuzz_target!(|input: &[u8]| STORE.answer(input));
