//! A stand-in for Wix Secrets on a loopback port, for tests.
//!
//! It keeps state, answers as the service's wire does and refuses what the
//! service refuses. It is strict: names, lengths, credentials and the site header
//! are checked, and lists never hold a value. Names tell upper from lower case,
//! lengths count UTF-16 units, an empty description clears it and a `null` field
//! counts as not given; the service's own word on these four is not known.
//!
//! One emulator is one site. It answers under the gateway's path
//! `/_api/cloud-secrets-vault-server/api/v1/secrets` and under the bare
//! `/api/v1/secrets`, and gives app tokens at `POST /oauth2/token`.

mod answer;
mod auth;
mod builder;
mod given;
mod knobs;
mod route;
mod rules;
mod state;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polyvault_core::emulator::TlsFront;
use polyvault_core::transport::ClientOptions;
use wiremock::MockServer;

use crate::{Payloads, WixSecrets};

pub use self::builder::EmulatorBuilder;
pub use self::route::Call;
use self::state::{Secret, State};

/// The gateway's path before the service's own.
const PREFIX: &str = "/_api/cloud-secrets-vault-server";

/// A running stand-in for the Wix Secrets of one site.
///
/// It stops when dropped. Any API key, app and site is accepted until told
/// otherwise.
///
/// # Example
///
/// ```
/// use polyvault_core::SecretStoreExt;
/// use polyvault_wix_secrets::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let emulator = Emulator::start().await;
/// emulator.seed("db-password", "s3cret");
///
/// emulator.store().put("db-password", "n3w").await?;
///
/// assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
/// assert_eq!(emulator.request_count(), 2);
/// # Ok(())
/// # }
/// ```
///
/// # Example: what goes wrong
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::clock::ManualClock;
/// use polyvault_core::transport::ClientOptions;
/// use polyvault_core::{ErrorKind, SecretStoreExt};
/// use polyvault_wix_secrets::emulator::{Call, Emulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
/// let emulator = Emulator::builder().clock(Arc::new(clock)).start().await;
/// let few = ClientOptions { max_in_flight: 4, ..ClientOptions::default() };
/// let store = emulator.store_with(few); // it waits on the emulator's clock: not at all
/// emulator.empty_list_as_missing(true);
/// emulator.consistency_header(true);
/// emulator.stale_reads(true); // the store reads what it wrote all the same
/// store.put("db", "s3cret").await?;
///
/// emulator.throttle(1, None); // a read that is refused for the rate is repeated
/// emulator.fail_next(503);
/// store.get_text("db").await?;
///
/// emulator.forbid([Call::GetValue]);
/// let refused = store.get_text("db").await;
/// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::Forbidden));
/// emulator.permit_all();
///
/// emulator.commit_then_drop(1); // the delete takes place, its answer is lost
/// store.delete("db").await?;
///
/// emulator.drop_next(1); // the create never arrives: it is sent again
/// store.put("db", "n3w").await?;
///
/// emulator.overtake_next_create("late", "somebody's");
/// store.put("late", "ours").await?; // refused as a duplicate, looked at again, updated
///
/// emulator.given(&serde_json::json!({"secret": {"name": "api", "value": "v"}})).expect("known");
/// assert!(emulator.corrupt("api"), "a bit flipped at rest");
///
/// emulator.require_api_key("another");
/// emulator.require_site("22222222-2222-4333-8444-555555555555");
/// let refused = store.get_text("api").await;
/// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::Unauthenticated));
/// emulator.require_app_secret("of-an-app"); // for clients that sign in as an app
/// emulator.expire_tokens();
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    server: MockServer,
    front: Option<TlsFront>,
    state: Arc<Mutex<State>>,
    requests: Arc<AtomicUsize>,
}

impl Emulator {
    /// Starts one with all defaults, on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts with the defaults: a free port of 127.0.0.1, the system's clock, requests recorded.
    #[must_use]
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The origin, such as `http://127.0.0.1:4711`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let front = self.front.as_ref().map(TlsFront::url);
        front.unwrap_or_else(|| self.server.uri())
    }

    /// The base URL with the gateway's path, as an adapter's `endpoint` setting takes it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.url() + PREFIX
    }

    /// A store of its own on this emulator: with its clock, and with the API key and the
    /// site that it wants, made-up ones where it takes any.
    ///
    /// # Panics
    ///
    /// If the emulator wants a site whose id has other characters than letters, digits, `-` and `_`.
    #[must_use]
    pub fn store(&self) -> WixSecrets {
        self.store_with(ClientOptions::default())
    }

    /// The same with other options; the clock is the emulator's all the same.
    ///
    /// # Panics
    ///
    /// As [`store`](Self::store).
    #[must_use]
    pub fn store_with(&self, options: ClientOptions) -> WixSecrets {
        self.built(options, Payloads::Plain)
    }

    /// The same that takes other payloads.
    ///
    /// # Panics
    ///
    /// As [`store`](Self::store).
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{Payload, SecretStoreExt};
    /// use polyvault_wix_secrets::Payloads;
    /// use polyvault_wix_secrets::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let emulator = Emulator::start().await;
    /// let store = emulator.store_of(Payloads::Encoded);
    /// store.put("tls-key", Payload::binary([0, 1, 2].as_slice())).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn store_of(&self, payloads: Payloads) -> WixSecrets {
        self.built(ClientOptions::default(), payloads)
    }

    #[expect(
        clippy::expect_used,
        reason = "the endpoint is the emulator's own, and a key is given"
    )]
    fn built(&self, options: ClientOptions, payloads: Payloads) -> WixSecrets {
        let options = match &self.front {
            Some(front) => front.trusted_by(options),
            None => options,
        };
        let state = self.state();
        let site = state.site.as_deref();
        let key = state.api_key.as_deref().unwrap_or("IST.made-up-key");
        WixSecrets::builder(site.unwrap_or("11111111-2222-4333-8444-555555555555"))
            .endpoint(self.endpoint())
            .api_key(key.into())
            .payloads(payloads)
            .client_options(ClientOptions {
                clock: Arc::clone(&state.clock),
                ..options
            })
            .build()
            .expect("the emulator can be reached by a store")
    }

    /// The certificate of the CA of an emulator that serves https, as PEM, for clients to trust.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.front.as_ref().map(TlsFront::ca_pem)
    }

    /// The wiremock server, to mount faults in front of the emulator.
    ///
    /// The emulator answers at the two lowest priorities (255 and 254), so that any
    /// mock mounted here comes first. [`MockServer::reset`] unmounts the
    /// emulator too: every later request gets an empty 404.
    #[must_use]
    pub fn server(&self) -> &MockServer {
        &self.server
    }

    /// The number of requests that came in, token requests and those that other
    /// mocks answered among them.
    ///
    /// It counts with request recording off, too.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Puts a secret at rest, past every check, and gives its id.
    ///
    /// A name that is there already makes a twin, which the service itself never has.
    #[expect(clippy::must_use_candidate, reason = "most tests seed and need no id")]
    pub fn seed(&self, name: &str, value: &str) -> String {
        let mut state = self.state();
        let now = state.clock.now();
        let secret = Secret::new(name, value, now);
        let id = secret.id.clone();
        state.secrets.push(secret);
        id
    }

    /// Carries out one instruction of a fixture's `given`: an object of one key.
    ///
    /// `{"secret": {"name", "value", "description"?, "id"?, "createdDate"?, "updatedDate"?}}`
    /// seeds a secret; `{"app_token": TEXT}` makes a token known as issued;
    /// `{"knob": {NAME: SETTING}}` calls the method of that name: `throttle`
    /// (`{"requests", "retry_after"?}`, seconds), `fail_next` (a status), `forbid` (`"all"` or a
    /// list of `"create"`, `"list"`, `"get_value"`, `"update"`, `"delete"`),
    /// `commit_then_drop` and `drop_next` (a number), `empty_list_as_missing`,
    /// `consistency_header` and `stale_reads` (true or false), `require_api_key`, `require_site` and `require_app_secret` (a text),
    /// `expire_tokens` (true), `corrupt` (a name).
    ///
    /// # Errors
    ///
    /// A text that says which key is unknown or what is wrong with its setting.
    pub fn given(&self, step: &serde_json::Value) -> Result<(), String> {
        given::apply(self, step)
    }

    /// Flips one bit of the value at rest, and gives whether a value changed: none does for an
    /// unknown name or an empty value.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn corrupt(&self, name: &str) -> bool {
        self.state().corrupt(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
