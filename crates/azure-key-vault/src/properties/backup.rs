//! A secret with all its versions, in one piece.

use std::fmt;

use polyvault_core::{SecretBytes, Value};

/// A secret with all its versions, encrypted by the service.
///
/// Only the service can open it, and only into a vault of the same Azure subscription and
/// geography; a secret of more than 500 versions can't be backed up
/// (<https://learn.microsoft.com/azure/key-vault/general/backup>). Who may restore into such a vault can read
/// what is in it, so it is kept like a secret: its bytes are wiped on drop, and `Debug` shows their
/// number only. A clone shares the bytes.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::Backup;
///
/// // As it was saved; a real one begins with `)AzureKeyVaultSecretBackupV1.microsoft.com`.
/// let backup = Backup::from_bytes(b"made up".to_vec());
/// assert_eq!(backup.as_bytes(), b"made up");
/// assert_eq!(format!("{backup:?}"), "Backup(7 bytes)");
/// ```
#[derive(Clone)]
pub struct Backup(Value);

impl Backup {
    /// Takes the bytes of a backup, as [`as_bytes`](Self::as_bytes) gave them. A vector that is handed in is wiped.
    pub fn from_bytes(bytes: impl Into<SecretBytes>) -> Self {
        Self(Value::binary(bytes))
    }

    pub(crate) fn of(blob: Value) -> Self {
        Self(blob)
    }

    /// The bytes, to be saved as they are: raw, not base64.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_bytes()
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backup({} bytes)", self.0.len())
    }
}
