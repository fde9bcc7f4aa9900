#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod capabilities;
pub mod clock;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod encoding;
pub mod ensure;
mod env_store;
pub mod environment;
mod error;
mod fallback;
mod file;
pub mod memory;
mod model;
mod name;
pub mod observability;
mod operation;
mod options;
mod page;
mod password;
mod payload;
pub mod provider;
pub mod rotation;
mod store;
pub mod transport;

pub use self::capabilities::{Capabilities, NameRule};
pub use self::ensure::{Desired, EnsureOptions};
pub use self::env_store::EnvStore;
pub use self::environment::Environment;
pub use self::error::{Error, ErrorKind, Result, Retry};
pub use self::fallback::FallbackStore;
pub use self::memory::MemoryStore;
pub use self::model::{
    DeletedSecretInfo, Edit, InfoPatch, Labels, Secret, SecretInfo, VersionChange, VersionInfo,
    VersionPatch, VersionState, Written,
};
pub use self::name::{OperationId, SecretId, SecretName, SecretRef, VersionId, VersionSelector};
pub use self::operation::{Operation, Outcome, Poll, Polled, WaitPolicy};
pub use self::options::{
    DeleteOptions, GetOptions, IdempotencyKey, OnSoftDeleted, PutMode, PutOptions, PutValue,
};
pub use self::page::{Page, PageRequest, PageToken, Pagination};
pub use self::password::{PasswordSpec, Punctuation};
pub use self::payload::{DEFAULT_KEY, Payload, SecretBytes, SecretText, Value};
pub use self::store::{SecretStore, SecretStoreExt};
pub use jiff::Timestamp;
pub use secrecy::SecretString;
