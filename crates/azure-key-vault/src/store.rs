//! The store: one vault.

use std::fmt;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::transport::{Body, Call, Client, Repeat};
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, GetOptions, InfoPatch, Operation,
    OperationId, Outcome, Page, PageRequest, PutMode, PutOptions, PutValue, Result, Secret,
    SecretInfo, SecretRef, SecretStore, VersionChange, VersionId, VersionInfo, Written,
};

use crate::builder::AzureKeyVaultBuilder;
use crate::config::{Config, SCHEME};
use crate::operation::Begun;
use crate::properties::{DeletedProperties, SecretProperties};
use crate::{error, request, response};

mod look;
mod native;
mod put;
mod remove;

pub(crate) use self::put::metadata;

/// One vault of Azure Key Vault as a [`SecretStore`].
///
/// Clones share the credential and the connections.
///
/// # Example
///
/// ```
/// use polyvault_core::SecretStore;
/// use polyvault_azure_key_vault::AzureKeyVault;
///
/// let store = AzureKeyVault::builder("my-vault").token("a-ready-token".into()).build()?;
/// assert_eq!(store.capabilities().provider, "azure-key-vault");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AzureKeyVault {
    vault: String,
    config: Config,
    capabilities: Capabilities,
    client: Client,
}

impl AzureKeyVault {
    /// Starts putting together a store for the vault of this name.
    pub fn builder(vault: impl Into<String>) -> AzureKeyVaultBuilder {
        AzureKeyVaultBuilder::new(vault)
    }

    pub(crate) fn new(
        vault: String,
        config: Config,
        capabilities: Capabilities,
        client: Client,
    ) -> Self {
        Self {
            vault,
            config,
            capabilities,
            client,
        }
    }

    fn name<'a>(&self, secret: &'a SecretRef) -> Result<&'a str> {
        let name = request::name(&self.config, secret)?;
        self.capabilities.limits.name.check(name)?;
        Ok(name)
    }

    /// Sends what may be repeated: a read, or a change that says how things are to be.
    async fn send(
        &self,
        operation: &'static str,
        name: Option<&str>,
        request: Request<Body>,
    ) -> Result<Response<Body>> {
        let call = Call {
            operation,
            secret: name,
            repeat: Repeat::Safe,
            request,
        };
        self.client.send(call).await
    }

    /// A change of metadata, once the secret can be written.
    async fn change(
        &self,
        operation: &'static str,
        name: &str,
        request: Request<Body>,
    ) -> Result<Response<Body>> {
        self.settled(|| self.send(operation, Some(name), request.clone()))
            .await
    }
}

#[async_trait]
impl SecretStore for AzureKeyVault {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let read = async {
            self.capabilities.check_get(secret, &options)?;
            self.get_named("get", self.name(secret)?, &options).await
        };
        read.await
            .map_err(|error| error.about(SCHEME, "get", Some(secret.as_str())))
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            self.describe_named(self.name(secret)?).await
        };
        read.await
            .map_err(|error| error.about(SCHEME, "describe", Some(secret.as_str())))
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let listed = self.list_secrets("list", &page).await;
        listed
            .map(|page| response::map(page, SecretProperties::into_info))
            .map_err(|error| error.about(SCHEME, "list", None))
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            self.list_versions_named("list_versions", self.name(secret)?, page)
                .await
        };
        read.await
            .map(|page| response::map(page, |listed| listed.version))
            .map_err(|error| error.about(SCHEME, "list_versions", Some(secret.as_str())))
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let write = async {
            let payload = value.into_payload()?;
            self.capabilities.check_put(secret, &payload, &options)?;
            let name = self.name(secret)?;
            // An id is given by a secret: there is none to make.
            let mode = match (secret, options.mode) {
                (SecretRef::Id(_), PutMode::Upsert) => PutMode::AddVersion,
                (_, mode) => mode,
            };
            self.put(name, &payload, &PutOptions { mode, ..options })
                .await
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| error.about(SCHEME, "put", Some(secret.as_str())))
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let write = async {
            self.capabilities.check_update(secret, &patch)?;
            let name = self.name(secret)?;
            let request = request::update(&self.config, name, &patch)?;
            let answer = self.change("update", name, request).await?;
            response::info(&self.config, &answer)
                .map_err(|error| error::ADVICE.unknown("update", error))
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| error.about(SCHEME, "update", Some(secret.as_str())))
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let write = async {
            self.capabilities.check_update_version(secret, &change)?;
            let name = self.name(secret)?;
            let mut patch = match change {
                VersionChange::Update(patch) => patch,
                VersionChange::MakeCurrent => return self.copy_version(name, version).await,
                _ => return Err(Error::unsupported(SCHEME, "update_version")),
            };
            if let Some(text) = &patch.content_type {
                let looked = self.remarked("update_version", name, Some(version), text);
                patch.content_type = Some(looked.await?.1);
            }
            let request = request::update_version(&self.config, name, Some(version), &patch)?;
            let answer = self.change("update_version", name, request).await?;
            response::version(&answer)
                .map_err(|error| error::ADVICE.unknown("update_version", error))
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| error.about(SCHEME, "update_version", Some(secret.as_str())))
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let write = async {
            self.capabilities.check_delete(secret, &options)?;
            self.delete_named(self.name(secret)?).await
        };
        write
            .await
            .map_err(|error| error.about(SCHEME, "delete", Some(secret.as_str())))
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let listed = self.list_deleted("list_deleted", &page).await;
        listed
            .map(|page| response::map(page, DeletedProperties::into_info))
            .map_err(|error| error.about(SCHEME, "list_deleted", None))
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let write = async {
            self.capabilities.check_recover(secret)?;
            self.recover_named(self.name(secret)?).await
        };
        write
            .await
            .map_err(|error| error.about(SCHEME, "recover", Some(secret.as_str())))
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let write = async {
            self.capabilities.check_purge(secret)?;
            self.purge_named(self.name(secret)?).await
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| error.about(SCHEME, "purge", Some(secret.as_str())))
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        let resumed = || {
            self.capabilities.check_resume()?;
            let (begun, id, clock) = (Begun::parse(id)?, id.clone(), self.client.clock());
            Ok(match begun {
                Begun::Delete(name) => {
                    self.capabilities.limits.name.check(&name)?;
                    Operation::pending(id, clock, self.delete_poll(&name, true))
                }
                Begun::Recover(name) => {
                    self.capabilities.limits.name.check(&name)?;
                    Operation::pending(id, clock, self.recover_poll(&name, None))
                }
            })
        };
        resumed().map_err(|error: Error| error.about(SCHEME, "resume", None))
    }
}

impl fmt::Display for AzureKeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}://{}", self.vault)
    }
}

impl fmt::Debug for AzureKeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureKeyVault")
            .field("vault", &self.vault)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
