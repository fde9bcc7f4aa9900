//! The one file that names reqwest.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method};
use zeroize::{Zeroize, Zeroizing};

use super::{Body, SendError, SendErrorKind, Transport};

/// The default [`Transport`]: reqwest on rustls, redirects off.
///
/// Loopback and metadata addresses are reached without a proxy, and plain
/// http without a CA store.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::ReqwestTransport;
/// use std::time::Duration;
///
/// let transport = ReqwestTransport::builder()
///     .connect_timeout(Duration::from_secs(2))
///     .build();
/// ```
pub struct ReqwestTransport {
    options: ReqwestTransportBuilder,
    plain: OnceLock<reqwest::Client>,
    local: OnceLock<reqwest::Client>,
    remote: OnceLock<reqwest::Client>,
}

/// What can be set of a [`ReqwestTransport`].
#[derive(Clone, Debug)]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    read_timeout: Duration,
    max_answer_bytes: usize,
}

impl ReqwestTransport {
    /// Starts with the defaults: 10 s to connect, 30 s between two reads, answers of at most 8 MiB.
    #[must_use]
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            max_answer_bytes: 8 * 1024 * 1024,
        }
    }

    /// The client for `uri`: clients are made when first needed, since one for
    /// https fails on a machine without a CA store that plain http never asks for.
    fn client(&self, uri: &http::Uri) -> Result<&reqwest::Client, SendError> {
        let near = super::is_near(uri.host().unwrap_or_default());
        let secure = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let slot = match (secure, near) {
            (false, _) => &self.plain,
            (true, true) => &self.local,
            (true, false) => &self.remote,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.options.client(secure, near)?;
        Ok(slot.get_or_init(|| client))
    }
}

impl Default for ReqwestTransport {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl ReqwestTransportBuilder {
    /// How long a connection may take to come about.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the service may be silent within an answer.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// The largest answer that is taken, in bytes.
    #[must_use]
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// The transport; nothing is opened yet.
    #[must_use]
    pub fn build(self) -> ReqwestTransport {
        ReqwestTransport {
            options: self,
            plain: OnceLock::new(),
            local: OnceLock::new(),
            remote: OnceLock::new(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that makes clients"
    )]
    fn client(&self, secure: bool, near: bool) -> Result<reqwest::Client, SendError> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.read_timeout)
            .user_agent(concat!("polyvault/", env!("CARGO_PKG_VERSION")));
        if !secure {
            builder = builder.tls_certs_only([]);
        }
        if near || !secure {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            SendError::new(
                SendErrorKind::Setup,
                format!("no HTTPS client: {}", root_cause(error)),
            )
        })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Body>, SendError> {
        let client = self.client(request.uri())?;
        let mut request = reqwest::Request::try_from(request.map(Body::into_bytes))
            .map_err(|error| SendError::new(SendErrorKind::Setup, root_cause(error)))?;
        *request.timeout_mut() = Some(timeout);
        // The client tells no length of a body of no bytes, and gateways refuse such a write with 411.
        let writes = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
        if writes
            && request
                .body()
                .is_none_or(|body| body.as_bytes() == Some(b""))
        {
            let none = HeaderValue::from_static("0");
            request.headers_mut().insert(CONTENT_LENGTH, none);
        }

        let mut answer = client.execute(request).await.map_err(unanswered)?;

        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        *response.body_mut() = self.read(&mut answer).await?;
        Ok(response)
    }
}

impl ReqwestTransport {
    async fn read(&self, answer: &mut reqwest::Response) -> Result<Body, SendError> {
        let bound = self.options.max_answer_bytes;
        let too_large = || {
            let message = format!("the answer is larger than {bound} bytes");
            Err(SendError::new(SendErrorKind::AnswerTooLarge, message))
        };
        let told = answer.content_length().unwrap_or(0);
        let told = usize::try_from(told).unwrap_or(usize::MAX);
        if told > bound {
            return too_large();
        }
        let mut body = Zeroizing::new(Vec::with_capacity(told));
        while let Some(chunk) = answer.chunk().await.map_err(unanswered)? {
            if chunk.len() > bound - body.len() {
                return too_large();
            }
            append_wiped(&mut body, &chunk);
            // The client's own buffer is wiped where nobody else holds it.
            if let Ok(mut chunk) = chunk.try_into_mut() {
                BytesMut::as_mut(&mut chunk).zeroize();
            }
        }
        Ok(Body::from_wiped(body))
    }
}

fn unanswered(error: reqwest::Error) -> SendError {
    let kind = if error.is_builder() {
        SendErrorKind::Setup
    } else if error.is_connect() {
        SendErrorKind::NotSent
    } else if error.is_timeout() {
        SendErrorKind::TimedOut
    } else {
        SendErrorKind::AnswerLost
    };
    SendError::new(kind, root_cause(error))
}

/// The innermost cause: reqwest's own words around it carry the URL.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Appends to a buffer and, where it must grow, wipes the one it leaves.
fn append_wiped(buffer: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    if buffer.capacity() - buffer.len() < bytes.len() {
        let capacity = (buffer.len() + bytes.len()).max(buffer.capacity() * 2);
        let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
        grown.extend_from_slice(buffer);
        *buffer = grown;
    }
    buffer.extend_from_slice(bytes);
}
