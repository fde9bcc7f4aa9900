//! A store without a fault: a small adapter over a memory store as its service.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use polyvault_core::capabilities::{Alphabet, LabelRule, Limits};
use polyvault_core::*;

/// Checks what the store can do, counts a request, and lets the memory store do it.
pub(crate) struct Plain {
    pub(crate) memory: MemoryStore,
    capabilities: Capabilities,
    requests: AtomicU64,
    memo: Mutex<HashMap<String, String>>,
    number: AtomicU64,
}

impl Plain {
    pub(crate) fn new(memory: MemoryStore) -> Self {
        let capabilities = memory.capabilities().clone();
        Self {
            // The memory store takes anything; a service has limits that a client must know.
            capabilities: Capabilities {
                limits: Limits {
                    payload_size: Some(65_536),
                    entry_key: Some((64, Alphabet::AlphanumericAnd("-_"))),
                    labels: Some(LABELS),
                    content_type_chars: Some(255),
                    description_chars: Some(1024),
                    ..capabilities.limits
                },
                ..capabilities
            },
            memory,
            requests: AtomicU64::new(0),
            memo: Mutex::default(),
            number: AtomicU64::new(0),
        }
    }

    /// One request more.
    pub(crate) fn sent(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// What a fault keeps between calls.
    pub(crate) fn memo(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that a fault keeps between calls.
    pub(crate) fn number(&self) -> &AtomicU64 {
        &self.number
    }

    /// The service behind the client's checks.
    fn asked(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
        checked: Result<()>,
    ) -> Result<&MemoryStore> {
        let provider = self.capabilities.provider;
        checked.map_err(|e| e.about(provider, operation, secret.map(SecretRef::as_str)))?;
        self.sent();
        Ok(&self.memory)
    }
}

const LABELS: LabelRule = LabelRule {
    max_count: 15,
    max_key_chars: 64,
    max_value_chars: 256,
    keys: Alphabet::Any,
    values: Alphabet::Any,
};

#[async_trait]
impl SecretStore for Plain {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let checked = self.capabilities.check_get(secret, &options);
        self.asked("get", Some(secret), checked)?
            .get(secret, options)
            .await
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let checked = self.capabilities.check_secret(secret);
        self.asked("describe", Some(secret), checked)?
            .describe(secret)
            .await
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let checked = self.capabilities.check_page(&page);
        self.asked("list", None, checked)?.list_page(page).await
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let checked = self.capabilities.check_list_versions(secret, &page);
        self.asked("list_versions", Some(secret), checked)?
            .list_versions_page(secret, page)
            .await
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let payload = value.into_payload()?;
        let checked = self.capabilities.check_put(secret, &payload, &options);
        self.asked("put", Some(secret), checked)?
            .begin_put(secret, payload.into(), options)
            .await
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let checked = self.capabilities.check_update(secret, &patch);
        self.asked("update", Some(secret), checked)?
            .begin_update(secret, patch)
            .await
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let checked = self.capabilities.check_update_version(secret, &change);
        self.asked("update_version", Some(secret), checked)?
            .begin_update_version(secret, version, change)
            .await
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let checked = self.capabilities.check_delete(secret, &options);
        self.asked("delete", Some(secret), checked)?
            .begin_delete(secret, options)
            .await
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let checked = self.capabilities.check_list_deleted(&page);
        self.asked("list_deleted", None, checked)?
            .list_deleted_page(page)
            .await
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let checked = self.capabilities.check_recover(secret);
        self.asked("recover", Some(secret), checked)?
            .begin_recover(secret)
            .await
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let checked = self.capabilities.check_purge(secret);
        self.asked("purge", Some(secret), checked)?
            .begin_purge(secret)
            .await
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        let checked = self.capabilities.check_resume();
        self.asked("resume", None, checked)?.resume(id).await
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.memory, f)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain").finish_non_exhaustive()
    }
}
