//! What holds for all providers together.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod message_text;
mod migrate;
mod open;
mod readme;
mod refusals;
mod same_rooms;
