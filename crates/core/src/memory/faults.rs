//! What goes wrong at a real service, on demand.

use uuid::Uuid;

use super::MemoryStore;
use crate::{Error, ErrorKind, Payload, PutOptions, Result, SecretId, SecretName, SecretRef};

/// Makes a [`MemoryStore`] behave like a service that has trouble, for tests of code that uses stores.
///
/// # Example
///
/// ```
/// use polyvault_core::{ErrorKind, MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let store = MemoryStore::new();
/// store.faults().forbid("get");
///
/// let error = store.get_text("db-password").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Forbidden);
/// store.faults().allow_all();
/// # }
/// ```
///
/// # Example: writes that go wrong
///
/// ```
/// use polyvault_core::{ErrorKind, MemoryStore, Payload, Retry, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let store = MemoryStore::new();
/// store.faults().fail_next_operation();
/// let failed = store.put("db", "one").await.unwrap_err();
/// assert_eq!(failed.code(), Some("MADE_TO_FAIL"));
///
/// store.faults().lose_next_request(); // it never arrives,
/// let unknown = store.put("db", "one").await.unwrap_err();
/// assert_eq!(unknown.retry(), Retry::OutcomeUnknown);
/// assert!(store.get_text("db").await.is_err());
///
/// store.faults().lose_next_answer(); // and here it did
/// let unknown = store.put("db", "one").await.unwrap_err();
/// assert_eq!(unknown.retry(), Retry::OutcomeUnknown);
/// assert!(store.get_text("db").await.is_ok());
///
/// store.faults().overtake_next_put("db", Payload::text("somebody's"))?;
/// store.put("db", "ours").await?;
/// assert_eq!(store.history("db").await?.len(), 3);
///
/// store.faults().make_twin("db", Payload::text("another secret"))?;
/// let twins = store.get_text("db").await.unwrap_err();
/// assert_eq!(twins.kind(), ErrorKind::Ambiguous);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Faults<'a>(pub(super) &'a MemoryStore);

impl Faults<'_> {
    /// Refuses every call of an operation with `Forbidden`; named as in errors: `get`, `list_versions`, ...
    ///
    /// A store that is like a service also refuses what that service does by the same request:
    /// without `list`, a name can't be looked up in Lockbox.
    pub fn forbid(&self, operation: impl Into<String>) {
        self.0.lock().forbidden.insert(operation.into());
    }

    /// Takes back every [`forbid`](Self::forbid).
    pub fn allow_all(&self) {
        self.0.lock().forbidden.clear();
    }

    /// Accepts the next write as an operation that fails with `OperationFailed` and
    /// the code `MADE_TO_FAIL`, and changes nothing.
    pub fn fail_next_operation(&self) {
        self.0.lock().fail_next = true;
    }

    /// Carries out the next write, and answers with a `Timeout` whose
    /// [`retry`](Error::retry) is `OutcomeUnknown`.
    ///
    /// A store whose `lost_put` is `Confirmed` looks, and gives the answer all the same, but
    /// to a put that could not look before.
    pub fn lose_next_answer(&self) {
        self.0.lock().lose_next = true;
    }

    /// Answers the next write with a `Timeout` whose [`retry`](Error::retry) is
    /// `OutcomeUnknown`, and does not carry it out.
    pub fn lose_next_request(&self) {
        self.0.lock().lose_request = true;
    }

    /// Lets somebody else put to this name right before the next put.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name.
    pub fn overtake_next_put(&self, name: &str, payload: Payload) -> Result<()> {
        let name = SecretName::new(name)?;
        self.0.lock().overtaker = Some((SecretRef::Name(name), payload));
        Ok(())
    }

    /// How many passwords the store has made in the place of a service that generates them itself:
    /// none where [`generate`](crate::Capabilities::generate) is `Client`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{MemoryStore, PasswordSpec, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let store = MemoryStore::like_lockbox();
    /// store.put("db", PasswordSpec::default()).await?;
    /// assert_eq!(store.faults().generated_passwords(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn generated_passwords(&self) -> u64 {
        self.0.lock().generated
    }

    /// Makes another secret of a name, whether or not one exists, and gives its id.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name; `FailedPrecondition` where a secret's id is made of its name.
    pub fn make_twin(&self, name: &str, payload: Payload) -> Result<SecretId> {
        let name = SecretName::new(name)?;
        let now = self.0.now();
        // Made under a name that nobody has, so that the rules of a put let it through.
        let free = SecretName::new(Uuid::new_v4().simple().to_string())?;
        let secret = SecretRef::Name(free);
        let mut state = self.0.lock();
        if state.id_base.is_some() {
            return Err(Error::new(
                ErrorKind::FailedPrecondition,
                "two secrets of one name would have one id",
            ));
        }
        let id = state
            .put(&secret, payload, &PutOptions::default(), now)?
            .secret;
        match state.secrets.get_mut(&id) {
            Some(record) => record.name = name,
            None => return Err(Error::new(ErrorKind::Unexpected, "the twin is not there")),
        }
        Ok(id)
    }
}
