#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod registry;
#[cfg(feature = "config")]
mod stores;

pub use polyvault_core::*;

pub use self::config::StoreConfig;
pub use self::registry::{CONTROL_PLANES, PROVIDERS, open, open_in, open_with};
#[cfg(feature = "config")]
pub use self::stores::StoresConfig;

#[cfg(feature = "azure-key-vault")]
pub use polyvault_azure_key_vault as azure_key_vault;
#[cfg(feature = "wix-secrets")]
pub use polyvault_wix_secrets as wix_secrets;
#[cfg(feature = "yandex-lockbox")]
pub use polyvault_yandex_lockbox as yandex_lockbox;
