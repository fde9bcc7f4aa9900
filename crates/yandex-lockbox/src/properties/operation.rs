//! Operations, with all that the service tells of them.

use polyvault_core::{Error, OperationId, SecretId, Timestamp, VersionId};

use super::{SecretProperties, VersionProperties};

/// An operation; `None` means "not told".
///
/// The fields of <https://yandex.cloud/docs/api-design-guide/concepts/operation>. An operation is looked
/// at by [`operation`](crate::YandexLockbox::operation) and waited for by
/// [`resume`](polyvault_core::SecretStore::resume).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationProperties {
    /// The id.
    pub id: OperationId,
    /// What it does, in the service's words.
    pub description: Option<String>,
    /// When it began. UTC.
    pub created_at: Option<Timestamp>,
    /// The id of the account that began it.
    pub created_by: Option<String>,
    /// When it last changed. UTC.
    pub modified_at: Option<Timestamp>,
    /// Whether it has ended.
    pub done: bool,
    /// What it does; `None` where the service does not tell.
    pub kind: Option<OperationKind>,
    /// The secret that it is about.
    pub secret: Option<SecretId>,
    /// The version that it is about, told before that version is there.
    pub version: Option<VersionId>,
    /// When the version is to be destroyed. UTC.
    pub destroy_at: Option<Timestamp>,
    /// Why it failed. It may be told before the end: the service takes back what it did.
    pub error: Option<Error>,
    /// What it ended with.
    pub response: OperationResponse,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationKind {
    /// Makes a secret.
    CreateSecret,
    /// Changes a secret.
    UpdateSecret,
    /// Deletes a secret.
    DeleteSecret,
    /// Lets the values of a secret be read.
    ActivateSecret,
    /// Keeps the values of a secret from being read.
    DeactivateSecret,
    /// Makes a version.
    AddVersion,
    /// Makes another version current.
    SetCurrentVersion,
    /// Has a version destroyed after a delay.
    ScheduleVersionDestruction,
    /// Takes a destruction back.
    CancelVersionDestruction,
    /// Replaces the roles on a secret.
    SetAccessBindings,
    /// Changes the roles on a secret.
    UpdateAccessBindings,
    /// Something that this library does not know, by the type of the operation's metadata.
    Other(String),
}

/// What an operation ended with. The service also keeps `Empty` in place of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationResponse {
    /// Nothing that is told.
    None,
    /// A message without fields.
    Empty,
    /// The secret as it is then.
    Secret(Box<SecretProperties>),
    /// The version as it is then.
    Version(Box<VersionProperties>),
    /// Something that this library does not know or can't read, by its type.
    Other(String),
}

impl OperationKind {
    /// By the type of an operation's metadata.
    pub(crate) fn of(type_url: &str) -> Self {
        let name = type_url.rsplit('/').next().unwrap_or(type_url);
        match name {
            "yandex.cloud.lockbox.v1.CreateSecretMetadata" => Self::CreateSecret,
            "yandex.cloud.lockbox.v1.UpdateSecretMetadata" => Self::UpdateSecret,
            "yandex.cloud.lockbox.v1.DeleteSecretMetadata" => Self::DeleteSecret,
            "yandex.cloud.lockbox.v1.ActivateSecretMetadata" => Self::ActivateSecret,
            "yandex.cloud.lockbox.v1.DeactivateSecretMetadata" => Self::DeactivateSecret,
            "yandex.cloud.lockbox.v1.AddVersionMetadata" => Self::AddVersion,
            "yandex.cloud.lockbox.v1.SetCurrentVersionMetadata" => Self::SetCurrentVersion,
            "yandex.cloud.lockbox.v1.ScheduleVersionDestructionMetadata" => {
                Self::ScheduleVersionDestruction
            }
            "yandex.cloud.lockbox.v1.CancelVersionDestructionMetadata" => {
                Self::CancelVersionDestruction
            }
            "yandex.cloud.access.SetAccessBindingsMetadata" => Self::SetAccessBindings,
            "yandex.cloud.access.UpdateAccessBindingsMetadata" => Self::UpdateAccessBindings,
            _ => Self::Other(name.to_owned()),
        }
    }
}
