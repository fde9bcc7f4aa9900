//! The store: one vault by its control plane.

use std::fmt;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::encoding::Mark;
use polyvault_core::transport::{Body, Call, Client, Repeat};
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, ErrorKind, GetOptions, InfoPatch,
    Operation, OperationId, Outcome, Page, PageRequest, Payload, PutMode, PutOptions, PutValue,
    Result, Secret, SecretInfo, SecretRef, SecretStore, VersionChange, VersionId, VersionInfo,
    VersionState, Written,
};

use super::builder::AzureKeyVaultArmBuilder;
use super::config::{Config, SCHEME, capabilities};
use super::properties::{ArmPatch, ArmSecret};
use super::{error, request, response};
use crate::request::{Stored, stored};
use crate::store::metadata;

/// One vault of Azure Key Vault by its control plane, as a [`SecretStore`]: values are written and never
/// read, and there are no versions, deletes or recoveries.
///
/// Clones share the credential and the connections.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::arm::AzureKeyVaultArm;
/// use polyvault_core::SecretStore;
///
/// let store = AzureKeyVaultArm::builder("00000000-0000-0000-0000-000000000000", "my-group", "my-vault")
///     .token("a-ready-token".into())
///     .build()?;
/// assert!(!store.capabilities().read_values);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AzureKeyVaultArm {
    config: Config,
    capabilities: Capabilities,
    client: Client,
}

impl AzureKeyVaultArm {
    /// Starts putting together a store for the vault of this name, in this group of this subscription.
    pub fn builder(
        subscription: impl Into<String>,
        resource_group: impl Into<String>,
        vault: impl Into<String>,
    ) -> AzureKeyVaultArmBuilder {
        AzureKeyVaultArmBuilder::new(subscription, resource_group, vault)
    }

    pub(super) fn new(config: Config, client: Client) -> Self {
        Self {
            config,
            capabilities: capabilities(),
            client,
        }
    }

    /// What the resource manager tells of a secret.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::describe`].
    ///
    /// # Example
    ///
    /// ```
    /// # #[cfg(feature = "emulator")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// use polyvault_azure_key_vault::emulator::Emulator;
    ///
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
    ///
    /// let secret = vault.arm_store().properties("db".parse::<polyvault_core::SecretName>()?).await?;
    /// assert!(secret.id.as_str().starts_with("/subscriptions/"));
    /// assert!(secret.uri.expect("told").as_str().ends_with("/secrets/db"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "emulator"))]
    /// # fn main() {}
    /// ```
    pub async fn properties(&self, secret: impl Into<SecretRef>) -> Result<ArmSecret> {
        let secret = secret.into();
        self.described("properties", &secret)
            .await
            .map_err(|error| error.about(SCHEME, "properties", Some(secret.as_str())))
    }

    /// Changes a secret by one PATCH, with a value or without; gives what the service tells of it then.
    ///
    /// A value becomes a new version. What the patch leaves out is left to the service.
    ///
    /// # Errors
    ///
    /// `NotFound`; `InvalidInput` and `TooLarge` as a put. A patch with a value whose answer was lost has
    /// [`Retry::OutcomeUnknown`](polyvault_core::Retry::OutcomeUnknown): it is never repeated.
    ///
    /// # Example
    ///
    /// ```
    /// # #[cfg(feature = "emulator")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// use polyvault_azure_key_vault::arm::ArmPatch;
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::{Payload, SecretName};
    ///
    /// let vault = Emulator::start().await;
    /// vault.seed("db", ["old"]).expect("a name that the service takes");
    ///
    /// let patch = ArmPatch { value: Some(Payload::text("new")), ..ArmPatch::default() };
    /// let secret = vault.arm_store().patch(SecretName::new("db")?, patch).await?;
    /// assert_eq!(vault.versions("db").last().map(|version| &*version.value), Some("new"));
    /// assert!(secret.uri_with_version.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "emulator"))]
    /// # fn main() {}
    /// ```
    pub async fn patch(&self, secret: impl Into<SecretRef>, patch: ArmPatch) -> Result<ArmSecret> {
        let secret = secret.into();
        self.patched(&secret, &patch)
            .await
            .map_err(|error| error.about(SCHEME, "patch", Some(secret.as_str())))
    }

    async fn patched(&self, secret: &SecretRef, patch: &ArmPatch) -> Result<ArmSecret> {
        let name = self.name(secret)?;
        // The rules of a put hold for each of its parts but the switch, which here is the secret's.
        let options = PutOptions {
            labels: patch.labels.clone(),
            content_type: patch.content_type.clone(),
            not_before: patch.not_before,
            expires_at: patch.expires_at,
            ..PutOptions::default()
        };
        let any = Payload::text("any");
        let payload = patch.value.as_ref();
        self.capabilities
            .check_put(secret, payload.unwrap_or(&any), &options)?;
        let nothing = payload.is_none() && patch.enabled.is_none();
        if nothing && options == PutOptions::default() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "field `patch`: there is nothing to change",
            ));
        }
        let (stored, content_type) = self.typed(name, patch).await?;
        let request = request::patch(
            &self.config,
            name,
            patch,
            stored.as_ref(),
            content_type.as_deref(),
        )?;
        let repeat = match stored {
            Some(_) => Repeat::Unsafe,
            None => Repeat::Safe,
        };
        let answer = self.send("patch", Some(name), repeat, request).await?;
        response::secret(&self.config, &answer)
            .map_err(|error| error::ADVICE.unknown("patch", error))
    }

    /// What is stored of a patch's value, and the content type that must go with it: our mark says how the
    /// value is stored, so neither may change without the other.
    async fn typed(
        &self,
        name: &str,
        patch: &ArmPatch,
    ) -> Result<(Option<Stored>, Option<String>)> {
        if patch.value.is_none() && patch.content_type.is_none() {
            return Ok((None, None));
        }
        let answer = self.look("patch", name).await?;
        let before = response::stored_type(&answer)?;
        let mark = before.as_deref().and_then(Mark::read);
        let plain = match &mark {
            Some(mark) => mark.content_type().map(str::to_owned),
            None => before.clone(),
        };
        let wanted = patch.content_type.clone().or(plain);
        let wanted = wanted.as_deref().filter(|text| !text.is_empty());
        let (stored, content_type) = match &patch.value {
            Some(payload) => {
                let stored = stored(payload, wanted)?;
                let content_type = stored.content_type.clone();
                (Some(stored), content_type)
            }
            None if mark.is_some() => (None, Some(Mark::of(wanted).to_string())),
            None => (None, wanted.map(str::to_owned)),
        };
        if let Some(mark) = content_type.as_deref().and_then(Mark::read) {
            self.capabilities.check_mark(&mark)?;
        }
        // What is left out stays: no type at all must be said.
        let content_type = content_type.unwrap_or_default();
        let same = content_type == before.unwrap_or_default();
        Ok((stored, (!same).then_some(content_type)))
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

    async fn look(&self, operation: &'static str, name: &str) -> Result<Response<Body>> {
        let request = request::get(&self.config, name)?;
        self.send(operation, Some(name), Repeat::Safe, request)
            .await
    }

    async fn described(&self, operation: &'static str, secret: &SecretRef) -> Result<ArmSecret> {
        let name = self.name(secret)?;
        let answer = self.look(operation, name).await?;
        response::secret(&self.config, &answer)
    }

    async fn put(&self, name: &str, payload: &Payload, options: &PutOptions) -> Result<Written> {
        let before = match self.look("put", name).await {
            Ok(answer) => Some(response::secret(&self.config, &answer)?.current),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                return Err(error.with_help(
                    "A put looks first: grant Microsoft.KeyVault/vaults/secrets/read beside .../write.",
                ));
            }
            Err(error) => return Err(error),
        };
        match (options.mode, &before) {
            (PutMode::Create, Some(_)) => {
                return Err(options.name_taken());
            }
            (PutMode::AddVersion, None) => {
                return Err(Error::new(ErrorKind::NotFound, "there is no such secret"));
            }
            _ => {}
        }
        let created = before.is_none();
        // A new version is enabled unless said, and here it is the secret that is not.
        let off = before
            .as_ref()
            .is_some_and(|now| now.state == VersionState::Disabled);
        let kept = before.filter(|_| options.keep_metadata);
        let (mut metadata, content_type) = metadata(options, kept.unwrap_or_default());
        metadata.enabled = metadata.enabled.or(off.then_some(false));
        let stored = stored(payload, content_type.as_deref())?;
        if let Some(mark) = stored.mark() {
            self.capabilities.check_mark(&mark)?;
        }
        let request = request::put(&self.config, name, &stored, &metadata)?;
        let answer = self
            .send("put", Some(name), Repeat::Unsafe, request)
            .await?;
        let written = response::secret(&self.config, &answer)
            .map_err(|error| error::ADVICE.unknown("put", error))?;
        Ok(Written {
            secret: written.id,
            version: written.current,
            created,
        })
    }
}

#[async_trait]
impl SecretStore for AzureKeyVaultArm {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let checked = self.name(secret).map(drop);
        let checked = checked.and_then(|()| self.capabilities.check_get(secret, &options));
        self.capabilities
            .refuse(checked, "get", Some(secret))
            .map_err(|error| match error.kind() {
                ErrorKind::Unsupported => {
                    error.with_help("Read it by the data plane: azure-key-vault://VAULT.")
                }
                _ => error,
            })
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        self.described("describe", secret)
            .await
            .map(ArmSecret::into_info)
            .map_err(|error| error.about(SCHEME, "describe", Some(secret.as_str())))
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let listed = async {
            self.capabilities.check_page(&page)?;
            let request = request::list(&self.config, &page)?;
            let answer = self.send("list", None, Repeat::Safe, request).await?;
            response::list(&self.config, &answer)
        };
        listed
            .await
            .map(|page| crate::response::map(page, ArmSecret::into_info))
            .map_err(|error: Error| error.about(SCHEME, "list", None))
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let checked = self.capabilities.check_list_versions(secret, &page);
        self.capabilities
            .refuse(checked, "list_versions", Some(secret))
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
            let answer = self
                .send("update", Some(name), Repeat::Safe, request)
                .await?;
            response::secret(&self.config, &answer)
                .map_err(|error| error::ADVICE.unknown("update", error))
        };
        write
            .await
            .map(|secret| Operation::done(secret.into_info()))
            .map_err(|error| error.about(SCHEME, "update", Some(secret.as_str())))
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        _version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let checked = self.capabilities.check_update_version(secret, &change);
        self.capabilities
            .refuse(checked, "update_version", Some(secret))
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let checked = self.capabilities.check_delete(secret, &options);
        self.capabilities.refuse(checked, "delete", Some(secret))
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let checked = self.capabilities.check_list_deleted(&page);
        self.capabilities.refuse(checked, "list_deleted", None)
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let checked = self.capabilities.check_recover(secret);
        self.capabilities.refuse(checked, "recover", Some(secret))
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let checked = self.capabilities.check_purge(secret);
        self.capabilities.refuse(checked, "purge", Some(secret))
    }

    async fn resume(&self, _id: &OperationId) -> Result<Operation<Outcome>> {
        self.capabilities
            .refuse(self.capabilities.check_resume(), "resume", None)
    }
}

impl fmt::Display for AzureKeyVaultArm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config {
            subscription,
            resource_group,
            vault,
            ..
        } = &self.config;
        write!(f, "{SCHEME}://{subscription}/{resource_group}/{vault}")
    }
}

impl fmt::Debug for AzureKeyVaultArm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureKeyVaultArm")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
