#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod config;
pub mod credential;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
pub mod events;
mod operation;
mod request;
mod response;
mod store;
mod wire;

use polyvault_core::provider::Provider;

pub use self::builder::WixSecretsBuilder;
pub use self::config::{Names, Payloads};
pub use self::store::{Seeded, WixSecrets};

/// What the registry knows of Wix Secrets.
pub const PROVIDER: Provider = Provider {
    scheme: config::SCHEME,
    title: "Wix Secrets",
    capabilities: config::capabilities,
    not_yet: config::NOT_YET,
    refusals: config::REFUSALS,
    parameters: config::PARAMETERS,
    variables: credential::VARIABLES,
    open: builder::open,
    from_id: None,
};
