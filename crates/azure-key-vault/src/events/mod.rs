//! What Event Grid tells of a vault's secrets: new versions, and ends of validity that come or have come.
//!
//! <https://learn.microsoft.com/azure/event-grid/event-schema-key-vault>

mod key;
mod read;
mod receiver;

use polyvault_core::{Error, ErrorKind, Result, SecretName, Timestamp, VersionId};

pub use self::receiver::{Delivery, Receiver};
use crate::config::SCHEME;
use crate::identifier::{Hosts, SecretIdentifier};

/// The longest body that is read, in bytes: as much as Event Grid puts into one delivery.
pub const MAX_BODY: usize = 1024 * 1024;

/// Something happened in a vault.
///
/// It is delivered at least once and in any order: know one again by [`id`](Self::id), and compare the version
/// that it tells with the current one before acting on it. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The id of the event, the same in each delivery.
    pub id: String,
    /// The vault, as a path of Azure Resource Manager (`topic`, and `source` in CloudEvents).
    pub vault: Option<String>,
    /// What happened.
    pub kind: EventKind,
    /// When the event was made. UTC.
    pub time: Option<Timestamp>,
    /// The secret; told with each kind but [`EventKind::Other`].
    pub secret: Option<SecretEvent>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A secret has a new version.
    SecretNewVersionCreated,
    /// The current version of a secret will expire in 30 days or less.
    SecretNearExpiry,
    /// The current version of a secret has expired; it can still be read.
    SecretExpired,
    /// Anything else, by its type: events of keys, of certificates and of the vault itself.
    Other(String),
}

/// The version of a secret that an event is about; `None` means "not told".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretEvent {
    /// The id with which the event names it, as it stands there: [`identifier`](Self::identifier) reads it.
    pub id: Option<String>,
    /// The vault's name.
    pub vault_name: Option<String>,
    /// The secret's name.
    pub name: SecretName,
    /// The version, in lower case as the service writes it.
    pub version: Option<VersionId>,
    /// From when on it is valid. UTC, whole seconds.
    pub not_before: Option<Timestamp>,
    /// Until when it is valid. UTC, whole seconds.
    pub expires_at: Option<Timestamp>,
}

impl SecretEvent {
    /// The id, read: whoever can deliver events can name any host in it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` as [`SecretIdentifier::parse`], and where the event tells none.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::events::SecretEvent;
    /// use polyvault_azure_key_vault::identifier::Hosts;
    ///
    /// fn vault_of(secret: &SecretEvent) -> polyvault_core::Result<String> {
    ///     let id = secret.identifier(&Hosts::clouds())?;
    ///     Ok(id.vault_url().to_owned())
    /// }
    /// # let _ = vault_of;
    /// ```
    pub fn identifier(&self, hosts: &Hosts) -> Result<SecretIdentifier> {
        let id = self.id.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "the event tells no id")
                .with_provider(SCHEME)
                .with_help("Take the name and the version that it tells.")
        })?;
        SecretIdentifier::parse(id, hosts)
    }
}

/// Reads the events in a body: an array of the Event Grid schema, or of CloudEvents 1.0, or one event alone.
///
/// Keys are taken in any case and with blanks around them, times of validity as numbers or as texts: the service's
/// documents differ in that. What is not known stands for nothing and is no error. Who delivered the
/// body is not checked: a [`Receiver`] does that, and calls this.
///
/// # Errors
///
/// `TooLarge` for a body over [`MAX_BODY`]; `Decode` for one that is not JSON or nested too deeply, and for an event
/// without an id, a type or, if it is one of a secret, a secret's name. Neither quotes the body.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::events::{self, EventKind};
///
/// let body = br#"{
///     "specversion": "1.0", "id": "1", "type": "Microsoft.KeyVault.SecretNearExpiry", "subject": "db-password",
///     "data": {"ObjectName": "db-password", "EXP": 1559082102}
/// }"#;
/// let events = events::parse(body)?;
/// assert_eq!(events[0].kind, EventKind::SecretNearExpiry);
/// let secret = events[0].secret.as_ref().expect("told with each kind of a secret's events");
/// assert_eq!(secret.name.as_str(), "db-password");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub fn parse(body: &[u8]) -> Result<Vec<Event>> {
    read::events(body)
}
