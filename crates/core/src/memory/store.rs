//! The trait, call by call.

use async_trait::async_trait;

use super::MemoryStore;
use super::page::page;
use super::put::Seen;
use super::state::Among;
use crate::capabilities::{Capabilities, Generate};
use crate::model::{
    DeletedSecretInfo, InfoPatch, Secret, SecretInfo, VersionChange, VersionInfo, VersionState,
    Written,
};
use crate::operation::{Operation, Outcome};
use crate::store::SecretStore;
use crate::{
    DeleteOptions, Error, ErrorKind, GetOptions, OperationId, Page, PageRequest, PutOptions,
    PutValue, Result, SecretRef, VersionId, VersionSelector,
};

#[async_trait]
impl SecretStore for MemoryStore {
    fn capabilities(&self) -> &Capabilities {
        &self.service().can
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let checked = self.capabilities().check_get(secret, &options);
        let read = self.call("get", Some(secret), checked, |state, now| {
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
        })?;
        Ok(self.service().read(read, secret))
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let checked = self.capabilities().check_secret(secret);
        let looks = self.service().manner.looks;
        let info = self.call("describe", Some(secret), checked, |state, now| {
            let (id, record) = state.record(secret, Among::Live, now)?;
            let info = record.info(&id, now);
            let states = record.versions.values().map(|version| version.state(now));
            let disabled = states.filter(|state| *state == VersionState::Disabled);
            // A disabled version refuses the look, and a list doesn't tell which is current.
            let untold = looks && info.state == VersionState::Disabled && disabled.count() > 1;
            Ok(match untold {
                true => SecretInfo {
                    name: info.name,
                    state: info.state,
                    ..SecretInfo::new(info.id)
                },
                false => info,
            })
        })?;
        Ok(self.service().described(info))
    }

    async fn list_page(&self, request: PageRequest) -> Result<Page<SecretInfo>> {
        let checked = self.capabilities().check_page(&request);
        let service = self.service();
        self.call("list", None, checked, |state, now| {
            page(
                &state.secrets,
                &request,
                service.manner.page,
                |id, record| {
                    let live = record.deleted_at.is_none();
                    live.then(|| service.listed(record.info(id, now)))
                },
            )
        })
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        request: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let checked = self.capabilities().check_list_versions(secret, &request);
        let service = self.service();
        self.call("list_versions", Some(secret), checked, |state, now| {
            let (_, record) = state.record(secret, Among::Live, now)?;
            page(
                &record.versions,
                &request,
                service.manner.page,
                |id, version| Some(service.version(version.info(id, now))),
            )
        })
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let served = matches!(value, PutValue::Generate(_))
            && self.capabilities().generate == Generate::Service;
        let payload = value
            .into_payload()
            .map_err(|error| self.blame(error, "put", Some(secret)))?;
        let checked = self.capabilities().check_put(secret, &payload, &options);
        let seen = self.call("put", Some(secret), checked, |state, _| {
            state.look_first(secret, &options)
        })?;
        if seen == Seen::Nothing {
            // Between the look and the write, others have their turn: as at the service.
            tokio::task::yield_now().await;
        }
        let confirms = self.service().can_confirm(&options);
        self.begin("put", secret, Ok(()), confirms, |state, now| {
            let written = state.put_as_seen(secret, payload, &options, seen, now)?;
            state.generated += u64::from(served);
            Ok(Outcome::Written(written))
        })
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let checked = self.capabilities().check_update(secret, &patch);
        self.begin("update", secret, checked, true, |state, now| {
            state.update(secret, patch, now).map(Outcome::Secret)
        })
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let checked = self.capabilities().check_update_version(secret, &change);
        // A copy has the value in hand; an update's answer has none.
        let tells_keys =
            change == VersionChange::MakeCurrent || !self.service().manner.keys_with_values;
        self.begin("update_version", secret, checked, true, |state, now| {
            let info = state.update_version(secret, version, change, now)?;
            Ok(Outcome::Version(VersionInfo {
                entry_keys: info.entry_keys.filter(|_| tells_keys),
                ..info
            }))
        })
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let checked = self.capabilities().check_delete(secret, &options);
        self.begin("delete", secret, checked, true, |state, now| {
            state.delete(secret, &options, now)
        })
    }

    async fn list_deleted_page(&self, request: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let checked = self.capabilities().check_list_deleted(&request);
        let service = self.service();
        self.call("list_deleted", None, checked, |state, now| {
            page(
                &state.secrets,
                &request,
                service.manner.page,
                |id, record| {
                    let deleted = record.deleted_at.is_some();
                    deleted.then(|| service.deleted(record.deleted_info(id, now)))
                },
            )
        })
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let checked = self.capabilities().check_recover(secret);
        self.begin("recover", secret, checked, true, |state, now| {
            state.recover(secret, now).map(Outcome::Secret)
        })
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let checked = self.capabilities().check_purge(secret);
        self.begin("purge", secret, checked, true, |state, _| {
            state.purge(secret).map(|()| Outcome::Done)
        })
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        let checked = self.capabilities().check_resume();
        let unknown = self.service().manner.unknown_operation;
        self.call("resume", None, checked, |state, _| {
            match state.operations.contains_key(id) {
                true => Ok(()),
                false => Err(Error::new(
                    unknown,
                    "no operation of this store has this id",
                )),
            }
        })?;
        Ok(self.under_way(id.clone(), true))
    }
}
