//! Stores that refuse and tell what a real service does.
//!
//! Core knows no provider but here: users want these in unit tests, without the adapters
//! and without HTTP. What each can do is written down again as data; the facade's
//! `tests/it/like.rs` holds it to the adapter's, field by field, and the answers to those of
//! the adapter on its emulator.

mod azure;
mod lockbox;
mod wix;

use super::{MemoryStore, MemoryStoreBuilder};

impl MemoryStore {
    /// An empty store that is like a vault of Azure Key Vault, for unit tests without HTTP.
    ///
    /// It has the capabilities and limits of the adapter, refuses what it refuses, and tells
    /// the same fields. Statuses, codes and request ids are the wire's: here there are none.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{Error, ErrorKind, MemoryStore, PutOptions, SecretStore, SecretStoreExt};
    ///
    /// /// The function under test: keeps a note with a secret, in a tag where there are no descriptions.
    /// async fn keep(store: &dyn SecretStore, name: &str, value: &str, note: &str) -> Result<(), Error> {
    ///     let described = PutOptions { description: Some(note.into()), ..PutOptions::default() };
    ///     match store.put_with(name, value, described).await {
    ///         Err(error) if error.kind() == ErrorKind::Unsupported => {
    ///             let labels = [("note".to_owned(), note.to_owned())].into();
    ///             let tagged = PutOptions { labels: Some(labels), ..PutOptions::default() };
    ///             store.put_with(name, value, tagged).await.map(drop)
    ///         }
    ///         outcome => outcome.map(drop),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let store = MemoryStore::like_azure();
    ///
    /// keep(&store, "db-password", "s3cret", "of the main database").await?;
    ///
    /// let labels = store.describe(&"db-password".try_into()?).await?.labels;
    /// assert_eq!(labels.unwrap()["note"], "of the main database");
    /// let error = keep(&store, "db_password", "s3cret", "x").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput, "no underscores in names there");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn like_azure() -> Self {
        Self::builder().like_azure().build()
    }

    /// An empty store that is like a folder of Yandex Lockbox, for unit tests without HTTP.
    ///
    /// It has the capabilities and limits of the adapter, refuses what it refuses, and tells
    /// the same fields. Statuses, codes and request ids are the wire's: here there are none.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{Error, ErrorKind, MemoryStore, SecretStore, SecretStoreExt};
    ///
    /// /// The function under test: keeps a certificate, or says that it is too large to be kept.
    /// async fn keep(store: &dyn SecretStore, pem: &str) -> Result<bool, Error> {
    ///     match store.put("tls", pem).await {
    ///         Ok(_) => Ok(true),
    ///         Err(error) if error.kind() == ErrorKind::TooLarge => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let store = MemoryStore::like_lockbox();
    ///
    /// assert!(keep(&store, "-----BEGIN CERTIFICATE-----").await?);
    /// assert!(!keep(&store, &"x".repeat(64 * 1024 + 1)).await?);
    ///
    /// // A delete is final there.
    /// store.delete("tls").await?;
    /// let error = store.recover("tls").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// assert_eq!(error.provider(), Some("yandex-lockbox"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn like_lockbox() -> Self {
        Self::builder().like_lockbox().build()
    }

    /// An empty store that is like a site of Wix Secrets, for unit tests without HTTP.
    ///
    /// It has the capabilities and limits of the adapter, refuses what it refuses, and tells
    /// the same fields. Statuses, codes and request ids are the wire's: here there are none.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{Error, ErrorKind, MemoryStore, SecretStore, SecretStoreExt};
    ///
    /// /// The function under test: how many versions can be gone back to.
    /// async fn depth(store: &dyn SecretStore, name: &str) -> Result<usize, Error> {
    ///     match store.history(name).await {
    ///         Ok(versions) => Ok(versions.len() - 1),
    ///         Err(error) if error.kind() == ErrorKind::Unsupported => Ok(0),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let store = MemoryStore::like_wix();
    /// store.put("db-password", "old").await?;
    /// let written = store.put("db-password", "new").await?;
    ///
    /// assert_eq!(depth(&store, "db-password").await?, 0);
    /// assert_eq!(written.version.id, None);
    /// let error = store.put("db-password", "x".repeat(3501)).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TooLarge);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn like_wix() -> Self {
        Self::builder().like_wix().build()
    }
}

impl MemoryStoreBuilder {
    /// What [`MemoryStore::like_azure`] makes; the store's name stands for the vault's.
    #[must_use]
    pub fn like_azure(mut self) -> Self {
        self.service = azure::SERVICE;
        self
    }

    /// What [`MemoryStore::like_lockbox`] makes.
    #[must_use]
    pub fn like_lockbox(mut self) -> Self {
        self.service = lockbox::SERVICE;
        self
    }

    /// What [`MemoryStore::like_wix`] makes.
    #[must_use]
    pub fn like_wix(mut self) -> Self {
        self.service = wix::SERVICE;
        self
    }
}
