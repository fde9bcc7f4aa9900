//! One secret and its versions.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{DeletedSecretInfo, Labels, SecretInfo, VersionInfo, VersionState};
use crate::{Error, ErrorKind, Payload, Result, SecretId, SecretName, VersionId};

pub(super) struct Record {
    pub(super) name: SecretName,
    /// `None` also where the service keeps it elsewhere; so are the three below.
    pub(super) description: Option<String>,
    pub(super) labels: Option<Labels>,
    pub(super) protected: Option<bool>,
    pub(super) enabled: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) current: VersionId,
    pub(super) versions: BTreeMap<VersionId, Version>,
}

#[derive(Clone)]
pub(super) struct Version {
    pub(super) payload: Option<Payload>,
    pub(super) entry_keys: Vec<String>,
    pub(super) enabled: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) destroy_at: Option<Timestamp>,
    pub(super) content_type: Option<String>,
    pub(super) description: Option<String>,
    pub(super) labels: Option<Labels>,
}

impl Record {
    pub(super) fn info(&self, id: &SecretId, now: Timestamp) -> SecretInfo {
        let current = self.version_info(&self.current, now);
        let of_version = current.clone().unwrap_or_default();
        SecretInfo {
            name: Some(self.name.clone()),
            description: self.description.clone().or(of_version.description),
            labels: self.labels.clone().or(of_version.labels),
            state: match &current {
                Some(current) if self.enabled => current.state.clone(),
                _ => VersionState::Disabled,
            },
            current,
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
            deletion_protection: self.protected,
            ..SecretInfo::new(id.clone())
        }
    }

    pub(super) fn deleted_info(&self, id: &SecretId, now: Timestamp) -> DeletedSecretInfo {
        DeletedSecretInfo {
            info: self.info(id, now),
            deleted_at: self.deleted_at,
            purge_at: None,
            recoverable: true,
        }
    }

    pub(super) fn version_info(&self, id: &VersionId, now: Timestamp) -> Option<VersionInfo> {
        self.versions.get(id).map(|version| version.info(id, now))
    }

    pub(super) fn version(&mut self, id: &VersionId) -> Result<&mut Version> {
        self.versions
            .get_mut(id)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "the secret has no such version"))
    }

    pub(super) fn settle(&mut self, now: Timestamp) {
        for version in self.versions.values_mut() {
            if version.state(now) == VersionState::Destroyed {
                version.payload = None;
            }
        }
    }
}

impl Version {
    pub(super) fn state(&self, now: Timestamp) -> VersionState {
        match self.destroy_at {
            _ if self.payload.is_none() => VersionState::Destroyed,
            Some(at) if at <= now => VersionState::Destroyed,
            Some(_) => VersionState::PendingDestruction,
            None if self.enabled => VersionState::Enabled,
            None => VersionState::Disabled,
        }
    }

    pub(super) fn destroy(&mut self, after: Duration, now: Timestamp) {
        self.destroy_at = Some(now.saturating_add(after).unwrap_or(Timestamp::MAX));
    }

    /// A new version with what this one holds; its validity stays behind.
    pub(super) fn copy(&self, now: Timestamp) -> Result<Self> {
        Ok(Self {
            payload: Some(self.read(now)?),
            created_at: now,
            updated_at: now,
            not_before: None,
            expires_at: None,
            ..self.clone()
        })
    }

    /// The payload, where the version's state lets it be read.
    pub(super) fn read(&self, now: Timestamp) -> Result<Payload> {
        let gone = |what: &'static str| Error::new(ErrorKind::FailedPrecondition, what);
        match (self.state(now), &self.payload) {
            (VersionState::Enabled, Some(payload)) => Ok(payload.clone()),
            (VersionState::Disabled, _) => {
                Err(Error::new(ErrorKind::Disabled, "the version is disabled"))
            }
            (VersionState::PendingDestruction, _) => {
                Err(gone("the version is about to be destroyed"))
            }
            _ => Err(gone("the version is destroyed")),
        }
    }

    pub(super) fn info(&self, id: &VersionId, now: Timestamp) -> VersionInfo {
        VersionInfo {
            id: Some(id.clone()),
            state: self.state(now),
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
            not_before: self.not_before,
            expires_at: self.expires_at,
            destroy_at: self.destroy_at,
            content_type: self.content_type.clone(),
            description: self.description.clone(),
            labels: self.labels.clone(),
            entry_keys: Some(self.entry_keys.clone()),
        }
    }
}
