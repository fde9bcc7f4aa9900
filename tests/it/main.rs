//! What holds for all providers together.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod flips;
mod migrate;
mod open;
mod provider;
mod readme;
mod same_rooms;
mod stores;
