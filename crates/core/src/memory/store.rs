//! The trait, call by call.

use async_trait::async_trait;

use super::state::{Among, page};
use super::{MemoryStore, PROVIDER};
use crate::capabilities::{
    Alphabet, Capabilities, CreateStrength, Entries, Generate, Limits, LostPut, MakeCurrent,
    NameRule, Scope, SizeUnit, Versions,
};
use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, Written,
};
use crate::operation::{Operation, Outcome};
use crate::store::SecretStore;
use crate::{
    DeleteOptions, Error, ErrorKind, GetOptions, OperationId, Page, PageRequest, PutOptions,
    PutValue, Result, SecretRef, VersionId, VersionSelector,
};

const CAPABILITIES: Capabilities = Capabilities {
    provider: PROVIDER,
    read_values: true,
    versions: Versions::PinnedReads,
    entries: Entries::Many,
    binary: true,
    empty_values: true,
    labels: Scope::Secret,
    content_type: true,
    description: Scope::Secret,
    validity: true,
    disable: Scope::Version,
    rename: true,
    deletion_protection: true,
    update_version: true,
    make_current: MakeCurrent::Service,
    destroy: true,
    cancel_destruction: true,
    delete: true,
    soft_delete: true,
    recover: true,
    purge: true,
    resume: false,
    create: CreateStrength::Atomic,
    lost_put: LostPut::Idempotent,
    generate: Generate::Client,
    twins: false,
    limits: Limits {
        name: NameRule {
            max_chars: 255,
            alphabet: Alphabet::Any,
            forbidden_prefix: None,
            case_sensitive: true,
        },
        payload_size: None,
        payload_unit: SizeUnit::Bytes,
        entry_key: None,
        labels: None,
        content_type_chars: None,
        description_chars: None,
        page_size: Some(1000),
    },
};

#[async_trait]
impl SecretStore for MemoryStore {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let checked = CAPABILITIES.check_get(secret, &options);
        self.call("get", Some(secret), checked, |state, now| {
            let (id, record) = state.record(secret, Among::Live, now)?;
            if !record.enabled {
                return Err(Error::new(ErrorKind::Disabled, "the secret is disabled"));
            }
            let selected = match options.version {
                VersionSelector::Current => record.current.clone(),
                VersionSelector::Exact(version) => version,
            };
            let payload = record.version(&selected)?.read(now)?;
            Ok(Secret {
                id: Some(id),
                name: Some(record.name.clone()),
                info: record.version_info(&selected, now),
                version: Some(selected),
                payload,
            })
        })
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let checked = CAPABILITIES.check_secret(secret);
        self.call("describe", Some(secret), checked, |state, now| {
            let (id, record) = state.record(secret, Among::Live, now)?;
            Ok(record.info(&id, now))
        })
    }

    async fn list_page(&self, request: PageRequest) -> Result<Page<SecretInfo>> {
        let checked = CAPABILITIES.check_page(&request);
        self.call("list", None, checked, |state, now| {
            page(&state.secrets, &request, |id, record| {
                record.deleted_at.is_none().then(|| record.info(id, now))
            })
        })
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        request: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let checked = CAPABILITIES.check_list_versions(secret, &request);
        self.call("list_versions", Some(secret), checked, |state, now| {
            let (_, record) = state.record(secret, Among::Live, now)?;
            page(&record.versions, &request, |id, version| {
                Some(version.info(id, now))
            })
        })
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let payload = value
            .into_payload()
            .map_err(|error| error.about(PROVIDER, "put", Some(secret.as_str())))?;
        let checked = CAPABILITIES.check_put(secret, &payload, &options);
        self.begin("put", secret, checked, |state, now| {
            state.put(secret, payload, &options, now)
        })
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let checked = CAPABILITIES.check_update(secret, &patch);
        self.begin("update", secret, checked, |state, now| {
            state.update(secret, patch, now)
        })
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let checked = CAPABILITIES.check_update_version(secret, &change);
        self.begin("update_version", secret, checked, |state, now| {
            state.update_version(secret, version, change, now)
        })
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let checked = CAPABILITIES.check_delete(secret, &options);
        self.begin("delete", secret, checked, |state, now| {
            state.delete(secret, &options, now)
        })
    }

    async fn list_deleted_page(&self, request: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let checked = CAPABILITIES.check_list_deleted(&request);
        self.call("list_deleted", None, checked, |state, now| {
            page(&state.secrets, &request, |id, record| {
                record.deleted_at.map(|_| record.deleted_info(id, now))
            })
        })
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let checked = CAPABILITIES.check_recover(secret);
        self.begin("recover", secret, checked, |state, now| {
            state.recover(secret, now)
        })
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let checked = CAPABILITIES.check_purge(secret);
        self.begin("purge", secret, checked, |state, _| state.purge(secret))
    }

    async fn resume(&self, _id: &OperationId) -> Result<Operation<Outcome>> {
        let checked = CAPABILITIES.check_resume();
        self.call("resume", None, checked, |_, _| {
            Err(Error::new(
                ErrorKind::NotFound,
                "every operation was done with its first answer",
            ))
        })
    }
}
