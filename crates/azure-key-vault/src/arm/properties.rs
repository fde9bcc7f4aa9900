//! What the control plane tells of a secret and takes for it, beside the model.

use polyvault_core::{
    Labels, Payload, Result, SecretId, SecretInfo, SecretName, Timestamp, VersionInfo,
};

use crate::identifier::{Hosts, SecretIdentifier};

/// A secret as Azure Resource Manager tells it, never with its value. All times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmSecret {
    /// The resource's id, a path that begins with `/subscriptions/`.
    pub id: SecretId,
    /// The name.
    pub name: SecretName,
    /// The region of the vault.
    pub location: Option<String>,
    /// What is told of the current version, but its id: `uri_with_version` has it.
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
/// text is kept as it came, and reading it is an error.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::arm::SecretUri;
/// use polyvault_azure_key_vault::identifier::Hosts;
///
/// let uri = SecretUri::new("https://my-vault.vault.azure.net/secrets/db/baf6de32c4774c7c81345f6476cf90a4");
/// let id = uri.identifier(&Hosts::clouds())?;
/// assert_eq!(id.name().as_str(), "db");
/// assert!(id.version().is_some());
///
/// let malformed = SecretUri::new("https:/my-vault.vault.azure.net/secrets/db");
/// assert!(malformed.identifier(&Hosts::clouds()).is_err());
/// assert_eq!(malformed.as_str(), "https:/my-vault.vault.azure.net/secrets/db");
/// # Ok::<(), polyvault_core::Error>(())
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

    /// The id of the secret that it is, on one of these hosts.
    ///
    /// # Errors
    ///
    /// `InvalidInput` as [`SecretIdentifier::parse`], so also for a malformed one.
    pub fn identifier(&self, hosts: &Hosts) -> Result<SecretIdentifier> {
        SecretIdentifier::parse(&self.0, hosts)
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
