//! How requests reach a service: sending, retrying, signing in, reading answers.
//!
//! Adapters build [`http::Request`]s and read [`http::Response`]s as pure
//! functions; everything between the two is here, once.

mod advice;
mod body;
mod client;
mod echo;
mod endpoint;
mod issuer;
pub mod json;
mod rate;
mod refusal;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry;
mod throttle;
mod token;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};

pub use self::advice::Advice;
pub use self::body::Body;
pub use self::client::{Call, Client, ClientOptions, Repeat, Scheme, Service};
pub use self::endpoint::{Endpoint, UrlBuilder};
pub use self::issuer::{Issuer, bearer_token, credential_file, form, oauth_refused};
pub use self::rate::Rate;
pub use self::refusal::{Refusal, RefusalRow, classify, unknown_status};
#[cfg(feature = "reqwest")]
pub use self::reqwest::{Proxy, ReqwestTransport, ReqwestTransportBuilder};
pub use self::retry::{RetryPolicy, server_wait};
pub use self::token::{ReadyToken, Token, TokenCache, TokenSource};

/// Sends one request and reads the whole answer.
///
/// It follows no redirect, repeats nothing and judges no status: an answer of
/// any status is `Ok`. It bounds the size of the answer, and never puts a URL,
/// a header or a body in an error.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use async_trait::async_trait;
/// use http::{Request, Response, StatusCode};
/// use polyvault_core::transport::{Body, SendError, SendErrorKind, Transport};
///
/// /// A network that is down for all hosts but one.
/// #[derive(Debug)]
/// struct OneHost(&'static str);
///
/// #[async_trait]
/// impl Transport for OneHost {
///     async fn send(&self, request: Request<Body>, _: Duration) -> Result<Response<Body>, SendError> {
///         if request.uri().host() != Some(self.0) {
///             return Err(SendError::new(SendErrorKind::NotSent, "no route to the host"));
///         }
///         let mut response = Response::new(Body::empty());
///         *response.status_mut() = StatusCode::NO_CONTENT;
///         Ok(response)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let request = Request::get("https://other.example/").body(Body::empty()).expect("a request");
/// let error = OneHost("example.com").send(request, Duration::from_secs(1)).await.unwrap_err();
/// assert_eq!(error.kind(), SendErrorKind::NotSent);
/// # }
/// ```
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
    /// One side's certificate was not accepted by the other: the service has not seen the request.
    Untrusted,
    /// A client that was handed in followed a redirect; the answer was dropped.
    Redirected,
}

/// A request that got no answer.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::{SendError, SendErrorKind};
///
/// let error = SendError::new(SendErrorKind::NotSent, "the tunnel is down")
///     .with_help("Start the tunnel.");
/// assert_eq!((error.kind(), error.help()), (SendErrorKind::NotSent, Some("Start the tunnel.")));
/// ```
#[derive(Debug)]
pub struct SendError {
    kind: SendErrorKind,
    message: String,
    help: Option<&'static str>,
}

impl SendError {
    /// An error of `kind`; `message` holds no URL, header or body.
    pub fn new(kind: SendErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
        }
    }

    /// Says what to do next.
    #[must_use]
    pub fn with_help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    /// What became of the request.
    #[must_use]
    pub fn kind(&self) -> SendErrorKind {
        self.kind
    }

    /// What to do next, where more can be said than for the kind.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        self.help
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SendError {}

/// What sends requests where nothing was handed in: reqwest, where it is compiled in. A store and
/// its sign-in share one.
///
/// # Errors
///
/// `Config` if none is compiled in.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use polyvault_core::transport::{ClientOptions, default_transport};
///
/// let options = ClientOptions { transport: Some(default_transport()?), ..ClientOptions::default() };
/// # let _ = options;
/// # }
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[cfg(feature = "reqwest")]
pub fn default_transport() -> crate::Result<Arc<dyn Transport>> {
    Ok(Arc::new(ReqwestTransport::default()))
}

/// What sends requests where nothing was handed in: none is compiled in here.
///
/// # Errors
///
/// `Config`, always.
#[cfg(not(feature = "reqwest"))]
pub fn default_transport() -> crate::Result<Arc<dyn Transport>> {
    Err(crate::Error::new(
        crate::ErrorKind::Config,
        "field `transport`: none is compiled in, so one must be handed in",
    )
    .with_help("Turn on the feature `reqwest`, or set the transport in the builder."))
}

/// A request for JSON, with a JSON body where there is one.
///
/// # Example
///
/// ```
/// use http::{Method, Uri};
/// use polyvault_core::transport::{json, request};
///
/// let uri = Uri::from_static("https://example.com/secrets");
/// let body = json::encode(&["a"])?;
/// let request = request(Method::POST, uri, Some(body));
/// assert_eq!(request.headers()["content-type"], "application/json");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[must_use]
pub fn request(method: Method, uri: Uri, body: Option<Body>) -> http::Request<Body> {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let has_body = body.is_some();
    let mut request = http::Request::new(body.unwrap_or_default());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request.headers_mut().insert(ACCEPT, JSON);
    if has_body {
        request.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    request
}

/// Whether `host` is this machine or on its own link, as its cloud's metadata services are: plain
/// http is allowed there, and no proxy stands between.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::is_near;
///
/// assert!(is_near("localhost") && is_near("[::1]") && is_near("169.254.169.254"));
/// assert!(!is_near("example.com"));
/// ```
#[must_use]
pub fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}
