//! A store before another that keeps the calls, and may refuse to give values back.

use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use polyvault_core::*;

#[derive(Debug)]
pub(super) struct Watched {
    inner: MemoryStore,
    can: Capabilities,
    calls: Mutex<Vec<&'static str>>,
}

impl Watched {
    pub(super) fn new(inner: MemoryStore) -> Self {
        Self {
            can: inner.capabilities().clone(),
            inner,
            calls: Mutex::default(),
        }
    }

    pub(super) fn write_only(inner: MemoryStore) -> Self {
        let mut store = Self::new(inner);
        store.can.read_values = false;
        store
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

    fn at(&self, call: &'static str) -> &MemoryStore {
        self.calls.lock().unwrap().push(call);
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
        let inner = self.at("get");
        self.can.check_get(secret, &options)?;
        inner.get(secret, options).await
    }
    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        self.at("describe").describe(secret).await
    }
    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        self.at("list").list_page(page).await
    }
    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let inner = self.at("list_versions");
        inner.list_versions_page(secret, page).await
    }
    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        self.at("put").begin_put(secret, value, options).await
    }
    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        self.at("update").begin_update(secret, patch).await
    }
    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let inner = self.at("update_version");
        inner.begin_update_version(secret, version, change).await
    }
    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        self.at("delete").begin_delete(secret, options).await
    }
    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        self.at("list_deleted").list_deleted_page(page).await
    }
    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        self.at("recover").begin_recover(secret).await
    }
    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        self.at("purge").begin_purge(secret).await
    }
    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        self.at("resume").resume(id).await
    }
}
