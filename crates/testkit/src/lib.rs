//! What polyvault's stores are tested with.
pub mod fixture;
