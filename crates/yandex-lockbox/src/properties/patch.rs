//! A new version as the service makes one: another one, changed in places.

use std::collections::BTreeSet;

use polyvault_core::{
    Capabilities, Error, ErrorKind, IdempotencyKey, Payload, PutOptions, Result, SecretRef,
    VersionId,
};

use super::create::check_chars;
use crate::config::SCHEME;
use crate::store::check_payload;

/// Changes that make a new version of another: entries that are not mentioned are carried over.
///
/// Without any change it is a copy, which makes an older version current again under a new id.
/// <https://yandex.cloud/docs/lockbox/api-ref/Secret/addVersion>
///
/// # Example
///
/// ```
/// use polyvault_core::{Payload, SecretStoreExt, Value};
/// use polyvault_yandex_lockbox::PayloadPatch;
/// use polyvault_yandex_lockbox::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// # use std::sync::Arc;
/// # let clock = polyvault_core::clock::ManualClock::at(polyvault_core::Timestamp::UNIX_EPOCH);
/// # let lockbox = Emulator::builder().clock(Arc::new(clock)).start().await;
/// # let store = lockbox.store();
/// let entries = [("user", "scott"), ("password", "tiger"), ("host", "db1")];
/// store.put("db", Payload::from_entries(entries.map(|(k, v)| (k, Value::text(v))))?).await?;
///
/// let patch = PayloadPatch {
///     set: Some(Payload::from_entries([("password", Value::text("lion"))])?),
///     remove: ["host".to_owned()].into(),
///     ..PayloadPatch::default()
/// };
/// store.patch(&"db".try_into()?, patch).await?;
///
/// let read = store.get_with("db", Default::default()).await?.payload;
/// assert!(read.len() == 2 && read.get("host").is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct PayloadPatch {
    /// The version that is changed; the one that is current when the service comes to it, where `None`.
    pub base: Option<VersionId>,
    /// Entries that are added or replaced.
    pub set: Option<Payload>,
    /// The keys of entries that are left out.
    pub remove: BTreeSet<String>,
    /// The description of the new version, at most 1024 characters.
    pub description: Option<String>,
    /// Names this call, so that a repeat after a lost answer makes no second version.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl PayloadPatch {
    /// Whether the new version holds what the base does.
    pub(crate) fn is_copy(&self) -> bool {
        self.set.is_none() && self.remove.is_empty()
    }

    /// Refuses what the service is known to refuse.
    pub(crate) fn check(&self, can: &Capabilities, secret: &SecretRef) -> Result<()> {
        can.check_secret(secret)?;
        let refuse =
            |rule: String| Err(Error::new(ErrorKind::InvalidInput, rule).with_provider(SCHEME));
        if let Some(set) = &self.set {
            check_payload(can, secret, set, &PutOptions::default())?;
            if let Some(both) = self.remove.iter().find(|key| set.get(key).is_some()) {
                return refuse(format!("field `remove`: the key {both:?} is set too"));
            }
        }
        for key in &self.remove {
            if can.check_key(key).is_err() {
                return refuse(format!(
                    "field `remove`: the key {key:?} must be 1 to 256 letters, digits and \
                     characters of -_./\\@"
                ));
            }
        }
        check_chars("description", self.description.as_deref(), 1024)
    }
}
