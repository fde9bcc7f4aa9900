//! What stores tell of secrets and versions.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::{Payload, SecretId, SecretName, VersionId};

/// The key/value pairs that a user puts on a secret.
pub type Labels = BTreeMap<String, String>;

/// The state of a version, or of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionState {
    /// It can be read.
    #[default]
    Enabled,
    /// It can't be read until it is enabled.
    Disabled,
    /// It will be destroyed at a known time, and can't be read.
    PendingDestruction,
    /// Its payload is gone for good.
    Destroyed,
    /// A state that this library does not know, by the service's name for it.
    Unknown(String),
}

impl VersionState {
    /// The name in machine-readable output, or the service's where it is not known.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::VersionState;
    ///
    /// assert_eq!(VersionState::PendingDestruction.as_str(), "pending_destruction");
    /// assert_eq!(VersionState::Unknown("ARCHIVED".into()).as_str(), "ARCHIVED");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::PendingDestruction => "pending_destruction",
            Self::Destroyed => "destroyed",
            Self::Unknown(name) => name,
        }
    }
}

/// What is known of one version; `None` everywhere means "not told". All times are UTC.
///
/// Labels and description stand here only where the service keeps them by version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionInfo {
    /// The id; `None` where the service has no versions or did not tell.
    pub id: Option<VersionId>,
    /// Whether it can be read.
    pub state: VersionState,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When its metadata last changed.
    pub updated_at: Option<Timestamp>,
    /// The start of its validity: information only, reads go through before it.
    pub not_before: Option<Timestamp>,
    /// The end of its validity: information only, reads go through after it.
    pub expires_at: Option<Timestamp>,
    /// When it will be destroyed.
    pub destroy_at: Option<Timestamp>,
    /// What the user says the payload is, often a MIME type.
    pub content_type: Option<String>,
    /// What the user says of this version.
    pub description: Option<String>,
    /// The labels of this version.
    pub labels: Option<Labels>,
    /// The keys of its entries, without values.
    pub entry_keys: Option<Vec<String>>,
}

impl VersionInfo {
    /// Whether its validity has ended at `now`; expiry never fails a read.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::VersionInfo;
    ///
    /// let end = "2026-01-01T00:00:00Z".parse().expect("a time");
    /// let version = VersionInfo { expires_at: Some(end), ..VersionInfo::default() };
    /// assert!(version.is_expired_at(end));
    /// assert!(!VersionInfo::default().is_expired_at(end), "no end, no expiry");
    /// ```
    #[must_use]
    pub fn is_expired_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What is known of a secret, never a value; `None` means "not told". All times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretInfo {
    /// The service's id; where the service goes by name, made from the name.
    pub id: SecretId,
    /// The user's name, which some services allow to be missing.
    pub name: Option<SecretName>,
    /// What the user says of it.
    pub description: Option<String>,
    /// The labels of the secret, or of its current version where the service keeps them there.
    pub labels: Option<Labels>,
    /// Whether it can be read.
    pub state: VersionState,
    /// What is told of the current version.
    pub current: Option<VersionInfo>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// Whether the service refuses to delete it.
    pub deletion_protection: Option<bool>,
    /// Whether another service owns it and refuses writes.
    pub managed: bool,
}

impl SecretInfo {
    /// A secret of which only the id is known.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{SecretId, SecretInfo};
    ///
    /// let info = SecretInfo::new(SecretId::new("e6q0")?);
    /// assert!(info.name.is_none() && info.current.is_none());
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    #[must_use]
    pub fn new(id: SecretId) -> Self {
        Self {
            id,
            name: None,
            description: None,
            labels: None,
            state: VersionState::Enabled,
            current: None,
            created_at: None,
            updated_at: None,
            deletion_protection: None,
            managed: false,
        }
    }
}

/// What is known of a deleted secret that may still be recovered. All times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedSecretInfo {
    /// What was known of it before.
    pub info: SecretInfo,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When the service will purge it by itself.
    pub purge_at: Option<Timestamp>,
    /// Whether it can be recovered until then.
    pub recoverable: bool,
}

/// One version with its payload: only what one answer of the service told.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The service's id.
    pub id: Option<SecretId>,
    /// The user's name.
    pub name: Option<SecretName>,
    /// The version that was read; `None` where there are none or it was not told.
    pub version: Option<VersionId>,
    /// What the same answer told of the version.
    pub info: Option<VersionInfo>,
    /// What it holds.
    pub payload: Payload,
}

/// What a put wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The secret that was written to.
    pub secret: SecretId,
    /// The version that was made; its id is `None` where there are no versions.
    pub version: VersionInfo,
    /// Whether the secret was made too.
    pub created: bool,
}

/// Changes to a secret; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InfoPatch {
    /// A new name.
    pub name: Option<SecretName>,
    /// A new description; the empty one clears it.
    pub description: Option<String>,
    /// The new labels, all of them: those not mentioned are gone.
    pub labels: Option<Labels>,
    /// Whether the service shall refuse to delete it.
    pub deletion_protection: Option<bool>,
    /// Whether the secret can be read.
    pub enabled: Option<bool>,
}

/// A change to one version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionChange {
    /// Make it the current one: the service's own move, or a copy as a new version.
    MakeCurrent,
    /// Change its metadata.
    Update(VersionPatch),
    /// Destroy its payload, after this long where a delay is given.
    Destroy {
        /// The delay; the service's own where `None`.
        after: Option<Duration>,
    },
    /// Take back a destruction that has not happened yet.
    CancelDestruction,
}

/// What a change does to a field that need not be there.
///
/// # Example
///
/// ```
/// use polyvault_core::Edit;
///
/// assert_eq!(Edit::Keep.apply_to(Some(1)), Some(1));
/// assert_eq!(Edit::from(2).apply_to(Some(1)), Some(2));
/// assert_eq!(Edit::Clear.apply_to(Some(1)), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this.
    Set(T),
    /// It goes away, if it is there.
    Clear,
}

impl<T> Edit<T> {
    /// What the field holds after the change.
    #[must_use]
    pub fn apply_to(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Set(new) => Some(new),
            Self::Clear => None,
        }
    }
}

impl<T> From<T> for Edit<T> {
    fn from(new: T) -> Self {
        Self::Set(new)
    }
}

/// Changes to the metadata of one version, sent as one request; what is `None` or
/// [`Keep`](Edit::Keep) stays.
///
/// # Example
///
/// ```
/// use polyvault_core::{Edit, Timestamp, VersionPatch};
///
/// let end: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
/// let patch = VersionPatch {
///     not_before: Edit::Clear,
///     expires_at: end.into(),
///     ..VersionPatch::default()
/// };
/// assert_eq!(patch.expires_at, Edit::Set(end));
/// assert_eq!(patch.enabled, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionPatch {
    /// Whether it can be read.
    pub enabled: Option<bool>,
    /// A new start of validity, UTC, or none.
    pub not_before: Edit<Timestamp>,
    /// A new end of validity, UTC, or none.
    pub expires_at: Edit<Timestamp>,
    /// The new labels, all of them.
    pub labels: Option<Labels>,
    /// A new content type; the empty one clears it.
    pub content_type: Option<String>,
}
