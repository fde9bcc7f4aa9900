//! What can be said of a call.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::Labels;
use crate::password::PasswordSpec;
use crate::payload::{SecretBytes, SecretText};
use crate::{Error, ErrorKind, Payload, Result, Retry, VersionSelector};

/// Options of a read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// Which version; the current one unless said.
    pub version: VersionSelector,
}

impl From<VersionSelector> for GetOptions {
    fn from(version: VersionSelector) -> Self {
        Self { version }
    }
}

/// Whether a put makes a secret, adds a version to one, or does what is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutMode {
    /// Make the secret, or add a version to the one that exists.
    #[default]
    Upsert,
    /// Make the secret; one of this name must not exist.
    Create,
    /// Add a version; the secret must exist.
    AddVersion,
}

/// What a put does when the name belongs to a deleted secret that can be recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnSoftDeleted {
    /// Refuse with `SoftDeleted`.
    #[default]
    Fail,
    /// Recover it, then add a version.
    Recover,
    /// Purge it with all its versions, then make a new secret.
    Purge,
}

/// Options of a put. `None` keeps what an existing secret has; `Some` of something empty clears it.
///
/// # Example
///
/// ```
/// use polyvault_core::{PutMode, PutOptions};
///
/// let options = PutOptions {
///     content_type: Some("text/plain".into()),
///     expires_at: Some("2027-01-01T00:00:00Z".parse().expect("a time")),
///     ..PutOptions::from(PutMode::AddVersion)
/// };
/// assert!(options.keep_metadata, "labels stay as they are");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOptions {
    /// Whether to make a secret or to add to one.
    pub mode: PutMode,
    /// The labels, all of them.
    pub labels: Option<Labels>,
    /// The content type.
    pub content_type: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The start of the new version's validity, UTC.
    pub not_before: Option<Timestamp>,
    /// The end of the new version's validity, UTC.
    pub expires_at: Option<Timestamp>,
    /// Whether the new version can be read; it can unless said.
    pub enabled: Option<bool>,
    /// Whether labels, content type and description of an existing secret are
    /// kept where these options are silent. `false` may save a read.
    pub keep_metadata: bool,
    /// What to do about a deleted secret of the same name.
    pub on_soft_deleted: OnSoftDeleted,
    /// Names this call, so that a repeat after a lost answer is known as one.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl PutOptions {
    /// The refusal of a create whose name is taken, for stores that look before they put.
    ///
    /// Under an idempotency key the call may be the repeat of one that was cut off, and the secret
    /// that one's: nobody knows, and the error says so.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{ErrorKind, IdempotencyKey, PutMode, PutOptions, Retry};
    ///
    /// let create = PutOptions::from(PutMode::Create);
    /// assert_eq!(create.name_taken().retry(), Retry::Never);
    ///
    /// let again = PutOptions { idempotency_key: Some(IdempotencyKey::random()), ..create };
    /// assert_eq!(again.name_taken().kind(), ErrorKind::AlreadyExists);
    /// assert_eq!(again.name_taken().retry(), Retry::OutcomeUnknown);
    /// ```
    #[must_use]
    pub fn name_taken(&self) -> Error {
        self.maybe_own(Error::new(
            ErrorKind::AlreadyExists,
            "a secret of this name exists",
        ))
    }

    /// The service's own refusal of a create whose name is taken, for stores that put without a look:
    /// [`name_taken`](Self::name_taken) with all that the service said.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{Error, ErrorKind, IdempotencyKey, PutMode, PutOptions, Retry};
    ///
    /// let again = PutOptions {
    ///     idempotency_key: Some(IdempotencyKey::random()),
    ///     ..PutOptions::from(PutMode::Create)
    /// };
    /// let refusal = Error::new(ErrorKind::AlreadyExists, "the name is taken").with_request_id("r-1");
    /// let error = again.maybe_own(refusal);
    /// assert_eq!(error.request_id(), Some("r-1"));
    /// assert_eq!(error.retry(), Retry::OutcomeUnknown);
    /// ```
    #[must_use]
    pub fn maybe_own(&self, refusal: Error) -> Error {
        match self.idempotency_key {
            None => refusal,
            Some(_) => refusal.with_retry(Retry::OutcomeUnknown).with_help(
                "If this repeats a call that was cut off, that call may have made the secret: look at it.",
            ),
        }
    }
}

impl Default for PutOptions {
    fn default() -> Self {
        Self {
            mode: PutMode::default(),
            labels: None,
            content_type: None,
            description: None,
            not_before: None,
            expires_at: None,
            enabled: None,
            keep_metadata: true,
            on_soft_deleted: OnSoftDeleted::default(),
            idempotency_key: None,
        }
    }
}

impl From<PutMode> for PutOptions {
    fn from(mode: PutMode) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }
}

/// Options of a delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Names this call, so that a repeat after a lost answer is known as one.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Names one logical call: the same key for every attempt at it, a new one for every other call.
///
/// # Example
///
/// ```
/// use polyvault_core::IdempotencyKey;
///
/// let key = IdempotencyKey::random();
/// let saved = key.to_string(); // beside the work that it belongs to
/// let again: IdempotencyKey = saved.parse()?;
/// assert_eq!(key, again);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Uuid);

impl IdempotencyKey {
    /// A new random key.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({self})")
    }
}

impl FromStr for IdempotencyKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "an idempotency key is a UUID"))
    }
}

/// What a put stores: a payload, or a password that is made on the way.
///
/// # Example
///
/// ```
/// use polyvault_core::{PasswordSpec, PutValue};
///
/// let given: PutValue = "s3cret".into();
/// assert_eq!(given.into_payload()?.single()?.len(), 6);
///
/// let made: PutValue = PasswordSpec::default().into();
/// assert!(made.into_payload()?.single()?.is_text());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PutValue {
    /// This payload.
    Payload(Payload),
    /// A generated password: by the service where it can, else by this library with the same rules.
    Generate(PasswordSpec),
}

impl PutValue {
    /// The payload, generated here if it is to be generated.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if no password can follow the rules; `Unexpected` if the system gives no randomness.
    pub fn into_payload(self) -> Result<Payload> {
        match self {
            Self::Payload(payload) => Ok(payload),
            Self::Generate(spec) => spec.generate(),
        }
    }
}

impl From<Payload> for PutValue {
    fn from(payload: Payload) -> Self {
        Self::Payload(payload)
    }
}

impl From<&Payload> for PutValue {
    fn from(payload: &Payload) -> Self {
        Self::Payload(payload.clone())
    }
}

impl From<PasswordSpec> for PutValue {
    fn from(spec: PasswordSpec) -> Self {
        Self::Generate(spec)
    }
}

macro_rules! from_value {
    ($make:ident: $($type:ty),*) => {$(
        impl From<$type> for PutValue {
            fn from(value: $type) -> Self {
                Self::Payload(Payload::$make(value))
            }
        }
    )*};
}

from_value!(text: &str, String, secrecy::SecretString, SecretText);
from_value!(binary: &[u8], Vec<u8>, SecretBytes);
