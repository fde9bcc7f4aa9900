//! What polyvault-core promises, from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod memory;
mod promises;
#[cfg(feature = "reqwest")]
mod options;
#[cfg(feature = "reqwest")]
mod transport;
