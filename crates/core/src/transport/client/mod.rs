//! One service, spoken to: signing in, repeating, holding back, telling what happens.

mod attempt;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response};
use jiff::Timestamp;
use tokio::sync::{Mutex, SemaphorePermit};
use tracing::field::Empty;

use self::attempt::Failed;
use super::rate::{Rate, between, later};
use super::retry::RetryBudget;
use super::throttle::{Held, Throttle};
use super::{
    Advice, Body, Endpoint, Refusal, RetryPolicy, TokenCache, TokenSource, Transport, request,
};
use crate::clock::{Clock, SystemClock};
use crate::observability::{Event, Metrics, TARGET, Watch, millis, since, within};
use crate::{Error, ErrorKind, Result, Retry};

/// Whether a request may be sent again when its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A read, or a write that the service makes safe to repeat.
    Safe,
    /// A write that would happen twice.
    Unsafe,
}

/// One request of an operation.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The operation it belongs to, as errors and spans name it.
    pub operation: &'static str,
    /// The secret it is about, by name or id.
    pub secret: Option<&'a str>,
    /// Whether it may be sent again when its answer was lost.
    pub repeat: Repeat,
    /// The request, without the credential.
    pub request: Request<Body>,
}

/// How the credential stands in the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Bearer` and the token.
    Bearer,
    /// The key alone.
    Raw,
    /// Not at all: no token is asked for, as where one is to be had.
    Absent,
}

/// A service to speak to: what an adapter knows.
#[derive(Debug)]
pub struct Service {
    /// The provider's name, for errors and spans.
    pub provider: &'static str,
    /// Where requests and the credential may go.
    pub endpoints: Vec<Endpoint>,
    /// The credential.
    pub tokens: Box<dyn TokenSource>,
    /// How the credential is sent.
    pub scheme: Scheme,
    /// Makes an error of a refusal.
    pub refusal: fn(&Refusal<'_>) -> Error,
    /// What to do where no refusal of the service says it.
    pub advice: Advice,
    /// The header of an answer that holds its request id, for spans.
    pub request_id: &'static str,
}

/// How to speak to it: what a user may set.
///
/// Beside what is set here, a pause that the service asks for is kept by all clones of a store,
/// and a refusal for the rate slows all of them down to a pace that the service takes: one for
/// each endpoint, found out and given up by itself.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// What sends the requests; reqwest, where it is compiled in, unless said.
    pub transport: Option<Arc<dyn Transport>>,
    /// The time; the machine's unless said.
    pub clock: Arc<dyn Clock>,
    /// How often and how long requests are repeated.
    pub retry: RetryPolicy,
    /// The most requests at a time to one endpoint; 64 unless said. It begins with 8 and takes one
    /// more with every 8 answers.
    pub max_in_flight: usize,
    /// The most requests in a time to one endpoint; as many as come unless said, or unless the service's published rate
    /// is known to the adapter.
    pub rate: Option<Rate>,
    /// Is told what requests cost and how they end; nobody unless said.
    pub metrics: Option<Arc<dyn Metrics>>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            transport: None,
            clock: Arc::new(SystemClock),
            retry: RetryPolicy::default(),
            max_in_flight: 64,
            rate: None,
            metrics: None,
        }
    }
}

/// Speaks to one service. Clones share the credential, the budget of repeats, the pace and the
/// bounds on requests.
///
/// # Example
///
/// ```
/// use http::Method;
/// use polyvault_core::transport::{
///     Advice, Call, Client, ClientOptions, Endpoint, ReadyToken, Repeat, Scheme, Service, request,
/// };
/// use polyvault_core::{Error, ErrorKind, Result};
///
/// /// The three ways to send.
/// async fn replace(client: &Client, endpoint: &Endpoint, name: &str) -> Result<()> {
///     let url = endpoint.url().literal("/secrets").segment(name)?.query("force", "true").build()?;
///     let call = |method| Call {
///         operation: "replace",
///         secret: Some(name),
///         repeat: Repeat::Safe,
///         request: request(method, url.clone(), None),
///     };
///     client.send(call(Method::GET)).await?;
///     let (_answer, was_lost) = client.send_tracked(call(Method::PUT)).await;
///     if !was_lost {
///         client.send_delete(call(Method::DELETE)).await?;
///     }
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let endpoint = Endpoint::parse("endpoint", "http://127.0.0.1:1")?;
/// let service = Service {
///     provider: "example",
///     endpoints: vec![endpoint.clone()],
///     tokens: Box::new(ReadyToken::new("made-up".into())),
///     scheme: Scheme::Bearer,
///     refusal: |_| Error::new(ErrorKind::Unexpected, "refused"),
///     advice: Advice::default(),
///     request_id: "x-request-id",
/// };
/// let client = Client::new(service, ClientOptions::default())?;
///
/// // Another origin than the service's gets neither request nor credential.
/// let elsewhere = Endpoint::parse("endpoint", "http://127.0.0.1:2")?;
/// let held_back = replace(&client, &elsewhere, "db").await;
/// assert_eq!(held_back.map_err(|error| error.kind()), Err(ErrorKind::Unexpected));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    provider: &'static str,
    request_id: &'static str,
    watch: Watch,
    endpoints: Vec<(Endpoint, Throttle)>,
    tokens: TokenCache,
    scheme: Scheme,
    refusal: fn(&Refusal<'_>) -> Error,
    advice: Advice,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    budget: RetryBudget,
    /// One caller at a time finds out for what to sign in.
    learning: Mutex<()>,
}

/// How often one request renews its token: a service may first send to another tenant and then
/// ask for claims, and what it asks for after that it would go on asking for.
const RENEWALS: u32 = 2;

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `Config` if there is no transport: none was handed in, and none is compiled in.
    pub fn new(service: Service, options: ClientOptions) -> Result<Self> {
        let transport = match options.transport {
            Some(transport) => transport,
            None => super::default_transport()?,
        };
        let watch = Watch {
            provider: service.provider,
            metrics: options.metrics,
        };
        let clock = Arc::clone(&options.clock);
        let longest = options.retry.max_server_wait;
        let throttle = || Throttle::new(options.max_in_flight, options.rate, longest);
        let endpoints = service.endpoints.into_iter();
        Ok(Self {
            shared: Arc::new(Shared {
                provider: service.provider,
                request_id: service.request_id,
                endpoints: endpoints.map(|endpoint| (endpoint, throttle())).collect(),
                tokens: TokenCache::watched(service.tokens, clock, watch.clone()),
                watch,
                scheme: service.scheme,
                refusal: service.refusal,
                advice: service.advice,
                transport,
                clock: options.clock,
                retry: options.retry,
                budget: RetryBudget::new(),
                learning: Mutex::new(()),
            }),
        })
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }

    /// Sends a request, repeats it where that helps and is safe, and gives the 2xx answer.
    ///
    /// # Errors
    ///
    /// The service's refusal; `Timeout` or `Unavailable` without an answer, with
    /// [`Retry::OutcomeUnknown`] for a write that may have taken place; `RateLimited` or
    /// `Unavailable` without a status where nothing was sent, since the service asked for a pause
    /// longer than is waited for; `Unexpected` for a URL outside the endpoints, to which nothing is sent.
    pub async fn send(&self, call: Call<'_>) -> Result<Response<Body>> {
        self.send_tracked(call).await.0
    }

    /// [`send`](Self::send) for a delete: `None` where an answer was lost and the
    /// repeat found nothing, so that our own delete took place.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_delete(&self, call: Call<'_>) -> Result<Option<Response<Body>>> {
        match self.send_tracked(call).await {
            (Err(error), true) if error.kind() == ErrorKind::NotFound => Ok(None),
            (outcome, _) => outcome.map(Some),
        }
    }

    /// [`send`](Self::send), and whether the answer of an attempt was lost: a write may then
    /// have taken place whatever the outcome says, and a refusal may be of its repeat.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_tracked(&self, call: Call<'_>) -> (Result<Response<Body>>, bool) {
        let span = tracing::debug_span!(
            target: TARGET,
            "polyvault.request",
            polyvault.provider = self.shared.provider,
            polyvault.operation = call.operation,
            polyvault.secret = call.secret,
            polyvault.elapsed_ms = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        );
        let mut lost = false;
        let work = self.repeated(&call, &mut lost);
        let outcome = within(&span, &*self.shared.clock, work).await;
        let writes = call.request.method() != Method::GET;
        let outcome = outcome.map_err(|error| {
            let error = match lost && writes {
                true => error.with_retry(Retry::OutcomeUnknown),
                false => error,
            };
            let error = self.shared.advice.to(call.operation, error);
            error.about(self.shared.provider, call.operation, call.secret)
        });
        (outcome, lost)
    }

    async fn repeated(&self, call: &Call<'_>, lost: &mut bool) -> Result<Response<Body>> {
        let throttle = self.throttle(&call.request)?;
        let signed = self.shared.scheme != Scheme::Absent;
        if signed && !self.shared.tokens.is_ready() {
            self.learn(call, throttle).await?;
        }
        let answer = self.exchange(call, throttle, lost, signed).await;
        answer.map_err(|failed| failed.error)
    }

    /// Finds out for what to sign in: by a read of the same URL without credential and body,
    /// so that nothing is shown to a service that is not known yet, and nothing changed.
    async fn learn(&self, call: &Call<'_>, throttle: &Throttle) -> Result<()> {
        let _one = self.shared.learning.lock().await;
        let tokens = &self.shared.tokens;
        if tokens.is_ready() {
            return Ok(());
        }
        let look = Call {
            repeat: Repeat::Safe,
            request: request(Method::GET, call.request.uri().clone(), None),
            ..*call
        };
        match self.exchange(&look, throttle, &mut false, false).await {
            Err(failed) if failed.error.kind() == ErrorKind::Unauthenticated => {
                tokens.challenged(&failed.headers).map(drop)
            }
            Err(failed) => Err(failed.error),
            Ok(_) => Err(Error::new(
                ErrorKind::Config,
                "the service answers without a sign-in, and so does not tell what to sign in for",
            )),
        }
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        throttle: &Throttle,
        lost: &mut bool,
        signed: bool,
    ) -> Result<Response<Body>, Failed> {
        let shared = &self.shared;
        let permit = self.permit(call, throttle).await;
        let _permit = permit.map_err(Failed::for_good)?;
        // Like the queue, it is no part of the time that one request may take.
        let begun = self.begin(call, throttle, None).await;
        let start = begun.map_err(|held| Failed::for_good(held.into()))?;
        let spent = || Duration::try_from(shared.clock.now().duration_since(start));
        let time_left = || {
            shared
                .retry
                .total
                .saturating_sub(spent().unwrap_or_default())
        };
        let mut delays = shared.retry.delays();
        let mut token = match signed {
            true => Some(shared.tokens.get().await.map_err(Failed::for_good)?),
            false => None,
        };
        let mut renewals = 0;
        let mut attempt = 1_u32;
        loop {
            let left = time_left();
            if left.is_zero() {
                return Err(Failed::for_good(used_up()));
            }
            let sent = token.as_ref().map(|(_, token)| token);
            let failed = match self.attempt(call, throttle, sent, attempt, left).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            *lost |= failed.lost;
            if let (ErrorKind::Unauthenticated, Some((generation, _))) =
                (failed.error.kind(), &token)
            {
                let learned = shared.tokens.challenged(&failed.headers);
                let learned = learned.map_err(|error| failed.with(error))?;
                if renewals == 0 || (learned && renewals < RENEWALS) {
                    renewals += 1;
                    let newer = shared.tokens.renew(*generation).await;
                    token = match newer.map_err(Failed::for_good)? {
                        Some(newer) => Some(newer),
                        None => return Err(failed),
                    };
                    self.repeating(call, &mut attempt, &failed.error, Duration::ZERO);
                    continue;
                }
            }
            let Some(delay) = delays.next().filter(|_| failed.again) else {
                return Err(failed);
            };
            let delay = failed.wait.map_or(delay, |told| told.max(delay));
            let too_long = failed.wait > Some(shared.retry.max_server_wait) || delay >= time_left();
            if too_long || !(failed.free || shared.budget.pay()) {
                return Err(failed);
            }
            self.repeating(call, &mut attempt, &failed.error, delay);
            shared.clock.sleep(delay).await;
            let until = later(start, shared.retry.total);
            if self.begin(call, throttle, Some(until)).await.is_err() {
                return Err(failed);
            }
        }
    }

    /// Waits until the throttle lets a request begin, if that is in its time.
    async fn begin(
        &self,
        call: &Call<'_>,
        throttle: &Throttle,
        until: Option<Timestamp>,
    ) -> Result<Timestamp, Held> {
        let came = self.shared.clock.now();
        if throttle.try_begin(came) {
            return Ok(came);
        }
        throttle.check(came, until)?;
        tracing::debug!(target: TARGET, "queued");
        let begun = throttle.begin(&*self.shared.clock, until).await?;
        self.queued(call, between(came, begun));
        Ok(begun)
    }

    /// A place among the requests under way.
    async fn permit<'a>(
        &self,
        call: &Call<'_>,
        throttle: &'a Throttle,
    ) -> Result<SemaphorePermit<'a>> {
        let shared = &self.shared;
        if let Ok(permit) = throttle.try_permit() {
            return Ok(permit);
        }
        tracing::debug!(target: TARGET, "queued");
        let started = shared.watch.is_on().then(|| shared.clock.now());
        let permit = throttle.permit().await.map_err(|_| closed())?;
        if let Some(started) = started {
            self.queued(call, since(started, &*shared.clock));
        }
        Ok(permit)
    }

    fn queued(&self, call: &Call<'_>, waited: Duration) {
        self.shared.watch.tell(|provider| Event::Queued {
            provider,
            operation: call.operation,
            waited,
        });
    }

    fn repeating(&self, call: &Call<'_>, attempt: &mut u32, error: &Error, delay: Duration) {
        tracing::debug!(
            target: TARGET,
            { polyvault.delay_ms = millis(delay), error.type = error.kind().as_str() },
            "repeating"
        );
        self.shared.watch.tell(|provider| Event::Retry {
            provider,
            operation: call.operation,
            attempt: *attempt,
            error: error.kind(),
            delay,
        });
        *attempt += 1;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints: Vec<_> = self.shared.endpoints.iter().map(|(it, _)| it).collect();
        f.debug_struct("Client")
            .field("provider", &self.shared.provider)
            .field("endpoints", &endpoints)
            .finish_non_exhaustive()
    }
}

fn used_up() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the time for the request was used up before it was sent",
    )
}

fn closed() -> Error {
    Error::new(ErrorKind::Unexpected, "the client is closed")
}
