//! A stand-in for Yandex Lockbox on this machine, for tests.
//!
//! It keeps state, is strict about requests, and answers as the service does as far as that is
//! known from its descriptors, its documentation and recorded traffic. It shares no code with
//! the adapter that it tests. One origin serves metadata, payloads, operations, IAM tokens and
//! the list of endpoints, or each has its own: `EmulatorBuilder::four_ports`.
//!
//! Assumed, since no source tells:
//!
//! - FAILED_PRECONDITION for a payload that is inactive, being created, scheduled or destroyed,
//!   for deleting a protected secret, for a change of a version in the wrong state, for a base
//!   version that is not active and for GetEx with a name that several secrets have; NOT_FOUND
//!   for the payload of a secret without versions; an inactive secret takes changes;
//! - INVALID_ARGUMENT for an entry key given twice, for a version left without entries, for an
//!   `Idempotency-Key` that is no UUID and for a password specification that contradicts itself;
//!   BadRequest names a field by its JSON name, and a label by the map's;
//! - RESOURCE_EXHAUSTED for the version after the thousandth;
//! - an operation that fails leaves no trace; an `Idempotency-Key` is kept for ever, for all
//!   methods together; a body is read as JSON whatever its `Content-Type`;
//! - adding an access binding that is there, and removing one that is not, change nothing and
//!   are no errors; what operations on them are called;
//! - a version shows a password specification only if its password was generated, and holds the
//!   other entries of its base too;
//! - IAM gives a subject the same token for an hour, and lets a JWT be up to a minute early.
//!
//! Operation.Cancel, IamToken.CreateForServiceAccount and IamToken.Revoke are answered 501.

mod answer;
mod authorized_key;
mod bindings;
mod builder;
mod call;
mod change;
mod fields;
mod given;
mod knobs;
mod message;
mod operation;
mod password;
mod ports;
mod read;
mod render;
mod route;
mod seed;
mod sign_in;
mod state;
mod status;
mod write;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polyvault_core::emulator::TlsFront;
use polyvault_core::transport::ClientOptions;
use wiremock::MockServer;

pub use self::builder::EmulatorBuilder;
pub use self::render::Rendering;

use self::ports::{Ports, Service};
use self::state::{Content, State};
use crate::store::YandexLockbox;

/// A Lockbox that lives as long as this value.
///
/// Any bearer token is accepted, unless one is set or signing in is required; ids are made up. Its
/// knobs are its methods, and a test mounts faults of its own on [`server`](Self::server).
///
/// # Example
///
/// ```
/// use polyvault_yandex_lockbox::emulator::Emulator;
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), String> {
/// let lockbox = Emulator::start().await;
/// let id = lockbox.seed(&json!({
///     "name": "db",
///     "versions": [{"entries": [{"key": "password", "textValue": "s3cret"}]}],
/// }))?;
///
/// assert!(lockbox.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(id.len(), 20);
/// # Ok(())
/// # }
/// ```
///
/// # Example: what goes slowly or wrong
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::clock::ManualClock;
/// use polyvault_core::transport::ClientOptions;
/// use polyvault_core::{ErrorKind, SecretStoreExt};
/// use polyvault_yandex_lockbox::emulator::{Emulator, Rendering};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
/// let lockbox = Emulator::builder().clock(Arc::new(clock)).start().await;
/// let few = ClientOptions { max_in_flight: 4, ..ClientOptions::default() };
/// let store = lockbox.store_with(few); // it waits on the stand-in's clock: not at all
///
/// lockbox.pending_polls(3); // operations take their time, and are not found at first
/// lockbox.leading_404s(2);
/// lockbox.poll_interval(5);
/// lockbox.stored_empty(true);
/// lockbox.render(Rendering::All);
/// store.put("db", "s3cret").await?;
///
/// lockbox.throttle(1, None); // what is refused for the rate is repeated
/// lockbox.fail_next(503, 14);
/// store.get_text("db").await?;
///
/// lockbox.forbid("Payload.Get").expect("a method of the service");
/// let refused = store.get_text("db").await;
/// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::Forbidden));
/// lockbox.permit_all();
///
/// lockbox.fail_next_operation(13, "Internal error");
/// let failed = store.put("db", "n3w").await;
/// assert_eq!(failed.map_err(|error| error.kind()).err(), Some(ErrorKind::OperationFailed));
///
/// lockbox.roll_back_next_operation(13, "Internal error"); // told before it is done
/// assert!(store.put("db", "n3w").await.is_err());
///
/// lockbox.commit_then_drop(1); // the version is added, its answer is lost
/// store.put("db", "n3w").await?;
/// assert_eq!(store.history("db").await?.len(), 2);
///
/// lockbox.drop_next(1); // the request never arrives: it is sent again under its key
/// store.put("db", "newest").await?;
/// assert_eq!(store.history("db").await?.len(), 3);
///
/// let secret = serde_json::json!({"name": "twin"});
/// lockbox.given(&serde_json::json!({"secret": secret})).expect("a secret");
/// lockbox.overtake_next_create(&secret).expect("a secret");
/// let entry = serde_json::json!({"key": "user", "textValue": "theirs"});
/// let theirs = serde_json::json!({"payloadEntries": [entry]});
/// lockbox.overtake_next_add_version(&theirs).expect("a body of AddVersion");
/// store.put("db", "ours").await?;
/// assert_eq!(store.history("db").await?.len(), 5);
///
/// lockbox.copy_with_base(true); // what no source tells is a knob
/// lockbox.refuse_reused_keys(true);
/// lockbox.page_size(1);
/// lockbox.empty_page(true);
/// lockbox.carry_scheduled(true);
/// assert!(lockbox.corrupt("db"), "a bit flipped at rest");
/// assert!(lockbox.request_count() > 10);
/// # Ok(())
/// # }
/// ```
///
/// # Example: signing in, each service on its port
///
/// ```
/// use polyvault_yandex_lockbox::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let lockbox = Emulator::builder().four_ports().require_sign_in().start().await;
/// let key_file = lockbox.authorized_key(); // from now on every JWT is checked
/// assert!(key_file.contains("PLEASE DO NOT REMOVE THIS LINE!"));
///
/// let urls = [lockbox.url(), lockbox.payload_url(), lockbox.operation_url(), lockbox.iam_url()];
/// assert_eq!(lockbox.servers().map(|server| server.uri()), urls);
/// lockbox.revoke_tokens(); // 401 to whoever has one
/// assert_eq!(lockbox.sign_ins(), 0);
/// # }
/// ```
pub struct Emulator {
    ports: Ports,
    state: Arc<Mutex<State>>,
    requests: Arc<AtomicUsize>,
}

impl Emulator {
    /// Starts on a free port of 127.0.0.1, with all defaults.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts from the defaults: a free port, the machine's clock, requests recorded, any token.
    #[must_use]
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The base URL of secrets, `http://127.0.0.1:PORT`; of every service, unless each has a port.
    #[must_use]
    pub fn url(&self) -> String {
        self.ports.of(Service::Lockbox).url()
    }

    /// The base URL of payloads.
    #[must_use]
    pub fn payload_url(&self) -> String {
        self.ports.of(Service::Payload).url()
    }

    /// The base URL of operations.
    #[must_use]
    pub fn operation_url(&self) -> String {
        self.ports.of(Service::Operation).url()
    }

    /// The base URL of IAM tokens.
    #[must_use]
    pub fn iam_url(&self) -> String {
        self.ports.of(Service::Iam).url()
    }

    /// A store on the stand-in's folder: with its clock, and with the token that it wants,
    /// a made-up one where it takes any.
    ///
    /// # Panics
    ///
    /// If the folder is none that a store takes.
    #[must_use]
    pub fn store(&self) -> YandexLockbox {
        self.store_with(ClientOptions::default())
    }

    /// The same with other options; the clock is the stand-in's all the same.
    ///
    /// # Panics
    ///
    /// As [`store`](Self::store).
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the endpoint is the stand-in's own, and a token is given"
    )]
    pub fn store_with(&self, options: ClientOptions) -> YandexLockbox {
        let options = match self.ports.front() {
            Some(front) => front.trusted_by(options),
            None => options,
        };
        let mut state = self.state();
        let token = state.bearer();
        YandexLockbox::builder(state.folder.as_str())
            .endpoint(self.url())
            .payload_endpoint(self.payload_url())
            .operation_endpoint(self.operation_url())
            .iam_endpoint(self.iam_url())
            .token(token.into())
            .client_options(ClientOptions {
                clock: Arc::clone(&state.clock),
                ..options
            })
            .build()
            .expect("the stand-in can be reached by a store")
    }

    /// The certificate of the CA of an emulator that serves https, as PEM, for clients to trust.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ports.front().map(TlsFront::ca_pem)
    }

    /// The server underneath, of secrets: mocks mounted on it come before the stand-in.
    ///
    /// Its `reset()` unmounts the stand-in too.
    #[must_use]
    pub fn server(&self) -> &MockServer {
        &self.ports.first.server
    }

    /// The servers of secrets, payloads, operations and IAM tokens: the same four times, unless
    /// each has a port.
    #[must_use]
    pub fn servers(&self) -> [&MockServer; 4] {
        Service::ALL.map(|service| &self.ports.of(service).server)
    }

    /// How many requests came in, recorded or not, those answered by mounted mocks included.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// How many times an IAM token was given out for a JWT or an OAuth token.
    #[must_use]
    pub fn sign_ins(&self) -> usize {
        self.state().sign_in.exchanges
    }

    /// Refuses from now on, with 401, every IAM token that was given out so far, but for the one
    /// of [`EmulatorBuilder::token`].
    pub fn revoke_tokens(&self) {
        self.state().sign_in.revoke_all();
    }

    /// Flips a bit of the first value of a secret's current version, where it is kept.
    ///
    /// The secret is the first that has the `name`, or the id. Text stays text. Gives whether
    /// there was a value to change.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn corrupt(&self, name: &str) -> bool {
        let mut state = self.state();
        let named = state.secrets.iter_mut();
        let secret = named.into_iter().find(|s| s.name == name || s.id == name);
        let Some(secret) = secret else {
            return false;
        };
        let current = secret.current.clone().unwrap_or_default();
        let entry = secret.version_mut(&current).ok();
        match entry.and_then(|version| version.entries.first_mut()) {
            Some(entry) => entry.value.flip(),
            None => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("url", &self.url())
            .field("secrets", &self.state().secrets.len())
            .finish_non_exhaustive()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Content {
    fn flip(&mut self) -> bool {
        let mut bytes = self.bytes().to_vec();
        // The lowest bit of the last byte: UTF-8 stays UTF-8.
        let Some(last) = bytes.last_mut() else {
            return false;
        };
        *last ^= 1;
        *self = match self {
            Self::Text(_) => Self::Text(String::from_utf8_lossy(&bytes).into_owned()),
            Self::Binary(_) => Self::Binary(bytes),
        };
        true
    }
}
