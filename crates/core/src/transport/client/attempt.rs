//! One attempt of a request, and how it ended.

use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use secrecy::ExposeSecret;
use url::Url;
use zeroize::Zeroizing;

use super::super::retry::server_wait;
use super::super::{Body, Refusal, SendError, SendErrorKind, Token};
use super::{Call, Client, Repeat, Scheme};
use crate::{Error, ErrorKind, Result, Retry};

impl Client {
    pub(super) async fn attempt(
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
    pub(super) fn check_origin(&self, request: &Request<Body>) -> Result<()> {
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

/// How an attempt ended that gave no success.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether another attempt may help and does no harm.
    pub(super) again: bool,
    /// Whether the service may have done what was asked.
    pub(super) lost: bool,
    pub(super) wait: Option<Duration>,
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

    fn unanswered(error: &SendError, repeat: Repeat) -> Self {
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
