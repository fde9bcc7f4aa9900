//! Holds a copy to what must be in it.

use futures_util::TryStreamExt;
use polyvault::capabilities::Versions;
use polyvault::{
    ErrorKind, GetOptions, Payload, Result, SecretName, SecretRef, SecretStore, SecretStoreExt,
    VersionId, VersionSelector,
};

use super::report::Report;

/// A secret that must be in the target, the current version last.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) versions: Vec<(Option<VersionId>, Payload)>,
}

/// Reads back what was copied and gives what is wrong, a line each: names and ids, never a value.
///
/// `absent` are the names of which nothing may be there.
///
/// # Errors
///
/// That of a read, other than for a missing secret.
pub(crate) async fn verify(
    to: &dyn SecretStore,
    report: &Report,
    expected: &[Expected],
    absent: &[String],
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for secret in expected {
        let target = SecretRef::try_from(secret.name.as_str())?;
        let mapped = report
            .copied
            .iter()
            .find(|copied| copied.name == secret.name);
        let Some(mapped) = mapped else {
            wrong.push(format!("{}: was not copied", secret.name));
            continue;
        };
        for (source, payload) in &secret.versions {
            let place = mapped.versions.iter().find(|(from, _)| from == source);
            let same = match place {
                Some((_, Some(id))) => {
                    let pinned = VersionSelector::Exact(id.clone());
                    holds(to, &target, pinned, payload).await?
                }
                Some((_, None)) => holds(to, &target, VersionSelector::Current, payload).await?,
                None => false,
            };
            if !same {
                wrong.push(format!("{}: a version differs: {source:?}", secret.name));
            }
        }
        if let Some((_, payload)) = secret.versions.last()
            && !holds(to, &target, VersionSelector::Current, payload).await?
        {
            wrong.push(format!("{}: the current value differs", secret.name));
        }
        if to.capabilities().versions != Versions::None {
            let there: Vec<_> = to.list_versions(&target).try_collect().await?;
            if there.len() != secret.versions.len() {
                let counts = (there.len(), secret.versions.len());
                wrong.push(format!("{}: {counts:?} versions", secret.name));
            }
        }
    }
    for name in absent {
        let fits = to.capabilities().limits.name.check(name).is_ok();
        if fits && is_there(to, &SecretName::new(name)?.into()).await? {
            wrong.push(format!("{name}: is there and must not be"));
        }
    }
    Ok(wrong)
}

async fn holds(
    to: &dyn SecretStore,
    target: &SecretRef,
    version: VersionSelector,
    expected: &Payload,
) -> Result<bool> {
    match to.get(target, GetOptions { version }).await {
        Ok(secret) => Ok(secret.payload.same_as(expected)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn is_there(to: &dyn SecretStore, target: &SecretRef) -> Result<bool> {
    match to.describe(target).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
