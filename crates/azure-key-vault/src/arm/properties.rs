//! What the control plane tells of a secret and takes for it, beside the model.

use polyvault_core::{
    Labels, Payload, SecretId, SecretInfo, SecretName, Timestamp, VersionId, VersionInfo,
};

use crate::wire;

/// A secret as Azure Resource Manager tells it, never with its value. All times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmSecret {
    /// The resource's id, a path that begins with `/subscriptions/`.
    pub id: SecretId,
    /// The name.
    pub name: SecretName,
    /// The region of the vault.
    pub location: Option<String>,
    /// What is told of the current version, but its id: that stands in `uri_with_version`.
    pub current: VersionInfo,
    /// `secretUri`, at which the data plane reads the current version.
    pub uri: Option<SecretUri>,
    /// `secretUriWithVersion`, at which the data plane reads this version.
    pub uri_with_version: Option<SecretUri>,
}

impl ArmSecret {
    pub(super) fn into_info(self) -> SecretInfo {
        SecretInfo {
            name: Some(self.name),
            labels: self.current.labels.clone(),
            state: self.current.state.clone(),
            updated_at: self.current.updated_at,
            current: Some(self.current),
            ..SecretInfo::new(self.id)
        }
    }
}

/// A secret's address in the data plane, as the control plane tells it.
///
/// The specification's own example has one that is malformed, with one slash behind `https:`. Such a
/// text is kept as it came, and is not [well-formed](Self::is_well_formed).
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::arm::SecretUri;
///
/// let uri = SecretUri::new("https://my-vault.vault.azure.net/secrets/db/baf6de32c4774c7c81345f6476cf90a4");
/// assert!(uri.is_well_formed());
/// assert_eq!(uri.name(), Some("db"));
/// assert_eq!(uri.version().unwrap().as_str(), "baf6de32c4774c7c81345f6476cf90a4");
///
/// let malformed = SecretUri::new("https:/my-vault.vault.azure.net/secrets/db");
/// assert!(!malformed.is_well_formed());
/// assert_eq!(malformed.name(), None);
/// assert_eq!(malformed.as_str(), "https:/my-vault.vault.azure.net/secrets/db");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUri(String);

impl SecretUri {
    /// Takes a text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of the form `https://VAULT/secrets/NAME`, maybe with a version.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.split().is_some()
    }

    /// The secret's name, of a well-formed one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.split().map(|(name, _)| name)
    }

    /// The version, of a well-formed one that has it.
    #[must_use]
    pub fn version(&self) -> Option<VersionId> {
        let (_, version) = self.split()?;
        VersionId::new(version?).ok()
    }

    fn split(&self) -> Option<(&str, Option<&str>)> {
        wire::split_id(&self.0)
    }
}

/// Changes to a secret by one PATCH; what is `None` stays. `Debug` shows no value.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::arm::ArmPatch;
/// use polyvault_core::Payload;
///
/// let patch = ArmPatch { value: Some(Payload::text("s3cret")), ..ArmPatch::default() };
/// assert!(!format!("{patch:?}").contains("s3cret"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ArmPatch {
    /// A new value, as a new version.
    pub value: Option<Payload>,
    /// The content type; the empty one clears it.
    pub content_type: Option<String>,
    /// The labels, all of them.
    pub labels: Option<Labels>,
    /// Whether the current version can be read.
    pub enabled: Option<bool>,
    /// The start of its validity, UTC; it can't be cleared.
    pub not_before: Option<Timestamp>,
    /// The end of its validity, UTC; it can't be cleared.
    pub expires_at: Option<Timestamp>,
}
