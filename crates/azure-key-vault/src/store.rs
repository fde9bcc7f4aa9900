//! The store: one vault.

use std::fmt;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::transport::{Body, Call, Client, Repeat};
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, ErrorKind, GetOptions, InfoPatch,
    Operation, OperationId, Outcome, Page, PageRequest, PutOptions, PutValue, Result, Secret,
    SecretInfo, SecretRef, SecretStore, VersionChange, VersionId, VersionInfo, VersionSelector,
    VersionState, Written,
};

use crate::builder::AzureKeyVaultBuilder;
use crate::config::{Config, SCHEME};
use crate::operation::{Begun, DeletePoll, RecoverPoll};
use crate::response::Deleted;
use crate::{request, response};

mod put;

/// One vault of Azure Key Vault as a [`SecretStore`].
///
/// Clones share the credential and the connections.
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

    async fn send(
        &self,
        operation: &'static str,
        name: Option<&str>,
        repeat: Repeat,
        request: Request<Body>,
    ) -> Result<Response<Body>> {
        let call = Call {
            operation,
            secret: name,
            repeat,
            request,
        };
        self.client.send(call).await
    }

    async fn read(
        &self,
        operation: &'static str,
        name: &str,
        request: Request<Body>,
    ) -> Result<Response<Body>> {
        self.send(operation, Some(name), Repeat::Safe, request)
            .await
    }

    /// What the versions tell of a secret whose current one can't be read.
    async fn describe_disabled(&self, name: &str, secret: &SecretRef) -> Result<SecretInfo> {
        let mut versions = Vec::new();
        let mut page = PageRequest::default();
        loop {
            let request = request::list_versions(&self.config, name, &page)?;
            let answer = self.read("describe", name, request).await?;
            let listed = response::list_versions(&answer)?;
            versions.extend(listed.items);
            if listed.next.is_none() || listed.next == page.token {
                break;
            }
            page.token = listed.next;
        }
        // Which of several is current, no list tells.
        let current = match versions.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let id = format!("{}/secrets/{name}", self.config.endpoint.as_str());
        Ok(SecretInfo {
            name: match secret {
                SecretRef::Name(name) => Some(name.clone()),
                SecretRef::Id(_) => Some(name.try_into()?),
            },
            state: VersionState::Disabled,
            labels: current.as_ref().and_then(|version| version.labels.clone()),
            current,
            ..SecretInfo::new(id.try_into()?)
        })
    }

    async fn first_versions(&self, name: &str, mut page: PageRequest) -> Result<Page<VersionInfo>> {
        let from_start = page.token.is_none();
        loop {
            let request = request::list_versions(&self.config, name, &page)?;
            let answer = self.read("list_versions", name, request).await?;
            let listed = response::list_versions(&answer)?;
            // The service answers an unknown name with an empty list, and empty pages may go on.
            match &listed.next {
                _ if !from_start || !listed.items.is_empty() => return Ok(listed),
                None => {
                    return Err(Error::new(ErrorKind::NotFound, "there is no such secret"));
                }
                next if *next == page.token => return Ok(listed),
                next => page.token.clone_from(next),
            }
        }
    }

    async fn get_named(&self, name: &str, options: &GetOptions) -> Result<Secret> {
        let version = match &options.version {
            VersionSelector::Exact(version) => Some(version),
            _ => None,
        };
        let request = request::get(&self.config, name, version)?;
        response::secret(&self.config, &self.read("get", name, request).await?)
    }

    async fn describe_named(&self, name: &str, secret: &SecretRef) -> Result<SecretInfo> {
        let request = request::get(&self.config, name, None)?;
        match self.read("describe", name, request).await {
            Ok(answer) => response::info(&self.config, &answer),
            Err(error) if error.kind() == ErrorKind::Disabled => {
                self.describe_disabled(name, secret).await
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_named(&self, name: &str) -> Result<Operation<()>> {
        let request = request::delete(&self.config, name)?;
        let call = Call {
            operation: "delete",
            secret: Some(name),
            repeat: Repeat::Safe,
            request,
        };
        let deleted = match self.client.send_delete(call).await? {
            Some(answer) => response::deleted(&answer)?,
            None => Deleted::Kept,
        };
        match deleted {
            Deleted::Gone => Ok(Operation::done(())),
            Deleted::Kept => Ok(Operation::pending(
                Begun::Delete(name.to_owned()).id()?,
                self.client.clock(),
                self.delete_poll(name, false),
            )),
        }
    }

    async fn recover_named(&self, name: &str) -> Result<Operation<SecretInfo>> {
        let request = request::recover(&self.config, name)?;
        let answer = self.read("recover", name, request).await?;
        let told = match answer.body().is_empty() {
            true => None,
            false => Some(response::info(&self.config, &answer)?),
        };
        Ok(Operation::pending(
            Begun::Recover(name.to_owned()).id()?,
            self.client.clock(),
            self.recover_poll(name, told),
        ))
    }

    async fn purge_named(&self, name: &str) -> Result<()> {
        self.settled(async || {
            let call = Call {
                operation: "purge",
                secret: Some(name),
                repeat: Repeat::Safe,
                request: request::purge(&self.config, name)?,
            };
            self.client.send_delete(call).await.map(|_| ())
        })
        .await
    }

    fn delete_poll(&self, name: &str, resumed: bool) -> DeletePoll {
        DeletePoll {
            config: self.config.clone(),
            client: self.client.clone(),
            name: name.to_owned(),
            resumed,
        }
    }

    fn recover_poll(&self, name: &str, told: Option<SecretInfo>) -> RecoverPoll {
        RecoverPoll {
            config: self.config.clone(),
            client: self.client.clone(),
            name: name.to_owned(),
            told,
        }
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
            self.get_named(self.name(secret)?, &options).await
        };
        read.await.map_err(|error| about(error, "get", secret))
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            self.describe_named(self.name(secret)?, secret).await
        };
        read.await.map_err(|error| about(error, "describe", secret))
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let read = async {
            self.capabilities.check_page(&page)?;
            let request = request::list(&self.config, &page)?;
            let answer = self.send("list", None, Repeat::Safe, request).await?;
            response::list(&self.config, &answer)
        };
        read.await.map_err(|error| ours(error, "list"))
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            self.first_versions(self.name(secret)?, page).await
        };
        read.await
            .map_err(|error| about(error, "list_versions", secret))
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
            self.put(self.name(secret)?, payload.single()?, &options)
                .await
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| about(error, "put", secret))
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
            let answer = self.read("update", name, request).await?;
            response::info(&self.config, &answer)
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| about(error, "update", secret))
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let write = async {
            self.capabilities.check_update_version(secret, &change)?;
            let VersionChange::Update(patch) = &change else {
                return Err(Error::unsupported(SCHEME, "update_version"));
            };
            let name = self.name(secret)?;
            let request = request::update_version(&self.config, name, version, patch)?;
            response::version(&self.read("update_version", name, request).await?)
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| about(error, "update_version", secret))
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
        write.await.map_err(|error| about(error, "delete", secret))
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let read = async {
            self.capabilities.check_list_deleted(&page)?;
            let request = request::list_deleted(&self.config, &page)?;
            let answer = self
                .send("list_deleted", None, Repeat::Safe, request)
                .await?;
            response::list_deleted(&self.config, &answer)
        };
        read.await.map_err(|error| ours(error, "list_deleted"))
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let write = async {
            self.capabilities.check_recover(secret)?;
            self.recover_named(self.name(secret)?).await
        };
        write.await.map_err(|error| about(error, "recover", secret))
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let write = async {
            self.capabilities.check_purge(secret)?;
            self.purge_named(self.name(secret)?).await
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| about(error, "purge", secret))
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        let id = id.clone();
        let resumed = Begun::parse(&id).and_then(|begun| {
            let clock = self.client.clock();
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
        });
        resumed.map_err(|error| ours(error, "resume"))
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

fn ours(error: Error, operation: &'static str) -> Error {
    error.with_provider(SCHEME).with_operation(operation)
}

fn about(error: Error, operation: &'static str, secret: &SecretRef) -> Error {
    ours(error, operation).with_secret(secret)
}
