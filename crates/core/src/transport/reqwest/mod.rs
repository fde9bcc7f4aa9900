//! The one folder that names reqwest, and rustls below it.

mod options;
mod proxy;
mod tls;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method};
use zeroize::{Zeroize, Zeroizing};

pub use self::options::ReqwestTransportBuilder;
pub use self::proxy::Proxy;
use super::{Body, SendError, SendErrorKind, Transport};

/// The default [`Transport`]: reqwest on rustls, redirects off.
///
/// Loopback and metadata addresses are reached without a proxy, and plain
/// http without a CA store. Clones of a store share its connections; stores share
/// them where they are handed the same transport.
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
    clients: Clients,
    max_answer_bytes: usize,
}

enum Clients {
    Given(reqwest::Client),
    Own(Box<Own>),
}

/// Clients are made when first needed, since one for https fails on a machine
/// without a CA store that plain http never asks for.
struct Own {
    options: ReqwestTransportBuilder,
    plain: OnceLock<reqwest::Client>,
    local: OnceLock<reqwest::Client>,
    remote: OnceLock<reqwest::Client>,
}

impl ReqwestTransport {
    /// Starts with the defaults: 10 s to connect, 30 s between two reads, answers of at most
    /// 8 MiB, HTTP/2 where the service speaks it, the system's CAs, and the proxy of the
    /// variables `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }

    /// Sends by a client of the caller's, with its timeouts, CAs, proxies and headers.
    ///
    /// Answers stay bounded at 8 MiB and each request has its deadline. What the client decides
    /// is no longer kept: make it with `redirect(Policy::none())`, or a redirect takes the
    /// request along, in the worst case with a value to another host; the answer is then refused,
    /// which comes too late. A proxy of its own also stands before loopback and metadata
    /// addresses unless its `no_proxy` names them. A certificate that is refused is told as
    /// such only where the client runs on rustls.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::ReqwestTransport;
    /// use std::time::Duration;
    ///
    /// let client = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .read_timeout(Duration::from_secs(30))
    ///     .build()?;
    /// let transport = ReqwestTransport::from_client(client);
    /// # Ok::<(), reqwest::Error>(())
    /// ```
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self {
            clients: Clients::Given(client),
            max_answer_bytes: options::MAX_ANSWER_BYTES,
        }
    }

    fn client(&self, uri: &http::Uri) -> Result<&reqwest::Client, SendError> {
        match &self.clients {
            Clients::Given(client) => Ok(client),
            Clients::Own(own) => own.client(uri),
        }
    }
}

impl Own {
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
        let client = self.options.client(secure, near).map_err(|error| {
            let message = format!("no HTTPS client: {}", root_cause(error));
            SendError::new(SendErrorKind::Setup, message).with_help(
                "Install the system's CA certificates, or name the service's CA with `ca_file`.",
            )
        })?;
        Ok(slot.get_or_init(|| client))
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ReqwestTransport");
        // A client shows its headers, and one that was handed in may hold a credential there.
        if let Clients::Own(own) = &self.clients {
            shown.field("options", &own.options);
        }
        shown.finish_non_exhaustive()
    }
}

impl Default for ReqwestTransport {
    fn default() -> Self {
        Self::builder().build()
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

        let asked = request.url().clone();

        let mut answer = client.execute(request).await.map_err(unanswered)?;
        // Ours follows none; of a client that was handed in nobody knows.
        if *answer.url() != asked {
            return Err(SendError::new(
                SendErrorKind::Redirected,
                "the client followed a redirect, and the answer is not the service's",
            )
            .with_help("Make the client with `redirect(reqwest::redirect::Policy::none())`."));
        }

        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = own_headers(std::mem::take(answer.headers_mut()));
        *response.body_mut() = self.read(&mut answer).await?;
        Ok(response)
    }
}

impl ReqwestTransport {
    async fn read(&self, answer: &mut reqwest::Response) -> Result<Body, SendError> {
        let bound = self.max_answer_bytes;
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
            wipe(chunk);
        }
        Ok(Body::from_wiped(body))
    }
}

fn unanswered(error: reqwest::Error) -> SendError {
    if let Some(refused) = tls::refused(&error) {
        return refused;
    }
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

/// Wipes the client's own buffer where nobody else holds a part of it: all of it, as parts before are of the same
/// answer.
fn wipe(chunk: Bytes) {
    if let Ok(mut chunk) = chunk.try_into_mut() {
        chunk.clear();
        let more = chunk.capacity() + 1;
        let _ = chunk.try_reclaim(more);
        chunk.resize(chunk.capacity(), 0);
        chunk.as_mut().zeroize();
    }
}

/// Headers of their own memory: the client's are parts of what it read, which also holds the begin of the body and
/// would live, unwiped, as long as they do.
fn own_headers(read: HeaderMap) -> HeaderMap {
    let own = read.iter().filter_map(|(name, value)| {
        let mut own = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        own.set_sensitive(value.is_sensitive());
        Some((name.clone(), own))
    });
    let mut headers = HeaderMap::with_capacity(read.len());
    for (name, value) in own {
        headers.append(name, value);
    }
    headers
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
