//! Wix Secrets as a polyvault store.
#[cfg(feature = "emulator")]
pub mod emulator;
