//! A store before another that keeps the calls, and may refuse to give values back.

use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use polyvault_core::*;

#[derive(Debug)]
pub(super) struct Watched {
    inner: MemoryStore,
    can: Capabilities,
    /// Whether a get tells the payload and nothing else.
    terse: bool,
    calls: Mutex<Vec<&'static str>>,
    other: Mutex<Option<(&'static str, Other)>>,
}

/// What somebody else does to the secret `db`.
#[derive(Debug)]
pub(super) enum Other {
    Puts,
    Deletes,
}

impl Watched {
    pub(super) fn new(inner: MemoryStore) -> Self {
        Self {
            can: inner.capabilities().clone(),
            inner,
            terse: false,
            calls: Mutex::default(),
            other: Mutex::default(),
        }
    }

    pub(super) fn write_only(inner: MemoryStore) -> Self {
        let mut store = Self::new(inner);
        store.can.read_values = false;
        store
    }

    pub(super) fn terse(inner: MemoryStore) -> Self {
        let terse = true;
        Self {
            terse,
            ..Self::new(inner)
        }
    }

    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    pub(super) fn writes(&self) -> Vec<&'static str> {
        let reads = ["get", "describe", "list", "list_versions"];
        let mut calls = self.calls();
        calls.retain(|call| !reads.contains(call));
        calls
    }

    pub(super) fn forget(&self) {
        self.calls.lock().unwrap().clear();
    }

    /// Has somebody else come in right before the next such call.
    pub(super) fn before_next(&self, call: &'static str, other: Other) {
        *self.other.lock().unwrap() = Some((call, other));
    }

    async fn at(&self, call: &'static str) -> &MemoryStore {
        self.calls.lock().unwrap().push(call);
        let other = self.other.lock().unwrap().take_if(|(at, _)| *at == call);
        match other {
            Some((_, Other::Puts)) => drop(self.inner.put("db", "theirs").await.unwrap()),
            Some((_, Other::Deletes)) => self.inner.delete("db").await.unwrap(),
            None => {}
        }
        &self.inner
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.can.provider)
    }
}

#[async_trait]
impl SecretStore for Watched {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }
    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let inner = self.at("get").await;
        self.can.check_get(secret, &options)?;
        let read = inner.get(secret, options).await?;
        Ok(Secret {
            version: read.version.filter(|_| !self.terse),
            info: read.info.filter(|_| !self.terse),
            ..read
        })
    }
    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        self.at("describe").await.describe(secret).await
    }
    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        self.at("list").await.list_page(page).await
    }
    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let inner = self.at("list_versions").await;
        inner.list_versions_page(secret, page).await
    }
    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        self.at("put").await.begin_put(secret, value, options).await
    }
    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        self.at("update").await.begin_update(secret, patch).await
    }
    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let inner = self.at("update_version").await;
        inner.begin_update_version(secret, version, change).await
    }
    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        self.at("delete").await.begin_delete(secret, options).await
    }
    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        self.at("list_deleted").await.list_deleted_page(page).await
    }
    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        self.at("recover").await.begin_recover(secret).await
    }
    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        self.at("purge").await.begin_purge(secret).await
    }
    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        self.at("resume").await.resume(id).await
    }
}
