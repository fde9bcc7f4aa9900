//! Integration tests of the Azure Key Vault crate, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may panic, print their tally, and read answers that hold made-up values"
)]

mod emulator;
mod replay;
