//! What store and service show of a rotation.

use crate::model::SecretInfo;
use crate::{
    Error, ErrorKind, GetOptions, Payload, Result, SecretName, SecretRef, SecretStore, VersionId,
};

/// How much of a version's id the name of the secret beside it holds.
const ID_CHARS: usize = 16;

/// The current version's id, and what is told of the secret.
pub(super) async fn current(
    store: &dyn SecretStore,
    secret: &SecretRef,
) -> Result<(VersionId, SecretInfo)> {
    let info = store.describe(secret).await?;
    let id = info.current.as_ref().and_then(|version| version.id.clone());
    let id = match id {
        Some(id) => id,
        // Some services describe a secret without telling which version is current.
        None => store
            .get(secret, GetOptions::default())
            .await?
            .version
            .ok_or_else(|| {
                Error::unsupported(store.capabilities().provider, "versions")
                    .with_help("A rotation needs a store that tells versions.")
            })?,
    };
    Ok((id, info))
}

/// The name of the secret that holds the next value: another for each version that is followed, so that a
/// deleted one that is kept for a while is never in the way.
pub(super) fn beside(
    store: &dyn SecretStore,
    info: &SecretInfo,
    version: &VersionId,
) -> Result<SecretRef> {
    let name = info.name.as_ref().ok_or_else(|| {
        Error::new(
            ErrorKind::FailedPrecondition,
            "a secret without a name has no room beside it",
        )
    })?;
    let id: String = version.as_str().chars().take(ID_CHARS).collect();
    let name = SecretRef::from(SecretName::new(format!("{name}-next-{id}"))?);
    store.capabilities().check_secret(&name)?;
    Ok(name)
}

/// The value that is prepared, if there is one.
pub(super) async fn prepared(
    store: &dyn SecretStore,
    beside: &SecretRef,
) -> Result<Option<Payload>> {
    match store.get(beside, GetOptions::default()).await {
        Ok(read) => Ok(Some(read.payload)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
