//! What holds for all providers together.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod configuration;
mod migrate;
mod observability;
mod open;
mod readme;
mod same_rooms;
mod stores;
mod transport;
