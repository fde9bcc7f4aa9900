//! What only Azure Key Vault has: every field of its answers, backups, and conversions.

use polyvault_core::transport::{Call, Repeat};
use polyvault_core::{
    Error, Page, PageRequest, Result, Retry, Secret, SecretRef, VersionChange, VersionPatch,
    VersionSelector,
};

use super::AzureKeyVault;
use super::look::exact;
use crate::config::SCHEME;
use crate::properties::{Backup, DeletedProperties, ReadOptions, SecretProperties};
use crate::{error, request, response};

/// What only Azure Key Vault has. Names and ids are taken as by the
/// [`SecretStore`](polyvault_core::SecretStore) that it is.
///
/// Errors are the same too: `InvalidInput` for a name or an id that none of this vault can have,
/// `NotFound`, `Forbidden`, `Unauthenticated`, and those of the transport; each method names what it has besides.
impl AzureKeyVault {
    /// All that the vault tells of a version beside its value, which is dropped and never kept.
    ///
    /// The service has no other way to ask, so this takes the right to read values (`get`).
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret>
    ///
    /// # Errors
    ///
    /// `Disabled` for a disabled version: [`list_version_properties_page`](Self::list_version_properties_page)
    /// tells of those too.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::RecoveryLevel;
    /// use polyvault_azure_key_vault::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
    ///
    /// let told = vault.store().properties(&"db".try_into()?, &Default::default()).await?;
    /// assert_eq!(told.recovery_level, Some(RecoveryLevel::RecoverablePurgeable));
    /// assert_eq!(told.recoverable_days, Some(90));
    /// assert!(!told.managed);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn properties(
        &self,
        secret: &SecretRef,
        version: &VersionSelector,
    ) -> Result<SecretProperties> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            let name = self.name(secret)?;
            let request = request::get(&self.config, name, exact(version))?;
            let answer = self.send("properties", Some(name), request).await?;
            response::properties(&self.config, &answer)
        };
        read.await
            .map_err(|error| error.about(SCHEME, "properties", Some(secret.as_str())))
    }

    /// A secret together with all that the same answer tells of it, converted on the way if that is asked for.
    ///
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret>
    ///
    /// # Errors
    ///
    /// `Disabled` for a disabled version; `Unsupported`, before any request, for a conversion with an
    /// `api_version` older than `2025-06-01-preview`; `InvalidInput` for one that the service does not do.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_azure_key_vault::{OutContentType, ReadOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("cert", ["made-up PFX"]).expect("a name that the service takes");
    ///
    /// let as_pem = ReadOptions {
    ///     out_content_type: Some(OutContentType::Pem),
    ///     ..ReadOptions::default()
    /// };
    /// let (secret, told) = vault.store().read(&"cert".try_into()?, &as_pem).await?;
    /// assert_eq!(secret.id, Some(told.secret));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(
        &self,
        secret: &SecretRef,
        options: &ReadOptions,
    ) -> Result<(Secret, SecretProperties)> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            let name = self.name(secret)?;
            let version = exact(&options.version);
            let request = match options.out_content_type {
                Some(form) => request::get_as(&self.config, name, version, form)?,
                None => request::get(&self.config, name, version)?,
            };
            let answer = self.send("read", Some(name), request).await?;
            let secret = response::secret(&self.config, &answer)?;
            let mut properties = response::properties(&self.config, &answer)?;
            // The value also tells its keys.
            properties.version = secret.info.clone().unwrap_or(properties.version);
            Ok((secret, properties))
        };
        read.await
            .map_err(|error: Error| error.about(SCHEME, "read", Some(secret.as_str())))
    }

    /// Changes the metadata of a version, which may be the current one, and gives all that is told of it then.
    ///
    /// What the patch leaves out stays as it is. A new content type takes a look at the version first, as in
    /// `update_version`; of a current version that is disabled, say which one it is. While the secret is being recovered it is waited for, up to a minute.
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/update-secret/update-secret>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a patch that changes nothing or is beyond the limits; `InTransition` after the minute.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::VersionPatch;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
    ///
    /// let patch = VersionPatch { content_type: Some("text/plain".into()), ..VersionPatch::default() };
    /// let store = vault.store();
    /// let told = store.update_properties(&"db".try_into()?, &Default::default(), patch).await?;
    /// assert_eq!(told.version.content_type.as_deref(), Some("text/plain"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_properties(
        &self,
        secret: &SecretRef,
        version: &VersionSelector,
        patch: VersionPatch,
    ) -> Result<SecretProperties> {
        let write = async {
            let change = VersionChange::Update(patch.clone());
            self.capabilities.check_update_version(secret, &change)?;
            let name = self.name(secret)?;
            let (mut version, mut patch) = (exact(version).cloned(), patch);
            if let Some(text) = &patch.content_type {
                let looked = self.remarked("update_properties", name, version.as_ref(), text);
                let (seen, content_type) = looked.await?;
                version = seen;
                patch.content_type = Some(content_type);
            }
            let request = request::update_version(&self.config, name, version.as_ref(), &patch)?;
            let answer = self.change("update_properties", name, request).await?;
            response::properties(&self.config, &answer)
                .map_err(|error| error::ADVICE.unknown("update_properties", error))
        };
        write
            .await
            .map_err(|error| error.about(SCHEME, "update_properties", Some(secret.as_str())))
    }

    /// A page of the secrets in the vault, without values, certificates' included.
    ///
    /// The version in each is the current one, without its id. Lists leave out what is `None`.
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a page of none or of more than 25.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::PageRequest;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
    ///
    /// let page = vault.store().list_properties_page(PageRequest::default()).await?;
    /// assert_eq!(page.items[0].name.as_str(), "db");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_properties_page(&self, page: PageRequest) -> Result<Page<SecretProperties>> {
        self.list_secrets("list_properties", &page)
            .await
            .map_err(|error| error.about(SCHEME, "list_properties", None))
    }

    /// A page of the versions of a secret, in the service's order (by id), disabled ones included.
    ///
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret-versions/get-secret-versions>
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown name, of which the service gives an empty list; `InvalidInput` for a
    /// page of none or of more than 25.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::PageRequest;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["old", "new"]).expect("a name that the service takes");
    ///
    /// let store = vault.store();
    /// let page = store.list_version_properties_page(&"db".try_into()?, PageRequest::default()).await?;
    /// assert_eq!(page.items.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_version_properties_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<SecretProperties>> {
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            self.list_versions_named("list_version_properties", self.name(secret)?, page)
                .await
        };
        read.await
            .map_err(|error| error.about(SCHEME, "list_version_properties", Some(secret.as_str())))
    }

    /// A page of the deleted secrets that the vault still keeps.
    ///
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-deleted-secrets/get-deleted-secrets>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a page of none or of more than 25.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::{PageRequest, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
    ///
    /// let store = vault.store();
    /// store.delete("db").await?;
    /// let page = store.list_deleted_properties_page(PageRequest::default()).await?;
    /// assert_eq!(page.items[0].properties.name.as_str(), "db");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_deleted_properties_page(
        &self,
        page: PageRequest,
    ) -> Result<Page<DeletedProperties>> {
        self.list_deleted("list_deleted_properties", &page)
            .await
            .map_err(|error| error.about(SCHEME, "list_deleted_properties", None))
    }

    /// What the vault still keeps of a deleted secret: until when, and how it can be had back.
    ///
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-deleted-secret/get-deleted-secret>
    ///
    /// # Errors
    ///
    /// `NotFound` for a live secret, and for some seconds after a delete, which [waits] until it shows.
    ///
    /// [waits]: polyvault_core::SecretStoreExt::delete
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::SecretStoreExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
    ///
    /// let store = vault.store();
    /// store.delete("db").await?;
    /// let deleted = store.get_deleted(&"db".try_into()?).await?;
    /// assert!(deleted.purge_at > deleted.deleted_at);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_deleted(&self, secret: &SecretRef) -> Result<DeletedProperties> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            let name = self.name(secret)?;
            let request = request::get_deleted(&self.config, name)?;
            let answer = self.send("get_deleted", Some(name), request).await?;
            response::deleted_properties(&self.config, &answer)
        };
        read.await
            .map_err(|error| error.about(SCHEME, "get_deleted", Some(secret.as_str())))
    }

    /// A secret with all its versions, encrypted by the service. Changes nothing.
    ///
    /// For up to 500 versions; good in vaults of the same subscription and geography only.
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/backup-secret/backup-secret>
    ///
    /// # Errors
    ///
    /// Which one the service gives for more than 500 versions is not known; `InvalidInput` is likely.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::Backup;
    /// use polyvault_azure_key_vault::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let old = Emulator::start().await;
    /// old.seed("db", ["first", "second"]).expect("a name that the service takes");
    /// let saved = old.store().backup(&"db".try_into()?).await?.as_bytes().to_vec();
    ///
    /// let new = Emulator::start().await;
    /// let restored = new.store().restore(&Backup::from_bytes(saved)).await?;
    /// assert_eq!(restored.name.as_str(), "db");
    /// assert_eq!(new.versions("db").len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn backup(&self, secret: &SecretRef) -> Result<Backup> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            let name = self.name(secret)?;
            let request = request::backup(&self.config, name)?;
            let answer = self.send("backup", Some(name), request).await;
            response::backup(&answer.map_err(changes_nothing)?)
        };
        read.await
            .map_err(|error| error.about(SCHEME, "backup", Some(secret.as_str())))
    }

    /// Brings a secret back with all its versions, under the name that it had, and gives what is told of
    /// its current version. An example is at [`backup`](Self::backup).
    ///
    /// A name that exists is never overwritten. While a secret of this name is being deleted or purged it is
    /// waited for, up to a minute. A restore whose answer is lost is not sent again, for a repeat that meets the
    /// name can't tell whose it is; and nothing confirms it, for the name stands in the backup, which only the
    /// service can open.
    /// <https://learn.microsoft.com/rest/api/keyvault/secrets/restore-secret/restore-secret>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for bytes that are no backup, and likely for one of another subscription or geography;
    /// `Conflict` if the name exists, `SoftDeleted` if a deleted secret has it; `InTransition` after the minute;
    /// any with [`Retry::OutcomeUnknown`](polyvault_core::Retry::OutcomeUnknown) if the answer was lost.
    pub async fn restore(&self, backup: &Backup) -> Result<SecretProperties> {
        let write = async {
            let request = request::restore(&self.config, backup)?;
            let attempt = || async {
                let call = Call {
                    operation: "restore",
                    secret: None,
                    repeat: Repeat::Unsafe,
                    request: request.clone(),
                };
                self.client.send(call).await
            };
            let answer = self.settled(attempt).await.map_err(error::of_restore)?;
            response::properties(&self.config, &answer)
                .map_err(|error| error::ADVICE.unknown("restore", error))
        };
        write
            .await
            .map_err(|error| error.about(SCHEME, "restore", None))
    }
}

/// A POST whose answer is lost looks like a write, but a backup can always be made again.
fn changes_nothing(error: Error) -> Error {
    match error.retry() {
        Retry::OutcomeUnknown => error
            .with_retry(Retry::After(None))
            .with_help("Back up again: a backup changes nothing."),
        _ => error,
    }
}
