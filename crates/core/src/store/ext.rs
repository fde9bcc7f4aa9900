//! What users call on a store.

mod pages;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use secrecy::SecretString;

use self::pages::paged;
use super::SecretStore;
use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Outcome, WaitPolicy};
use crate::options::{DeleteOptions, GetOptions, PutOptions, PutValue};
use crate::{Error, OperationId, Result, SecretRef, VersionId};

/// The calls of every day, on any [`SecretStore`].
///
/// Names are taken as text, ids as [`SecretId`](crate::SecretId). Each write here
/// begins the operation and waits for its end with the default [`WaitPolicy`].
///
/// # Example
///
/// ```
/// use polyvault_core::{MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let store = MemoryStore::new();
/// store.put("db-password", "s3cret").await?;
/// let text = store.get_text("db-password").await?;
/// # let _ = text;
/// # Ok(())
/// # }
/// ```
///
/// # Example: the life of a secret
///
/// ```
/// use futures_util::TryStreamExt;
/// use polyvault_core::{MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let store = MemoryStore::new();
/// let good = store.put("db-password", "good").await?.version.id.expect("versions have ids here");
/// store.put("db-password", "bad").await?;
///
/// store.rollback("db-password", &good).await?;
/// assert_eq!(store.history("db-password").await?.len(), 2);
/// let mut versions = store.list_versions("db-password");
/// while let Some(version) = versions.try_next().await? {
///     println!("{:?} made at {:?}", version.id, version.created_at);
/// }
///
/// store.delete("db-password").await?;
/// assert!(store.list().try_next().await?.is_none());
/// assert!(store.list_deleted().try_next().await?.is_some());
/// store.recover("db-password").await?;
///
/// store.delete("db-password").await?;
/// store.purge("db-password").await?;
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait SecretStoreExt: SecretStore {
    /// Stores a value under a name: makes the secret, or adds a version to it.
    ///
    /// Stores whose capability `create` is checked look first: two writers of a
    /// new name at the same moment can make two secrets of that name.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_put`].
    async fn put<N>(&self, secret: N, value: impl Into<PutValue> + Send) -> Result<Written>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        self.put_with(secret, value, PutOptions::default()).await
    }

    /// [`put`](Self::put) with options.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_put`].
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{Error, ErrorKind, MemoryStore, PutMode, PutOptions, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::new();
    /// let options = PutOptions {
    ///     labels: Some([("team".to_owned(), "payments".to_owned())].into()),
    ///     ..PutOptions::from(PutMode::Create)
    /// };
    /// store.put_with("db-password", "s3cret", options.clone()).await?;
    ///
    /// let again = store.put_with("db-password", "other", options).await;
    /// assert_eq!(again.map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
    /// # Ok(())
    /// # }
    /// ```
    async fn put_with<N>(
        &self,
        secret: N,
        value: impl Into<PutValue> + Send,
        options: PutOptions,
    ) -> Result<Written>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        let value = value.into();
        self.begin_put(&secret, value, options)
            .await?
            .wait(WaitPolicy::default())
            .await
    }

    /// The current value as text, where the payload has one entry.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::get`]; `InvalidInput` if the payload has several entries or is not text.
    async fn get_text<N>(&self, secret: N) -> Result<SecretString>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        self.get_with(secret, GetOptions::default())
            .await?
            .payload
            .single()?
            .to_secret_string()
    }

    /// A version with its payload, the current one unless the options say which.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::get`].
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{GetOptions, MemoryStore, SecretStoreExt, VersionSelector};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::new();
    /// let first = store.put("db-password", "old").await?.version;
    /// store.put("db-password", "new").await?;
    ///
    /// let pinned = VersionSelector::Exact(first.id.expect("a version has an id here"));
    /// let old = store.get_with("db-password", GetOptions::from(pinned)).await?;
    /// assert_eq!(old.payload.single()?.expose_text()?, "old");
    /// # Ok(())
    /// # }
    /// ```
    async fn get_with<N>(&self, secret: N, options: GetOptions) -> Result<Secret>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        self.get(&secret, options).await
    }

    /// Reads many secrets, at most `parallel` at a time; one outcome each, in the order asked.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::get`], each in its own outcome.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{ErrorKind, MemoryStore, SecretRef, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::new();
    /// store.put("db-user", "scott").await?;
    /// let names = ["db-user", "db-password"].map(SecretRef::try_from);
    ///
    /// let read = store.get_many(names.into_iter().collect::<Result<_, _>>()?, 8).await;
    /// let (missing, outcome) = &read[1];
    /// assert_eq!(missing.as_str(), "db-password");
    /// assert_eq!(outcome.as_ref().map_err(|error| error.kind()).err(), Some(ErrorKind::NotFound));
    /// # Ok(())
    /// # }
    /// ```
    async fn get_many(
        &self,
        secrets: Vec<SecretRef>,
        parallel: usize,
    ) -> Vec<(SecretRef, Result<Secret>)> {
        stream::iter(secrets)
            .map(|secret| async move {
                let outcome = self.get(&secret, GetOptions::default()).await;
                (secret, outcome)
            })
            .buffered(parallel.max(1))
            .collect()
            .await
    }

    /// Changes a secret's metadata.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_update`].
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{InfoPatch, MemoryStore, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::new();
    /// store.put("db-password", "s3cret").await?;
    ///
    /// let patch = InfoPatch { description: Some("rotated monthly".into()), ..InfoPatch::default() };
    /// let info = store.update("db-password", patch).await?;
    /// assert_eq!(info.description.as_deref(), Some("rotated monthly"));
    /// # Ok(())
    /// # }
    /// ```
    async fn update<N>(&self, secret: N, patch: InfoPatch) -> Result<SecretInfo>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        self.begin_update(&secret, patch)
            .await?
            .wait(WaitPolicy::default())
            .await
    }

    /// Changes one version.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_update_version`].
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{MemoryStore, SecretStoreExt, VersionChange, VersionPatch, VersionState};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::new();
    /// let version = store.put("db-password", "leaked").await?.version.id.expect("an id");
    ///
    /// let off = VersionPatch { enabled: Some(false), ..VersionPatch::default() };
    /// let info = store.update_version("db-password", &version, VersionChange::Update(off)).await?;
    /// assert_eq!(info.state, VersionState::Disabled);
    /// # Ok(())
    /// # }
    /// ```
    async fn update_version<N>(
        &self,
        secret: N,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<VersionInfo>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        self.begin_update_version(&secret, version, change)
            .await?
            .wait(WaitPolicy::default())
            .await
    }

    /// Makes an older version current again.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_update_version`].
    async fn rollback<N>(&self, secret: N, version: &VersionId) -> Result<VersionInfo>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        self.update_version(secret, version, VersionChange::MakeCurrent)
            .await
    }

    /// Deletes a secret with all its versions.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_delete`].
    async fn delete<N>(&self, secret: N) -> Result<()>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        self.delete_with(secret, DeleteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_delete`].
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{DeleteOptions, IdempotencyKey, MemoryStore, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::new();
    /// store.put("db-password", "s3cret").await?;
    ///
    /// let options = DeleteOptions { idempotency_key: Some(IdempotencyKey::random()) };
    /// store.delete_with("db-password", options.clone()).await?;
    /// // The same key: known as a repeat of the same delete.
    /// store.delete_with("db-password", options).await?;
    /// # Ok(())
    /// # }
    /// ```
    async fn delete_with<N>(&self, secret: N, options: DeleteOptions) -> Result<()>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        self.begin_delete(&secret, options)
            .await?
            .wait(WaitPolicy::default())
            .await
    }

    /// Recovers a deleted secret.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_recover`].
    async fn recover<N>(&self, secret: N) -> Result<SecretInfo>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        self.begin_recover(&secret)
            .await?
            .wait(WaitPolicy::default())
            .await
    }

    /// Purges a deleted secret: nothing brings it back.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::begin_purge`].
    async fn purge<N>(&self, secret: N) -> Result<()>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        self.begin_purge(&secret)
            .await?
            .wait(WaitPolicy::default())
            .await
    }

    /// The store's secrets, page by page as they are asked for.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::list_page`], as the last item.
    fn list(&self) -> BoxStream<'_, Result<SecretInfo>> {
        paged(move |page| self.list_page(page))
    }

    /// [`list`](Self::list) as a stream that owns its store; on an `Arc<dyn SecretStore>` too.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use futures_util::TryStreamExt;
    /// use polyvault_core::{MemoryStore, SecretInfo, SecretStore, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::new());
    /// store.put("db-password", "s3cret").await?;
    ///
    /// let list = Arc::clone(&store).list_owned();
    /// let all: Vec<SecretInfo> = tokio::spawn(list.try_collect()).await.expect("no panic")?;
    /// assert_eq!(all.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    fn list_owned(self: Arc<Self>) -> BoxStream<'static, Result<SecretInfo>> {
        paged(move |page| {
            let store = Arc::clone(&self);
            async move { store.list_page(page).await }
        })
    }

    /// A secret's versions in the service's order, page by page.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::list_versions_page`], as the last item; `InvalidInput` for an unfit name.
    fn list_versions<N>(&self, secret: N) -> BoxStream<'_, Result<VersionInfo>>
    where
        N: TryInto<SecretRef, Error: Into<Error>>,
    {
        match secret.try_into() {
            Ok(secret) => paged(move |page| {
                let secret = secret.clone();
                async move { self.list_versions_page(&secret, page).await }
            }),
            Err(error) => stream::iter([Err(error.into())]).boxed(),
        }
    }

    /// The deleted secrets that can still be recovered, page by page.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::list_deleted_page`], as the last item.
    fn list_deleted(&self) -> BoxStream<'_, Result<DeletedSecretInfo>> {
        paged(move |page| self.list_deleted_page(page))
    }

    /// A secret's versions from the oldest to the newest, by creation time and id.
    ///
    /// Services tell times coarsely: the order of versions of the same time is a
    /// guess, but for the current version, where it is told: it comes last in its tie.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::list_versions_page`]; where there is a tie, also as [`SecretStore::describe`].
    async fn history<N>(&self, secret: N) -> Result<Vec<VersionInfo>>
    where
        N: TryInto<SecretRef, Error: Into<Error>> + Send,
    {
        let secret = secret.try_into().map_err(Into::into)?;
        let mut versions: Vec<VersionInfo> = self.list_versions(&secret).try_collect().await?;
        versions.sort_by_key(|version| version.created_at);
        let pairs = versions.iter().zip(versions.iter().skip(1));
        let mut ties = pairs.filter(|(one, other)| one.created_at == other.created_at);
        let current = match ties.next() {
            Some(_) => self.describe(&secret).await?.current.and_then(|v| v.id),
            None => return Ok(versions),
        };
        versions.sort_by_cached_key(|version| {
            let is_current = current.is_some() && version.id == current;
            (version.created_at, is_current, version.id.clone())
        });
        Ok(versions)
    }

    /// Takes up an operation and waits for a result of a known type.
    ///
    /// # Errors
    ///
    /// As [`SecretStore::resume`]; `InvalidInput` if the operation was of another kind.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{OperationId, Result, SecretStore, SecretStoreExt, WaitPolicy, Written};
    ///
    /// /// Waits for the end of a put that another process began.
    /// async fn settle(store: &dyn SecretStore, saved: &str) -> Result<Written> {
    ///     let id = OperationId::new(saved)?;
    ///     store.resume_as(&id, WaitPolicy::default()).await
    /// }
    /// ```
    async fn resume_as<T>(&self, id: &OperationId, policy: WaitPolicy) -> Result<T>
    where
        T: TryFrom<Outcome, Error = Error>,
    {
        self.resume(id).await?.wait(policy).await?.try_into()
    }
}

impl<S: SecretStore + ?Sized> SecretStoreExt for S {}
