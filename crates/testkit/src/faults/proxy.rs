//! The proxy: a port, its connections, and how a store gets there.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, Uri};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use polyvault_core::transport::{
    Body, ClientOptions, ReqwestTransport, SendError, SendErrorKind, Transport,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::answer::{Shared, is_here};
use super::reply::{End, Ending};
use super::{FaultPlan, Traced};

/// A proxy on a port of 127.0.0.1 that stands before any emulator and does to its answers what a plan says.
///
/// It speaks HTTP/1.1, with one request a connection, and takes requests as a proxy is sent them, so that
/// links and ids of the service stay as they are; over TLS it can't look, so the emulator serves plain http. It passes
/// requests on to this machine alone, and ends when it is dropped.
///
/// # Example
///
/// ```
/// use polyvault::azure_key_vault::emulator::Emulator;
/// use polyvault_core::{GetOptions, SecretStoreExt};
/// use polyvault_testkit::faults::{Fault, FaultPlan, FaultProxy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let vault = Emulator::start().await;
/// vault.seed("db-password", ["s3cret"])?;
/// let proxy = FaultProxy::start(FaultPlan::new(7).once(Fault::CutBody)).await?;
/// let store = vault.store_with(proxy.options());
///
/// // The cut answer is asked for again.
/// let read = store.get_with("db-password", GetOptions::default()).await?;
///
/// assert_eq!(read.payload.single()?.expose_text()?, "s3cret");
/// let trace: Vec<_> = proxy.trace().iter().map(ToString::to_string).collect();
/// assert_eq!(trace, ["GET /secrets/db-password: cut body", "GET /secrets/db-password"]);
/// # Ok(())
/// # }
/// ```
///
/// # Example: a client of another kind
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault::transport::ReqwestTransport;
/// use polyvault::wix_secrets::emulator::Emulator;
/// use polyvault_testkit::faults::{FaultPlan, FaultProxy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let site = Emulator::start().await;
/// let proxy = FaultProxy::before(&site.url(), FaultPlan::new(7)).await?;
/// // For its variable `http_proxy`, or in place of the service's URL:
/// assert!(proxy.url().starts_with("http://127.0.0.1:"));
/// // For a store whose transport has bounds of its own:
/// let small = ReqwestTransport::builder().max_answer_bytes(64 * 1024).build();
/// let transport = proxy.through(Arc::new(small));
/// # let _ = transport;
/// assert_eq!(proxy.endless_bytes(), 0);
/// # Ok(())
/// # }
/// ```
pub struct FaultProxy {
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl FaultProxy {
    /// Starts on a free port. To be called in a tokio runtime with I/O.
    ///
    /// # Errors
    ///
    /// If it can't listen.
    pub async fn start(plan: FaultPlan) -> io::Result<Self> {
        Self::serve(None, plan).await
    }

    /// The same, and what is sent to its own [`url`](Self::url), as by a client that knows no proxies, goes to the
    /// service at `origin`, such as `http://127.0.0.1:4711`. Links of the service lead past the proxy then.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the service is not on this machine; else if it can't listen.
    pub async fn before(origin: &str, plan: FaultPlan) -> io::Result<Self> {
        if !is_here(origin) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "faults are for services on this machine: a request may hold a credential",
            ));
        }
        let origin = origin.trim_end_matches('/');
        Self::serve(Some(origin.to_owned()), plan).await
    }

    async fn serve(service: Option<String>, plan: FaultPlan) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let shared = Arc::new(Shared {
            plan,
            address: listener.local_addr()?,
            service,
            upstream: ReqwestTransport::default(),
            state: Default::default(),
            endless: Arc::new(AtomicU64::new(0)),
        });
        let accepting = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            // Each connection ends with this task.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((stream, _)) = accepted {
                            connections.spawn(connection(stream, Arc::clone(&accepting)));
                        }
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { shared, serving })
    }

    /// Where it listens, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// Options of a store that reaches its service through the proxy.
    #[must_use]
    pub fn options(&self) -> ClientOptions {
        ClientOptions {
            transport: Some(self.through(Arc::new(ReqwestTransport::default()))),
            ..ClientOptions::default()
        }
    }

    /// What sends requests by `inner`, with its timeouts and bounds, and through the proxy.
    #[must_use]
    pub fn through(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(Through {
            inner,
            proxy: self.shared.address,
        })
    }

    /// What came so far, in the order in which it came.
    ///
    /// The same requests one after the other get the same faults in every run. Of requests that race, each gets the same, in
    /// another order: sort both traces. Only `at`, `once` and what is remembered from an answer go by who came first.
    #[must_use]
    pub fn trace(&self) -> Vec<Traced> {
        self.shared.state().trace.clone()
    }

    /// How many bytes of endless bodies were handed out: what a client read before it gave up, and what lay in buffers.
    #[must_use]
    pub fn endless_bytes(&self) -> u64 {
        self.shared.endless.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy")
            .field("url", &self.url())
            .field("plan", &self.shared.plan)
            .finish_non_exhaustive()
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let (ending, mut end) = mpsc::unbounded_channel();
    let service = service_fn(move |request| {
        let (shared, ending) = (Arc::clone(&shared), Ending(ending.clone()));
        async move { Ok::<_, Infallible>(shared.answer(request, ending).await) }
    });
    // Else a reset could hit a connection on which the client has sent the next request already.
    let mut connection = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        biased;
        _ = &mut connection => {}
        Some(end) = end.recv() => {
            let stream = connection.into_parts().io.into_inner();
            if let End::Reset = end {
                let _ = stream.set_zero_linger();
            }
        }
    }
}

/// Sends to the proxy, and names the service as the host.
#[derive(Debug)]
struct Through {
    inner: Arc<dyn Transport>,
    proxy: SocketAddr,
}

#[async_trait]
impl Transport for Through {
    async fn send(
        &self,
        mut request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let Some((uri, host)) = redirected(request.uri(), self.proxy) else {
            let message = "only plain http goes through the proxy of faults";
            return Err(SendError::new(SendErrorKind::Setup, message));
        };
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, host);
        self.inner.send(request, timeout).await
    }
}

fn redirected(uri: &Uri, proxy: SocketAddr) -> Option<(Uri, HeaderValue)> {
    let mut parts = uri.clone().into_parts();
    if uri.scheme_str() != Some("http") {
        return None;
    }
    let host = parts.authority.take()?;
    let host = HeaderValue::from_str(host.as_str()).ok()?;
    parts.authority = Some(Authority::try_from(proxy.to_string()).ok()?);
    Some((Uri::from_parts(parts).ok()?, host))
}
