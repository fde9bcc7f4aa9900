//! What can be set of the transport.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::tls::{self, Origin};
use super::{Clients, Own, Proxy, ReqwestTransport};
use crate::{Error, ErrorKind, Result};

pub(super) const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

const PRODUCT: &str = concat!("polyvault/", env!("CARGO_PKG_VERSION"));

/// What can be set of a [`ReqwestTransport`].
///
/// # Timeouts
///
/// Three bounds add up, each in real time. One request with all its repeats ends within
/// [`RetryPolicy::total`](crate::transport::RetryPolicy::total) (90 s); each attempt within
/// [`RetryPolicy::attempt`](crate::transport::RetryPolicy::attempt) (30 s) and what is left of
/// the total; and within an attempt, connecting and each silence have the bounds set here. An
/// operation of several requests, such as a `put` that reads first, has the total for each.
///
/// # Example
///
/// Times, connections, the version of HTTP and the user agent:
///
/// ```
/// use polyvault_core::transport::{ClientOptions, ReqwestTransport, RetryPolicy};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// let transport = ReqwestTransport::builder()
///     .connect_timeout(Duration::from_secs(2))
///     .read_timeout(Duration::from_secs(5))
///     .pool_max_idle_per_host(4)
///     .pool_idle_timeout(Duration::from_secs(30))
///     .http1_only()
///     .user_agent("my-app/1.2")?
///     .build();
/// let options = ClientOptions {
///     transport: Some(Arc::new(transport)),
///     retry: RetryPolicy { total: Duration::from_secs(20), ..RetryPolicy::default() },
///     ..ClientOptions::default()
/// };
/// # Ok::<(), polyvault_core::Error>(())
/// ```
///
/// # Example
///
/// A private CA, a client certificate and a proxy, of which a service in one's own network may
/// need all:
///
/// ```
/// use polyvault_core::transport::{ClientOptions, Proxy, ReqwestTransport};
/// use std::sync::Arc;
///
/// # let made = rcgen::generate_simple_self_signed(["vault.test".to_owned()]).expect("a certificate");
/// # let (ca, key) = (made.cert.pem(), made.signing_key.serialize_pem());
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let (ca_path, client_path) = (folder.path().join("ca.pem"), folder.path().join("client.pem"));
/// # std::fs::write(&ca_path, &ca).expect("written");
/// # std::fs::write(&client_path, format!("{ca}{key}")).expect("written");
/// let transport = ReqwestTransport::builder()
///     .ca_file(&ca_path)?
///     .client_certificate_file(&client_path)?
///     .proxy(Proxy::new("http://proxy.example:3128")?)
///     .build();
///
/// // The same without files, where no public CA is to be trusted, over HTTP/2 alone.
/// let transport = ReqwestTransport::builder()
///     .ca_pem(&ca)?
///     .ca_only()
///     .client_certificate_pem(&format!("{ca}{key}").into())?
///     .http2_only()
///     .max_answer_bytes(1024 * 1024)
///     .build();
/// let options = ClientOptions {
///     transport: Some(Arc::new(transport)),
///     ..ClientOptions::default()
/// };
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    read_timeout: Duration,
    max_answer_bytes: usize,
    pool_max_idle_per_host: usize,
    pool_idle_timeout: Duration,
    http: Http,
    user_agent: HeaderValue,
    ca: Vec<reqwest::Certificate>,
    ca_only: bool,
    identity: Option<reqwest::Identity>,
    proxy: Route,
}

#[derive(Clone, Copy, Debug)]
enum Http {
    Negotiated,
    One,
    Two,
}

#[derive(Clone, Debug)]
enum Route {
    System,
    Direct,
    Proxy(Proxy),
}

impl Default for ReqwestTransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            max_answer_bytes: MAX_ANSWER_BYTES,
            pool_max_idle_per_host: usize::MAX,
            pool_idle_timeout: Duration::from_secs(90),
            http: Http::Negotiated,
            user_agent: HeaderValue::from_static(PRODUCT),
            ca: Vec::new(),
            ca_only: false,
            identity: None,
            proxy: Route::System,
        }
    }
}

impl ReqwestTransportBuilder {
    /// How long a connection may take to come about, with TLS and through a proxy; 10 s unless said.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the service may be silent within an answer; 30 s unless said.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// The largest answer that is taken, in bytes; 8 MiB unless said.
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// The most idle connections that are kept for one host; unless said there is no such bound,
    /// and at most as many as there were requests at a time. 0 keeps none.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.pool_max_idle_per_host = connections;
        self
    }

    /// How long an idle connection is kept; 90 s unless said.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool_idle_timeout = timeout;
        self
    }

    /// HTTP/1.1 only; unless said, TLS finds out whether the service speaks HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.http = Http::One;
        self
    }

    /// HTTP/2 only; over plain http it is spoken without asking.
    pub fn http2_only(mut self) -> Self {
        self.http = Http::Two;
        self
    }

    /// The caller's product, which the `User-Agent` names before polyvault's own.
    ///
    /// # Errors
    ///
    /// `Config` if it is empty or holds what no header can carry.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::ReqwestTransport;
    ///
    /// let transport = ReqwestTransport::builder().user_agent("my-app/1.2")?.build();
    /// assert!(ReqwestTransport::builder().user_agent("two\nlines").is_err());
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn user_agent(mut self, product: &str) -> Result<Self> {
        let visible = |c: char| c == ' ' || c.is_ascii_graphic();
        let header = HeaderValue::from_str(&format!("{product} {PRODUCT}"));
        match header {
            Ok(header) if !product.trim().is_empty() && product.chars().all(visible) => {
                self.user_agent = header;
                Ok(self)
            }
            _ => Err(Error::new(
                ErrorKind::Config,
                "field `user_agent`: one or more visible ASCII characters",
            )),
        }
    }

    /// Trusts these CAs beside the system's: PEM, one certificate or more.
    ///
    /// # Errors
    ///
    /// `Config` if there is no certificate in it, or one that can't be read.
    pub fn ca_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self> {
        let origin = Origin {
            field: "ca_pem",
            file: None,
        };
        self.ca.extend(tls::authorities(&origin, pem.as_ref())?);
        Ok(self)
    }

    /// Trusts the CAs of a PEM file beside the system's. The file is read now, once.
    ///
    /// # Errors
    ///
    /// `Config` that names the file if it can't be read, holds no certificate, or one that can't
    /// be read.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let origin = Origin {
            field: "ca_file",
            file: Some(path),
        };
        let pem = origin.read(path)?;
        self.ca.extend(tls::authorities(&origin, &pem)?);
        Ok(self)
    }

    /// Trusts none but the CAs given here; the system's are not even read.
    ///
    /// Unless said, the system's are: the certificate store of Windows and macOS; elsewhere the
    /// distribution's files or, in their place, those that the variables `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name.
    pub fn ca_only(mut self) -> Self {
        self.ca_only = true;
        self
    }

    /// Shows the service a certificate: PEM of the certificate, those between it and the CA, and
    /// its private key, unencrypted.
    ///
    /// What is held of it here is wiped; the TLS library keeps the key for as long as the
    /// transport lives, and does not wipe it.
    ///
    /// # Errors
    ///
    /// `Config` if one of them is missing or can't be read, or the key is another certificate's.
    pub fn client_certificate_pem(self, pem: &SecretString) -> Result<Self> {
        let origin = Origin {
            field: "client_certificate_pem",
            file: None,
        };
        #[expect(clippy::disallowed_methods, reason = "the key goes to the TLS library")]
        let pem = pem.expose_secret();
        self.identity(&origin, pem.as_bytes())
    }

    /// [`client_certificate_pem`](Self::client_certificate_pem) from a file, read now, once: a
    /// certificate that is renewed there needs a new transport.
    ///
    /// # Errors
    ///
    /// `Config` that names the file if it can't be read or is not as
    /// [`client_certificate_pem`](Self::client_certificate_pem) wants it.
    pub fn client_certificate_file(self, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let origin = Origin {
            field: "client_certificate_file",
            file: Some(path),
        };
        let pem = origin.read(path)?;
        self.identity(&origin, &pem)
    }

    /// Reaches services through this proxy, whatever the variables say; loopback and metadata
    /// addresses are still reached without.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Route::Proxy(proxy);
        self
    }

    /// Reaches services without a proxy, whatever the variables say.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::ReqwestTransport;
    ///
    /// let transport = ReqwestTransport::builder().no_proxy().build();
    /// ```
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Route::Direct;
        self
    }

    /// The transport; nothing is opened yet.
    #[must_use]
    pub fn build(self) -> ReqwestTransport {
        ReqwestTransport {
            max_answer_bytes: self.max_answer_bytes,
            clients: Clients::Own(Box::new(Own {
                options: self,
                plain: OnceLock::new(),
                local: OnceLock::new(),
                remote: OnceLock::new(),
            })),
        }
    }

    fn identity(mut self, origin: &Origin<'_>, pem: &[u8]) -> Result<Self> {
        let identity = tls::identity(origin, pem)?;
        // A client alone finds out whether key and certificate belong together.
        let bare = Self {
            identity: Some(identity.clone()),
            ca_only: true,
            ..Self::default()
        };
        bare.client(true, true)
            .map_err(|_| origin.refuse("its private key is not that of its first certificate"))?;
        self.identity = Some(identity);
        Ok(self)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that makes clients"
    )]
    pub(super) fn client(&self, secure: bool, near: bool) -> reqwest::Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_rustls()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.read_timeout)
            .pool_max_idle_per_host(self.pool_max_idle_per_host)
            .pool_idle_timeout(self.pool_idle_timeout)
            .user_agent(self.user_agent.clone());
        builder = match self.http {
            Http::Negotiated => builder,
            Http::One => builder.http1_only(),
            Http::Two => builder.http2_prior_knowledge(),
        };
        builder = match secure {
            false => builder.tls_certs_only([]),
            true if self.ca_only => builder.tls_certs_only(self.ca.clone()),
            true => builder.tls_certs_merge(self.ca.clone()),
        };
        if let (true, Some(identity)) = (secure, &self.identity) {
            builder = builder.identity(identity.clone());
        }
        builder = match &self.proxy {
            _ if near || !secure => builder.no_proxy(),
            Route::System => builder,
            Route::Direct => builder.no_proxy(),
            Route::Proxy(proxy) => builder.proxy(proxy.build()?),
        };
        builder.build()
    }
}
