//! What is there, by no more reads than it takes.

use super::desired::Desired;
use crate::capabilities::Scope;
use crate::model::{Edit, Labels, SecretInfo, VersionInfo, VersionState};
use crate::options::PutValue;
use crate::{
    Capabilities, ErrorKind, GetOptions, Payload, Result, SecretRef, SecretStore, VersionId,
};

/// What is known of a secret that exists.
#[derive(Debug)]
pub(super) struct Present {
    /// Only where it was described.
    pub(super) info: Option<SecretInfo>,
    pub(super) current: VersionInfo,
    pub(super) version: Option<VersionId>,
    pub(super) labels: Option<Labels>,
    pub(super) state: VersionState,
    pub(super) content: Content,
}

/// What is known of the present value, if one is desired.
#[derive(Debug)]
pub(super) enum Content {
    Read(Payload),
    /// It can't be read, here or at all.
    Hidden,
    /// It was destroyed, or will be.
    Gone,
}

/// `None` where there is no such secret.
pub(super) async fn at(store: &dyn SecretStore, desired: &Desired) -> Result<Option<Present>> {
    let secret = SecretRef::from(&desired.name);
    let can = store.capabilities();
    let reads = can.read_values && matches!(desired.value, Some(PutValue::Payload(_)));
    let get_first = reads && may_tell_all(can, desired);
    let mut content = None;
    if get_first {
        match store.get(&secret, GetOptions::default()).await {
            Ok(read) if read.info.is_some() || !manages_metadata(desired) => {
                let current = read.info.unwrap_or_default();
                return Ok(Some(Present {
                    info: None,
                    version: read.version.or_else(|| current.id.clone()),
                    labels: current.labels.clone(),
                    state: current.state.clone(),
                    content: Content::Read(read.payload),
                    current,
                }));
            }
            Ok(read) => content = Some(Content::Read(read.payload)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // A description tells which of them it is.
            Err(error) if is_unreadable(error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
    let info = match store.describe(&secret).await {
        Ok(info) => info,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut present = Present::described(info);
    if let Some(content) = content {
        present.content = content;
    } else if reads && !get_first && present.is_readable() {
        match store.get(&secret, GetOptions::default()).await {
            Ok(read) => present.content = Content::Read(read.payload),
            Err(error) if is_unreadable(error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(present))
}

impl Present {
    fn described(info: SecretInfo) -> Self {
        let current = info.current.clone().unwrap_or_default();
        let content = match (&info.state, &current.state) {
            (VersionState::PendingDestruction | VersionState::Destroyed, _)
            | (_, VersionState::PendingDestruction | VersionState::Destroyed) => Content::Gone,
            _ => Content::Hidden,
        };
        Self {
            version: current.id.clone(),
            labels: info.labels.clone(),
            state: info.state.clone(),
            info: Some(info),
            current,
            content,
        }
    }

    fn is_readable(&self) -> bool {
        [&self.state, &self.current.state].map(|state| state == &VersionState::Enabled) == [true; 2]
    }
}

/// Whether the answer to a get may tell all that is managed.
fn may_tell_all(can: &Capabilities, desired: &Desired) -> bool {
    desired.description.is_none()
        && desired.deletion_protection.is_none()
        && (desired.labels.is_none() || can.labels == Scope::Version)
        && (desired.enabled.is_none() || can.disable == Scope::Version)
}

fn manages_metadata(desired: &Desired) -> bool {
    desired.labels.is_some()
        || desired.content_type.is_some()
        || desired.description.is_some()
        || desired.not_before != Edit::Keep
        || desired.expires_at != Edit::Keep
        || desired.enabled.is_some()
        || desired.deletion_protection.is_some()
}

fn is_unreadable(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Disabled | ErrorKind::FailedPrecondition)
}
