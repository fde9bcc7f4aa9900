//! What the store holds, and the rules that need no store around it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::{DeletedSecretInfo, Labels, SecretInfo, VersionInfo, VersionState};
use crate::operation::Outcome;
use crate::{
    Error, ErrorKind, IdempotencyKey, Page, PageRequest, PageToken, Payload, Result, SecretId,
    SecretName, SecretRef, VersionId,
};

const DEFAULT_PAGE: u32 = 100;

#[derive(Default)]
pub(super) struct State {
    /// By id, and ids are random: so no list is in the order of time.
    pub(super) secrets: BTreeMap<SecretId, Record>,
    pub(super) done: HashMap<IdempotencyKey, (SecretRef, Outcome)>,
    pub(super) forbidden: BTreeSet<String>,
    pub(super) fail_next: bool,
    pub(super) lose_next: bool,
    pub(super) lose_request: bool,
    /// Who puts before the next put.
    pub(super) overtaker: Option<(SecretRef, Payload)>,
}

pub(super) struct Record {
    pub(super) name: SecretName,
    pub(super) description: Option<String>,
    pub(super) labels: Labels,
    pub(super) protected: bool,
    pub(super) enabled: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) current: VersionId,
    pub(super) versions: BTreeMap<VersionId, Version>,
}

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
}

/// Which secrets a call looks among.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    Live,
    Deleted,
}

impl State {
    /// The one secret that is meant.
    pub(super) fn find(&self, secret: &SecretRef, among: Among) -> Result<SecretId> {
        let mut ids = self.matching(secret, among);
        match (ids.pop(), ids.is_empty()) {
            (Some(id), true) => Ok(id),
            (None, _) => Err(Error::new(ErrorKind::NotFound, "there is no such secret")),
            (Some(last), false) => {
                ids.push(last);
                let ids: Vec<&str> = ids.iter().map(SecretId::as_str).collect();
                Err(Error::new(
                    ErrorKind::Ambiguous,
                    format!("{} secrets have this name: {}", ids.len(), ids.join(", ")),
                ))
            }
        }
    }

    /// The record of the one secret that is meant; destructions that are due have taken place in it.
    pub(super) fn record(
        &mut self,
        secret: &SecretRef,
        among: Among,
        now: Timestamp,
    ) -> Result<(SecretId, &mut Record)> {
        let id = self.find(secret, among)?;
        match self.secrets.get_mut(&id) {
            Some(record) => {
                record.settle(now);
                Ok((id, record))
            }
            None => Err(Error::new(ErrorKind::NotFound, "there is no such secret")),
        }
    }

    fn matching(&self, secret: &SecretRef, among: Among) -> Vec<SecretId> {
        let here = |record: &Record| record.deleted_at.is_some() == (among == Among::Deleted);
        match secret {
            SecretRef::Id(id) => self
                .secrets
                .get_key_value(id)
                .filter(|(_, record)| here(record))
                .map(|(id, _)| id.clone())
                .into_iter()
                .collect(),
            SecretRef::Name(name) => self
                .secrets
                .iter()
                .filter(|(_, record)| record.name == *name && here(record))
                .map(|(id, _)| id.clone())
                .collect(),
        }
    }
}

impl Record {
    pub(super) fn info(&self, id: &SecretId, now: Timestamp) -> SecretInfo {
        let current = self.version_info(&self.current, now);
        SecretInfo {
            name: Some(self.name.clone()),
            description: self.description.clone(),
            labels: Some(self.labels.clone()),
            state: match &current {
                Some(current) if self.enabled => current.state.clone(),
                _ => VersionState::Disabled,
            },
            current,
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
            deletion_protection: Some(self.protected),
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

    fn settle(&mut self, now: Timestamp) {
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

    pub(super) fn destroy(&mut self, after: Option<Duration>, now: Timestamp) {
        let after = after.unwrap_or_default();
        self.destroy_at = Some(now.saturating_add(after).unwrap_or(Timestamp::MAX));
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
            description: None,
            labels: None,
            entry_keys: Some(self.entry_keys.clone()),
        }
    }
}

/// A page of `items` by id; the token is the last id given, so that writes in
/// between neither repeat an item nor drop one.
pub(super) fn page<'a, K, V, T>(
    items: &'a BTreeMap<K, V>,
    request: &PageRequest,
    give: impl Fn(&'a K, &'a V) -> Option<T>,
) -> Result<Page<T>>
where
    K: Ord + AsRef<str> + FromUuid,
{
    let start = match &request.token {
        None => Bound::Unbounded,
        Some(token) => match Uuid::try_parse(token.as_str()) {
            Ok(id) => Bound::Excluded(K::from_uuid(id)?),
            Err(_) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "field `token`: no list of this store gave it",
                ));
            }
        },
    };
    let size = usize::try_from(request.size.unwrap_or(DEFAULT_PAGE)).unwrap_or(usize::MAX);
    let mut given: Vec<(&K, T)> = items
        .range((start, Bound::Unbounded))
        .filter_map(|(id, item)| give(id, item).map(|item| (id, item)))
        .take(size.saturating_add(1))
        .collect();
    let more = given.len() > size;
    given.truncate(size);
    let next = match given.last() {
        Some((id, _)) if more => Some(PageToken::new(id.as_ref())),
        _ => None,
    };
    Ok(Page {
        items: given.into_iter().map(|(_, item)| item).collect(),
        next,
    })
}

/// Ids that are random, as those of the services are.
pub(super) trait FromUuid: Sized {
    fn from_uuid(id: Uuid) -> Result<Self>;

    fn random() -> Result<Self> {
        Self::from_uuid(Uuid::new_v4())
    }
}

impl FromUuid for SecretId {
    fn from_uuid(id: Uuid) -> Result<Self> {
        Self::new(id.simple().to_string())
    }
}

impl FromUuid for VersionId {
    fn from_uuid(id: Uuid) -> Result<Self> {
        Self::new(id.simple().to_string())
    }
}
