//! How requests reach a service: sending, retrying, signing in, reading answers.
//!
//! Adapters build [`http::Request`]s and read [`http::Response`]s as pure
//! functions; everything between the two is here, once.

mod body;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

pub use self::body::Body;
#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestTransport, ReqwestTransportBuilder};

/// Sends one request and reads the whole answer.
///
/// It follows no redirect, repeats nothing and judges no status: an answer of
/// any status is `Ok`. It bounds the size of the answer, and never puts a URL,
/// a header or a body in an error.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and gives the answer, within `timeout` from first byte to last.
    ///
    /// # Errors
    ///
    /// [`SendError`], which tells whether the service can have seen the request.
    async fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Body>, SendError>;
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// The client itself could not be made, say for want of a CA store: nothing was sent.
    Setup,
    /// No connection came about: the service has not seen the request.
    NotSent,
    /// The request went out and no answer came in time.
    TimedOut,
    /// The request went out and the connection ended before the whole answer was in.
    AnswerLost,
    /// The answer was larger than the bound, and was dropped.
    AnswerTooLarge,
}

/// A request that got no answer.
#[derive(Debug)]
pub struct SendError {
    kind: SendErrorKind,
    message: String,
}

impl SendError {
    /// An error of `kind`; `message` holds no URL, header or body.
    pub fn new(kind: SendErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// What became of the request.
    #[must_use]
    pub fn kind(&self) -> SendErrorKind {
        self.kind
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SendError {}

/// Whether `host` is this machine or its cloud's metadata service: plain http
/// is allowed there, and no proxy stands between.
#[must_use]
pub fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.eq_ignore_ascii_case("localhost") || host == "169.254.169.254" {
        return true;
    }
    host.parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback())
}
