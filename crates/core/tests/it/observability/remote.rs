//! A store of the least that tells everything: each call is one request.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, Request, Response};
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::observability::{Metrics, Traced};
use polyvault_core::transport::{
    Advice, Body, Call, Client, ClientOptions, Endpoint, Refusal, Repeat, RetryPolicy, Scheme,
    SendError, Service, Token, TokenSource, Transport,
};
use polyvault_core::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, ErrorKind, GetOptions, InfoPatch,
    MemoryStore, Operation, OperationId, Outcome, Page, PageRequest, Payload, Poll, Polled,
    PutOptions, PutValue, Result, Secret, SecretId, SecretInfo, SecretRef, SecretStore, Timestamp,
    VersionChange, VersionId, VersionInfo, Written,
};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Answer, Script};

/// Everything a test looks at.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) mark: Mark,
    pub(super) clock: Arc<CountingClock>,
    pub(super) options: ClientOptions,
    pub(super) tokens: Tokens,
}

impl Setup {
    /// A service that gives these answers, each after 5 ms; a token, which is the mark, takes 3 ms.
    pub(super) fn new(mark: Mark, answers: impl IntoIterator<Item = Answer>) -> Self {
        let clock = Arc::new(CountingClock::default());
        Self {
            options: ClientOptions {
                transport: Some(Arc::new(Slow {
                    script: Script::new(answers),
                    clock: Arc::clone(&clock),
                })),
                clock: Arc::clone(&clock) as _,
                // Without chance.
                retry: RetryPolicy {
                    first_delay: Duration::ZERO,
                    max_delay: Duration::ZERO,
                    ..RetryPolicy::default()
                },
                ..ClientOptions::default()
            },
            tokens: Tokens {
                mark: mark.clone(),
                clock: Arc::clone(&clock),
                life: None,
                fails: Arc::default(),
            },
            mark,
            clock,
        }
    }

    pub(super) fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.options.metrics = Some(metrics);
        self
    }

    pub(super) fn store(&self) -> Arc<Traced<Remote>> {
        let service = Service {
            provider: "test",
            endpoints: vec![Endpoint::parse("endpoint", "https://a.example").unwrap()],
            tokens: Box::new(self.tokens.clone()),
            scheme: Scheme::Bearer,
            refusal,
            advice: Advice::default(),
            request_id: "x-request-id",
        };
        let remote = Remote {
            client: Client::new(service, self.options.clone()).unwrap(),
            clock: Arc::clone(&self.clock) as _,
            capabilities: Capabilities {
                provider: "test",
                ..MemoryStore::new().capabilities().clone()
            },
        };
        Arc::new(Traced::with_clock(remote, Arc::clone(&self.clock) as _))
    }
}

fn refusal(refusal: &Refusal<'_>) -> Error {
    let kind = match refusal.status() {
        401 => ErrorKind::Unauthenticated,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        _ => ErrorKind::Unavailable,
    };
    let error = Error::new(
        kind,
        refusal.message("refused", Some("the service's words")),
    );
    match refusal.header(&["x-request-id"]) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

/// A manual clock that counts how often it is read.
#[derive(Debug)]
pub(super) struct CountingClock {
    clock: ManualClock,
    reads: AtomicUsize,
}

impl Default for CountingClock {
    fn default() -> Self {
        Self {
            clock: ManualClock::at(Timestamp::UNIX_EPOCH),
            reads: AtomicUsize::new(0),
        }
    }
}

impl CountingClock {
    pub(super) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// How often it was read since the last time this was asked.
    pub(super) fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

#[derive(Debug)]
struct Slow {
    script: Arc<Script>,
    clock: Arc<CountingClock>,
}

#[async_trait]
impl Transport for Slow {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        self.clock.sleep(Duration::from_millis(5)).await;
        self.script.send(request, timeout).await
    }
}

/// Marked tokens.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    mark: Mark,
    clock: Arc<CountingClock>,
    pub(super) life: Option<Duration>,
    pub(super) fails: Arc<Mutex<bool>>,
}

#[async_trait]
impl TokenSource for Tokens {
    async fn fetch(&self) -> Result<Token> {
        self.clock.sleep(Duration::from_millis(3)).await;
        if *self.fails.lock().unwrap() {
            return Err(Error::new(ErrorKind::Unauthenticated, "no token"));
        }
        let end = |life: Duration| self.clock.clock.now().checked_add(life).unwrap();
        Ok(Token {
            secret: self.mark.text().into(),
            expires_at: self.life.map(end),
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Remote {
    client: Client,
    clock: Arc<dyn Clock>,
    capabilities: Capabilities,
}

impl Remote {
    async fn send(
        &self,
        operation: &'static str,
        secret: &str,
        method: Method,
        body: Body,
    ) -> Result<Response<Body>> {
        let mut request = Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = format!("https://a.example/{secret}?q=1").parse().unwrap();
        let repeat = match method {
            Method::GET => Repeat::Safe,
            _ => Repeat::Unsafe,
        };
        let call = Call {
            operation,
            secret: Some(secret),
            repeat,
            request,
        };
        self.client.send(call).await
    }
}

struct Progress(Remote, String);

#[async_trait]
impl Poll<()> for Progress {
    async fn poll(&mut self) -> Result<Polled<()>> {
        let (remote, secret) = (&self.0, &self.1);
        match remote
            .send("delete", secret, Method::GET, Body::empty())
            .await
        {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Polled::Done(())),
            Err(error) => Err(error),
            Ok(_) => Ok(Polled::Pending(Some(Duration::from_secs(3)))),
        }
    }
}

fn none<T>() -> Result<T> {
    Err(Error::unsupported("test", "none"))
}

#[async_trait]
impl SecretStore for Remote {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn get(&self, secret: &SecretRef, _: GetOptions) -> Result<Secret> {
        let name = secret.as_str();
        let answer = self.send("get", name, Method::GET, Body::empty()).await?;
        Ok(Secret {
            id: None,
            name: None,
            version: Some(VersionId::new("v-1")?),
            info: None,
            payload: Payload::binary(answer.body().as_bytes().to_vec()),
        })
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        _: PutOptions,
    ) -> Result<Operation<Written>> {
        let payload = value.into_payload()?;
        let bytes = payload.single()?.expose_bytes().to_vec();
        let body = Body::from_wiped(bytes.into());
        self.send("put", secret.as_str(), Method::PUT, body).await?;
        Ok(Operation::done(Written {
            secret: SecretId::new("s-1")?,
            version: VersionInfo {
                id: Some(VersionId::new("v-2")?),
                ..VersionInfo::default()
            },
            created: true,
        }))
    }

    async fn begin_delete(&self, secret: &SecretRef, _: DeleteOptions) -> Result<Operation<()>> {
        let name = secret.as_str();
        self.send("delete", name, Method::DELETE, Body::empty())
            .await?;
        Ok(Operation::pending(
            OperationId::new("op-1")?,
            Arc::clone(&self.clock),
            Progress(self.clone(), name.to_owned()),
        ))
    }

    async fn describe(&self, _: &SecretRef) -> Result<SecretInfo> {
        none()
    }
    async fn list_page(&self, _: PageRequest) -> Result<Page<SecretInfo>> {
        none()
    }
    async fn list_versions_page(&self, _: &SecretRef, _: PageRequest) -> Result<Page<VersionInfo>> {
        none()
    }
    async fn begin_update(&self, _: &SecretRef, _: InfoPatch) -> Result<Operation<SecretInfo>> {
        none()
    }
    async fn begin_update_version(
        &self,
        _: &SecretRef,
        _: &VersionId,
        _: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        none()
    }
    async fn list_deleted_page(&self, _: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        none()
    }
    async fn begin_recover(&self, _: &SecretRef) -> Result<Operation<SecretInfo>> {
        none()
    }
    async fn begin_purge(&self, _: &SecretRef) -> Result<Operation<()>> {
        none()
    }
    async fn resume(&self, _: &OperationId) -> Result<Operation<Outcome>> {
        none()
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("test://a")
    }
}
