#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod config;
pub mod credential;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
mod operation;
mod properties;
mod request;
mod response;
mod store;
mod wire;

use polyvault_core::provider::Provider;

pub use self::builder::YandexLockboxBuilder;
pub use self::properties::{
    AccessBinding, AccessChange, CreateSecret, FirstVersion, OperationKind, OperationProperties,
    OperationResponse, PasswordSpecification, PayloadPatch, SecretProperties, Subject,
    UpdateSecret, VersionProperties,
};
pub use self::store::{Names, YandexLockbox};

/// What the registry knows of Yandex Lockbox.
pub const PROVIDER: Provider = Provider {
    scheme: config::SCHEME,
    title: "Yandex Lockbox",
    capabilities: config::capabilities,
    not_yet: config::NOT_YET,
    refusals: config::REFUSALS,
    parameters: config::PARAMETERS,
    variables: credential::VARIABLES,
    open: builder::open,
    from_id: None,
};
