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
mod backup;
mod body;
mod builder;
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

use polyvault_core::transport::ClientOptions;
use wiremock::MockServer;

pub use self::builder::EmulatorBuilder;
pub use self::route::Operation;
pub use self::state::Version;

use self::state::Vault;
use crate::AzureKeyVault;

/// A running vault; it ends when dropped.
pub struct Emulator {
    server: MockServer,
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
        let (token, clock) = {
            let vault = self.vault();
            (vault.knobs.token().to_owned(), Arc::clone(&vault.clock))
        };
        AzureKeyVault::builder("emulator")
            .endpoint(self.url())
            .token(token.into())
            .client_options(ClientOptions { clock, ..options })
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
