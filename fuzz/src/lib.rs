//! What the targets share: a store whose service answers with the input.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Request, Response};
use polyvault::clock::ManualClock;
use polyvault::provider::OpenOptions;
use polyvault::transport::{Body, ClientOptions, RetryPolicy, SendError, Transport};
use polyvault::{Environment, SecretName, SecretRef, SecretStore, Timestamp, VersionId};
use polyvault_testkit::bodies::call_all;
use tokio::runtime::{Builder, Runtime};

/// The first byte of an input chooses one of them.
pub const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];

/// Gives one answer to every request but a sign-in, which gets a token.
#[derive(Debug, Default)]
struct OneAnswer(Mutex<Response<Body>>);

#[async_trait]
impl Transport for OneAnswer {
    async fn send(&self, request: Request<Body>, _: Duration) -> Result<Response<Body>, SendError> {
        if request.uri().path().ends_with("/oauth2/v2.0/token") {
            return Ok(polyvault_testkit::web::token("made-up"));
        }
        Ok(self.0.lock().expect("one thread").clone())
    }
}

/// A store, and the service that answers it.
pub struct Fuzzed {
    store: Arc<dyn SecretStore>,
    service: Arc<OneAnswer>,
    version: VersionId,
    runtime: Runtime,
}

impl Fuzzed {
    /// The store of this URL, with `version` as the id of a version.
    pub fn new(url: &str, version: &str) -> Self {
        Self::with(url, version, environment())
    }

    /// The same, with the credential of this environment.
    pub fn with(url: &str, version: &str, environment: Environment) -> Self {
        let service = Arc::<OneAnswer>::default();
        let client = ClientOptions {
            transport: Some(Arc::clone(&service) as _),
            clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
            retry: RetryPolicy {
                max_repeats: 0,
                ..RetryPolicy::default()
            },
            ..ClientOptions::default()
        };
        let options = OpenOptions {
            environment,
            client,
        };
        Self {
            store: polyvault::open_with(url, options).expect("a store"),
            service,
            version: VersionId::new(version).expect("a version"),
            runtime: Builder::new_current_thread().build().expect("a runtime"),
        }
    }

    /// Makes every call while the service answers with the input: a status, and a body.
    pub fn answer(&self, input: &[u8]) {
        let Some((status, body)) = input.split_first() else {
            return;
        };
        self.call(usize::from(*status), None, body);
    }

    /// Makes every call while the service asks for a sign-in with the input as its challenge.
    pub fn challenge(&self, input: &[u8]) {
        if let Ok(header) = HeaderValue::from_bytes(input) {
            self.call(5, Some(header), b"{}");
        }
    }

    fn call(&self, status: usize, challenge: Option<HeaderValue>, body: &[u8]) {
        let mut answer = Response::new(Body::from_wiped(body.to_vec().into()));
        let status = STATUSES[status % STATUSES.len()];
        *answer.status_mut() = status.try_into().expect("a status");
        if let Some(challenge) = challenge {
            answer.headers_mut().insert("www-authenticate", challenge);
        }
        *self.service.0.lock().expect("one thread") = answer;
        let secret = SecretRef::from(SecretName::new("db").expect("a name"));
        self.runtime
            .block_on(call_all(&*self.store, &secret, &self.version));
    }
}

/// A ready credential of each provider.
pub fn environment() -> Environment {
    Environment::empty()
        .with("POLYVAULT_AZURE_TOKEN", "made-up")
        .with("YC_IAM_TOKEN", "t1.made-up")
        .with("WIX_API_KEY", "IST.made-up")
}
