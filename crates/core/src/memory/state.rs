//! What the store holds, and which secret a call means.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::call::Begun;
use super::record::Record;
use super::service::Service;
use crate::capabilities::LostPut;
use crate::operation::Outcome;
use crate::{
    Error, ErrorKind, IdempotencyKey, OperationId, Payload, Result, Retry, SecretId, SecretName,
    SecretRef,
};

pub(super) struct State {
    pub(super) service: Arc<Service>,
    /// What ids of secrets begin with, where the name follows.
    pub(super) id_base: Option<String>,
    /// By id, and ids are mostly random: so no list is in the order of time.
    pub(super) secrets: BTreeMap<SecretId, Record>,
    pub(super) done: HashMap<IdempotencyKey, (SecretRef, Outcome)>,
    pub(super) operations: HashMap<OperationId, Begun>,
    pub(super) forbidden: BTreeSet<String>,
    pub(super) fail_next: bool,
    pub(super) lose_next: bool,
    pub(super) lose_request: bool,
    /// How many passwords it made in the service's place.
    pub(super) generated: u64,
    /// Who puts before the next put.
    pub(super) overtaker: Option<(SecretRef, Payload)>,
}

/// Which secrets a call looks among.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    Live,
    Deleted,
}

impl State {
    pub(super) fn new(store: &str, service: Arc<Service>) -> Self {
        Self {
            id_base: service.manner.id_base.map(|base| base(store)),
            service,
            secrets: BTreeMap::new(),
            done: HashMap::new(),
            operations: HashMap::new(),
            forbidden: BTreeSet::new(),
            fail_next: false,
            lose_next: false,
            lose_request: false,
            generated: 0,
            overtaker: None,
        }
    }

    /// The one secret that is meant.
    pub(super) fn find(&self, secret: &SecretRef, among: Among) -> Result<SecretId> {
        let mut ids = self.matching(secret, among)?;
        match (ids.pop(), ids.is_empty()) {
            (Some(id), true) => Ok(id),
            (None, _) => Err(no_secret()),
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
            None => Err(no_secret()),
        }
    }

    pub(super) fn matching(&self, secret: &SecretRef, among: Among) -> Result<Vec<SecretId>> {
        let name = match (secret, &self.id_base) {
            (SecretRef::Name(name), _) => Some(name.as_str()),
            (SecretRef::Id(id), Some(base)) => Some(name_in(id, base)?),
            (SecretRef::Id(_), None) => None,
        };
        let meant = |id: &SecretId, record: &Record| match name {
            Some(name) => self.service.same_name(record.name.as_str(), name),
            None => id.as_str() == secret.as_str(),
        };
        let deleted = among == Among::Deleted;
        Ok(self
            .secrets
            .iter()
            .filter(|(id, record)| record.deleted_at.is_some() == deleted && meant(id, record))
            .map(|(id, _)| id.clone())
            .collect())
    }

    pub(super) fn new_secret_id(&self, name: &SecretName) -> Result<SecretId> {
        match &self.id_base {
            Some(base) => SecretId::new(format!("{base}{name}")),
            None => self.new_id(),
        }
    }

    /// An id that is random, as those of the services are.
    pub(super) fn new_id<K: FromStr<Err = Error>>(&self) -> Result<K> {
        (self.service.manner.id)(Uuid::new_v4()).parse()
    }

    /// What the call of this key gave before.
    pub(super) fn outcome_of(
        &self,
        key: Option<IdempotencyKey>,
        secret: &SecretRef,
    ) -> Result<Option<Outcome>> {
        match key.and_then(|key| self.done.get(&key)) {
            Some(_) if self.service.can.lost_put == LostPut::Unknown => Err(Error::new(
                ErrorKind::Conflict,
                "the answer to an earlier call of this key was lost",
            )
            .with_retry(Retry::OutcomeUnknown)),
            Some((of, outcome)) if of == secret => Ok(Some(outcome.clone())),
            Some(_) => Err(Error::new(
                ErrorKind::InvalidInput,
                "field `idempotency_key`: it named a call on another secret",
            )),
            None => Ok(None),
        }
    }

    /// Keeps an outcome for a repeat: of every call where the service knows keys, else of the one
    /// whose answer is about to be lost.
    pub(super) fn remember(
        &mut self,
        key: Option<IdempotencyKey>,
        secret: &SecretRef,
        outcome: &Outcome,
    ) {
        let lost = self.lose_next && self.service.can.lost_put != LostPut::Confirmed;
        if let Some(key) = key.filter(|_| lost || self.service.knows_keys()) {
            self.done.insert(key, (secret.clone(), outcome.clone()));
        }
    }
}

/// The name in an id that is made of one.
fn name_in<'a>(id: &'a SecretId, base: &str) -> Result<&'a str> {
    match id.as_str().strip_prefix(base) {
        Some(name) if !name.is_empty() && !name.contains('/') => Ok(name),
        _ => Err(Error::new(
            ErrorKind::InvalidInput,
            "field `secret`: not the id of a secret of this store",
        )),
    }
}

pub(super) fn no_secret() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret")
}
