//! A store that claims something else than it does.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, GetOptions, InfoPatch, Operation, OperationId,
    Outcome, Page, PageRequest, Payload, PutOptions, PutValue, Result, Secret, SecretInfo,
    SecretRef, SecretStore, VersionChange, VersionId, VersionInfo, Written,
};

use super::{Harness, Hook};

/// A harness whose stores do all that those of `harness` do, and claim `capabilities`.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::{MemoryStore, SecretStore};
/// use polyvault_testkit::conformance::{Harness, Verdict, checks, claiming, flips};
///
/// struct Memory(MemoryStore);
///
/// impl Harness for Memory {
///     fn store(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.clone())
///     }
///     fn second(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.clone())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let store = MemoryStore::new();
/// let flip = flips(store.capabilities()).into_iter().find(|flip| flip.check == "capability_labels");
/// let flip = flip.expect("every field is flipped");
///
/// let liar = claiming(Arc::new(Memory(store)), flip.capabilities);
/// let check = checks().into_iter().find(|check| check.name == flip.check).expect("a check");
/// assert!(matches!(check.run(&*liar).await, Verdict::Failed(_)), "{}", flip.what);
/// # }
/// ```
#[must_use]
pub fn claiming(harness: Arc<dyn Harness>, capabilities: Capabilities) -> Arc<dyn Harness> {
    Arc::new(Claiming {
        harness,
        capabilities,
    })
}

struct Claiming {
    harness: Arc<dyn Harness>,
    capabilities: Capabilities,
}

impl Claiming {
    fn claim(&self, store: Arc<dyn SecretStore>) -> Arc<dyn SecretStore> {
        Arc::new(Claims {
            store,
            capabilities: self.capabilities.clone(),
        })
    }
}

#[async_trait]
impl Harness for Claiming {
    fn store(&self) -> Arc<dyn SecretStore> {
        self.claim(self.harness.store())
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        self.claim(self.harness.second())
    }

    fn requests(&self) -> Option<u64> {
        self.harness.requests()
    }

    fn name(&self, hint: &str) -> String {
        self.harness.name(hint)
    }

    async fn seed(&self, name: &str, payload: &Payload) -> Hook {
        self.harness.seed(name, payload).await
    }

    async fn make_twins(&self, name: &str) -> Hook {
        self.harness.make_twins(name).await
    }

    async fn forbid(&self, operation: &str) -> Hook {
        self.harness.forbid(operation).await
    }

    async fn allow_all(&self) {
        self.harness.allow_all().await;
    }

    async fn fail_next_operation(&self) -> Hook {
        self.harness.fail_next_operation().await
    }

    async fn lose_next_answer(&self) -> Hook {
        self.harness.lose_next_answer().await
    }

    async fn lose_next_request(&self) -> Hook {
        self.harness.lose_next_request().await
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        self.harness.overtake_next_put(name).await
    }

    fn versions_kept(&self, name: &str) -> Option<u64> {
        self.harness.versions_kept(name)
    }

    fn generated(&self) -> Option<u64> {
        self.harness.generated()
    }
}

#[derive(Debug)]
struct Claims {
    store: Arc<dyn SecretStore>,
    capabilities: Capabilities,
}

impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

#[async_trait]
impl SecretStore for Claims {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        self.store.get(secret, options).await
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        self.store.describe(secret).await
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        self.store.list_page(page).await
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        self.store.list_versions_page(secret, page).await
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        self.store.begin_put(secret, value, options).await
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        self.store.begin_update(secret, patch).await
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        self.store
            .begin_update_version(secret, version, change)
            .await
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        self.store.begin_delete(secret, options).await
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        self.store.list_deleted_page(page).await
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        self.store.begin_recover(secret).await
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        self.store.begin_purge(secret).await
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        self.store.resume(id).await
    }
}
