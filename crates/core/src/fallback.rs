//! Two stores as one: what the first does not have, the second does.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;

use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Operation, Outcome};
use crate::options::{DeleteOptions, GetOptions, PutOptions, PutValue};
use crate::{
    Capabilities, Error, ErrorKind, OperationId, Page, PageRequest, PageToken, Result, SecretName,
    SecretRef, SecretStore, SecretStoreExt as _, VersionId,
};

/// Two stores as one: a read asks the first, and the second where the first has no such secret.
///
/// It is for overrides: a developer's own values before those of the site. Only `NotFound` falls
/// through, and what the first by its own rules could never hold. Any other error of the first, such as
/// `Forbidden`, `Decode` or `Unavailable`, is the outcome: else a value that is overridden would be read
/// because the one over it could not be.
///
/// Writes go to the second, whose [`capabilities`](SecretStore::capabilities) these are. What the first
/// has would hide them, so they are refused then. An id is of the store that told it.
///
/// # Example
///
/// ```
/// use polyvault_core::{ErrorKind, FallbackStore, MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let (mine, site) = (MemoryStore::new(), MemoryStore::new());
/// mine.put("db-password", "local").await?;
/// site.put("db-password", "s3cret").await?;
/// site.put("api-key", "of all").await?;
///
/// let store = FallbackStore::new(mine, site);
/// let read = store.get_with("db-password", Default::default()).await?;
/// assert_eq!(read.payload.single()?.expose_text()?, "local");
/// store.get_text("api-key").await?;
///
/// store.put("api-key", "new").await?; // into the second
/// let hidden = store.put("db-password", "new").await;
/// assert_eq!(hidden.map_err(|error| error.kind()).err(), Some(ErrorKind::FailedPrecondition));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FallbackStore<A, B> {
    first: A,
    second: B,
}

/// What tokens of the first store's pages begin with.
const FIRST: char = '1';
/// What tokens of the second store's pages begin with.
const SECOND: char = '2';

impl<A: SecretStore, B: SecretStore> FallbackStore<A, B> {
    /// `first` before `second`.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }

    /// What the first store says, or `None` where it has no such secret.
    fn first_of<T>(&self, secret: &SecretRef, told: Result<T>) -> Result<Option<T>> {
        match told {
            Ok(told) => Ok(Some(told)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // An id of the other store, which was sent nowhere.
            Err(error)
                if matches!(secret, SecretRef::Id(_))
                    && error.kind() == ErrorKind::InvalidInput
                    && error.status().is_none() =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the first store could hold a secret of this name.
    fn may_hold(&self, secret: &SecretRef) -> bool {
        self.first.capabilities().check_secret(secret).is_ok()
    }

    async fn described_by_first(&self, secret: &SecretRef) -> Result<Option<SecretInfo>> {
        if !self.may_hold(secret) {
            return Ok(None);
        }
        let described = self.first.describe(secret).await;
        self.first_of(secret, described)
    }

    async fn is_in_first(&self, secret: &SecretRef) -> Result<bool> {
        let described = self.described_by_first(secret).await?;
        Ok(described.is_some())
    }

    /// Refuses a write that nobody would see.
    async fn free(&self, operation: &'static str, secret: &SecretRef) -> Result<()> {
        match self.is_in_first(secret).await? {
            false => Ok(()),
            true => Err(Error::new(
                ErrorKind::FailedPrecondition,
                format!(
                    "{} has this secret, which would hide what is written",
                    self.first
                ),
            )
            .with_help("Change it there, or take it out there first.")
            .about(
                self.second.capabilities().provider,
                operation,
                Some(secret.as_str()),
            )),
        }
    }

    /// Asked for each page of the second: a page's token has no room for them.
    async fn names_of_first(&self) -> Result<BTreeSet<SecretName>> {
        let listed = self.first.list();
        let names = listed.try_filter_map(async |info| Ok(info.name));
        names.try_collect().await
    }

    async fn list_first(
        &self,
        page: &PageRequest,
        token: Option<&str>,
    ) -> Result<Page<SecretInfo>> {
        let most = self.first.capabilities().limits.page_size;
        let asked = PageRequest {
            size: page
                .size
                .map(|size| most.map_or(size, |most| size.min(most))),
            token: token.map(PageToken::new),
        };
        let listed = self.first.list_page(asked).await?;
        let next = match listed.next {
            Some(token) => format!("{FIRST}{}", token.as_str()),
            None if listed.items.is_empty() => return self.list_second(page, "").await,
            None => SECOND.to_string(),
        };
        Ok(Page {
            items: listed.items,
            next: Some(PageToken::new(next)),
        })
    }

    async fn list_second(&self, page: &PageRequest, token: &str) -> Result<Page<SecretInfo>> {
        let hidden = self.names_of_first().await?;
        let asked = PageRequest {
            size: page.size,
            token: (!token.is_empty()).then(|| PageToken::new(token)),
        };
        let listed = self.second.list_page(asked).await?;
        let shown =
            |info: &SecretInfo| info.name.as_ref().is_none_or(|name| !hidden.contains(name));
        let next = listed.next;
        Ok(Page {
            items: listed.items.into_iter().filter(shown).collect(),
            next: next.map(|token| PageToken::new(format!("{SECOND}{}", token.as_str()))),
        })
    }
}

#[async_trait]
impl<A: SecretStore, B: SecretStore> SecretStore for FallbackStore<A, B> {
    fn capabilities(&self) -> &Capabilities {
        self.second.capabilities()
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let current = options == GetOptions::default();
        if current && self.may_hold(secret) {
            let read = self.first.get(secret, options.clone()).await;
            if let Some(read) = self.first_of(secret, read)? {
                return Ok(read);
            }
        } else if self.is_in_first(secret).await? {
            return self.first.get(secret, options).await;
        }
        self.second.get(secret, options).await
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        match self.described_by_first(secret).await? {
            Some(info) => Ok(info),
            None => self.second.describe(secret).await,
        }
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        self.capabilities().check_page(&page)?;
        let Some(token) = &page.token else {
            return self.list_first(&page, None).await;
        };
        let token = token.as_str();
        match (token.strip_prefix(FIRST), token.strip_prefix(SECOND)) {
            (Some(token), _) => self.list_first(&page, Some(token)).await,
            (_, Some(token)) => self.list_second(&page, token).await,
            (None, None) => Err(Error::new(
                ErrorKind::InvalidInput,
                "field `token`: not one of this list",
            )
            .about(self.capabilities().provider, "list", None)),
        }
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        match self.is_in_first(secret).await? {
            true => self.first.list_versions_page(secret, page).await,
            false => self.second.list_versions_page(secret, page).await,
        }
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        self.free("put", secret).await?;
        self.second.begin_put(secret, value, options).await
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        self.free("update", secret).await?;
        if let Some(name) = &patch.name {
            self.free("update", &SecretRef::from(name)).await?;
        }
        self.second.begin_update(secret, patch).await
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        self.free("update_version", secret).await?;
        self.second
            .begin_update_version(secret, version, change)
            .await
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        self.free("delete", secret).await?;
        self.second.begin_delete(secret, options).await
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        self.second.list_deleted_page(page).await
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        self.free("recover", secret).await?;
        self.second.begin_recover(secret).await
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        self.second.begin_purge(secret).await
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        self.second.resume(id).await
    }
}

impl<A: SecretStore, B: SecretStore> fmt::Display for FallbackStore<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, else {}", self.first, self.second)
    }
}
