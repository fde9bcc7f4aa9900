//! What users call on a store.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use secrecy::SecretString;

use super::SecretStore;
use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Outcome, WaitPolicy};
use crate::options::{DeleteOptions, GetOptions, PutOptions, PutValue};
use crate::{
    Error, ErrorKind, OperationId, Page, PageRequest, PageToken, Result, SecretRef, VersionId,
};

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
    async fn resume_as<T>(&self, id: &OperationId, policy: WaitPolicy) -> Result<T>
    where
        T: TryFrom<Outcome, Error = Error>,
    {
        self.resume(id).await?.wait(policy).await?.try_into()
    }
}

impl<S: SecretStore + ?Sized> SecretStoreExt for S {}

/// The items of all pages. Ends with an error where the service repeats a page
/// token, which would go round for ever.
fn paged<'a, T, F, Fut>(fetch: F) -> BoxStream<'a, Result<T>>
where
    T: Send + 'a,
    F: Fn(PageRequest) -> Fut + Send + Sync + 'a,
    Fut: Future<Output = Result<Page<T>>> + Send + 'a,
{
    struct Pages<F> {
        fetch: F,
        seen: std::collections::HashSet<PageToken>,
        next: Option<PageRequest>,
    }
    let start = Pages {
        fetch,
        seen: std::collections::HashSet::new(),
        next: Some(PageRequest::default()),
    };
    stream::try_unfold(start, |mut pages| async move {
        let Some(request) = pages.next.take() else {
            return Ok(None);
        };
        let page = (pages.fetch)(request).await?;
        if let Some(token) = page.next {
            if !pages.seen.insert(token.clone()) {
                return Err(Error::new(
                    ErrorKind::Unexpected,
                    "the service gave the same page token twice, the list would never end",
                ));
            }
            pages.next = Some(PageRequest {
                size: None,
                token: Some(token),
            });
        }
        let items = stream::iter(page.items.into_iter().map(Ok));
        Ok(Some((items, pages)))
    })
    .try_flatten()
    .boxed()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;
    use crate::{MemoryStore, SecretName};

    type Script = Vec<Result<(&'static [u32], Option<&'static str>)>>;

    /// What the stream gives, and the tokens it sent.
    async fn stream_of(mut script: Script) -> (Vec<Result<u32>>, Vec<Option<String>>) {
        script.reverse();
        let script = Mutex::new(script);
        let sent = Mutex::new(Vec::new());
        let items = paged(|page: PageRequest| {
            let token = page.token.map(|token| token.as_str().to_owned());
            sent.lock().unwrap().push(token);
            let answer = script.lock().unwrap().pop().unwrap();
            async move {
                answer.map(|(items, next)| Page {
                    items: items.to_vec(),
                    next: next.map(PageToken::new),
                })
            }
        });
        let items = items.collect().await;
        (items, sent.into_inner().unwrap())
    }

    fn away() -> Error {
        Error::new(ErrorKind::Unavailable, "away")
    }

    #[tokio::test]
    async fn goes_through_every_page_also_an_empty_one() {
        let (items, sent) = stream_of(vec![
            Ok((&[1, 2], Some("first"))),
            Ok((&[], Some("second"))),
            Ok((&[3], None)),
        ])
        .await;

        let items: Vec<u32> = items.into_iter().map(Result::unwrap).collect();
        assert_eq!(items, [1, 2, 3]);
        let sent: Vec<_> = sent.iter().map(Option::as_deref).collect();
        assert_eq!(sent, [None, Some("first"), Some("second")]);
    }

    #[tokio::test]
    async fn stops_after_an_error() {
        let (items, sent) = stream_of(vec![Ok((&[1], Some("first"))), Err(away())]).await;

        assert!(matches!(items.as_slice(), [Ok(1), Err(_)]));
        assert_eq!(sent.len(), 2);
    }

    #[tokio::test]
    async fn a_token_that_comes_again_ends_the_list_with_an_error() {
        let (items, sent) = stream_of(vec![
            Ok((&[1], Some("a"))),
            Ok((&[2], Some("b"))),
            Ok((&[3], Some("a"))),
        ])
        .await;

        let last = items.last().unwrap().as_ref().unwrap_err();
        assert_eq!(last.kind(), ErrorKind::Unexpected);
        assert_eq!(sent.len(), 3);
    }

    #[tokio::test]
    async fn a_list_can_own_its_store_whatever_its_type() {
        let store = Arc::new(MemoryStore::new());
        store.put("a", "value").await.unwrap();
        let boxed: Arc<dyn SecretStore> = Arc::clone(&store) as _;

        for list in [store.list_owned(), boxed.list_owned()] {
            let all: Vec<SecretInfo> = tokio::spawn(list.try_collect()).await.unwrap().unwrap();
            assert_eq!(all.len(), 1);
        }
    }

    #[tokio::test]
    async fn versions_are_listed_by_name_and_a_bad_name_is_an_item() {
        let store = MemoryStore::new();
        store.put("a", "value").await.unwrap();

        let versions: Vec<_> = store.list_versions("a").collect().await;
        let refused: Vec<_> = store.list_versions("").collect().await;

        assert!(matches!(versions.as_slice(), [Ok(_)]));
        assert!(matches!(refused.as_slice(), [Err(e)] if e.kind() == ErrorKind::InvalidInput));
    }

    #[tokio::test]
    async fn many_are_read_in_the_order_asked_with_one_outcome_each() {
        let store = MemoryStore::new();
        for name in ["a", "c"] {
            store.put(name, name).await.unwrap();
        }
        let asked = ["c", "b", "a", "c"].map(|name| SecretName::new(name).unwrap().into());

        for parallel in [0, 1, 9] {
            let outcomes = store.get_many(asked.to_vec(), parallel).await;

            let told: Vec<_> = outcomes
                .iter()
                .map(|(secret, outcome)| (secret.as_str(), outcome.is_ok()))
                .collect();
            assert_eq!(told, [("c", true), ("b", false), ("a", true), ("c", true)]);
        }
    }

    #[tokio::test]
    async fn a_history_without_ties_needs_no_description() {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let store = MemoryStore::builder()
            .clock(Arc::clone(&clock) as _)
            .build();
        store.put("a", "1").await.unwrap();
        clock.advance(Duration::from_secs(1));
        store.put("a", "2").await.unwrap();
        store.faults().forbid("describe");

        let history = store.history("a").await.unwrap();
        let times: Vec<_> = history.iter().map(|v| v.created_at.unwrap()).collect();
        assert_eq!(times.len(), 2);
        assert!(times.is_sorted());

        store.put("a", "3").await.unwrap();
        let error = store.history("a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
}
