//! One service, spoken to: signing in, repeating, holding back, telling what happens.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request, Response};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use url::Url;
use zeroize::Zeroizing;

use super::retry::{RetryBudget, server_wait};
use super::{
    Body, Endpoint, Refusal, RetryPolicy, SendErrorKind, Token, TokenCache, TokenSource, Transport,
};
use crate::clock::{Clock, SystemClock};
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
}

/// How to speak to it: what a user may set.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// What sends the requests; reqwest, where it is compiled in, unless said.
    pub transport: Option<Arc<dyn Transport>>,
    /// The time; the machine's unless said.
    pub clock: Arc<dyn Clock>,
    /// How often and how long requests are repeated.
    pub retry: RetryPolicy,
    /// The most requests at a time; 64 unless said.
    pub max_in_flight: usize,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            transport: None,
            clock: Arc::new(SystemClock),
            retry: RetryPolicy::default(),
            max_in_flight: 64,
        }
    }
}

/// Speaks to one service. Clones share the credential, the budget and the bound on requests.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    provider: &'static str,
    endpoints: Vec<Endpoint>,
    tokens: TokenCache,
    scheme: Scheme,
    refusal: fn(&Refusal<'_>) -> Error,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    budget: RetryBudget,
    permits: Semaphore,
}

/// How an attempt ended that gave no success.
struct Failed {
    error: Error,
    /// Whether another attempt may help and does no harm.
    again: bool,
    /// Whether the service may have done what was asked.
    lost: bool,
    wait: Option<Duration>,
}

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
        Ok(Self {
            shared: Arc::new(Shared {
                provider: service.provider,
                endpoints: service.endpoints,
                tokens: TokenCache::new(service.tokens, Arc::clone(&options.clock)),
                scheme: service.scheme,
                refusal: service.refusal,
                transport,
                clock: options.clock,
                retry: options.retry,
                budget: RetryBudget::new(),
                permits: Semaphore::new(options.max_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
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
    /// [`Retry::OutcomeUnknown`] for a write that may have taken place; `Unexpected`
    /// for a URL outside the endpoints, to which nothing is sent.
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
            "polyvault.request",
            provider = self.shared.provider,
            operation = call.operation,
            secret = call.secret,
        );
        let mut lost = false;
        let outcome = self.repeated(&call, &mut lost).instrument(span).await;
        let writes = call.request.method() != Method::GET;
        let outcome = outcome.map_err(|error| {
            let error = match lost && writes {
                true => error.with_retry(Retry::OutcomeUnknown),
                false => error,
            };
            error.about(self.shared.provider, call.operation, call.secret)
        });
        (outcome, lost)
    }

    async fn repeated(&self, call: &Call<'_>, lost: &mut bool) -> Result<Response<Body>> {
        let shared = &self.shared;
        self.check_origin(&call.request)?;
        let _permit = self.shared.permits.acquire().await.map_err(|_| closed())?;
        let start = shared.clock.now();
        let mut delays = shared.retry.delays();
        let mut token = shared.tokens.get().await?;
        let mut renewed = false;
        let mut attempt = 1_u32;
        loop {
            let failed = match self.attempt(call, &token.1, attempt).await {
                Ok(response) => {
                    self.shared.budget.earn();
                    return Ok(response);
                }
                Err(failed) => failed,
            };
            attempt += 1;
            *lost |= failed.lost;
            if failed.error.kind() == ErrorKind::Unauthenticated && !renewed {
                renewed = true;
                match shared.tokens.renew(token.0).await? {
                    Some(newer) => token = newer,
                    None => return Err(failed.error),
                }
                continue;
            }
            let Some(delay) = delays.next().filter(|_| failed.again) else {
                return Err(failed.error);
            };
            let delay = failed.wait.map_or(delay, |told| told.max(delay));
            let spent = shared.clock.now().duration_since(start);
            let spent = Duration::try_from(spent).unwrap_or_default();
            let too_long = failed.wait > Some(shared.retry.max_server_wait)
                || spent.saturating_add(delay) > shared.retry.total;
            if too_long || !self.shared.budget.pay() {
                return Err(failed.error);
            }
            shared.clock.sleep(delay).await;
        }
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        token: &Token,
        attempt: u32,
    ) -> Result<Response<Body>, Failed> {
        let shared = &self.shared;
        let mut request = call.request.clone();
        let header = self.authorization(token).map_err(Failed::for_good)?;
        request.headers_mut().insert(AUTHORIZATION, header);
        let started = shared.clock.now();
        let answer = shared.transport.send(request, shared.retry.attempt).await;
        let elapsed = shared.clock.now().duration_since(started).as_millis();
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                tracing::debug!(attempt, elapsed_ms = %elapsed, kind = ?error.kind(), "no answer");
                return Err(Failed::unanswered(&error, call.repeat));
            }
        };
        let status = response.status();
        if status.is_success() {
            tracing::debug!(attempt, elapsed_ms = %elapsed, status = status.as_u16(), "answered");
            return Ok(response);
        }
        let refusal = Refusal {
            response: &response,
            quotable: call.request.body().is_empty(),
        };
        let error = (shared.refusal)(&refusal).with_status(status.as_u16());
        tracing::debug!(
            attempt,
            elapsed_ms = %elapsed,
            status = status.as_u16(),
            request_id = error.request_id(),
            kind = error.kind().as_str(),
            "refused"
        );
        let wait = server_wait(response.headers(), shared.clock.now());
        Err(Failed::refused(error, call.repeat, wait))
    }

    fn authorization(&self, token: &Token) -> Result<HeaderValue> {
        #[expect(clippy::disallowed_methods, reason = "the Authorization header")]
        let secret = token.secret.expose_secret();
        let prefix = match self.shared.scheme {
            Scheme::Raw => "",
            Scheme::Bearer => "Bearer ",
        };
        let text = Zeroizing::new([prefix, secret].concat().into_bytes());
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).map_err(|_| {
            Error::new(
                ErrorKind::Unauthenticated,
                "the credential holds characters that no header can carry",
            )
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// The last door before a credential leaves: whatever built the URL, it goes
    /// to the store's own origins only.
    fn check_origin(&self, request: &Request<Body>) -> Result<()> {
        let url = Url::parse(&request.uri().to_string());
        let known = |url: &Url| {
            let endpoints = &self.shared.endpoints;
            endpoints.iter().any(|endpoint| endpoint.same_origin(url))
        };
        match url {
            Ok(url) if known(&url) => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Unexpected,
                "a request to another origin than the store's was held back",
            )),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.shared.provider)
            .field("endpoints", &self.shared.endpoints)
            .finish_non_exhaustive()
    }
}

impl Failed {
    fn for_good(error: Error) -> Self {
        Self {
            error,
            again: false,
            lost: false,
            wait: None,
        }
    }

    fn unanswered(error: &super::SendError, repeat: Repeat) -> Self {
        let (kind, lost, helps) = match error.kind() {
            SendErrorKind::Setup => (ErrorKind::Config, false, false),
            SendErrorKind::NotSent => (ErrorKind::Unavailable, false, true),
            SendErrorKind::TimedOut => (ErrorKind::Timeout, true, true),
            SendErrorKind::AnswerLost => (ErrorKind::Unavailable, true, true),
            SendErrorKind::AnswerTooLarge => (ErrorKind::Decode, true, false),
        };
        let error = Error::new(kind, format!("no answer: {error}"));
        Self::ended(error, repeat, lost, helps, None)
    }

    fn refused(error: Error, repeat: Repeat, wait: Option<Duration>) -> Self {
        // A service that turns a request away for the rate has not begun it.
        let (lost, helps) = match error.kind() {
            ErrorKind::RateLimited => (false, true),
            ErrorKind::Unavailable | ErrorKind::Timeout => (true, true),
            _ => (false, false),
        };
        // An adapter may know a service's pace that the answer doesn't tell.
        let (error, wait) = match error.retry() {
            Retry::After(None) => (error.with_retry(Retry::After(wait)), wait),
            Retry::After(known) => (error, wait.or(known)),
            _ => (error, wait),
        };
        Self::ended(error, repeat, lost, helps, wait)
    }

    fn ended(
        error: Error,
        repeat: Repeat,
        lost: bool,
        helps: bool,
        wait: Option<Duration>,
    ) -> Self {
        Self {
            error,
            again: helps && (!lost || repeat == Repeat::Safe),
            lost,
            wait,
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unexpected, "the client is closed")
}
