//! What a put does to the state.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::state::{Among, FromUuid, Record, State, Version};
use crate::model::Written;
use crate::operation::Outcome;
use crate::{
    Error, ErrorKind, IdempotencyKey, OnSoftDeleted, Payload, PutMode, PutOptions, Result,
    SecretId, SecretName, SecretRef, VersionId,
};

impl State {
    pub(super) fn put(
        &mut self,
        secret: &SecretRef,
        payload: Payload,
        options: &PutOptions,
        now: Timestamp,
    ) -> Result<Written> {
        if let Some(outcome) = self.outcome_of(options.idempotency_key, secret)? {
            return outcome.try_into();
        }
        let written = match self.target(secret, options)? {
            Target::Existing(id) => self.add_version(id, payload, options, now),
            Target::New(name) => self.create(name, payload, options, now),
        }?;
        let outcome = Outcome::Written(written.clone());
        self.remember(options.idempotency_key, secret, outcome);
        Ok(written)
    }

    /// What the call of this key gave before.
    pub(super) fn outcome_of(
        &self,
        key: Option<IdempotencyKey>,
        secret: &SecretRef,
    ) -> Result<Option<Outcome>> {
        match key.and_then(|key| self.done.get(&key)) {
            Some((of, outcome)) if of == secret => Ok(Some(outcome.clone())),
            Some(_) => Err(Error::new(
                ErrorKind::InvalidInput,
                "field `idempotency_key`: it named a call on another secret",
            )),
            None => Ok(None),
        }
    }

    pub(super) fn remember(
        &mut self,
        key: Option<IdempotencyKey>,
        secret: &SecretRef,
        outcome: Outcome,
    ) {
        if let Some(key) = key {
            self.done.insert(key, (secret.clone(), outcome));
        }
    }

    /// What is put to; a deleted secret is recovered or purged here, once nothing can refuse the put.
    fn target(&mut self, secret: &SecretRef, options: &PutOptions) -> Result<Target> {
        match missing(self.find(secret, Among::Live))? {
            Some(_) if options.mode == PutMode::Create => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "a secret of this name exists",
                ));
            }
            Some(id) => return Ok(Target::Existing(id)),
            None => {}
        }
        let new = match secret {
            SecretRef::Name(name) if options.mode != PutMode::AddVersion => Some(name.clone()),
            _ => None,
        };
        match (
            missing(self.find(secret, Among::Deleted))?,
            options.on_soft_deleted,
            new,
        ) {
            (None, _, Some(name)) => Ok(Target::New(name)),
            (None, _, None) => Err(Error::new(ErrorKind::NotFound, "there is no such secret")),
            (Some(id), OnSoftDeleted::Recover, _) => {
                if let Some(record) = self.secrets.get_mut(&id) {
                    record.deleted_at = None;
                }
                Ok(Target::Existing(id))
            }
            (Some(id), OnSoftDeleted::Purge, Some(name)) => {
                self.secrets.remove(&id);
                Ok(Target::New(name))
            }
            (Some(_), _, _) => Err(Error::new(
                ErrorKind::SoftDeleted,
                "a deleted secret that can be recovered has this name",
            )),
        }
    }

    fn create(
        &mut self,
        name: SecretName,
        payload: Payload,
        options: &PutOptions,
        now: Timestamp,
    ) -> Result<Written> {
        let (secret, id) = (SecretId::random()?, VersionId::random()?);
        let version = new_version(payload, options, None, now);
        let info = version.info(&id, now);
        let mut record = Record {
            name,
            description: None,
            labels: BTreeMap::new(),
            protected: false,
            enabled: true,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            current: id.clone(),
            versions: BTreeMap::from([(id, version)]),
        };
        record.describe(options);
        self.secrets.insert(secret.clone(), record);
        Ok(Written {
            secret,
            version: info,
            created: true,
        })
    }

    fn add_version(
        &mut self,
        secret: SecretId,
        payload: Payload,
        options: &PutOptions,
        now: Timestamp,
    ) -> Result<Written> {
        let id = VersionId::random()?;
        let (secret, record) = self.record(&SecretRef::Id(secret), Among::Live, now)?;
        let carried = match record.versions.get(&record.current) {
            Some(before) if options.keep_metadata => before.content_type.clone(),
            _ => None,
        };
        let version = new_version(payload, options, carried, now);
        let info = version.info(&id, now);
        record.describe(options);
        record.versions.insert(id.clone(), version);
        record.current = id;
        record.updated_at = now;
        Ok(Written {
            secret,
            version: info,
            created: false,
        })
    }
}

impl Record {
    fn describe(&mut self, options: &PutOptions) {
        if let Some(labels) = &options.labels {
            self.labels.clone_from(labels);
        }
        if let Some(text) = &options.description {
            self.description = given(text);
        }
    }
}

enum Target {
    Existing(SecretId),
    New(SecretName),
}

/// A text that is set, or cleared by the empty one.
pub(super) fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn new_version(
    payload: Payload,
    options: &PutOptions,
    carried: Option<String>,
    now: Timestamp,
) -> Version {
    Version {
        entry_keys: payload.keys().map(str::to_owned).collect(),
        payload: Some(payload),
        enabled: options.enabled.unwrap_or(true),
        created_at: now,
        updated_at: now,
        not_before: options.not_before,
        expires_at: options.expires_at,
        destroy_at: None,
        content_type: match &options.content_type {
            Some(text) => given(text),
            None => carried,
        },
    }
}

fn missing<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}
