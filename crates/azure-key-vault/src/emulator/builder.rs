//! Starting a vault.

use std::fmt;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use polyvault_core::clock::{Clock, SystemClock};
use polyvault_core::emulator::TlsFront;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::state::Vault;
use super::{Emulator, Shared, lock};

/// Settings of an [`Emulator`] that must stand before it starts.
///
/// # Example
///
/// ```
/// use std::net::TcpListener;
/// use std::sync::Arc;
///
/// use polyvault_core::clock::SystemClock;
/// use polyvault_azure_key_vault::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let vault = Emulator::builder()
///     .listener(TcpListener::bind("127.0.0.1:0")?)
///     .clock(Arc::new(SystemClock))
///     .public_url("https://vault.test")
///     .record_requests(false)
///     .page_size(5)
///     .token("only-this-one")
///     .start()
///     .await;
/// assert_eq!(vault.url(), "https://vault.test");
///
/// let vault = Emulator::builder().https().start().await;
/// assert!(vault.url().starts_with("https://127.0.0.1:"));
/// assert!(vault.ca_pem().is_some());
/// # Ok(())
/// # }
/// ```
pub struct EmulatorBuilder {
    listener: Option<TcpListener>,
    public_url: Option<String>,
    clock: Arc<dyn Clock>,
    record_requests: bool,
    page_size: Option<usize>,
    token: Option<String>,
    https: bool,
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

    /// Serves https, with a CA of its own: [`Emulator::ca_pem`].
    #[must_use]
    pub fn https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Starts the vault.
    ///
    /// # Panics
    ///
    /// If no port can be opened.
    #[expect(clippy::expect_used, reason = "as wiremock's own server")]
    pub async fn start(self) -> Emulator {
        let mut server = MockServer::builder();
        let (plain, secure) = match self.https {
            true => (None, self.listener),
            false => (self.listener, None),
        };
        if let Some(listener) = plain {
            server = server.listener(listener);
        }
        if !self.record_requests {
            server = server.disable_request_recording();
        }
        let server = server.start().await;
        let front = self
            .https
            .then(|| TlsFront::start(secure, *server.address()));
        let front = front.map(|front| front.expect("a port and a certificate"));

        let own = || front.as_ref().map_or_else(|| server.uri(), TlsFront::url);
        let url = self.public_url.unwrap_or_else(own);
        let url = url.trim_end_matches('/').to_owned();
        let vault = Arc::new(Mutex::new(Vault::new(url.clone(), self.clock)));
        let requests = Arc::new(AtomicUsize::new(0));
        mount(&server, &vault, &requests).await;

        let emulator = Emulator {
            server,
            front,
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
            https: false,
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

async fn mount(server: &MockServer, vault: &Shared, requests: &Arc<AtomicUsize>) {
    let answering = Arc::clone(vault);
    Mock::given(wiremock::matchers::any())
        .respond_with(move |request: &Request| lock(&answering).answer(request))
        .with_priority(u8::MAX)
        .mount(server)
        .await;

    // A mock either answers or fails, so what is dropped has a mock of its own.
    let (dropping, committing) = (Arc::clone(vault), Arc::clone(vault));
    Mock::given(move |request: &Request| lock(&dropping).drops(request))
        .respond_with_err(move |request: &Request| {
            lock(&committing).drop_one(request);
            std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
        })
        .with_priority(u8::MAX - 1)
        .mount(server)
        .await;

    // This one matches nothing: it stands before all others and sees every request.
    let counted = Arc::clone(requests);
    Mock::given(move |_: &Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        false
    })
    .respond_with(ResponseTemplate::new(500))
    .with_priority(1)
    .mount(server)
    .await;
}
