//! The trait that every store implements, and what users call on it.

mod ext;

use std::fmt;

use async_trait::async_trait;

use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Operation, Outcome};
use crate::options::{DeleteOptions, GetOptions, PutOptions, PutValue};
use crate::{Capabilities, OperationId, Page, PageRequest, Result, SecretRef, VersionId};

pub use self::ext::SecretStoreExt;

/// An opened provider: one vault, one folder, one site.
///
/// Users call [`SecretStoreExt`]; adapters and wrappers implement this. It has no
/// default methods: an adapter says "unsupported" in writing, and a wrapper can't
/// forget one.
///
/// # Contract
///
/// Every store keeps these, and the conformance kit checks each.
///
/// 1. After a put the current payload equals the one given; entries not mentioned are gone.
/// 2. A put on an existing secret keeps labels, content type and description
///    unless the options say otherwise. Validity and enabled belong to the version and are never carried.
/// 3. `Create` on an existing name is `AlreadyExists` and changes nothing.
/// 4. A name that matches more than one secret is `Ambiguous`, with the ids; never a pick.
/// 5. What is current comes from the service, never from sorting by time.
/// 6. A disabled, destroyed or unreadable item never ends a listing or a batch, and expiry never fails a read.
/// 7. `Forbidden` never reads as missing, missing never as empty, a failed decode never as either.
/// 8. An operation that failed is an error with the service's code.
/// 9. An unsupported call is `Unsupported`, names the capability, and sends nothing.
/// 10. Deleting what is gone is `NotFound`; a repeat of our own delete after a lost answer is success.
///
/// # Cancelling and repeating
///
/// Each method says in one line what a future that is dropped leaves behind, and what a
/// repeat of the call does. A call "cut off" is one whose future was dropped or whose
/// error says [`Retry::OutcomeUnknown`](crate::Retry::OutcomeUnknown): the service may
/// still be at work on it. An [`Operation`] that is dropped stops nothing: keep its id.
///
/// # Example: a wrapper
///
/// ```
/// use std::fmt;
///
/// use async_trait::async_trait;
/// use polyvault_core::*;
///
/// /// A store whose deletes only this wrapper's owner decides on: it refuses them all.
/// #[derive(Debug)]
/// struct Keep<S>(S);
///
/// impl<S: SecretStore> fmt::Display for Keep<S> {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         fmt::Display::fmt(&self.0, f)
///     }
/// }
///
/// #[async_trait]
/// impl<S: SecretStore> SecretStore for Keep<S> {
///     async fn begin_delete(&self, secret: &SecretRef, _: DeleteOptions) -> Result<Operation<()>> {
///         Err(Error::unsupported(self.capabilities().provider, "delete").with_secret(secret))
///     }
///     async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
///         Err(Error::unsupported(self.capabilities().provider, "purge").with_secret(secret))
///     }
///
///     // All else as it is: there are no default methods that could be forgotten.
///     fn capabilities(&self) -> &Capabilities {
///         self.0.capabilities()
///     }
///     async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
///         self.0.get(secret, options).await
///     }
///     async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
///         self.0.describe(secret).await
///     }
///     async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
///         self.0.list_page(page).await
///     }
///     async fn list_versions_page(&self, secret: &SecretRef, page: PageRequest) -> Result<Page<VersionInfo>> {
///         self.0.list_versions_page(secret, page).await
///     }
///     async fn begin_put(&self, secret: &SecretRef, value: PutValue, options: PutOptions) -> Result<Operation<Written>> {
///         self.0.begin_put(secret, value, options).await
///     }
///     async fn begin_update(&self, secret: &SecretRef, patch: InfoPatch) -> Result<Operation<SecretInfo>> {
///         self.0.begin_update(secret, patch).await
///     }
///     async fn begin_update_version(&self, secret: &SecretRef, version: &VersionId, change: VersionChange) -> Result<Operation<VersionInfo>> {
///         self.0.begin_update_version(secret, version, change).await
///     }
///     async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
///         self.0.list_deleted_page(page).await
///     }
///     async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
///         self.0.begin_recover(secret).await
///     }
///     async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
///         self.0.resume(id).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let store = Keep(MemoryStore::new());
/// store.put("db-password", "s3cret").await?;
/// let refused = store.delete("db-password").await;
/// assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait SecretStore: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// What the store can do, and how strongly.
    fn capabilities(&self) -> &Capabilities;

    /// Reads a version with its payload.
    ///
    /// Cancel-safe and repeat-safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Disabled`, `Forbidden`, `Ambiguous`; `FailedPrecondition` for a version that is
    /// destroyed or about to be; `Decode`; `Unsupported`.
    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret>;

    /// Tells what is known of a secret, never a value.
    ///
    /// Cancel-safe and repeat-safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `Ambiguous`, `Decode`.
    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo>;

    /// A page of the store's secrets.
    ///
    /// Cancel-safe and repeat-safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// `Forbidden`, `InvalidInput` for a page size or token, `Decode`.
    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>>;

    /// A page of a secret's versions, in the service's order.
    ///
    /// Cancel-safe and repeat-safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `Ambiguous`, `InvalidInput`, `Decode`, `Unsupported`.
    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>>;

    /// Makes a secret or adds a version, as the options say.
    ///
    /// Cut off, the new version is there whole or not at all (what goes before it may stand alone: a
    /// recovery, a purge, changed labels); where [`lost_put`](Capabilities::lost_put) is `Idempotent`, a
    /// repeat under the same idempotency key is the same put or tells that its outcome is unknown,
    /// elsewhere it may add a version: look first.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, `NotFound`, `Ambiguous`, `SoftDeleted`, `InTransition`, `InvalidInput`, `TooLarge`, `Forbidden`,
    /// `QuotaExceeded`, `Unsupported`; any kind with [`Retry::OutcomeUnknown`](crate::Retry::OutcomeUnknown)
    /// if the put may have taken place.
    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>>;

    /// Changes a secret's metadata.
    ///
    /// Cut off, each field is changed or as it was; a repeat of the same patch is safe.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `Ambiguous`, `InvalidInput`, `Unsupported`.
    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>>;

    /// Changes one version.
    ///
    /// Cut off, the version is changed or as it was; a repeat leads to the same state or is refused,
    /// but where [`make_current`](Capabilities::make_current) is `Copy` it may copy once more.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `Ambiguous`, `InvalidInput`, `FailedPrecondition`, `Unsupported`.
    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>>;

    /// Deletes a secret with all its versions; recoverable where the service keeps them.
    ///
    /// Cut off, the secret is deleted whole or not at all; a repeat is safe while nobody makes the
    /// name anew, and `NotFound` then says that it is gone.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `Ambiguous`, `FailedPrecondition` for a protected secret, `Unsupported`.
    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>>;

    /// A page of the deleted secrets that can still be recovered.
    ///
    /// Cancel-safe and repeat-safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// `Forbidden`, `InvalidInput`, `Decode`, `Unsupported`.
    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>>;

    /// Recovers a deleted secret with all its versions.
    ///
    /// Cut off, the secret is recovered whole or not at all; a repeat is safe, and `NotFound` then says
    /// that nothing of the name is deleted any more: it is back, or on its way back.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `InTransition`, `Unsupported`.
    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>>;

    /// Purges a deleted secret: nothing brings it back.
    ///
    /// Cut off, the secret is purged or still recoverable; a repeat is safe while nobody deletes
    /// another of the name, and `NotFound` then says that it is purged.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `InTransition`, `Unsupported`.
    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>>;

    /// Takes up an operation that was begun before, maybe by another process.
    ///
    /// Cancel-safe and repeat-safe: it only asks, and begins nothing.
    ///
    /// # Errors
    ///
    /// `NotFound` if the service knows no such operation, `InvalidInput` for an id of another store, `Unsupported`.
    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>>;
}

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        impl<S: SecretStore + ?Sized> SecretStore for $pointer<S> {
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
                (**self).get(secret, options).await
            }
            async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
                (**self).describe(secret).await
            }
            async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
                (**self).list_page(page).await
            }
            async fn list_versions_page(
                &self,
                secret: &SecretRef,
                page: PageRequest,
            ) -> Result<Page<VersionInfo>> {
                (**self).list_versions_page(secret, page).await
            }
            async fn begin_put(
                &self,
                secret: &SecretRef,
                value: PutValue,
                options: PutOptions,
            ) -> Result<Operation<Written>> {
                (**self).begin_put(secret, value, options).await
            }
            async fn begin_update(
                &self,
                secret: &SecretRef,
                patch: InfoPatch,
            ) -> Result<Operation<SecretInfo>> {
                (**self).begin_update(secret, patch).await
            }
            async fn begin_update_version(
                &self,
                secret: &SecretRef,
                version: &VersionId,
                change: VersionChange,
            ) -> Result<Operation<VersionInfo>> {
                (**self).begin_update_version(secret, version, change).await
            }
            async fn begin_delete(
                &self,
                secret: &SecretRef,
                options: DeleteOptions,
            ) -> Result<Operation<()>> {
                (**self).begin_delete(secret, options).await
            }
            async fn list_deleted_page(
                &self,
                page: PageRequest,
            ) -> Result<Page<DeletedSecretInfo>> {
                (**self).list_deleted_page(page).await
            }
            async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
                (**self).begin_recover(secret).await
            }
            async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
                (**self).begin_purge(secret).await
            }
            async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
                (**self).resume(id).await
            }
        }
    };
}

use std::sync::Arc;
forward!(Arc);
forward!(Box);
