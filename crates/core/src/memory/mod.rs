//! A store in memory: the reference of the trait's contract.

mod call;
mod change;
mod faults;
mod like;
pub(crate) mod page;
mod put;
mod record;
mod rights;
mod service;
mod state;
mod store;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use self::service::{Manner, Service};
use self::state::State;
use crate::Capabilities;
use crate::clock::{Clock, SystemClock};

pub use self::faults::Faults;

const PROVIDER: &str = "memory";

/// A store that lives in this process: for tests, for examples, and as the reference
/// of what every store promises.
///
/// It can do all that the trait has but resume operations: they are done with the
/// first answer. Given other [`Capabilities`], it can do what those say and no more; and
/// [`like_azure`](Self::like_azure), [`like_lockbox`](Self::like_lockbox) and
/// [`like_wix`](Self::like_wix) make one that refuses and tells what that service does.
/// A clone is another handle to the same secrets. They are wiped with the last handle.
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
    service: Arc<Service>,
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
            service: Service::memory(),
        }
    }

    /// Troubles to try out.
    #[must_use]
    pub fn faults(&self) -> Faults<'_> {
        Faults(self)
    }

    fn service(&self) -> &Service {
        &self.shared.service
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
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Sets up a [`MemoryStore`].
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::clock::ManualClock;
/// use polyvault_core::{MemoryStore, SecretStore};
///
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
/// let store = MemoryStore::builder().name("vault").clock(Arc::new(clock)).like_azure().build();
/// assert_eq!(store.capabilities().provider, "azure-key-vault");
///
/// let lockbox = MemoryStore::builder().like_lockbox().build();
/// let wix = MemoryStore::builder().like_wix().build();
/// assert_ne!(lockbox.capabilities(), wix.capabilities());
///
/// let mut can = wix.capabilities().clone();
/// can.delete = false; // a store of one's own design
/// let keeper = MemoryStore::builder().capabilities(can).build();
/// # let _ = keeper;
/// ```
#[derive(Debug)]
pub struct MemoryStoreBuilder {
    name: String,
    clock: Arc<dyn Clock>,
    service: Service,
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

    /// What the store can do, and how strongly: it refuses the rest, and its errors name
    /// [`provider`](Capabilities::provider).
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::capabilities::Versions;
    /// use polyvault_core::{Capabilities, ErrorKind, MemoryStore, SecretStore, SecretStoreExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let all = MemoryStore::new().capabilities().clone();
    /// let store = MemoryStore::builder()
    ///     .capabilities(Capabilities { versions: Versions::None, ..all })
    ///     .build();
    ///
    /// store.put("db-password", "s3cret").await?;
    /// let error = store.history("db-password").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.service = Service {
            can: capabilities,
            manner: Manner::MEMORY,
        };
        self
    }

    /// The store, empty.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        let service = Arc::new(self.service);
        MemoryStore {
            shared: Arc::new(Shared {
                state: Mutex::new(State::new(&self.name, Arc::clone(&service))),
                name: self.name,
                clock: self.clock,
                service,
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
