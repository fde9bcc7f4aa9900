//! What the emulators of all adapters share: a TLS front, for wiremock serves plain http alone.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::transport::{ClientOptions, ReqwestTransport, Transport};

/// Serves https before a server that speaks plain http, with a CA that is made for it.
///
/// Its certificate is for `localhost`, `127.0.0.1` and `::1`. It speaks TLS 1.2 and 1.3 and
/// HTTP/1.1, copies bytes, and ends when it is dropped.
///
/// # Example
///
/// ```
/// use std::net::TcpListener;
///
/// use polyvault_core::emulator::TlsFront;
/// use polyvault_core::transport::ClientOptions;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = wiremock::MockServer::start().await;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let front = TlsFront::start(Some(listener), *server.address())?;
/// assert!(front.url().starts_with("https://127.0.0.1:"));
/// assert!(front.ca_pem().contains("BEGIN CERTIFICATE"));
/// let other = wiremock::MockServer::start().await;
/// assert_eq!(front.beside(*other.address())?.ca_pem(), front.ca_pem());
/// let options = front.trusted_by(ClientOptions::default()); // for a store's builder
/// # assert!(options.transport.is_some());
/// # Ok(())
/// # }
/// ```
pub struct TlsFront {
    address: SocketAddr,
    ca_pem: String,
    acceptor: TlsAcceptor,
    serving: JoinHandle<()>,
}

impl TlsFront {
    /// Serves on `listener`, or on a free port of 127.0.0.1, what `server` answers. To be called in
    /// a tokio runtime with I/O.
    ///
    /// # Errors
    ///
    /// If it can't listen, or no certificate can be made.
    pub fn start(listener: Option<TcpListener>, server: SocketAddr) -> io::Result<Self> {
        let listener = match listener {
            Some(listener) => listener,
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
        };
        let (config, ca_pem) = certified().map_err(io::Error::other)?;
        Self::serve(
            listener,
            server,
            TlsAcceptor::from(Arc::new(config)),
            ca_pem,
        )
    }

    /// Another front with the same CA, before another `server`, on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If it can't listen.
    pub fn beside(&self, server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Self::serve(listener, server, self.acceptor.clone(), self.ca_pem.clone())
    }

    fn serve(
        listener: TcpListener,
        server: SocketAddr,
        acceptor: TlsAcceptor,
        ca_pem: String,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let accepting = acceptor.clone();
        let serving = tokio::spawn(async move {
            // Each connection ends with this task.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((stream, _)) = accepted {
                            connections.spawn(serve(accepting.clone(), stream, server));
                        }
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self {
            address,
            ca_pem,
            acceptor,
            serving,
        })
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        // Its certificate names no other address.
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("https://{}", SocketAddr::new(host, self.address.port()))
    }

    /// The certificate of its CA, as PEM, for clients to trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// These options with a transport that trusts the CA, unless another one was handed in.
    #[must_use]
    pub fn trusted_by(&self, options: ClientOptions) -> ClientOptions {
        let trusting = || {
            let builder = ReqwestTransport::builder().ca_pem(&self.ca_pem).ok()?;
            Some(Arc::new(builder.build()) as Arc<dyn Transport>)
        };
        ClientOptions {
            transport: options.transport.or_else(trusting),
            ..options
        }
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl fmt::Debug for TlsFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFront")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A client that goes away or does not trust us is its own affair.
async fn serve(acceptor: TlsAcceptor, stream: TcpStream, server: SocketAddr) {
    let Ok(mut client) = acceptor.accept(stream).await else {
        return;
    };
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn certified() -> Result<(ServerConfig, String), BoxError> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(DnType::CommonName, "polyvault emulator CA");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(hosts)?.signed_by(&key, &authority)?;
    let private = PrivateKeyDer::try_from(key.serialize_der())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((config, authority.pem()))
}
