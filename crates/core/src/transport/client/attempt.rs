//! One attempt of a request, and how it ended.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use url::Url;
use zeroize::Zeroizing;

use super::super::echo::Sent;
use super::super::rate::later;
use super::super::retry::server_wait;
use super::super::throttle::Throttle;
use super::super::{Body, Endpoint, Refusal, SendError, SendErrorKind, Token, json};
use super::{Call, Client, Repeat, Scheme};
use crate::error::tamed;
use crate::observability::{Event, TARGET, ended, since};
use crate::{Error, ErrorKind, Result, Retry};

impl Client {
    /// Sends the request once and tells what came of it.
    pub(super) async fn attempt(
        &self,
        call: &Call<'_>,
        throttle: &Throttle,
        token: Option<&Token>,
        attempt: u32,
        left: Duration,
    ) -> Result<Response<Body>, Failed> {
        let shared = &self.shared;
        let header = token.map(|token| self.authorization(token)).transpose();
        let header = header.map_err(Failed::for_good)?;
        let span = tracing::debug_span!(
            target: TARGET,
            "polyvault.attempt",
            otel.kind = "client",
            http.request.method = call.request.method().as_str(),
            http.request.resend_count = (attempt > 1).then(|| attempt - 1),
            http.request.body.size = call.request.body().len(),
            http.response.status_code = Empty,
            http.response.body.size = Empty,
            polyvault.request_id = Empty,
            polyvault.elapsed_ms = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        );
        let mut request = call.request.clone();
        if let Some(header) = header {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let started = shared.clock.now();
        let sending = shared
            .transport
            .send(request, shared.retry.attempt.min(left));
        let answer = sending.instrument(span.clone()).await;
        let elapsed = since(started, &*shared.clock);
        #[expect(clippy::disallowed_methods, reason = "to know it again in the answer")]
        let credential = token.map_or("", |token| token.secret.expose_secret());
        let sent = Sent {
            credential,
            headers: call.request.headers(),
            body: call.request.body().as_bytes(),
        };
        if let Ok(answer) = &answer {
            self.tell_answer(&span, answer, &sent);
        }
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        let received = answer.as_ref().map_or(0, |answer| answer.body().len());
        let mut outcome = self.judge(call, answer, sent);
        self.learn_pace(throttle, (started, later(started, elapsed)), &mut outcome);
        let failed = outcome.as_ref().err();
        ended(&span, elapsed, failed.map(|failed| &failed.error));
        span.in_scope(|| match (status, failed) {
            (Some(_), None) => tracing::debug!(target: TARGET, "answered"),
            (Some(_), Some(_)) => tracing::debug!(target: TARGET, "refused"),
            (None, _) => tracing::debug!(target: TARGET, "no answer"),
        });
        shared.watch.tell(|provider| Event::Attempt {
            provider,
            operation: call.operation,
            attempt,
            status,
            error: failed.map(|failed| failed.error.kind()),
            lost: failed.is_some_and(|failed| failed.lost),
            elapsed,
            sent: bytes(call.request.body().len()),
            received: bytes(received),
        });
        if let Some(failed) = failed.filter(|f| f.error.kind() == ErrorKind::RateLimited) {
            shared.watch.tell(|provider| Event::Throttled {
                provider,
                operation: call.operation,
                wait: failed.wait,
            });
        }
        outcome
    }

    /// Hands on to the throttle and the budget how well the service is.
    fn learn_pace(
        &self,
        throttle: &Throttle,
        (begun, now): (Timestamp, Timestamp),
        outcome: &mut Result<Response<Body>, Failed>,
    ) {
        match outcome {
            Err(failed) if failed.asks_for_a_pause() => {
                let kind = failed.error.kind();
                let others = throttle.refused((begun, now), kind, failed.wait);
                failed.free = others && kind == ErrorKind::RateLimited;
            }
            Err(failed) if failed.tells_of_trouble() => {}
            // A refusal for another reason is the answer of a service that is well.
            _ => {
                self.shared.budget.earn();
                throttle.went_through(now);
            }
        }
    }

    fn tell_answer(&self, span: &Span, answer: &Response<Body>, sent: &Sent<'_>) {
        span.record("http.response.status_code", answer.status().as_u16());
        span.record("http.response.body.size", answer.body().len());
        let id = answer.headers().get(self.shared.request_id);
        let id = id.and_then(|id| id.to_str().ok()).map(tamed);
        if let Some(id) = id.filter(|id| !sent.repeated_in(id)) {
            span.record("polyvault.request_id", id);
        }
    }

    fn judge(
        &self,
        call: &Call<'_>,
        answer: Result<Response<Body>, SendError>,
        sent: Sent<'_>,
    ) -> Result<Response<Body>, Failed> {
        let response = match answer {
            Ok(response) if response.status().is_success() => {
                return match cut_off(&response) {
                    Some(error) => Err(Failed::ended(error, call.repeat, true, true, None)),
                    None => Ok(response),
                };
            }
            Ok(response) => response,
            Err(error) => return Err(Failed::unanswered(&error, call.repeat)),
        };
        let refusal = Refusal {
            response: &response,
            sent,
        };
        let error = (self.shared.refusal)(&refusal).with_status(refusal.status());
        let error = error.without(|told| sent.repeated_in(told));
        let wait = server_wait(response.headers(), self.shared.clock.now());
        let headers = response.into_parts().0.headers;
        Err(Failed {
            headers: Box::new(headers),
            ..Failed::refused(error, call.repeat, wait)
        })
    }

    fn authorization(&self, token: &Token) -> Result<HeaderValue> {
        #[expect(clippy::disallowed_methods, reason = "the Authorization header")]
        let secret = token.secret.expose_secret();
        let prefix = match self.shared.scheme {
            Scheme::Raw | Scheme::Absent => "",
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
    /// to the store's own origins only. Endpoints of one origin share the first one's throttle.
    pub(super) fn throttle(&self, request: &Request<Body>) -> Result<&Throttle> {
        let url = Url::parse(&request.uri().to_string()).ok();
        let known = |(endpoint, _): &&(Endpoint, Throttle)| {
            url.as_ref().is_some_and(|url| endpoint.same_origin(url))
        };
        match self.shared.endpoints.iter().find(known) {
            Some((_, throttle)) => Ok(throttle),
            None => Err(Error::new(
                ErrorKind::Unexpected,
                "a request to another origin than the store's was held back",
            )),
        }
    }
}

/// How an attempt ended that gave no success.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether another attempt may help and does no harm.
    pub(super) again: bool,
    /// Whether the service may have done what was asked.
    pub(super) lost: bool,
    pub(super) wait: Option<Duration>,
    /// Whether a repeat costs nothing, since the throttle keeps the pace.
    pub(super) free: bool,
    /// What the refusal said beside its body; a 401 says for what to sign in.
    pub(super) headers: Box<HeaderMap>,
}

impl Failed {
    pub(super) fn for_good(error: Error) -> Self {
        Self {
            error,
            again: false,
            lost: false,
            wait: None,
            free: false,
            headers: Box::default(),
        }
    }

    /// The same end, told by another error: that of what was made of the refusal.
    pub(super) fn with(&self, error: Error) -> Self {
        let status = self.error.status();
        let error = status.map_or(error.clone(), |status| error.with_status(status));
        Self::for_good(match self.error.request_id() {
            Some(id) => error.with_request_id(id),
            None => error,
        })
    }

    fn asks_for_a_pause(&self) -> bool {
        match self.error.kind() {
            ErrorKind::RateLimited => true,
            ErrorKind::Unavailable => self.wait.is_some(),
            _ => false,
        }
    }

    fn tells_of_trouble(&self) -> bool {
        let kind = self.error.kind();
        self.error.status().is_none() || matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout)
    }

    fn unanswered(error: &SendError, repeat: Repeat) -> Self {
        let (kind, lost, helps) = match error.kind() {
            SendErrorKind::Setup => (ErrorKind::Config, false, false),
            SendErrorKind::NotSent => (ErrorKind::Unavailable, false, true),
            SendErrorKind::TimedOut => (ErrorKind::Timeout, true, true),
            SendErrorKind::AnswerLost => (ErrorKind::Unavailable, true, true),
            SendErrorKind::AnswerTooLarge => (ErrorKind::Decode, true, false),
            SendErrorKind::Untrusted => (ErrorKind::Config, false, false),
            SendErrorKind::Redirected => (ErrorKind::Config, true, false),
        };
        let told = Error::new(kind, format!("no answer: {error}"));
        let error = match error.help() {
            Some(help) => told.with_help(help),
            None => told,
        };
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
            free: false,
            headers: Box::default(),
        }
    }
}

/// A connection that dies within an answer whose length nobody told leaves what looks like a whole one.
fn cut_off(answer: &Response<Body>) -> Option<Error> {
    let kind = answer.headers().get(CONTENT_TYPE);
    let other = kind.is_some_and(|kind| !kind.to_str().is_ok_and(|kind| kind.contains("json")));
    match other {
        true => None,
        false => json::cut_off(answer.body().as_bytes()),
    }
}

fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
