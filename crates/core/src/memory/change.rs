//! What the other writes do to the state.

use jiff::Timestamp;

use super::put::given;
use super::state::{Among, State};
use crate::model::{InfoPatch, SecretInfo, VersionChange, VersionInfo, VersionState};
use crate::operation::Outcome;
use crate::{DeleteOptions, Error, ErrorKind, Result, SecretName, SecretRef, VersionId};

impl State {
    pub(super) fn update(
        &mut self,
        secret: &SecretRef,
        patch: InfoPatch,
        now: Timestamp,
    ) -> Result<SecretInfo> {
        if let Some(name) = &patch.name {
            self.free(secret, name)?;
        }
        let (id, record) = self.record(secret, Among::Live, now)?;
        if let Some(name) = patch.name {
            record.name = name;
        }
        if let Some(text) = patch.description {
            record.description = given(&text);
        }
        if let Some(labels) = patch.labels {
            record.labels = labels;
        }
        if let Some(protected) = patch.deletion_protection {
            record.protected = protected;
        }
        if let Some(enabled) = patch.enabled {
            record.enabled = enabled;
        }
        record.updated_at = now;
        Ok(record.info(&id, now))
    }

    /// Refuses a new name that another secret has, also a deleted one.
    fn free(&self, secret: &SecretRef, name: &SecretName) -> Result<()> {
        let own = self.find(secret, Among::Live)?;
        let holder = self
            .secrets
            .iter()
            .find(|(id, record)| record.name == *name && **id != own);
        match holder {
            None => Ok(()),
            Some((_, record)) if record.deleted_at.is_some() => Err(Error::new(
                ErrorKind::SoftDeleted,
                "a deleted secret that can be recovered has the new name",
            )),
            Some(_) => Err(Error::new(
                ErrorKind::AlreadyExists,
                "a secret of the new name exists",
            )),
        }
    }

    pub(super) fn update_version(
        &mut self,
        secret: &SecretRef,
        id: &VersionId,
        change: VersionChange,
        now: Timestamp,
    ) -> Result<VersionInfo> {
        let (_, record) = self.record(secret, Among::Live, now)?;
        let version = record.version(id)?;
        let refuse = |what: &'static str| Err(Error::new(ErrorKind::FailedPrecondition, what));
        match (change, version.state(now)) {
            (VersionChange::Destroy { after }, state) => {
                if state != VersionState::Destroyed {
                    version.destroy(after, now);
                }
            }
            (VersionChange::CancelDestruction, VersionState::PendingDestruction) => {
                version.destroy_at = None;
            }
            (VersionChange::CancelDestruction, _) => {
                return refuse("no destruction of the version is pending");
            }
            (_, VersionState::Destroyed | VersionState::PendingDestruction) => {
                return refuse("the version is destroyed or about to be");
            }
            (VersionChange::Update(patch), _) => {
                version.enabled = patch.enabled.unwrap_or(version.enabled);
                version.not_before = patch.not_before.or(version.not_before);
                version.expires_at = patch.expires_at.or(version.expires_at);
                if let Some(text) = patch.content_type {
                    version.content_type = given(&text);
                }
            }
            (VersionChange::MakeCurrent, _) => record.current = id.clone(),
        }
        record.version(id)?.updated_at = now;
        // Once more, so that a destruction without a delay has taken place before the answer.
        let (_, record) = self.record(secret, Among::Live, now)?;
        Ok(record.version(id)?.info(id, now))
    }

    pub(super) fn delete(
        &mut self,
        secret: &SecretRef,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Result<()> {
        if let Some(outcome) = self.outcome_of(options.idempotency_key, secret)? {
            return outcome.try_into();
        }
        let (_, record) = self.record(secret, Among::Live, now)?;
        if record.protected {
            return Err(Error::new(
                ErrorKind::FailedPrecondition,
                "the secret is protected from deletion",
            ));
        }
        record.deleted_at = Some(now);
        self.remember(options.idempotency_key, secret, Outcome::Done);
        Ok(())
    }

    pub(super) fn recover(&mut self, secret: &SecretRef, now: Timestamp) -> Result<SecretInfo> {
        let (id, record) = self.record(secret, Among::Deleted, now)?;
        record.deleted_at = None;
        Ok(record.info(&id, now))
    }

    pub(super) fn purge(&mut self, secret: &SecretRef) -> Result<()> {
        let id = self.find(secret, Among::Deleted)?;
        self.secrets.remove(&id);
        Ok(())
    }
}
