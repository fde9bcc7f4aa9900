//! A Key Vault in the test's own process, spoken to over HTTP.
//!
//! It keeps state, is strict about what it is sent, and answers as the live
//! service was seen to. It knows nothing of the adapter, so the two can't share
//! a mistake. Knobs bring about what a test must be able to bring about: a slow
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
//! # async fn main() -> Result<(), String> {
//! let vault = Emulator::start().await;
//! vault.seed("db-password", ["first", "second"])?;
//! vault.delete_polls(2);
//!
//! // Point a client at `vault.url()` here.
//!
//! assert_eq!(vault.versions("DB-Password").len(), 2);
//! assert_eq!(vault.request_count(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! [`Mock::mount_as_scoped`]: wiremock::Mock::mount_as_scoped

mod answer;
mod backup;
mod body;
mod given;
mod knobs;
mod list;
mod reply;
mod route;
mod shape;
mod state;

use std::fmt;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polyvault_core::clock::{Clock, SystemClock};
use wiremock::{Mock, MockServer, Request};

pub use self::route::Operation;
pub use self::state::Version;

use self::state::Vault;

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
    /// something is there for a verification to find. Nothing happens to an unknown
    /// name or an empty value.
    pub fn corrupt(&self, name: &str) {
        // An unknown name is an error only where a fixture gives it.
        let _ = self.vault().corrupt(name);
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

/// Settings of an [`Emulator`] that must stand before it starts.
pub struct EmulatorBuilder {
    listener: Option<TcpListener>,
    public_url: Option<String>,
    clock: Arc<dyn Clock>,
    record_requests: bool,
    page_size: Option<usize>,
    token: Option<String>,
}

impl EmulatorBuilder {
    /// Serves on `listener` instead of a free port of 127.0.0.1.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// The base URL that ids and links begin with, where something stands between
    /// client and emulator, say a TLS front. Default: the listener's address.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Where times come from. Default: the system's clock. With it, versions
    /// seeded or set together share a second.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whether the server keeps all requests, bodies too, for
    /// [`MockServer::received_requests`]. Default: yes. Switch it off where an
    /// emulator lives long.
    #[must_use]
    pub fn record_requests(mut self, record: bool) -> Self {
        self.record_requests = record;
        self
    }

    /// See [`Emulator::page_size`].
    #[must_use]
    pub fn page_size(mut self, size: usize) -> Self {
        self.page_size = Some(size);
        self
    }

    /// See [`Emulator::require_token`].
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Starts the vault.
    pub async fn start(self) -> Emulator {
        let mut server = MockServer::builder();
        if let Some(listener) = self.listener {
            server = server.listener(listener);
        }
        if !self.record_requests {
            server = server.disable_request_recording();
        }
        let server = server.start().await;

        let url = self.public_url.unwrap_or_else(|| server.uri());
        let url = url.trim_end_matches('/').to_owned();
        let vault = Arc::new(Mutex::new(Vault::new(url.clone(), self.clock)));
        let requests = Arc::new(AtomicUsize::new(0));
        mount(&server, &vault, &requests).await;

        let emulator = Emulator {
            server,
            url,
            vault,
            requests,
        };
        if let Some(size) = self.page_size {
            emulator.page_size(size);
        }
        if let Some(token) = self.token {
            emulator.require_token(token);
        }
        emulator
    }
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            listener: None,
            public_url: None,
            clock: Arc::new(SystemClock),
            record_requests: true,
            page_size: None,
            token: None,
        }
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("listener", &self.listener)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

type Shared = Arc<Mutex<Vault>>;

fn lock(vault: &Shared) -> MutexGuard<'_, Vault> {
    vault.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mock of wiremock either answers or fails, so dropped connections need one of
/// their own. It stands before everything else and so can count all requests too.
async fn mount(server: &MockServer, vault: &Shared, requests: &Arc<AtomicUsize>) {
    let (counted, dropping) = (Arc::clone(requests), Arc::clone(vault));
    let committing = Arc::clone(vault);
    Mock::given(move |request: &Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        lock(&dropping).take_drop(request)
    })
    .respond_with_err(move |request: &Request| {
        lock(&committing).answer(request);
        std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
    })
    .with_priority(1)
    .mount(server)
    .await;

    let answering = Arc::clone(vault);
    Mock::given(wiremock::matchers::any())
        .respond_with(move |request: &Request| lock(&answering).answer(request))
        .with_priority(u8::MAX)
        .mount(server)
        .await;
}
