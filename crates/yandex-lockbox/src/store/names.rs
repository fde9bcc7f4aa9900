//! How names become ids, and how long an id is remembered.

use std::collections::BTreeMap;
use std::time::Duration;

use polyvault_core::{Error, Result, SecretId, SecretName, SecretRef, Timestamp};
use tokio::sync::Mutex;

use super::find::only;
use super::{About, YandexLockbox};
use crate::error;

/// How a store finds a secret by its name, which the service lets several secrets have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Names {
    /// By listing the folder to its end, which takes the role `lockbox.viewer` and shows twins.
    #[default]
    ByList,
    /// Reads of values ask for the payload by name (GetEx), which takes `lockbox.payloadViewer` alone
    /// and one request; all other calls list. Whether a value was text or binary is not told then:
    /// what is UTF-8 reads as text. What the service answers for twins is not known: where it
    /// refuses, and the caller may list, the error is `Ambiguous` with their ids.
    ByPayload,
}

/// The most names that are remembered: the service's own quota of secrets.
const MOST: usize = 10_000;

/// The ids of names that one list has shown, for reads. Clones of a store share it.
#[derive(Debug)]
pub(crate) struct NameCache {
    life: Duration,
    /// Held while the folder is listed: callers that come meanwhile wait for that list.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    until: Option<Timestamp>,
    ids: BTreeMap<SecretName, SecretId>,
}

impl NameCache {
    /// A cache of this life; of none, it never remembers.
    pub(crate) fn new(life: Duration) -> Self {
        Self {
            life,
            known: Mutex::default(),
        }
    }

    /// Forgets all names.
    pub(super) async fn forget(&self) {
        if !self.life.is_zero() {
            *self.known.lock().await = Known::default();
        }
    }
}

impl YandexLockbox {
    /// A read by id, of a secret that may be given by a name; a remembered id that is gone is
    /// looked up again.
    pub(super) async fn by_id<T, F>(
        &self,
        about: &About,
        secret: &SecretRef,
        read: impl Fn(SecretId) -> F + Send + Sync,
    ) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        let name = match secret {
            SecretRef::Id(id) => return read(id.clone()).await,
            SecretRef::Name(name) => name,
        };
        if self.names.life.is_zero() {
            return read(only(self.named(about, name).await?)?).await;
        }
        let (id, remembered) = self.remembered(about, name).await?;
        match read(id).await {
            Err(error) if remembered && error.kind() == polyvault_core::ErrorKind::NotFound => {
                self.names.forget().await;
                read(self.remembered(about, name).await?.0).await
            }
            outcome => outcome,
        }
    }

    /// The id of a name, and whether it was known before.
    async fn remembered(&self, about: &About, name: &SecretName) -> Result<(SecretId, bool)> {
        let mut known = self.names.known.lock().await;
        let now = self.clock().now();
        if known.until.is_some_and(|until| now < until)
            && let Some(id) = known.ids.get(name)
        {
            return Ok((id.clone(), true));
        }
        let mut found: BTreeMap<SecretName, Vec<SecretId>> = BTreeMap::new();
        for (listed, id) in self.list_names(about).await? {
            found.entry(listed).or_default().push(id);
        }
        let id = only(found.remove(name).unwrap_or_default());
        let mut ids: BTreeMap<SecretName, SecretId> = BTreeMap::new();
        if let Ok(id) = &id {
            ids.insert(name.clone(), id.clone());
        }
        for (listed, twins) in found {
            if let (true, [id]) = (ids.len() < MOST, twins.as_slice()) {
                ids.insert(listed, id.clone());
            }
        }
        *known = Known {
            until: now.checked_add(self.names.life).ok(),
            ids,
        };
        Ok((id?, false))
    }
}

/// Which role is missing, where a name could not be looked up.
pub(super) fn no_list(error: Error) -> Error {
    error::forbidden(error, error::NO_LIST)
}
