//! Starting an emulator.

use std::fmt;
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use polyvault_core::clock::{Clock, SystemClock};
use polyvault_core::emulator::TlsFront;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::state::State;
use super::{Emulator, lock};

/// What can be set before an [`Emulator`] starts.
///
/// # Example
///
/// ```
/// use std::net::TcpListener;
/// use std::sync::Arc;
///
/// use polyvault_core::clock::SystemClock;
/// use polyvault_wix_secrets::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::builder()
///     .listener(TcpListener::bind("127.0.0.1:0")?)
///     .clock(Arc::new(SystemClock))
///     .record_requests(false)
///     .api_key("IST.only-this-one")
///     .site("11111111-2222-4333-8444-555555555555")
///     .start()
///     .await;
/// assert!(emulator.url().starts_with("http://127.0.0.1:"));
///
/// let emulator = Emulator::builder().https().start().await;
/// assert!(emulator.ca_pem().is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct EmulatorBuilder {
    listener: Option<TcpListener>,
    clock: Option<Arc<dyn Clock>>,
    forget_requests: bool,
    api_key: Option<String>,
    site: Option<String>,
    https: bool,
}

impl EmulatorBuilder {
    /// Listens there instead of on a free port of 127.0.0.1.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Takes dates and the ends of tokens from this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Whether `server().received_requests()` knows the requests; it does by default.
    ///
    /// Off, wiremock still holds the requests that a mock answered, for its own
    /// counts: memory grows with the requests, and holds what they carried.
    #[must_use]
    pub fn record_requests(mut self, record: bool) -> Self {
        self.forget_requests = !record;
        self
    }

    /// Accepts this API key only.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Accepts API keys with this site id only.
    #[must_use]
    pub fn site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Serves https, with a CA of its own: [`Emulator::ca_pem`].
    #[must_use]
    pub fn https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Starts the emulator.
    ///
    /// # Panics
    ///
    /// If wiremock can't open a port.
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
        if self.forget_requests {
            server = server.disable_request_recording();
        }
        let mut state = State::new(self.clock.unwrap_or_else(|| Arc::new(SystemClock)));
        state.api_key = self.api_key;
        state.site = self.site;

        let server = server.start().await;
        let front = self
            .https
            .then(|| TlsFront::start(secure, *server.address()));
        let emulator = Emulator {
            front: front.map(|front| front.expect("a port and a certificate")),
            server,
            state: Arc::new(Mutex::new(state)),
            requests: Arc::default(),
        };
        emulator.mount().await;
        emulator
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("listener", &self.listener)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    async fn mount(&self) {
        let state = Arc::clone(&self.state);
        Mock::given(|_: &Request| true)
            .respond_with(move |request: &Request| lock(&state).answer(request))
            .with_priority(u8::MAX)
            .mount(&self.server)
            .await;

        // A mock either answers or fails, so what is dropped has a mock of its own.
        let (asked, state) = (Arc::clone(&self.state), Arc::clone(&self.state));
        Mock::given(move |request: &Request| lock(&asked).drops_answer_to(request))
            .respond_with_err(move |request: &Request| lock(&state).answer_and_drop(request))
            .with_priority(u8::MAX - 1)
            .mount(&self.server)
            .await;

        // This one matches nothing: it stands before all others and sees every request.
        let requests = Arc::clone(&self.requests);
        Mock::given(move |_: &Request| {
            requests.fetch_add(1, Ordering::Relaxed);
            false
        })
        .respond_with(ResponseTemplate::new(500))
        .with_priority(1)
        .mount(&self.server)
        .await;
    }
}
