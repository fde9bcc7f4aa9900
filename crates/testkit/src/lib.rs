//! What polyvault's stores are tested with.
pub mod conformance;
pub mod fixture;
pub mod interrupt;
pub mod leak;
pub mod refusals;
pub mod script;
