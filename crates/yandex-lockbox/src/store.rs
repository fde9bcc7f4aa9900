//! The store: one folder.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::clock::Clock;
use polyvault_core::transport::{Body, Client};
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, ErrorKind, GetOptions, IdempotencyKey,
    InfoPatch, Operation, OperationId, Outcome, Page, PageRequest, Payload, PutOptions, PutValue,
    Result, Secret, SecretId, SecretInfo, SecretRef, SecretStore, VersionChange, VersionId,
    VersionInfo, VersionSelector, VersionState, WaitPolicy, Written,
};

use crate::builder::{YandexLockboxBuilder, check_folder};
use crate::config::{Config, SCHEME};
use crate::operation::{Effect, Expected, Poller, Progress, again, foreign};
use crate::properties::{SecretProperties, UpdateSecret};
use crate::{error, request, response};

mod about;
mod access;
mod find;
mod names;
mod native;
mod put;
mod version;

use self::put::Wanted;
pub(crate) use self::put::check_payload;

pub(crate) use self::about::About;
pub(crate) use self::names::NameCache;
pub use self::names::Names;

/// One folder of Yandex Lockbox as a [`SecretStore`].
///
/// A name is looked up by listing the folder to its end, because two secrets may have
/// the same one; an id saves that. Clones share the credential and the connections.
///
/// # Example
///
/// ```
/// use polyvault_core::SecretStore;
/// use polyvault_yandex_lockbox::YandexLockbox;
///
/// let store = YandexLockbox::builder("b1gfolder00000000001").token("a-ready-token".into()).build()?;
/// assert_eq!(store.capabilities().provider, "yandex-lockbox");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
///
/// # Example: what only this service has
///
/// ```
/// use polyvault_core::{Edit, PageRequest, WaitPolicy};
/// use polyvault_yandex_lockbox::emulator::Emulator;
/// use polyvault_yandex_lockbox::{
///     AccessBinding, AccessChange, CreateSecret, FirstVersion, PayloadPatch, Subject, UpdateSecret,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// # use std::sync::Arc;
/// # let clock = polyvault_core::clock::ManualClock::at(polyvault_core::Timestamp::UNIX_EPOCH);
/// # let lockbox = Emulator::builder().clock(Arc::new(clock)).start().await;
/// # let store = lockbox.store();
/// let entries = [("user", "scott".into()), ("password", "tiger".into())];
/// let payload = polyvault_core::Payload::from_entries(entries.map(|(key, text): (_, String)| {
///     (key, polyvault_core::Value::text(text))
/// }))?;
/// let secret = CreateSecret {
///     first_version: FirstVersion::Payload(payload),
///     ..CreateSecret::named("db".parse()?)
/// };
/// store.begin_create(secret).await?.wait(WaitPolicy::default()).await?;
///
/// let db = "db".try_into()?;
/// let without_user = PayloadPatch { remove: ["user".to_owned()].into(), ..PayloadPatch::default() };
/// store.patch(&db, without_user).await?;
/// let copy = store.begin_patch(&db, PayloadPatch::default()).await?; // with an operation to wait for
/// copy.wait(WaitPolicy::default()).await?;
///
/// let described = UpdateSecret { description: Edit::Set("main".into()), ..UpdateSecret::default() };
/// store.begin_update_secret(&db, described).await?.wait(WaitPolicy::default()).await?;
///
/// let reader = AccessBinding {
///     role: "lockbox.payloadViewer".into(),
///     subject: Subject::service_account("ajeaccount0000000001"),
/// };
/// let added = [AccessChange::Add(reader)];
/// store.begin_update_access_bindings(&db, added).await?.wait(WaitPolicy::default()).await?;
/// assert_eq!(store.list_access_bindings_page(&db, PageRequest::default()).await?.items.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct YandexLockbox {
    config: Config,
    capabilities: Capabilities,
    client: Client,
    names: Arc<NameCache>,
}

impl YandexLockbox {
    /// Starts putting together a store for the folder of this id.
    pub fn builder(folder: impl Into<String>) -> YandexLockboxBuilder {
        YandexLockboxBuilder::new(folder)
    }

    /// Another folder over the same connections and the same credential: all of them sign in once.
    ///
    /// # Errors
    ///
    /// `Config` for the folder.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_yandex_lockbox::YandexLockbox;
    /// use polyvault_yandex_lockbox::credential::AuthorizedKey;
    ///
    /// let key = AuthorizedKey::from_file("/run/secrets/authorized_key.json");
    /// let staging = YandexLockbox::builder("b1gstaging0000000001").credential(key).build()?;
    /// let production = staging.in_folder("b1gproduction0000001")?;
    /// assert_eq!(production.to_string(), "yandex-lockbox://b1gproduction0000001");
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn in_folder(&self, folder: impl Into<String>) -> Result<Self> {
        let folder = folder.into();
        check_folder(&folder)?;
        let config = Config {
            folder,
            ..self.config.clone()
        };
        Ok(Self::new(
            config,
            self.capabilities.clone(),
            self.client.clone(),
        ))
    }

    pub(crate) fn new(config: Config, capabilities: Capabilities, client: Client) -> Self {
        let names = Arc::new(NameCache::new(config.name_cache));
        Self {
            config,
            capabilities,
            client,
            names,
        }
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.client.clock()
    }

    pub(crate) async fn read(&self, about: &About, id: &SecretId) -> Result<SecretProperties> {
        let request = request::get(&self.config, id)?;
        response::secret(&self.send(about, request).await?)
    }

    pub(crate) async fn progress(&self, about: &About, id: &OperationId) -> Result<Progress> {
        let request = request::operation(&self.config, id)?;
        response::operation(&self.send(about, request).await?)
    }

    async fn send(&self, about: &About, request: Request<Body>) -> Result<Response<Body>> {
        self.client.send(about.call(request)).await
    }

    async fn begin<T>(&self, expected: Expected, request: Request<Body>) -> Result<Operation<T>>
    where
        T: TryFrom<Outcome> + Send + 'static,
        Error: From<T::Error>,
    {
        let begun = async {
            let answer = self.send(&expected.about, request).await?;
            self.begun(expected.clone(), &answer).await
        };
        begun.await.map_err(|error| expected.blame(error))
    }

    async fn begun<T>(&self, expected: Expected, answer: &Response<Body>) -> Result<Operation<T>>
    where
        T: TryFrom<Outcome> + Send + 'static,
        Error: From<T::Error>,
    {
        let progress = response::operation(answer)
            .map_err(|error| error::ADVICE.unknown(expected.about.operation, error))?;
        self.operation_of(expected, progress).await
    }

    async fn get_one(
        &self,
        about: &About,
        secret: &SecretRef,
        options: &GetOptions,
    ) -> Result<Secret> {
        match (secret, self.config.names) {
            (SecretRef::Name(_), Names::ByPayload) => {
                self.read_ex(about, secret, &options.version).await
            }
            _ => {
                let read = |id| self.read_payload(about, secret, id, &options.version);
                self.by_id(about, secret, read).await
            }
        }
    }

    async fn read_payload(
        &self,
        about: &About,
        secret: &SecretRef,
        id: SecretId,
        version: &VersionSelector,
    ) -> Result<Secret> {
        let request = request::payload(&self.config, &id, version)?;
        let answer = match self.send(about, request).await {
            Err(error) if error.kind() == ErrorKind::FailedPrecondition => {
                return Err(self.why(about, &id, error).await);
            }
            answer => answer?,
        };
        let (version, payload) = response::payload(&answer)?;
        Ok(read_as(secret, Some(id), version, payload))
    }

    /// The service has one code for all that can't be read; the secret tells whether it is inactive.
    async fn why(&self, about: &About, id: &SecretId, refused: Error) -> Error {
        match self.read(about, id).await {
            Ok(told) if told.info.state == VersionState::Disabled => {
                again(ErrorKind::Disabled, "the secret is inactive", &refused)
            }
            _ => refused,
        }
    }

    async fn update_one(
        &self,
        about: &About,
        secret: &SecretRef,
        patch: &InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let id = self.resolve(about, secret).await?;
        let mut expected = about.expect(Effect::Secret, &id);
        let change = UpdateSecret::from(patch);
        let changed = change.mask();
        if patch.name.is_some() {
            self.names.forget().await;
        }
        if !changed.is_empty() {
            let request = request::update(&self.config, &id, &change, IdempotencyKey::random())?;
            let update = self.begin(expected.clone(), request).await?;
            if patch.enabled.is_none() {
                return Ok(update);
            }
            update.wait(WaitPolicy::default()).await?;
            expected.changed = Some(changed.join(", "));
        }
        let enabled = patch.enabled.unwrap_or(true);
        let request = request::set_enabled(&self.config, &id, enabled, IdempotencyKey::random())?;
        self.begin(expected, request).await
    }

    async fn delete_one(
        &self,
        about: &About,
        secret: &SecretRef,
        options: &DeleteOptions,
    ) -> Result<Operation<()>> {
        let id = self.resolve(about, secret).await?;
        self.names.forget().await;
        let request = request::delete(&self.config, &id, key(options.idempotency_key))?;
        match self.client.send_delete(about.call(request)).await? {
            Some(answer) => {
                self.begun(about.expect(Effect::Nothing, &id), &answer)
                    .await
            }
            None => Ok(Operation::done(())),
        }
    }

    async fn resume_one(&self, about: &About, id: &OperationId) -> Result<Operation<Outcome>> {
        let expected = Expected::of(about, None);
        let mut poller = Poller::new(self.clone(), id.clone(), expected.clone());
        let progress = poller.find().await?;
        match progress.effect() {
            Some(_) => self.operation_of(expected, progress).await,
            None => Err(foreign()),
        }
    }
}

#[async_trait]
impl SecretStore for YandexLockbox {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let about = About::new("get", Some(secret));
        let read = async {
            self.capabilities.check_get(secret, &options)?;
            self.get_one(&about, secret, &options).await
        };
        read.await.map_err(|error| about.name(error))
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let about = About::new("describe", Some(secret));
        let read = async {
            self.capabilities.check_secret(secret)?;
            Ok(self.told(&about, secret).await?.info)
        };
        read.await.map_err(|error| about.name(error))
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let about = About::new("list", None);
        let read = async {
            self.capabilities.check_page(&page)?;
            let request = request::list(&self.config, &page)?;
            let page = response::secrets(&self.send(&about, request).await?)?;
            Ok(infos(page, |told| told.info))
        };
        read.await.map_err(|error| about.name(error))
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let about = About::new("list_versions", Some(secret));
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            let page = self.versions_page(&about, secret, &page).await?;
            Ok(infos(page, |told| told.info))
        };
        read.await.map_err(|error| about.name(error))
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let about = About::new("put", Some(secret));
        let write = async {
            let value = Wanted::of(value)?;
            value.check(&self.capabilities, secret, &options)?;
            self.put(&about, secret, &value, &options).await
        };
        write.await.map_err(|error| about.name(error))
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let about = About::new("update", Some(secret));
        let write = async {
            self.capabilities.check_update(secret, &patch)?;
            self.update_one(&about, secret, &patch).await
        };
        write.await.map_err(|error| about.name(error))
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let about = About::new("update_version", Some(secret));
        let write = async {
            self.capabilities.check_update_version(secret, &change)?;
            self.change_version(&about, secret, version, &change).await
        };
        write.await.map_err(|error| about.name(error))
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let about = About::new("delete", Some(secret));
        let write = async {
            self.capabilities.check_delete(secret, &options)?;
            self.delete_one(&about, secret, &options).await
        };
        write.await.map_err(|error| about.name(error))
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

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        let about = About::new("resume", None);
        let resumed = async {
            self.capabilities.check_resume()?;
            self.resume_one(&about, id).await
        };
        resumed.await.map_err(|error| about.name(error))
    }
}

impl fmt::Display for YandexLockbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}://{}", self.config.folder)
    }
}

impl fmt::Debug for YandexLockbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YandexLockbox")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The caller's key, or one of this call's own.
fn key(given: Option<IdempotencyKey>) -> IdempotencyKey {
    given.unwrap_or_else(IdempotencyKey::random)
}

/// What was read of the secret that the caller meant.
fn read_as(
    secret: &SecretRef,
    id: Option<SecretId>,
    version: Option<VersionId>,
    payload: Payload,
) -> Secret {
    Secret {
        id,
        name: match secret {
            SecretRef::Name(name) => Some(name.clone()),
            SecretRef::Id(_) => None,
        },
        version,
        info: None,
        payload,
    }
}

/// A page of what every store tells.
fn infos<T, I>(page: Page<T>, info: fn(T) -> I) -> Page<I> {
    Page {
        items: page.items.into_iter().map(info).collect(),
        next: page.next,
    }
}
