//! What polyvault publishes: its public API, the docs of it, and the packages.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod documented;
mod foreign;
mod manifests;
mod render;
mod rustdoc;
mod snapshot;
