//! A store in memory: the reference of the trait's contract.

mod change;
mod faults;
mod put;
mod state;
mod store;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use self::state::State;
use crate::clock::{Clock, SystemClock};
use crate::operation::Operation;
use crate::{Error, ErrorKind, PutOptions, Result, Retry, SecretRef};

pub use self::faults::Faults;

const PROVIDER: &str = "memory";

/// A store that lives in this process: for tests, for examples, and as the reference
/// of what every store promises.
///
/// It can do all that the trait has but resume operations: they are done with the
/// first answer. A clone is another handle to the same secrets. They are wiped with
/// the last handle.
///
/// # Example
///
/// ```
/// use polyvault_core::{GetOptions, MemoryStore, SecretStoreExt, VersionSelector};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let store = MemoryStore::new();
/// let first = store.put("db-password", "old").await?.version.id;
/// store.put("db-password", "new").await?;
///
/// let first = VersionSelector::Exact(first.expect("versions have ids here"));
/// let old = store.get_with("db-password", GetOptions::from(first)).await?;
/// assert_eq!(old.payload.single()?.expose_text()?, "old");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store named `default`, with the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An empty store with a name or a clock of its own.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::MemoryStore;
    ///
    /// let store = MemoryStore::builder().name("staging").build();
    /// assert_eq!(store.to_string(), "memory://staging");
    /// ```
    #[must_use]
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder {
            name: "default".to_owned(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Troubles to try out.
    #[must_use]
    pub fn faults(&self) -> Faults<'_> {
        Faults(self)
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held can't leave a half-made change: each one is small and checked first.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: the shared checks first, then what the caller may do, then the work.
    fn call<T>(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
        checked: Result<()>,
        work: impl FnOnce(&mut State, Timestamp) -> Result<T>,
    ) -> Result<T> {
        checked
            .and_then(|()| {
                let now = self.now();
                let mut state = self.lock();
                if state.forbidden.contains(operation) {
                    return Err(Error::new(
                        ErrorKind::Forbidden,
                        "the caller may not do this",
                    ));
                }
                work(&mut state, now)
            })
            .map_err(|error| error.about(PROVIDER, operation, secret.map(SecretRef::as_str)))
    }

    /// A [`call`](Self::call) that writes, with what may go wrong after it was accepted.
    fn begin<T: Send + 'static>(
        &self,
        operation: &'static str,
        secret: &SecretRef,
        checked: Result<()>,
        work: impl FnOnce(&mut State, Timestamp) -> Result<T>,
    ) -> Result<Operation<T>> {
        let result = self.call(operation, Some(secret), checked, |state, now| {
            if std::mem::take(&mut state.fail_next) {
                return Ok(None);
            }
            let lost = || {
                Err(Error::new(ErrorKind::Timeout, "the answer was lost")
                    .with_retry(Retry::OutcomeUnknown))
            };
            if std::mem::take(&mut state.lose_request) {
                return lost();
            }
            if operation == "put"
                && let Some((secret, payload)) = state.overtaker.take()
            {
                state.put(&secret, payload, &PutOptions::default(), now)?;
            }
            let result = work(state, now)?;
            if std::mem::take(&mut state.lose_next) {
                return lost();
            }
            Ok(Some(result))
        })?;
        let failure = Error::new(ErrorKind::OperationFailed, "the operation was made to fail")
            .with_code("MADE_TO_FAIL")
            .about(PROVIDER, operation, Some(secret.as_str()));
        Ok(match result {
            Some(result) => Operation::done(result),
            None => Operation::done(()).and_then(|()| async { Err(failure) }),
        })
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Sets up a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryStoreBuilder {
    name: String,
    clock: Arc<dyn Clock>,
}

impl MemoryStoreBuilder {
    /// The name, which stands in the store's URL.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where the times of secrets and the moment of destructions come from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The store, empty.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        MemoryStore {
            shared: Arc::new(Shared {
                name: self.name,
                clock: self.clock,
                state: Mutex::default(),
            }),
        }
    }
}

impl fmt::Display for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROVIDER}://{}", self.shared.name)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("name", &self.shared.name)
            .field("secrets", &self.lock().secrets.len())
            .finish_non_exhaustive()
    }
}
