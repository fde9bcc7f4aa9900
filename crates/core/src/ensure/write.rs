//! The smallest writes that make a secret as it is desired.

use super::DIGEST_LABEL;
use super::compare::{Difference, Field, Standing};
use super::desired::Desired;
use super::look::Present;
use crate::capabilities::{CreateStrength, Scope};
use crate::model::{Edit, InfoPatch, Labels, VersionChange, VersionPatch, VersionState};
use crate::options::{PutMode, PutOptions, PutValue};
use crate::{
    Capabilities, Error, ErrorKind, Result, SecretRef, SecretStore, SecretStoreExt as _, VersionId,
};

/// One call that changes something.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Put(PutValue, Box<PutOptions>),
    Update(InfoPatch),
    UpdateVersion(VersionId, VersionPatch),
}

impl Write {
    /// Makes the call, and tells the version that is current then, where the answer does.
    pub(super) async fn make(
        &self,
        store: &dyn SecretStore,
        secret: &SecretRef,
    ) -> Result<Option<VersionId>> {
        match self {
            Self::Put(value, options) => {
                let put = store.put_with(secret, value.clone(), (**options).clone());
                Ok(put.await?.version.id)
            }
            Self::Update(patch) => {
                let info = store.update(secret, patch.clone()).await?;
                Ok(info.current.and_then(|current| current.id))
            }
            Self::UpdateVersion(version, patch) => {
                let change = VersionChange::Update(patch.clone());
                Ok(store.update_version(secret, version, change).await?.id)
            }
        }
    }

    fn check(&self, can: &Capabilities, secret: &SecretRef) -> Result<()> {
        match self {
            Self::Put(PutValue::Payload(payload), options) => {
                can.check_put(secret, payload, options)
            }
            Self::Put(PutValue::Generate(spec), options) => {
                can.check_generate(secret, spec, options)
            }
            Self::Update(patch) => can.check_update(secret, patch),
            Self::UpdateVersion(_, patch) => {
                can.check_update_version(secret, &VersionChange::Update(patch.clone()))
            }
        }
    }
}

/// What makes a secret that is missing.
pub(super) fn to_create(
    can: &Capabilities,
    desired: &Desired,
    digest: Option<String>,
) -> Result<Vec<Write>> {
    let Some(value) = &desired.value else {
        return Err(Error::new(
            ErrorKind::NotFound,
            "the secret is missing, and no value is desired to make it with",
        )
        .with_help("Say a value, or a password to generate."));
    };
    let labels = labels_with(desired.labels.as_ref(), digest);
    let put = Write::Put(value.clone(), Box::new(put_to_create(can, desired, labels)));
    let at_birth = [
        (Field::Enabled, desired.enabled == Some(false)),
        (
            Field::DeletionProtection,
            desired.deletion_protection == Some(true),
        ),
    ];
    let after = beside_a_put(can, desired, |field| at_birth.contains(&(field, true)));
    Ok([put].into_iter().chain(after).collect())
}

pub(super) fn put_to_create(
    can: &Capabilities,
    desired: &Desired,
    labels: Option<Labels>,
) -> PutOptions {
    let mode = match can.create {
        CreateStrength::None => PutMode::Upsert,
        CreateStrength::Checked | CreateStrength::Atomic => PutMode::Create,
    };
    put_options(can, desired, mode, labels)
}

/// What changes a secret that differs.
pub(super) fn to_change(
    can: &Capabilities,
    desired: &Desired,
    present: &Present,
    standing: Standing,
    differences: &[Difference],
    digest: Option<String>,
) -> Result<Vec<Write>> {
    let secret = SecretRef::from(&desired.name);
    let differs = |field| {
        differences
            .iter()
            .any(|difference| difference.field == field)
    };
    let update = || checked(can, &secret, without_a_put(can, desired, present, differs)?);
    let put = |value: &PutValue, kept, digest| {
        let writes = with_a_put(can, desired, present, value, kept, digest, differs)?;
        checked(can, &secret, writes)
    };
    match (&desired.value, standing) {
        (Some(value), Standing::Differs(_)) => put(value, PutOptions::default(), digest),
        // The same value once more carries what can't be changed without one; so the rest of its validity is kept.
        (Some(value @ PutValue::Payload(_)), Standing::Same) => update().or_else(|_| {
            let kept = PutOptions {
                not_before: present.current.not_before,
                expires_at: present.current.expires_at,
                ..PutOptions::default()
            };
            put(value, kept, digest)
        }),
        _ => update(),
    }
}

/// The labels of a new secret.
pub(super) fn labels_with(labels: Option<&Labels>, digest: Option<String>) -> Option<Labels> {
    if labels.is_none() && digest.is_none() {
        return None;
    }
    let mut all = labels.cloned().unwrap_or_default();
    all.extend(digest.map(|digest| (DIGEST_LABEL.to_owned(), digest)));
    Some(all)
}

/// One put that carries all that is desired, and what no put can carry.
fn with_a_put(
    can: &Capabilities,
    desired: &Desired,
    present: &Present,
    value: &PutValue,
    kept: PutOptions,
    digest: Option<String>,
    differs: impl Fn(Field) -> bool,
) -> Result<Vec<Write>> {
    let labels = labels_of_a_put(desired, present, digest)?;
    let said = put_options(can, desired, PutMode::AddVersion, labels);
    let was_disabled = can.disable == Scope::Version && present.state == VersionState::Disabled;
    let options = PutOptions {
        not_before: desired.not_before.apply_to(kept.not_before),
        expires_at: desired.expires_at.apply_to(kept.expires_at),
        // Nobody said that it may be read again.
        enabled: said.enabled.or_else(|| was_disabled.then_some(false)),
        ..said
    };
    let put = Write::Put(value.clone(), Box::new(options));
    Ok([put]
        .into_iter()
        .chain(beside_a_put(can, desired, differs))
        .collect())
}

fn put_options(
    can: &Capabilities,
    desired: &Desired,
    mode: PutMode,
    labels: Option<Labels>,
) -> PutOptions {
    PutOptions {
        labels,
        content_type: desired.content_type.clone(),
        description: desired.description.clone(),
        not_before: desired.not_before.apply_to(None),
        expires_at: desired.expires_at.apply_to(None),
        enabled: desired.enabled.filter(|_| can.disable == Scope::Version),
        ..PutOptions::from(mode)
    }
}

/// All labels, where the put has to say any: the digest must be that of the value.
fn labels_of_a_put(
    desired: &Desired,
    present: &Present,
    digest: Option<String>,
) -> Result<Option<Labels>> {
    let has_digest = |labels: &Labels| labels.contains_key(DIGEST_LABEL);
    let stale = present.labels.as_ref().is_some_and(has_digest);
    if desired.labels.is_none() && digest.is_none() && !stale {
        return Ok(None);
    }
    let Some(mut labels) = desired.labels.clone().or_else(|| present.labels.clone()) else {
        return Err(Error::new(
            ErrorKind::FailedPrecondition,
            "the store doesn't tell the labels, which the label of the digest would replace",
        )
        .with_help("Say the labels too."));
    };
    labels.remove(DIGEST_LABEL);
    Ok(labels_with(Some(&labels), digest))
}

/// What is at the secret only, where no put reaches.
fn beside_a_put(
    can: &Capabilities,
    desired: &Desired,
    differs: impl Fn(Field) -> bool,
) -> Option<Write> {
    let of_secret = can.disable == Scope::Secret;
    let patch = InfoPatch {
        enabled: desired
            .enabled
            .filter(|_| of_secret && differs(Field::Enabled)),
        deletion_protection: desired
            .deletion_protection
            .filter(|_| differs(Field::DeletionProtection)),
        ..InfoPatch::default()
    };
    (patch != InfoPatch::default()).then_some(Write::Update(patch))
}

/// Changes to the version and to the secret, of what differs alone.
fn without_a_put(
    can: &Capabilities,
    desired: &Desired,
    present: &Present,
    differs: impl Fn(Field) -> bool,
) -> Result<Vec<Write>> {
    // A label that is not desired is the library's, and stays.
    let digest = present
        .labels
        .as_ref()
        .and_then(|labels| labels.get(DIGEST_LABEL));
    let labels =
        labels_with(desired.labels.as_ref(), digest.cloned()).filter(|_| differs(Field::Labels));
    let enabled = desired.enabled.filter(|_| differs(Field::Enabled));
    let edit = |field, edit: Edit<_>| if differs(field) { edit } else { Edit::Keep };
    let mut patch = InfoPatch {
        description: desired
            .description
            .clone()
            .filter(|_| differs(Field::Description)),
        ..match beside_a_put(can, desired, &differs) {
            Some(Write::Update(patch)) => patch,
            _ => InfoPatch::default(),
        }
    };
    let mut of_version = VersionPatch {
        not_before: edit(Field::NotBefore, desired.not_before),
        expires_at: edit(Field::ExpiresAt, desired.expires_at),
        content_type: desired
            .content_type
            .clone()
            .filter(|_| differs(Field::ContentType)),
        ..VersionPatch::default()
    };
    let version = present.version.clone().filter(|_| can.update_version);
    match can.labels {
        Scope::Version if version.is_some() => of_version.labels = labels,
        _ => patch.labels = labels,
    }
    match can.disable {
        Scope::Version if version.is_some() => of_version.enabled = enabled,
        _ => patch.enabled = enabled,
    }
    let mut writes = Vec::new();
    if of_version != VersionPatch::default() {
        let version = present.version.clone().ok_or_else(|| untold(can))?;
        writes.push(Write::UpdateVersion(version, of_version));
    }
    if patch != InfoPatch::default() {
        writes.push(Write::Update(patch));
    }
    Ok(writes)
}

/// Why a change to the current version can't be made where no id of one is known.
fn untold(can: &Capabilities) -> Error {
    match can.update_version {
        false => Error::unsupported(can.provider, "update_version"),
        true => Error::new(
            ErrorKind::FailedPrecondition,
            "the store doesn't tell which version is current, so it can't be changed",
        ),
    }
}

fn checked(can: &Capabilities, secret: &SecretRef, writes: Vec<Write>) -> Result<Vec<Write>> {
    writes
        .iter()
        .try_for_each(|write| write.check(can, secret))?;
    Ok(writes)
}
