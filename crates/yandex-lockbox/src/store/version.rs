//! Changes to one version.

use polyvault_core::{
    Error, ErrorKind, IdempotencyKey, Operation, Result, SecretId, SecretRef, VersionChange,
    VersionId, VersionInfo,
};

use super::{About, YandexLockbox};
use crate::config::SCHEME;
use crate::operation::{Effect, again};
use crate::request;

impl YandexLockbox {
    pub(super) async fn change_version(
        &self,
        about: &About,
        secret: &SecretRef,
        version: &VersionId,
        change: &VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let id = self.resolve(about, secret).await?;
        let (config, key) = (&self.config, IdempotencyKey::random());
        let request = match change {
            VersionChange::MakeCurrent => request::set_current(config, &id, version, key),
            VersionChange::Destroy { after } => {
                request::schedule_destruction(config, &id, version, *after, key)
            }
            VersionChange::CancelDestruction => {
                request::cancel_destruction(config, &id, version, key)
            }
            _ => Err(Error::unsupported(SCHEME, "update_version")),
        };
        let begun = self
            .begin(about.expect(Effect::Version, &id), request?)
            .await;
        match begun {
            Err(error) if *change == VersionChange::MakeCurrent => {
                Err(self.why_not_current(about, &id, version, error).await)
            }
            begun => begun,
        }
    }

    /// The method is young: an installation without it may answer that it does not know the method
    /// or that it finds nothing.
    async fn why_not_current(
        &self,
        about: &About,
        secret: &SecretId,
        version: &VersionId,
        refused: Error,
    ) -> Error {
        let there = match refused.kind() {
            ErrorKind::Unsupported => return refused.with_help(COPY),
            ErrorKind::NotFound => self.find_version(about, secret, version).await.is_ok(),
            _ => false,
        };
        match there {
            true => again(
                ErrorKind::Unsupported,
                "the version is there, and this installation can't make it current",
                &refused,
            )
            .with_help(COPY),
            false => refused,
        }
    }
}

const COPY: &str = "Make a new version of it: `patch` with this version for a base and no changes \
    copies it forward, and the copy is current under an id of its own.";
