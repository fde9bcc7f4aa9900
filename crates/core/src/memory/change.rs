//! What the other writes do to the state.

use std::sync::Arc;

use jiff::Timestamp;

use super::put::given;
use super::state::{Among, State};
use crate::capabilities::{MakeCurrent, Scope};
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
        let service = Arc::clone(&self.service);
        let can = &service.can;
        if let Some(name) = patch.name.as_ref().filter(|_| !can.twins) {
            self.free(secret, name)?;
        }
        let (id, record) = self.record(secret, Among::Live, now)?;
        let (labels, version_labels) = by_scope(can.labels, patch.labels);
        let (text, version_text) = by_scope(can.description, patch.description);
        let (enabled, version_enabled) = by_scope(can.disable, patch.enabled);
        record.name = patch.name.unwrap_or(record.name.clone());
        record.description = match text {
            Some(text) => given(&text),
            None => record.description.take(),
        };
        record.labels = labels.or(record.labels.take());
        record.protected = patch.deletion_protection.or(record.protected);
        record.enabled = enabled.unwrap_or(record.enabled);
        record.updated_at = now;
        if version_labels.is_some() || version_text.is_some() || version_enabled.is_some() {
            let current = record.current.clone();
            let version = record.version(&current)?;
            version.description = match version_text {
                Some(text) => given(&text),
                None => version.description.take(),
            };
            version.labels = version_labels.or(version.labels.take());
            version.enabled = version_enabled.unwrap_or(version.enabled);
            version.updated_at = now;
        }
        Ok(record.info(&id, now))
    }

    /// Refuses a new name that another secret has, also a deleted one.
    fn free(&self, secret: &SecretRef, name: &SecretName) -> Result<()> {
        let own = self.find(secret, Among::Live)?;
        let holder = self.secrets.iter().find(|(id, record)| {
            self.service.same_name(record.name.as_str(), name.as_str()) && **id != own
        });
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
        let service = Arc::clone(&self.service);
        let copies = service.can.make_current == MakeCurrent::Copy;
        let new: VersionId = self.new_id()?;
        let (_, record) = self.record(secret, Among::Live, now)?;
        let is_current = record.current == *id;
        let version = record.version(id)?;
        let refuse = |what: &'static str| Err(Error::new(ErrorKind::FailedPrecondition, what));
        match (change, version.state(now)) {
            (VersionChange::Destroy { .. }, state)
                if state != VersionState::Enabled && !service.manner.destroys_again =>
            {
                return refuse("the version is destroyed or about to be");
            }
            (VersionChange::Destroy { after }, state) => {
                if state != VersionState::Destroyed {
                    version.destroy(after.unwrap_or(service.manner.destroys_after), now);
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
                if let (Some(payload), Some(text)) = (&version.payload, &patch.content_type) {
                    service.can.check_stored_type(payload, Some(text))?;
                }
                version.enabled = patch.enabled.unwrap_or(version.enabled);
                version.not_before = patch.not_before.apply_to(version.not_before);
                version.expires_at = patch.expires_at.apply_to(version.expires_at);
                if let Some(text) = patch.content_type {
                    version.content_type = given(&text);
                }
                version.labels = patch.labels.or(version.labels.take());
            }
            (VersionChange::MakeCurrent, _) if copies => {
                let copy = version.copy(now)?;
                if is_current {
                    return Ok(version.info(id, now));
                }
                let info = copy.info(&new, now);
                record.versions.insert(new.clone(), copy);
                record.current = new;
                record.updated_at = now;
                return Ok(info);
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
    ) -> Result<Outcome> {
        if let Some(outcome) = self.outcome_of(options.idempotency_key, secret)? {
            return match outcome {
                Outcome::Done => Ok(outcome),
                _ => Err(Error::new(
                    ErrorKind::InvalidInput,
                    "field `idempotency_key`: it named a call that was no delete",
                )),
            };
        }
        let keeps = self.service.can.soft_delete;
        let (id, record) = self.record(secret, Among::Live, now)?;
        if record.protected == Some(true) {
            return Err(Error::new(
                ErrorKind::FailedPrecondition,
                "the secret is protected from deletion",
            ));
        }
        record.deleted_at = Some(now);
        if !keeps {
            self.secrets.remove(&id);
        }
        // Where there are twins a name is looked up before: a repeat finds none, and asks nothing.
        let by_name = matches!(secret, SecretRef::Name(_));
        if self.lose_next || !(self.service.can.twins && by_name) {
            self.remember(options.idempotency_key, secret, &Outcome::Done);
        }
        Ok(Outcome::Done)
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

/// What is given, for the secret or for its current version: where the service keeps it.
fn by_scope<T>(scope: Scope, given: Option<T>) -> (Option<T>, Option<T>) {
    match scope {
        Scope::Version => (None, given),
        Scope::Secret | Scope::None => (given, None),
    }
}
