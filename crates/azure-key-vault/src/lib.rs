#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod arm;
mod builder;
mod config;
pub mod credential;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
pub mod events;
pub mod identifier;
mod operation;
mod properties;
mod request;
mod response;
mod store;
mod wire;

use polyvault_core::provider::Provider;

pub use self::builder::AzureKeyVaultBuilder;
pub use self::properties::{
    Backup, DeletedProperties, OutContentType, ReadOptions, RecoveryLevel, SecretProperties,
};
pub use self::store::AzureKeyVault;

/// What the registry knows of Azure Key Vault.
pub const PROVIDER: Provider = Provider {
    scheme: config::SCHEME,
    title: "Azure Key Vault",
    capabilities: config::capabilities,
    not_yet: config::NOT_YET,
    refusals: config::REFUSALS,
    parameters: config::PARAMETERS,
    variables: credential::VARIABLES,
    open: builder::open,
    from_id: Some(identifier::store_url),
};
