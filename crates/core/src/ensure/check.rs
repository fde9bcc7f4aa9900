//! What is refused before any request.

use std::collections::BTreeSet;

use super::DIGEST_LABEL;
use super::desired::Desired;
use super::digest::{Digester, folded};
use super::write::{labels_with, put_to_create};
use crate::capabilities::Scope;
use crate::model::{Edit, InfoPatch, VersionChange, VersionPatch};
use crate::options::PutValue;
use crate::{Capabilities, Error, ErrorKind, Result, SecretRef};

/// Refuses two secrets that would be one.
pub(super) fn names(can: &Capabilities, desired: &[Desired]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for one in desired {
        if !seen.insert(folded(can, &one.name)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "field `desired`: two of the secrets have this name",
            )
            .about(can.provider, super::OPERATION, Some(one.name.as_str())));
        }
    }
    Ok(())
}

/// Refuses what the store could never hold.
pub(super) fn one(
    can: &Capabilities,
    desired: &Desired,
    digester: Option<&Digester>,
) -> Result<()> {
    let secret = SecretRef::from(&desired.name);
    can.check_secret(&secret)?;
    let labels = desired.labels.as_ref();
    if labels.is_some_and(|labels| labels.contains_key(DIGEST_LABEL)) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("field `labels`: {DIGEST_LABEL} is the library's own"),
        ));
    }
    let patch = InfoPatch {
        name: None,
        description: desired.description.clone(),
        labels: desired.labels.clone(),
        deletion_protection: desired.deletion_protection,
        enabled: desired.enabled,
    };
    if patch != InfoPatch::default() {
        can.check_update(&secret, &patch)?;
    }
    match &desired.value {
        None => {}
        // What a generated password is made by, and all that goes with it.
        Some(PutValue::Generate(spec)) => {
            can.check_generate(&secret, spec, &put_to_create(can, desired, None))?;
        }
        Some(PutValue::Payload(payload)) => {
            let digest = digester.map(|by| by.digest(can, &desired.name, payload));
            let labels = labels_with(desired.labels.as_ref(), digest);
            can.check_put(&secret, payload, &put_to_create(can, desired, labels))?;
            // Whatever a put carries need not be changed without one.
            return Ok(());
        }
    }
    if let Some(patch) = version_patch(can, desired) {
        can.check_update_version(&secret, &VersionChange::Update(patch))?;
    }
    Ok(())
}

/// What could be asked of the current version alone.
fn version_patch(can: &Capabilities, desired: &Desired) -> Option<VersionPatch> {
    let patch = VersionPatch {
        enabled: None,
        not_before: desired.not_before,
        expires_at: desired.expires_at,
        labels: None,
        content_type: desired.content_type.clone(),
    };
    let untouched = patch.content_type.is_none()
        && patch.not_before == Edit::Keep
        && patch.expires_at == Edit::Keep;
    (!untouched).then_some(match can.labels {
        Scope::Version => VersionPatch {
            labels: desired.labels.clone(),
            ..patch
        },
        Scope::Secret | Scope::None => patch,
    })
}
