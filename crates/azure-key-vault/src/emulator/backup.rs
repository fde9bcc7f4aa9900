//! Backup and restore.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

use super::reply::{Refusal, Reply};
use super::route::{Route, is_name};
use super::shape::Recovery;
use super::state::{Secret, Vault};

impl Vault {
    /// All versions in one blob. Unlike the service's it is not encrypted.
    pub(super) fn backup(&mut self, route: &Route) -> Result<Reply, Refusal> {
        let secret = self.writable(&route.name)?;
        if secret.versions.len() > VERSIONS {
            return Err(Refusal::bad("The secret has too many versions"));
        }
        let content = json!({ "name": secret.name, "versions": secret.versions });
        let blob = format!("{HEAD}{}", URL_SAFE_NO_PAD.encode(content.to_string()));
        Ok(Reply::Json(json!({ "value": URL_SAFE.encode(blob) })))
    }

    pub(super) fn restore(&mut self, blob: &str, recovery: Recovery) -> Result<Reply, Refusal> {
        let secret = open(blob).ok_or_else(Refusal::malformed_backup)?;
        let name = secret.name.clone();
        if self.free_for_set(&name)? {
            return Err(Refusal::exists(&name));
        }
        self.entry(&name).versions = secret.versions;
        let restored = self.kept(&name)?;
        let current = restored.pick(None)?;
        Ok(Reply::Json(self.bundle(restored, current, recovery).into()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the emulator's own blobs hold made-up values, and the error is dropped"
)]
fn open(blob: &str) -> Option<Secret> {
    let unpadded = blob.trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD.decode(unpadded).ok()?;
    let content = bytes.strip_prefix(HEAD.as_bytes())?;
    let secret: Secret = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content).ok()?).ok()?;
    (is_name(&secret.name) && !secret.versions.is_empty()).then_some(secret)
}

/// How the service's blobs begin.
const HEAD: &str = ")AzureKeyVaultSecretBackupV1.microsoft.com";

/// A secret with more versions can't be backed up.
const VERSIONS: usize = 500;
