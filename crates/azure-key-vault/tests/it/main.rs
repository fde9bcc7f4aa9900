//! Integration tests of the Azure Key Vault crate, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may panic, print their tally, and read answers that hold made-up values"
)]

mod arm;
mod conformance;
mod credential;
mod decoders;
mod emulator;
mod events;
mod exchanges;
mod harness;
mod identifier;
mod interrupted;
mod native;
mod privileges;
mod readme;
mod refusals;
mod replay;
mod script;
mod store;

use std::sync::Arc;

use polyvault_core::clock::ManualClock;

/// A clock on which no test waits.
fn manual_clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-22T10:00:00Z".parse().unwrap()))
}
