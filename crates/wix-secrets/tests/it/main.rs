//! Tests of Wix Secrets on a loopback port.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod emulator;
mod replay;
