//! The crate's one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail loudly, and the replay prints its tally"
)]

mod conformance;
mod emulator;
mod front;
mod raw;
mod replay;
mod strict;
