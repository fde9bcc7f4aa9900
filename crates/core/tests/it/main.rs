//! What polyvault-core promises, from outside.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod decoders;
mod ensure;
mod env_store;
mod fallback;
mod like;
mod memory;
mod observability;
#[cfg(feature = "reqwest")]
mod options;
mod promises;
mod rotation;
mod throttle;
#[cfg(feature = "reqwest")]
mod transport;
