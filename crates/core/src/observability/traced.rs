//! A store whose calls are spans.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tracing::Span;
use tracing::field::Empty;

use super::span::{TARGET, within};
use crate::clock::{Clock, SystemClock};
use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Operation, Outcome};
use crate::options::{DeleteOptions, GetOptions, PutOptions, PutValue};
use crate::{
    Capabilities, OperationId, Page, PageRequest, Result, SecretRef, SecretStore, VersionId,
    VersionSelector,
};

/// A store whose every call is a `polyvault.call` span, as [the module](super) says.
///
/// Stores opened by URL have it already; put one that was built otherwise into it.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::clock::ManualClock;
/// use polyvault_core::observability::Traced;
/// use polyvault_core::{MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let store = Traced::new(MemoryStore::new());
/// store.put("db-password", "s3cret").await?;
///
/// // In tests: times of a clock that stands still.
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
/// let store = Traced::with_clock(MemoryStore::new(), Arc::new(clock));
/// store.put("db-password", "s3cret").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Traced<S> {
    store: S,
    url: Arc<str>,
    clock: Arc<dyn Clock>,
}

/// The version that a result is about, where it tells.
type VersionOf<T> = fn(&T) -> Option<&VersionId>;

impl<S: SecretStore> Traced<S> {
    /// Wraps a store; times are the machine's.
    pub fn new(store: S) -> Self {
        Self::with_clock(store, Arc::new(SystemClock))
    }

    /// Wraps a store; times are this clock's.
    pub fn with_clock(store: S, clock: Arc<dyn Clock>) -> Self {
        Self {
            url: store.to_string().into(),
            store,
            clock,
        }
    }

    fn span(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
        version: Option<&VersionId>,
    ) -> Span {
        tracing::info_span!(
            target: TARGET,
            "polyvault.call",
            polyvault.provider = self.store.capabilities().provider,
            polyvault.store = &*self.url,
            polyvault.operation = operation,
            polyvault.secret = secret.map(SecretRef::as_str),
            polyvault.version = version.map(VersionId::as_str),
            polyvault.elapsed_ms = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        )
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        within(&self.span(operation, secret, None), &*self.clock, work).await
    }

    /// A call that begins an operation, whose waiting and polling belong to it.
    async fn begin<T: Send + 'static>(
        &self,
        span: Span,
        version: VersionOf<T>,
        work: impl Future<Output = Result<Operation<T>>>,
    ) -> Result<Operation<T>> {
        let operation = within(&span, &*self.clock, work).await?;
        Ok(match span.is_disabled() {
            true => operation,
            false => operation.traced(span, move |span, result| tell(span, version(result))),
        })
    }
}

fn tell(span: &Span, version: Option<&VersionId>) {
    if let Some(version) = version {
        span.record("polyvault.version", version.as_str());
    }
}

fn untold<T>(_: &T) -> Option<&VersionId> {
    None
}

#[async_trait]
impl<S: SecretStore> SecretStore for Traced<S> {
    fn capabilities(&self) -> &Capabilities {
        self.store.capabilities()
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let asked = match &options.version {
            VersionSelector::Exact(version) => Some(version),
            _ => None,
        };
        let span = self.span("get", Some(secret), asked);
        let told_late = asked.is_none();
        let read = within(&span, &*self.clock, self.store.get(secret, options)).await;
        if let (Ok(read), true) = (&read, told_late) {
            tell(&span, read.version.as_ref());
        }
        read
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let work = self.store.describe(secret);
        self.call("describe", Some(secret), work).await
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        self.call("list", None, self.store.list_page(page)).await
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let work = self.store.list_versions_page(secret, page);
        self.call("list_versions", Some(secret), work).await
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let span = self.span("put", Some(secret), None);
        let work = self.store.begin_put(secret, value, options);
        let version: VersionOf<Written> = |written| written.version.id.as_ref();
        self.begin(span, version, work).await
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let span = self.span("update", Some(secret), None);
        let work = self.store.begin_update(secret, patch);
        self.begin(span, untold, work).await
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let span = self.span("update_version", Some(secret), Some(version));
        let work = self.store.begin_update_version(secret, version, change);
        self.begin(span, untold, work).await
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let span = self.span("delete", Some(secret), None);
        let work = self.store.begin_delete(secret, options);
        self.begin(span, untold, work).await
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let work = self.store.list_deleted_page(page);
        self.call("list_deleted", None, work).await
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let span = self.span("recover", Some(secret), None);
        self.begin(span, untold, self.store.begin_recover(secret))
            .await
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let span = self.span("purge", Some(secret), None);
        self.begin(span, untold, self.store.begin_purge(secret))
            .await
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        let span = self.span("resume", None, None);
        let version: VersionOf<Outcome> = |outcome| match outcome {
            Outcome::Written(written) => written.version.id.as_ref(),
            Outcome::Version(version) => version.id.as_ref(),
            _ => None,
        };
        self.begin(span, version, self.store.resume(id)).await
    }
}

impl<S: fmt::Display> fmt::Display for Traced<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl<S: fmt::Debug> fmt::Debug for Traced<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}
