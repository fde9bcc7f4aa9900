//! Starting a stand-in.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use polyvault_core::clock::{Clock, SystemClock};
use wiremock::{Mock, Request, ResponseTemplate};

use super::call::Call;
use super::ports::{Opening, Port, Ports, Service};
use super::state::State;
use super::{Emulator, lock};

/// The lowest priority there is, so that a fault that a test mounts comes first.
const LAST: u8 = u8::MAX;

/// What can be set before an [`Emulator`] starts.
///
/// # Example
///
/// ```
/// use std::net::TcpListener;
/// use std::sync::Arc;
///
/// use polyvault_core::clock::SystemClock;
/// use polyvault_yandex_lockbox::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let lockbox = Emulator::builder()
///     .listener(TcpListener::bind("127.0.0.1:0")?)
///     .clock(Arc::new(SystemClock))
///     .record_requests(false)
///     .page_size(5)
///     .token("t1.only-this-one")
///     .folder("b1gexamplefolder00000")
///     .start()
///     .await;
/// lockbox.given(&serde_json::json!({"secret": {"name": "db"}})).expect("known");
/// assert!(lockbox.url().starts_with("http://127.0.0.1:"));
///
/// let lockbox = Emulator::builder().https().start().await;
/// assert!(lockbox.ca_pem().is_some());
///
/// // As the service: each on its own host, and nobody without a token that was given out.
/// let lockbox = Emulator::builder().four_ports().require_sign_in().start().await;
/// assert_ne!(lockbox.payload_url(), lockbox.url());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EmulatorBuilder {
    listener: Option<TcpListener>,
    clock: Arc<dyn Clock>,
    record_requests: bool,
    page_size: Option<usize>,
    token: Option<String>,
    folder: String,
    https: bool,
    four_ports: bool,
    require_sign_in: bool,
}

impl EmulatorBuilder {
    /// Serves on `listener`, which may be bound to a port of choice.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whether the server keeps the requests for `received_requests()`.
    #[must_use]
    pub fn record_requests(mut self, record: bool) -> Self {
        self.record_requests = record;
        self
    }

    /// Holds every page to at most `items` items.
    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = Some(items);
        self
    }

    /// Accepts this bearer token only, and gives it out as the IAM token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The folder of seeded secrets that name none.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<String>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Serves https, with a CA of its own: [`Emulator::ca_pem`].
    #[must_use]
    pub fn https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Serves secrets, payloads, operations and IAM tokens each on a port of its own; each answers
    /// 404 to what is another's. The listener, if one is given, is for secrets.
    #[must_use]
    pub fn four_ports(mut self) -> Self {
        self.four_ports = true;
        self
    }

    /// Accepts only tokens that this stand-in has given out and that have not expired by its
    /// clock, and the one of [`token`](Self::token).
    #[must_use]
    pub fn require_sign_in(mut self) -> Self {
        self.require_sign_in = true;
        self
    }

    /// Starts.
    ///
    /// # Panics
    ///
    /// If no port can be opened.
    #[expect(clippy::expect_used, reason = "as wiremock's own server")]
    pub async fn start(self) -> Emulator {
        let opening = Opening {
            https: self.https,
            record_requests: self.record_requests,
        };
        let ports = Ports::open(self.listener, self.four_ports, opening).await;
        let ports = ports.expect("a port and a certificate");
        let mut state = State::new(self.clock, self.token, self.folder, ports.addresses());
        state.sign_in.required = self.require_sign_in;
        let state = Arc::new(Mutex::new(state));
        let requests = Arc::new(AtomicUsize::new(0));
        for (service, port) in ports.each() {
            mount(port, service, &state, &requests).await;
        }

        let emulator = Emulator {
            ports,
            state,
            requests,
        };
        if let Some(items) = self.page_size {
            emulator.page_size(items);
        }
        emulator
    }
}

/// Puts the stand-in on a port.
async fn mount(
    port: &Port,
    service: Option<Service>,
    state: &Arc<Mutex<State>>,
    requests: &Arc<AtomicUsize>,
) {
    // A mock either answers or fails, so there are two; the one that fails looks first.
    let (dropping, committing) = (Arc::clone(state), Arc::clone(state));
    let drops = move |request: &Request| lock(&dropping).drops(&Call::new(service, request));
    Mock::given(drops)
        .respond_with_err(move |request: &Request| {
            lock(&committing).drop_one(&Call::new(service, request));
            std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
        })
        .with_priority(LAST)
        .mount(&port.server)
        .await;
    let answering = Arc::clone(state);
    Mock::given(wiremock::matchers::any())
        .respond_with(move |request: &Request| {
            let call = Call::new(service, request);
            ResponseTemplate::from(lock(&answering).answer(&call))
        })
        .with_priority(LAST)
        .mount(&port.server)
        .await;

    // This one matches nothing: it stands before all others and sees every request.
    let counted = Arc::clone(requests);
    Mock::given(move |_: &Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        false
    })
    .respond_with(ResponseTemplate::new(500))
    .with_priority(1)
    .mount(&port.server)
    .await;
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            listener: None,
            clock: Arc::new(SystemClock),
            record_requests: true,
            page_size: None,
            token: None,
            folder: "b1gemulatorfolder001".into(),
            https: false,
            four_ports: false,
            require_sign_in: false,
        }
    }
}
