//! The end of a call that a store has no way to make.

use super::Capabilities;
use crate::{Error, Result, SecretRef};

impl Capabilities {
    /// Ends a call that the store has no way to make: with what its check refuses, else as unsupported.
    ///
    /// # Errors
    ///
    /// Always: the check's, or `Unsupported`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{ErrorKind, MemoryStore, Result, SecretRef, SecretStore};
    ///
    /// let store = MemoryStore::like_wix();
    /// let can = store.capabilities();
    /// let secret = SecretRef::try_from("db-password")?;
    /// let refused: Result<()> = can.refuse(can.check_purge(&secret), "purge", Some(&secret));
    ///
    /// let error = refused.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// assert_eq!((error.operation(), error.secret()), (Some("purge"), Some("db-password")));
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn refuse<T>(
        &self,
        checked: Result<()>,
        operation: &'static str,
        secret: Option<&SecretRef>,
    ) -> Result<T> {
        checked
            .and_then(|()| Err(Error::unsupported(self.provider, operation)))
            .map_err(|error| error.about(self.provider, operation, secret.map(SecretRef::as_str)))
    }
}
