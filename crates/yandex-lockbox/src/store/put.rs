//! Putting: a version of the service is a patch of another; one of ours replaces it.

use std::collections::BTreeSet;

use polyvault_core::{
    Error, ErrorKind, IdempotencyKey, InfoPatch, Operation, Payload, PutMode, PutOptions, Result,
    Retry, SecretId, SecretInfo, SecretName, SecretRef, VersionState, WaitPolicy, Written,
};

use super::find::only;
use super::{About, YandexLockbox};
use crate::operation::{Effect, Expected, unread};
use crate::request;

impl YandexLockbox {
    pub(super) async fn put(
        &self,
        about: &About,
        secret: &SecretRef,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let name = match secret {
            SecretRef::Id(id) => return self.add_version(about, id, payload, options).await,
            SecretRef::Name(name) => name,
        };
        let found = self.named(about, name).await?;
        match (options.mode, found.as_slice()) {
            (PutMode::Create, [_, ..]) => Err(exists(options)),
            (PutMode::Create | PutMode::Upsert, []) => {
                self.create(about, name, payload, options).await
            }
            _ => {
                self.add_version(about, &only(found)?, payload, options)
                    .await
            }
        }
    }

    async fn create(
        &self,
        about: &About,
        name: &SecretName,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let expected = Expected {
            about: about.clone(),
            effect: Some(Effect::Create),
            secret: None,
            changed: None,
        };
        let request = request::create(&self.config, name, payload, options, key(options))?;
        self.begin(expected, request).await
    }

    /// Labels and description stay at the secret: what the options don't mention is kept
    /// by itself, and what they do is updated first.
    async fn add_version(
        &self,
        about: &About,
        id: &SecretId,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let mut expected = about.expect(Effect::AddVersion, id);
        let patch = InfoPatch {
            labels: options.labels.clone(),
            description: options.description.clone(),
            ..InfoPatch::default()
        };
        let changed = request::changed(&patch);
        if !changed.is_empty() {
            // A key of its own: under the put's the service would take one for the other.
            let request = request::update(&self.config, id, &patch, IdempotencyKey::random())?;
            let update: Operation<SecretInfo> = self
                .begin(about.expect(Effect::Secret, id), request)
                .await?;
            update.wait(WaitPolicy::default()).await?;
            expected.changed = Some(changed.join(", "));
        }
        let before = self.read(about, id).await;
        let before = before.map_err(|error| expected.blame(error))?;
        let base = before
            .current
            .filter(|version| version.state == VersionState::Enabled);
        let keys = base
            .iter()
            .flat_map(|version| &version.entry_keys)
            .flatten();
        let stale: Vec<&str> = keys
            .map(String::as_str)
            .filter(|key| payload.get(key).is_none())
            .collect();
        let pinned = base.as_ref().and_then(|version| version.id.as_ref());
        let request =
            request::add_version(&self.config, id, payload, &stale, pinned, key(options))?;
        let added = self.begin(expected, request).await?;
        if base.is_some_and(|version| version.entry_keys.is_some()) {
            return Ok(added);
        }
        let (store, about) = (self.clone(), about.clone());
        let wanted = payload.keys().map(str::to_owned).collect();
        Ok(added.and_then(move |written: Written| async move {
            let checked = store.check_keys(&about, &written, &wanted).await;
            checked.map_err(|error| about.name(error))?;
            Ok(written)
        }))
    }

    /// Which version the service took for a base when it was given none, only the keys tell;
    /// so do they where the base did not tell its own.
    async fn check_keys(
        &self,
        about: &About,
        written: &Written,
        wanted: &BTreeSet<String>,
    ) -> Result<()> {
        let told = match &written.version.entry_keys {
            Some(keys) => Some(keys.clone()),
            None => {
                let read = self.read(about, &written.secret).await;
                let read = read.map_err(unread)?;
                let current = read.current;
                let current = current.filter(|version| version.id == written.version.id);
                current.and_then(|version| version.entry_keys)
            }
        };
        let Some(told) = told else {
            return Err(Error::new(
                ErrorKind::Decode,
                "the version was added, and the service doesn't tell its keys",
            )
            .with_retry(Retry::OutcomeUnknown)
            .with_help("Read the current version: if it is not the one you put, put again."));
        };
        let told: BTreeSet<String> = told.into_iter().collect();
        let other: Vec<&str> = told
            .symmetric_difference(wanted)
            .map(String::as_str)
            .collect();
        if other.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "the version was added, and differs from the payload in the entries {}",
                other.join(", ")
            ),
        )
        .with_help(
            "The version before it was not active or did not tell its keys. \
             Put again: the version that was added is active, and its keys can be replaced.",
        ))
    }
}

fn key(options: &PutOptions) -> IdempotencyKey {
    options
        .idempotency_key
        .unwrap_or_else(IdempotencyKey::random)
}

fn exists(options: &PutOptions) -> Error {
    let error = Error::new(
        ErrorKind::AlreadyExists,
        "the folder has a secret of this name",
    );
    match options.idempotency_key {
        None => error,
        Some(_) => error.with_retry(Retry::OutcomeUnknown).with_help(
            "If this repeats a call that was cut off, that call may have made the secret: look at it.",
        ),
    }
}
