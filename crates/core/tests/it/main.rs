//! What polyvault-core promises, from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod like;
mod memory;
#[cfg(feature = "reqwest")]
mod transport;
