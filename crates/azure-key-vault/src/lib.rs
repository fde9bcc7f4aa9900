//! Azure Key Vault secrets as a polyvault store.
#[cfg(feature = "emulator")]
pub mod emulator;
