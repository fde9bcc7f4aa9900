//! Secrets as a process finds them: variables, or the files of a mounted directory.

mod directory;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;

use self::directory::Directory;
use self::variables::Variables;
use crate::capabilities::{
    CreateStrength, Encoded, Entries, Generate, Limits, LostPut, MakeCurrent, Scope, SizeUnit,
    Versions,
};
use crate::memory::page::page;
use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Operation, Outcome};
use crate::options::{DeleteOptions, GetOptions, PutOptions, PutValue};
use crate::{
    Capabilities, Environment, Error, ErrorKind, NameRule, OperationId, Page, PageRequest, Payload,
    Result, SecretId, SecretName, SecretRef, SecretStore, Value, VersionId,
};

/// What the provider is called in errors.
const PROVIDER: &str = "env";

/// A store that is only read: environment variables, a dotenv file, or a directory of one file a
/// secret, as Kubernetes mounts them.
///
/// It is what a service has on a developer's machine or in a pod; as the first of a
/// [`FallbackStore`](crate::FallbackStore) it overrides a store of the cloud. There are no versions,
/// and the id of a secret is its name. Variables hold text, and one that is empty counts as missing.
///
/// # Example
///
/// The variables of this process, then those of `.env`, then the site's own secrets, as one store
/// (the process here is put together, and the site is in memory):
///
/// ```
/// use polyvault_core::{EnvStore, Environment, FallbackStore, MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join(".env");
/// # std::fs::write(&path, "SHOP_DB_PASSWORD=local\n").unwrap();
/// # let process = Environment::empty().with("SHOP_API_KEY", "mine");
/// # let site = MemoryStore::like_wix();
/// site.put("db-password", "s3cret").await?;
/// site.put("webhook-key", "of the site").await?;
///
/// let dotenv = EnvStore::upper_snake(Environment::dotenv(&path)?, "SHOP_");
/// let store = FallbackStore::new(EnvStore::upper_snake(process, "SHOP_"), FallbackStore::new(dotenv, site));
///
/// for (name, value) in [("api-key", "mine"), ("db-password", "local"), ("webhook-key", "of the site")] {
///     let read = store.get_with(name, Default::default()).await?;
///     assert_eq!(read.payload.single()?.expose_text()?, value);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EnvStore {
    source: Source,
    can: Capabilities,
}

#[derive(Clone, Debug)]
enum Source {
    Variables(Variables),
    Directory(Directory),
}

impl EnvStore {
    /// The variables whose names begin with `prefix`: the secret `DB` is the variable `APP_DB` where
    /// that is `APP_`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{EnvStore, Environment, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let environment = Environment::empty().with("APP_DB_PASSWORD", "s3cret");
    /// let store = EnvStore::variables(environment, "APP_");
    /// store.get_text("DB_PASSWORD").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn variables(environment: Environment, prefix: impl Into<String>) -> Self {
        Self::new(Source::Variables(Variables::exact(
            environment,
            prefix.into(),
        )))
    }

    /// The same for secrets with names as services have them: `db-password` is the variable
    /// `APP_DB_PASSWORD` where `prefix` is `APP_`.
    ///
    /// Names are of small letters, digits and `-`, so that each has a variable of its own; in a
    /// [`FallbackStore`](crate::FallbackStore) all others are the second store's.
    #[must_use]
    pub fn upper_snake(environment: Environment, prefix: impl Into<String>) -> Self {
        Self::new(Source::Variables(Variables::upper_snake(
            environment,
            prefix.into(),
        )))
    }

    /// The files of a directory, read each time, byte for byte: a line break at the end is part of
    /// the value. A file has up to 1 MiB.
    ///
    /// Links are followed, and what begins with `..` is not shown, as in a
    /// [Secret that Kubernetes mounts](https://kubernetes.io/docs/concepts/configuration/secret/).
    ///
    /// # Errors
    ///
    /// `Config` if there is no such directory.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{EnvStore, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let mounted = folder.path();
    /// # std::fs::write(mounted.join("tls.key"), "-----BEGIN").unwrap();
    /// let store = EnvStore::directory(mounted)?;
    /// store.get_text("tls.key").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn directory(path: impl Into<PathBuf>) -> Result<Self> {
        let directory =
            Directory::new(path.into()).map_err(|error| error.with_provider(PROVIDER))?;
        Ok(Self::new(Source::Directory(directory)))
    }

    fn new(source: Source) -> Self {
        let (name, bytes) = match &source {
            Source::Variables(variables) => (variables.rule(), false),
            Source::Directory(_) => (directory::RULE, true),
        };
        let can = capabilities(name, bytes);
        Self { source, can }
    }

    fn blame(&self, error: Error, operation: &'static str, secret: Option<&SecretRef>) -> Error {
        error.about(PROVIDER, operation, secret.map(SecretRef::as_str))
    }

    /// The name that is meant; an id is one.
    fn name_of(&self, secret: &SecretRef) -> Result<SecretName> {
        self.can.limits.name.check(secret.as_str())?;
        SecretName::new(secret.as_str())
    }

    async fn read(&self, secret: &SecretRef) -> Result<(SecretInfo, Value)> {
        let name = self.name_of(secret)?;
        let found = match &self.source {
            Source::Variables(variables) => variables.read(name.as_str())?,
            Source::Directory(directory) => directory.read(name.as_str()).await?,
        };
        Ok((told(name)?, found.ok_or_else(|| self.missing())?))
    }

    /// No file is read for this.
    async fn described(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let name = self.name_of(secret)?;
        let is_there = match &self.source {
            Source::Variables(variables) => variables.read(name.as_str())?.is_some(),
            Source::Directory(directory) => directory.has(name.as_str()).await?,
        };
        match is_there {
            true => told(name),
            false => Err(self.missing()),
        }
    }

    fn missing(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("{self} has no such secret"))
    }

    async fn names(&self) -> Result<BTreeMap<SecretName, ()>> {
        let names = match &self.source {
            Source::Variables(variables) => variables.names(),
            Source::Directory(directory) => directory.names().await?,
        };
        let fit = |name: &String| self.can.limits.name.check(name).is_ok();
        let names = names.into_iter().filter(fit).map(SecretName::new);
        names.map(|name| Ok((name?, ()))).collect()
    }
}

#[async_trait]
impl SecretStore for EnvStore {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let read = async {
            self.can.check_get(secret, &options)?;
            self.read(secret).await
        };
        let (info, value) = read
            .await
            .map_err(|error| self.blame(error, "get", Some(secret)))?;
        Ok(Secret {
            id: Some(info.id),
            name: info.name,
            version: None,
            info: None,
            payload: Payload::of(value),
        })
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        self.described(secret)
            .await
            .map_err(|error| self.blame(error, "describe", Some(secret)))
    }

    async fn list_page(&self, request: PageRequest) -> Result<Page<SecretInfo>> {
        let listed = async {
            self.can.check_page(&request)?;
            let names = self.names().await?;
            page(&names, &request, u32::MAX, |name, ()| {
                told(name.clone()).ok()
            })
        };
        listed
            .await
            .map_err(|error| self.blame(error, "list", None))
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let checked = self.can.check_list_versions(secret, &page);
        self.can.refuse(checked, "list_versions", Some(secret))
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let checked = value
            .into_payload()
            .and_then(|payload| self.can.check_put(secret, &payload, &options));
        self.can.refuse(checked, "put", Some(secret))
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let checked = self.can.check_update(secret, &patch);
        self.can.refuse(checked, "update", Some(secret))
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        _version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let checked = self.can.check_update_version(secret, &change);
        self.can.refuse(checked, "update_version", Some(secret))
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let checked = self.can.check_delete(secret, &options);
        self.can.refuse(checked, "delete", Some(secret))
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        self.can
            .refuse(self.can.check_list_deleted(&page), "list_deleted", None)
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        self.can
            .refuse(self.can.check_recover(secret), "recover", Some(secret))
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        self.can
            .refuse(self.can.check_purge(secret), "purge", Some(secret))
    }

    async fn resume(&self, _id: &OperationId) -> Result<Operation<Outcome>> {
        self.can.refuse(self.can.check_resume(), "resume", None)
    }
}

impl fmt::Display for EnvStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Variables(variables) => write!(f, "{PROVIDER}://{variables}"),
            Source::Directory(directory) => write!(f, "{PROVIDER}://{directory}"),
        }
    }
}

fn told(name: SecretName) -> Result<SecretInfo> {
    Ok(SecretInfo {
        name: Some(name.clone()),
        ..SecretInfo::new(SecretId::new(name.as_str())?)
    })
}

/// `bytes`: values of any bytes, also of none.
fn capabilities(name: NameRule, bytes: bool) -> Capabilities {
    Capabilities {
        provider: PROVIDER,
        put: false,
        read_values: true,
        versions: Versions::None,
        entries: Entries::Single,
        binary: bytes,
        encoded: Encoded::Never,
        empty_values: bytes,
        labels: Scope::None,
        content_type: false,
        description: Scope::None,
        validity: false,
        clear_validity: false,
        disable: Scope::None,
        rename: false,
        deletion_protection: false,
        update_version: false,
        make_current: MakeCurrent::None,
        destroy: false,
        cancel_destruction: false,
        delete: false,
        soft_delete: false,
        recover: false,
        purge: false,
        resume: false,
        create: CreateStrength::None,
        lost_put: LostPut::Unknown,
        generate: Generate::Client,
        twins: false,
        limits: Limits {
            name,
            payload_size: None,
            payload_unit: SizeUnit::Bytes,
            entry_key: None,
            labels: None,
            content_type_chars: None,
            description_chars: None,
            page_size: None,
        },
    }
}
