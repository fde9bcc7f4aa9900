//! What only Azure Key Vault tells of a secret, and what only it can be asked.

mod backup;
mod read;
mod recovery;

use polyvault_core::{
    DeletedSecretInfo, SecretId, SecretInfo, SecretName, Timestamp, VersionId, VersionInfo,
};

pub use self::backup::Backup;
pub use self::read::{OutContentType, ReadOptions};
pub use self::recovery::RecoveryLevel;

/// All that an answer of the vault tells beside the value; `None` means "not told".
///
/// The fields of <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret#secretbundle>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretProperties {
    /// The secret's id as this store reaches it, without a version.
    pub secret: SecretId,
    /// The secret's name, as it was first spelt.
    pub name: SecretName,
    /// The version that the answer is about: its id, state, times (UTC, whole seconds), content type
    /// and tags. In a list of secrets it is the current one, whose id no list tells.
    pub version: VersionInfo,
    /// What a delete would leave.
    pub recovery_level: Option<RecoveryLevel>,
    /// For how many days a delete could be taken back: 7 to 90, and 0 where it could not.
    pub recoverable_days: Option<u32>,
    /// Whether a certificate owns it: then the service changes it together with the certificate.
    pub managed: bool,
    /// The id (a URL) of the key behind it (`kid`), where a certificate owns it.
    pub key_id: Option<String>,
    /// The version that this one of a certificate followed; told for certificates made since June 2025.
    pub previous_version: Option<VersionId>,
}

/// A deleted secret that the vault still keeps; `None` means "not told".
///
/// The fields of <https://learn.microsoft.com/rest/api/keyvault/secrets/get-deleted-secret/get-deleted-secret#deletedsecretbundle>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedProperties {
    /// What it was before. The id is the one that it had, and has again once it is recovered.
    pub properties: SecretProperties,
    /// The URL that recovers and purges it; of the vault as the service calls it.
    pub recovery_id: Option<String>,
    /// When it was deleted. UTC, whole seconds.
    pub deleted_at: Option<Timestamp>,
    /// When the vault will purge it by itself (`scheduledPurgeDate`). UTC, whole seconds.
    pub purge_at: Option<Timestamp>,
}

impl SecretProperties {
    /// What every store tells of a secret.
    pub(crate) fn into_info(self) -> SecretInfo {
        SecretInfo {
            name: Some(self.name),
            labels: self.version.labels.clone(),
            state: self.version.state.clone(),
            updated_at: self.version.updated_at,
            managed: self.managed,
            current: Some(self.version),
            ..SecretInfo::new(self.secret)
        }
    }
}

impl DeletedProperties {
    /// What every store tells of a deleted secret.
    pub(crate) fn into_info(self) -> DeletedSecretInfo {
        let level = self.properties.recovery_level.as_ref();
        DeletedSecretInfo {
            // Lists may leave the level out; what is among the deleted ones is there to be recovered.
            recoverable: level.is_none_or(RecoveryLevel::can_recover),
            info: self.properties.into_info(),
            deleted_at: self.deleted_at,
            purge_at: self.purge_at,
        }
    }
}
