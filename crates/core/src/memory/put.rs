//! What a put does to the state.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::record::{Record, Version};
use super::service::Look;
use super::state::{Among, State, no_secret};
use crate::capabilities::{CreateStrength, Scope, Versions};
use crate::model::{Labels, VersionState, Written};
use crate::operation::Outcome;
use crate::{
    Capabilities, Error, ErrorKind, OnSoftDeleted, Payload, PutMode, PutOptions, Result, SecretId,
    SecretName, SecretRef, VersionId,
};

impl State {
    pub(super) fn put(
        &mut self,
        secret: &SecretRef,
        payload: Payload,
        options: &PutOptions,
        now: Timestamp,
    ) -> Result<Written> {
        self.put_as_seen(secret, payload, options, Seen::Unsaid, now)
    }

    /// A put that has looked before: what came since then it does not see.
    pub(super) fn put_as_seen(
        &mut self,
        secret: &SecretRef,
        payload: Payload,
        options: &PutOptions,
        seen: Seen,
        now: Timestamp,
    ) -> Result<Written> {
        if let Some(outcome) = self.outcome_of(options.idempotency_key, secret)? {
            return outcome.try_into();
        }
        let written = match self.target(secret, options, seen)? {
            Target::Existing(id) => self.add_version(id, payload, options, now),
            Target::New(name) => self.create(name, payload, options, now),
        }?;
        let outcome = Outcome::Written(written.clone());
        self.remember(options.idempotency_key, secret, &outcome);
        Ok(written)
    }

    /// The look of a put that has to find out by itself whether there is one of its name.
    pub(super) fn look_first(&self, secret: &SecretRef, options: &PutOptions) -> Result<Seen> {
        self.admit_put(secret, options)?;
        let can = &self.service.can;
        let looks = match (secret, options.mode) {
            (SecretRef::Name(_), PutMode::Create) => can.create == CreateStrength::Checked,
            (SecretRef::Name(_), PutMode::Upsert) => can.twins,
            (SecretRef::Name(_), PutMode::AddVersion) | (SecretRef::Id(_), _) => false,
        };
        if !looks {
            return Ok(Seen::Unsaid);
        }
        match self.matching(secret, Among::Live)?.is_empty() {
            true => Ok(Seen::Nothing),
            false if options.mode == PutMode::Upsert => Ok(Seen::Unsaid),
            false => Err(options.name_taken()),
        }
    }

    /// What is put to; a deleted secret is recovered or purged here, once nothing can refuse the put.
    fn target(&mut self, secret: &SecretRef, options: &PutOptions, seen: Seen) -> Result<Target> {
        let can = &self.service.can;
        match (options.mode, can.create) {
            _ if seen == Seen::Nothing && can.twins => {}
            (PutMode::Create, CreateStrength::Atomic) => {
                if !self.matching(secret, Among::Live)?.is_empty() {
                    return Err(match self.service.knows_keys() {
                        true => PutOptions::from(options.mode).name_taken(),
                        false => options.name_taken(),
                    });
                }
            }
            _ => {
                if let Some(id) = missing(self.find(secret, Among::Live))? {
                    return Ok(Target::Existing(id));
                }
            }
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
            (None, _, None) => Err(no_secret()),
            (Some(id), OnSoftDeleted::Recover, _) if can.recover => {
                if let Some(record) = self.secrets.get_mut(&id) {
                    record.deleted_at = None;
                }
                Ok(Target::Existing(id))
            }
            (Some(id), OnSoftDeleted::Purge, Some(name)) if can.purge => {
                self.secrets.remove(&id);
                Ok(Target::New(name))
            }
            // Before adding, only what is live was looked for.
            (Some(_), _, None) if self.service.manner.looks => Err(no_secret()),
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
        let (secret, id) = (self.new_secret_id(&name)?, self.new_id()?);
        let service = Arc::clone(&self.service);
        let version = new_version(&service.can, payload, options, None, now);
        let info = version.info(&id, now);
        let mut record = Record {
            name,
            description: None,
            labels: (service.can.labels == Scope::Secret).then(Labels::new),
            protected: service.can.deletion_protection.then_some(false),
            enabled: true,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            current: id.clone(),
            versions: BTreeMap::from([(id, version)]),
        };
        record.describe(&service.can, options);
        self.secrets.insert(secret.clone(), record);
        Ok(Written {
            secret,
            version: info,
            // Who has not looked doesn't know.
            created: service.look(options) != Look::Nothing,
        })
    }

    fn add_version(
        &mut self,
        secret: SecretId,
        payload: Payload,
        options: &PutOptions,
        now: Timestamp,
    ) -> Result<Written> {
        let id: VersionId = self.new_id()?;
        let service = Arc::clone(&self.service);
        let (secret, record) = self.record(&SecretRef::Id(secret), Among::Live, now)?;
        let before = record.versions.get(&record.current);
        let off = before.is_some_and(|version| version.state(now) == VersionState::Disabled);
        if off && service.manner.looks && service.look(options) == Look::Current {
            return Err(Error::new(
                ErrorKind::Disabled,
                "the current version is disabled, and what is to be kept of it can't be read",
            ));
        }
        let kept = before.filter(|_| options.keep_metadata);
        let version = new_version(&service.can, payload, options, kept, now);
        if let Some(payload) = &version.payload {
            service
                .can
                .check_stored_type(payload, version.content_type.as_deref())?;
        }
        let info = version.info(&id, now);
        record.describe(&service.can, options);
        if service.can.versions == Versions::None {
            record.versions.clear();
        }
        record.versions.insert(id.clone(), version);
        record.current = id;
        record.updated_at = now;
        Ok(Written {
            secret,
            version: info,
            // The look of a `Create` found none.
            created: options.mode == PutMode::Create,
        })
    }
}

impl Record {
    /// What stays at the secret.
    fn describe(&mut self, can: &Capabilities, options: &PutOptions) {
        if let (Scope::Secret, Some(labels)) = (can.labels, &options.labels) {
            self.labels = Some(labels.clone());
        }
        if let (Scope::Secret, Some(text)) = (can.description, &options.description) {
            self.description = given(text);
        }
    }
}

/// What a put has seen by looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// There was none of the name.
    Nothing,
    /// It did not look, or leaves it to the write.
    Unsaid,
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
    can: &Capabilities,
    payload: Payload,
    options: &PutOptions,
    kept: Option<&Version>,
    now: Timestamp,
) -> Version {
    let said = |text: &Option<String>, kept: Option<String>| match text {
        Some(text) => given(text),
        None => kept,
    };
    let labels = options.labels.clone();
    let description = said(
        &options.description,
        kept.and_then(|version| version.description.clone()),
    );
    Version {
        entry_keys: payload.keys().map(str::to_owned).collect(),
        payload: Some(payload),
        enabled: options.enabled.unwrap_or(true),
        created_at: now,
        updated_at: now,
        not_before: options.not_before,
        expires_at: options.expires_at,
        destroy_at: None,
        content_type: said(
            &options.content_type,
            kept.and_then(|version| version.content_type.clone()),
        ),
        description: description.filter(|_| can.description == Scope::Version),
        labels: (can.labels == Scope::Version).then(|| {
            labels
                .or_else(|| kept.and_then(|version| version.labels.clone()))
                .unwrap_or_default()
        }),
    }
}

fn missing<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}
