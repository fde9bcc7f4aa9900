//! Putting: a version of the service is a patch of another; one of ours replaces it.

use std::collections::BTreeSet;

use polyvault_core::{
    Capabilities, Error, ErrorKind, IdempotencyKey, InfoPatch, Operation, PasswordSpec, Payload,
    PutMode, PutOptions, PutValue, Result, Retry, SecretId, SecretInfo, SecretName, SecretRef,
    VersionState, WaitPolicy, Written,
};

use super::find::only;
use super::{About, YandexLockbox, key};
use crate::operation::{Effect, Expected, unread};
use crate::properties::{
    CreateSecret, FirstVersion, PasswordSpecification, SecretProperties, UpdateSecret,
};
use crate::request::{self, Change};

/// What the current version is to hold after a put.
pub(super) enum Wanted {
    Payload(Payload),
    Password(PasswordSpec),
}

/// Why a put refuses what the service would take for something else.
const EMPTY: &str = "A version is added as changes to another, in which an empty value is a removal: \
    leave the entry out, or give it a value.";

impl Wanted {
    pub(super) fn of(value: PutValue) -> Result<Self> {
        match value {
            PutValue::Generate(spec) => Ok(Self::Password(spec)),
            value => value.into_payload().map(Self::Payload),
        }
    }

    pub(super) fn check(
        &self,
        can: &Capabilities,
        secret: &SecretRef,
        options: &PutOptions,
    ) -> Result<()> {
        let payload = match self {
            Self::Password(spec) => return can.check_generate(secret, spec, options),
            Self::Payload(payload) => payload,
        };
        check_payload(can, secret, payload, options)
    }
}

/// The check of a put, with the reason why an empty value is refused.
pub(crate) fn check_payload(
    can: &Capabilities,
    secret: &SecretRef,
    payload: &Payload,
    options: &PutOptions,
) -> Result<()> {
    let empty = payload.iter().any(|(_, value)| value.is_empty());
    can.check_put(secret, payload, options)
        .map_err(|error| match empty {
            true => error.with_help(EMPTY),
            false => error,
        })
}

impl YandexLockbox {
    pub(super) async fn put(
        &self,
        about: &About,
        secret: &SecretRef,
        value: &Wanted,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let name = match secret {
            SecretRef::Id(id) => return self.add_version(about, id, value, options).await,
            SecretRef::Name(name) => name,
        };
        let found = self.named(about, name).await?;
        match (options.mode, found.as_slice()) {
            (PutMode::Create, [_, ..]) => Err(options.name_taken()),
            (PutMode::Create | PutMode::Upsert, []) => {
                self.create(about, name, value, options).await
            }
            _ => self.add_version(about, &only(found)?, value, options).await,
        }
    }

    async fn create(
        &self,
        about: &About,
        name: &SecretName,
        value: &Wanted,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let new = CreateSecret {
            description: options.description.clone(),
            labels: options.labels.clone().unwrap_or_default(),
            first_version: match value {
                Wanted::Payload(payload) => FirstVersion::Payload(payload.clone()),
                Wanted::Password(spec) => FirstVersion::Password(spec.into()),
            },
            ..CreateSecret::named(name.clone())
        };
        self.names.forget().await;
        let request = request::create(&self.config, &new, key(options.idempotency_key))?;
        self.begin(Expected::of(about, Some(Effect::Create)), request)
            .await
    }

    /// Labels and description stay at the secret: what the options don't mention is kept
    /// by itself, and what they do is updated first.
    async fn add_version(
        &self,
        about: &About,
        id: &SecretId,
        value: &Wanted,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let mut expected = about.expect(Effect::AddVersion, id);
        let change = UpdateSecret::from(&InfoPatch {
            labels: options.labels.clone(),
            description: options.description.clone(),
            ..InfoPatch::default()
        });
        self.change_before(&mut expected, id, &change).await?;
        let before = self.read(about, id).await;
        let before = before.map_err(|error| expected.blame(error))?;
        match value {
            Wanted::Payload(payload) => self.replace(expected, id, &before, payload, options).await,
            Wanted::Password(spec) if holds_only(&before, &spec.entry_key) => {
                self.generate(expected, id, &before, &spec.into(), options)
                    .await
            }
            // The service would carry the other entries over.
            Wanted::Password(spec) => {
                let payload = spec.generate().map_err(|error| expected.blame(error))?;
                self.replace(expected, id, &before, &payload, options).await
            }
        }
    }

    /// A step before the last one, which the error of a later one tells.
    async fn change_before(
        &self,
        expected: &mut Expected,
        id: &SecretId,
        change: &UpdateSecret,
    ) -> Result<()> {
        let changed = change.mask();
        if changed.is_empty() {
            return Ok(());
        }
        // A key of its own: under the put's the service would take one for the other.
        let request = request::update(&self.config, id, change, IdempotencyKey::random())?;
        let step = Expected {
            effect: Some(Effect::Secret),
            ..expected.clone()
        };
        let update: Operation<SecretInfo> = self.begin(step, request).await?;
        update.wait(WaitPolicy::default()).await?;
        let before = expected.changed.take().into_iter();
        let all: Vec<String> = before
            .chain(changed.iter().map(ToString::to_string))
            .collect();
        expected.changed = Some(all.join(", "));
        Ok(())
    }

    /// Lets the service make the next password: a version without entries, by the rules of the secret.
    async fn generate(
        &self,
        mut expected: Expected,
        id: &SecretId,
        before: &SecretProperties,
        rules: &PasswordSpecification,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        if !before.password.as_ref().is_some_and(|by| by.same_as(rules)) {
            let change = UpdateSecret {
                password: polyvault_core::Edit::Set(rules.clone()),
                ..UpdateSecret::default()
            };
            self.change_before(&mut expected, id, &change).await?;
        }
        expected.rules = Some(rules.clone());
        let key = key(options.idempotency_key);
        // Without a base: with one and no entries, a version is a copy of it for all that is known.
        let request = request::add_version(&self.config, id, &Change::default(), key)?;
        let about = expected.about.clone();
        let added = self.begin(expected, request).await?;
        Ok(self.checked(added, about, [rules.entry_key.clone()].into()))
    }

    /// A version of these entries and no others.
    async fn replace(
        &self,
        expected: Expected,
        id: &SecretId,
        before: &SecretProperties,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<Operation<Written>> {
        let current = before.info.current.clone();
        let base = match current.filter(|version| version.state == VersionState::Enabled) {
            None => self.any_active(&expected.about, id).await,
            base => Ok(base),
        };
        let base = base.map_err(|error| expected.blame(error))?;
        let keys = base.iter().flat_map(|version| &version.entry_keys);
        let stale = keys.flatten().map(String::as_str);
        let change = Change {
            set: Some(payload),
            remove: stale.filter(|key| payload.get(key).is_none()).collect(),
            base: base.as_ref().and_then(|version| version.id.as_ref()),
            description: None,
        };
        let key = key(options.idempotency_key);
        let request = request::add_version(&self.config, id, &change, key)?;
        let about = expected.about.clone();
        let added = self.begin(expected, request).await?;
        if base.is_some_and(|version| version.entry_keys.is_some()) {
            return Ok(added);
        }
        let wanted = payload.keys().map(str::to_owned).collect();
        Ok(self.checked(added, about, wanted))
    }

    /// The same put, which fails if the version has other keys than these.
    fn checked(
        &self,
        added: Operation<Written>,
        about: About,
        wanted: BTreeSet<String>,
    ) -> Operation<Written> {
        let store = self.clone();
        added.and_then(move |written: Written| async move {
            let checked = store.check_keys(&about, &written, &wanted).await;
            checked.map_err(|error| about.name(error))?;
            Ok(written)
        })
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
                let current = read.info.current;
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

/// Whether a version that the service generates would hold nothing else: it keeps the entries of the
/// one before.
fn holds_only(before: &SecretProperties, key: &str) -> bool {
    match &before.info.current {
        None => true,
        Some(current) => current
            .entry_keys
            .as_ref()
            .is_some_and(|keys| keys.iter().all(|one| one == key)),
    }
}
