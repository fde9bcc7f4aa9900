//! What holds for all providers together.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod configuration;
mod decoders;
mod faults;
mod flips;
mod harnesses;
mod hostile;
mod like;
mod lost;
mod message_text;
mod migrate;
mod observability;
mod open;
mod provider;
mod readme;
mod refusals;
mod same_rooms;
mod secrecy;
mod stores;
mod transport;
