//! The store: the secrets of one site.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::{HeaderValue, Request, Response};
use polyvault_core::encoding;
use polyvault_core::transport::{Body, Call, Client, Repeat};
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, ErrorKind, GetOptions, InfoPatch,
    Operation, OperationId, Outcome, Page, PageRequest, PageToken, Payload, PutOptions, PutValue,
    Result, Secret, SecretInfo, SecretName, SecretRef, SecretStore, VersionChange, VersionId,
    VersionInfo, Written,
};

use crate::builder::WixSecretsBuilder;
use crate::config::{Config, SCHEME};
use crate::{error, operation, request, response};

mod encoded;
mod put;
mod seed;

pub use self::seed::Seeded;

/// Sent back with every request once an answer had it: so the vendor's client reads its own writes.
const CONSISTENT: &str = "x-wix-consistent";

/// The secrets of one Wix site as a [`SecretStore`].
///
/// Clones share the credential and the connections.
///
/// # Example
///
/// ```
/// use polyvault_core::SecretStore;
/// use polyvault_wix_secrets::WixSecrets;
///
/// let store = WixSecrets::builder("11111111-2222-4333-8444-555555555555").api_key("IST.made-up".into()).build()?;
/// assert_eq!(store.capabilities().provider, "wix-secrets");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct WixSecrets {
    site: String,
    config: Config,
    capabilities: Capabilities,
    client: Client,
    consistent: Arc<Mutex<Option<HeaderValue>>>,
}

impl WixSecrets {
    /// Starts putting together a store for the site of this id.
    pub fn builder(site: impl Into<String>) -> WixSecretsBuilder {
        WixSecretsBuilder::new(site)
    }

    pub(crate) fn new(
        site: String,
        config: Config,
        capabilities: Capabilities,
        client: Client,
    ) -> Self {
        Self {
            site,
            config,
            capabilities,
            client,
            consistent: Arc::default(),
        }
    }

    /// Every call of the service may be repeated: a write goes by id, and a create by a
    /// name that is unique.
    fn call<'a>(
        &self,
        operation: &'static str,
        secret: Option<&'a SecretRef>,
        mut request: Request<Body>,
    ) -> Call<'a> {
        if let Some(mark) = &*self.consistent() {
            request.headers_mut().insert(CONSISTENT, mark.clone());
        }
        Call {
            operation,
            secret: secret.map(SecretRef::as_str),
            repeat: Repeat::Safe,
            request,
        }
    }

    fn learn(&self, answer: &Response<Body>) {
        if let Some(mark) = answer.headers().get(CONSISTENT) {
            *self.consistent() = Some(mark.clone());
        }
    }

    fn consistent(&self) -> MutexGuard<'_, Option<HeaderValue>> {
        self.consistent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, call: Call<'_>) -> Result<Response<Body>> {
        self.send_tracked(call).await.0
    }

    /// [`send`](Self::send), and whether an answer was lost on the way.
    async fn send_tracked(&self, call: Call<'_>) -> (Result<Response<Body>>, bool) {
        let (outcome, lost) = self.client.send_tracked(call).await;
        if let Ok(answer) = &outcome {
            self.learn(answer);
        }
        (outcome, lost)
    }

    async fn all(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
    ) -> Result<Vec<SecretInfo>> {
        let request = request::list(&self.config)?;
        let answer = self.send(self.call(operation, secret, request)).await?;
        response::list(&answer)
    }

    /// The secret that is meant, if there is one: the service tells ids only in its list.
    async fn look(
        &self,
        operation: &'static str,
        secret: &SecretRef,
    ) -> Result<Option<SecretInfo>> {
        let all = self.all(operation, Some(secret)).await?;
        Ok(pick(&all, secret)?.cloned())
    }

    async fn find(&self, operation: &'static str, secret: &SecretRef) -> Result<SecretInfo> {
        self.look(operation, secret).await?.ok_or_else(not_found)
    }

    async fn read(&self, secret: &SecretRef) -> Result<Secret> {
        let name = match secret {
            SecretRef::Name(name) => name.clone(),
            SecretRef::Id(_) => self.name_of(secret).await?,
        };
        let stored = self.stored("get", secret, name.as_str()).await?;
        Ok(Secret {
            id: None,
            payload: self.decoded(secret, &name, stored).await?,
            name: Some(name),
            version: None,
            info: None,
        })
    }

    /// The value as the service holds it.
    async fn stored(
        &self,
        operation: &'static str,
        secret: &SecretRef,
        name: &str,
    ) -> Result<Payload> {
        let request = request::get_value(&self.config, name)?;
        let answer = self
            .send(self.call(operation, Some(secret), request))
            .await?;
        response::value(&answer)
    }

    /// The name that reads the secret of this id, and no other.
    async fn name_of(&self, secret: &SecretRef) -> Result<SecretName> {
        let all = self.all("get", Some(secret)).await?;
        let found = pick(&all, secret)?.ok_or_else(not_found)?;
        let name = found
            .name
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Decode, "the list tells no name for the id"))?;
        pick(&all, &SecretRef::from(&name))?;
        Ok(name)
    }

    async fn update(&self, secret: &SecretRef, mut patch: InfoPatch) -> Result<SecretInfo> {
        let found = self.find("update", secret).await?;
        patch.description = patch
            .description
            .map(|text| self.redescribed(&found, text))
            .transpose()?;
        let request = request::update(&self.config, &found.id, &patch)?;
        let answer = self
            .send(self.call("update", Some(secret), request))
            .await?;
        response::done(&answer).map_err(|error| error::ADVICE.unknown("update", error))?;
        Ok(encoded::shown(SecretInfo {
            name: patch.name.or(found.name),
            description: match patch.description {
                Some(text) => Some(text).filter(|text| !text.is_empty()),
                None => found.description,
            },
            // It moved, and the answer does not tell to what.
            updated_at: None,
            ..found
        }))
    }

    async fn delete(&self, secret: &SecretRef) -> Result<()> {
        let found = self.find("delete", secret).await?;
        let request = request::delete(&self.config, &found.id)?;
        let call = self.call("delete", Some(secret), request);
        if let Some(answer) = self.client.send_delete(call).await? {
            self.learn(&answer);
            response::done(&answer).map_err(|error| error::ADVICE.unknown("delete", error))?;
        }
        Ok(())
    }
}

#[async_trait]
impl SecretStore for WixSecrets {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let read = async {
            self.capabilities.check_get(secret, &options)?;
            self.read(secret).await
        };
        read.await
            .map_err(|error| error.about(SCHEME, "get", Some(secret.as_str())))
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let read = async {
            self.capabilities.check_secret(secret)?;
            self.find("describe", secret).await.map(encoded::shown)
        };
        read.await
            .map_err(|error| error.about(SCHEME, "describe", Some(secret.as_str())))
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let read = async {
            self.capabilities.check_page(&page)?;
            let all = self.all("list", None).await;
            all.map(|all| cut(all.into_iter().map(encoded::shown).collect(), &page))
        };
        read.await
            .map_err(|error| error.about(SCHEME, "list", None))
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
            // Every store reads marks, also one that writes none.
            encoding::check_description(options.description.as_deref().unwrap_or_default())?;
            self.put(secret, &payload, &options).await
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
            encoding::check_description(patch.description.as_deref().unwrap_or_default())?;
            self.update(secret, patch).await
        };
        write
            .await
            .map(Operation::done)
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
        let write = async {
            self.capabilities.check_delete(secret, &options)?;
            self.delete(secret).await
        };
        write
            .await
            .map(Operation::done)
            .map_err(|error| error.about(SCHEME, "delete", Some(secret.as_str())))
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
        operation::resume(&self.capabilities)
    }
}

impl fmt::Display for WixSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}://{}", self.site)
    }
}

impl fmt::Debug for WixSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WixSecrets")
            .field("site", &self.site)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The service gives its list whole. Who asks for less gets it by id, so that a page
/// goes on where the last one ended, whatever came or went between the two.
fn cut(mut all: Vec<SecretInfo>, page: &PageRequest) -> Page<SecretInfo> {
    let most = page
        .size
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(usize::MAX);
    if page.size.is_some() || page.token.is_some() {
        all.sort_by(|one, other| one.id.cmp(&other.id));
    }
    if let Some(last) = &page.token {
        all.retain(|info| info.id.as_str() > last.as_str());
    }
    let goes_on = all.len() > most;
    all.truncate(most);
    let last = all.last().filter(|_| goes_on);
    Page {
        next: last.map(|info| PageToken::new(info.id.as_str())),
        items: all,
    }
}

fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "the site has no such secret")
}

/// The secret that is meant among all. The service says that names are unique; a pick
/// among twins would be a guess all the same.
fn pick<'a>(all: &'a [SecretInfo], secret: &SecretRef) -> Result<Option<&'a SecretInfo>> {
    let is_meant = |info: &&SecretInfo| match secret {
        SecretRef::Name(name) => info.name.as_ref() == Some(name),
        SecretRef::Id(id) => info.id == *id,
    };
    let found: Vec<&SecretInfo> = all.iter().filter(is_meant).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        twins => {
            let ids: Vec<&str> = twins.iter().map(|info| info.id.as_str()).collect();
            Err(Error::new(
                ErrorKind::Ambiguous,
                format!("the name has more than one secret: {}", ids.join(", ")),
            ))
        }
    }
}
