//! Tests of Wix Secrets on a loopback port.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod app;
mod conformance;
mod consistency;
mod decoders;
mod emulator;
mod encoded;
mod events;
mod harness;
mod interrupted;
mod names;
mod put;
mod rate;
mod refusals;
mod replay;
mod script;
mod seed;
mod store;
mod traps;
mod wire;
