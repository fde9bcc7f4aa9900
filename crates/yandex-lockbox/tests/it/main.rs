//! The crate's one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail loudly, and the replay prints its tally"
)]

mod conformance;
mod credential;
mod decoders;
mod emulator;
mod generate;
mod harness;
mod interrupted;
mod leaks;
mod messages;
mod names;
mod native;
mod privileges;
mod put;
mod raw;
mod readme;
mod refusals;
mod replace;
mod replay;
mod roundtrip;
mod script;
mod store;
mod strict;
mod wire;
