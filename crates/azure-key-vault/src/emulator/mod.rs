//! A Key Vault in the test's own process, spoken to over HTTP.
//!
//! It keeps state, is strict about what it is sent, and answers as the live
//! service was seen to. It knows nothing of the adapter, so the two can't share
//! a mistake; only [`Emulator::store`] names it. Knobs bring about what a test must be able to bring about: a slow
//! delete, a refused right, throttling, a lost answer.
//!
//! The server is a [`wiremock::MockServer`]: faults that have no knob are mounted
//! with wiremock's own API, and stand in front of the vault. Two things to know
//! of it: [`MockServer::reset`] unmounts the vault too, and
//! [`Mock::mount_as_scoped`] takes the wrong mock away when its guard drops, as
//! wiremock 0.6 sorts mocks after it has numbered them. Use `up_to_n_times`.
//!
//! Where the service's behaviour is not known, the emulator guesses: a body that
//! is not said to be JSON gets 415, an empty version list of a deleted name, a
//! vault without soft delete answers 404 below `/deletedsecrets`, and a POST to
//! `/secrets/restore` is always a restore.
//!
//! # Example
//!
//! ```
//! use polyvault_azure_key_vault::emulator::Emulator;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use polyvault_core::{GetOptions, SecretStoreExt};
//!
//! let vault = Emulator::start().await;
//! vault.seed("db-password", ["first", "second"])?;
//!
//! let store = vault.store();
//! let read = store.get_with("DB-Password", GetOptions::default()).await?;
//!
//! assert_eq!(read.payload.single()?.expose_text()?, "second");
//! assert_eq!(vault.request_count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Mock::mount_as_scoped`]: wiremock::Mock::mount_as_scoped

mod answer;
mod arm;
mod backup;
mod body;
mod builder;
mod events;
mod given;
mod knobs;
mod list;
mod reply;
mod route;
mod shape;
mod state;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polyvault_core::SecretString;
use polyvault_core::emulator::TlsFront;
use polyvault_core::transport::ClientOptions;
use wiremock::MockServer;

pub use self::builder::EmulatorBuilder;
pub use self::events::Schema;
pub use self::knobs::Delays;
pub use self::route::Operation;
pub use self::state::Version;

use self::state::Vault;
use crate::AzureKeyVault;
use crate::arm::AzureKeyVaultArm;

/// A running vault; it ends when dropped.
///
/// # Example: what goes slowly or wrong
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use polyvault_azure_key_vault::emulator::{Delays, Emulator, Operation};
/// use polyvault_core::clock::ManualClock;
/// use polyvault_core::{ErrorKind, Retry, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
/// let vault = Emulator::builder().clock(Arc::new(clock)).start().await;
/// let store = vault.store(); // it waits on the vault's clock: not at all
/// vault.seed("db", ["old", "new"]).expect("a name that the service takes");
/// assert_eq!(vault.versions("db").len(), 2);
///
/// vault.throttle(1, None); // a read that is refused for the rate is repeated
/// vault.fail_next(503);
/// store.get_text("db").await?;
///
/// vault.forbid([Operation::GetSecret], "ForbiddenByRbac");
/// let refused = store.get_text("db").await;
/// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::Forbidden));
/// vault.permit_all();
///
/// vault.commit_then_drop(1); // the set takes place, its answer is lost, a look confirms it
/// store.put("db", "newest").await?;
/// assert_eq!(vault.versions("db").len(), 3);
///
/// vault.drop_next(1); // the set never arrives, and a look can't confirm it
/// let unknown = store.put("db", "lost").await.unwrap_err();
/// assert_eq!(unknown.retry(), Retry::OutcomeUnknown);
///
/// vault.overtake_next_set("db", "somebody's");
/// store.put("db", "ours").await?;
/// assert_eq!(vault.versions("db").len(), 5);
///
/// let quarter = Delays { deleting: Duration::from_secs(15), ..Delays::default() };
/// vault.delays(quarter); // as long as at the service, on the vault's clock
/// vault.permission_polls(1);
/// assert!(store.get_text("db").await.is_err(), "the role is not there yet");
/// vault.permission_delay(Duration::ZERO);
///
/// vault.delete_polls(2); // deleting, recovering and purging take their time
/// vault.recover_polls(2);
/// vault.recover_conflicts(1);
/// vault.purge_conflicts(1);
/// store.delete("db").await?;
/// store.recover("db").await?;
///
/// vault.page_size(1);
/// vault.empty_page(true);
/// assert!(vault.corrupt("db"), "a bit flipped at rest");
/// # Ok(())
/// # }
/// ```
///
/// # Example: who may come in, and what a vault is like
///
/// ```
/// use polyvault_azure_key_vault::emulator::Emulator;
/// use polyvault_core::transport::ClientOptions;
/// use polyvault_core::{ErrorKind, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let vault = Emulator::start().await;
/// vault.require_token("only-this-one");
/// vault.challenge("https://login.example/tenant", "https://vault.azure.net");
/// let patient = ClientOptions { max_in_flight: 4, ..ClientOptions::default() };
/// let store = vault.store_with(patient); // it brings the token that is wanted
/// store.put("db", "s3cret").await?;
///
/// vault.require_token("another");
/// let refused = store.get_text("db").await;
/// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::Unauthenticated));
/// vault.accept_any_token();
/// vault.accept_no_token();
///
/// vault.purge_protection(true);
/// store.delete("db").await?;
/// let refused = store.purge("db").await;
/// assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Forbidden));
///
/// vault.soft_delete(false); // a vault of old, where a delete is final
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    server: MockServer,
    front: Option<TlsFront>,
    url: String,
    vault: Shared,
    requests: Arc<AtomicUsize>,
}

impl Emulator {
    /// Starts an empty vault on a free port of 127.0.0.1.
    ///
    /// It deletes softly, shows changes at once, and wants a bearer token but
    /// takes any.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A vault with other settings.
    #[must_use]
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The certificate of the CA of an emulator that serves https, as PEM, for clients to trust.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.front.as_ref().map(TlsFront::ca_pem)
    }

    /// A store of its own on this vault: with its clock, so that a manual one makes
    /// no test wait, and with the token that it wants, a made-up one where it takes any.
    ///
    /// # Panics
    ///
    /// If the vault's public URL is one that no store takes.
    #[must_use]
    pub fn store(&self) -> AzureKeyVault {
        self.store_with(ClientOptions::default())
    }

    /// The same with other options; the clock is the vault's all the same.
    ///
    /// # Panics
    ///
    /// As [`store`](Self::store).
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the endpoint is the emulator's own, and a token is given"
    )]
    pub fn store_with(&self, options: ClientOptions) -> AzureKeyVault {
        let (token, options) = self.client(options);
        AzureKeyVault::builder("emulator")
            .endpoint(self.url())
            .token(token)
            .client_options(options)
            .build()
            .expect("the emulator can be reached by a store")
    }

    /// A store on the vault's control plane, with the vault's clock and the token that it wants; any
    /// subscription, group and vault name lead to this vault.
    ///
    /// # Panics
    ///
    /// As [`store`](Self::store).
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use polyvault_core::SecretStoreExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let vault = Emulator::start().await;
    /// vault.arm_store().put("db", "s3cret").await?;
    /// vault.store().get_text("db").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the endpoint is the emulator's own, and a token is given"
    )]
    pub fn arm_store(&self) -> AzureKeyVaultArm {
        let (token, options) = self.client(ClientOptions::default());
        let subscription = "00000000-0000-0000-0000-000000000000";
        AzureKeyVaultArm::builder(subscription, "emulator-group", "emulator")
            .endpoint(self.url())
            .token(token)
            .client_options(options)
            .build()
            .expect("the emulator can be reached by a store")
    }

    /// The server, for mounting faults in front of the vault.
    #[must_use]
    pub fn server(&self) -> &MockServer {
        &self.server
    }

    /// How many requests came in, those answered by mounted faults included.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Puts `versions` at the end of a secret, which need not exist yet; the last
    /// one is current.
    ///
    /// No limit of the service is checked but the forms of name and version id.
    ///
    /// # Errors
    ///
    /// A text, if there are no versions, the name or an id has a form that the
    /// service never gives, or an id is there already.
    pub fn seed<V: Into<Version>>(
        &self,
        name: &str,
        versions: impl IntoIterator<Item = V>,
    ) -> Result<(), String> {
        let versions = versions.into_iter().map(Into::into).collect();
        self.vault().seed(name, versions)
    }

    /// The versions of a live or deleted secret, in the order they were set; none
    /// for an unknown name.
    #[must_use]
    pub fn versions(&self, name: &str) -> Vec<Version> {
        self.vault().versions(name)
    }

    /// Flips one bit of a secret's current value where it is kept, so that
    /// something is there for a verification to find. Gives whether a value
    /// changed: none does for an unknown name or an empty value.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn corrupt(&self, name: &str) -> bool {
        self.vault().corrupt(name).is_ok()
    }

    /// The token that is wanted, and these options on the vault's clock.
    fn client(&self, options: ClientOptions) -> (SecretString, ClientOptions) {
        let options = match &self.front {
            Some(front) => front.trusted_by(options),
            None => options,
        };
        let vault = self.vault();
        let clock = Arc::clone(&vault.clock);
        let token = vault.knobs.token().to_owned().into();
        (token, ClientOptions { clock, ..options })
    }

    fn vault(&self) -> MutexGuard<'_, Vault> {
        lock(&self.vault)
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

type Shared = Arc<Mutex<Vault>>;

fn lock(vault: &Shared) -> MutexGuard<'_, Vault> {
    vault.lock().unwrap_or_else(PoisonError::into_inner)
}
