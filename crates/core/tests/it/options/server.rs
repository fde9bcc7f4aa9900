//! Servers on loopback that tell what they saw, and the certificates they show.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A CA of the test's own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub(crate) struct Issued {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self::named(&format!("CA {}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these hosts that ends with this year.
    pub(crate) fn issue_until(&self, hosts: &[&str], year: i32) -> Issued {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: params.signed_by(&key, &self.0).unwrap(),
            key,
        }
    }

    pub(crate) fn issue(&self, hosts: &[&str]) -> Issued {
        self.issue_until(hosts, 4000)
    }
}

impl Issued {
    pub(crate) fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// As a client certificate is kept: both in one text.
    pub(crate) fn pem(&self) -> String {
        self.certificate_pem() + &self.key_pem()
    }

    /// A server that shows this certificate and speaks these protocols; it asks clients for a
    /// certificate of `clients`, where one is given.
    pub(crate) fn serve(&self, protocols: &[&str], clients: Option<&Authority>) -> Server {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.0.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let mut config = builder
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let config = Arc::new(config);
        Server::start(move |stream, seen| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, stream);
            while tls.conn.is_handshaking() {
                if tls.conn.complete_io(&mut tls.sock).is_err() {
                    // What the client still sends is read, or its end would reset the alert.
                    let _ = tls.sock.shutdown(Shutdown::Write);
                    let _ = io::copy(&mut tls.sock, &mut io::sink());
                    return;
                }
            }
            seen.protocol(tls.conn.alpn_protocol());
            answer(&mut tls, seen);
        })
    }
}

/// What a server saw.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn push(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn protocol(&self, protocol: Option<&[u8]>) {
        let protocol = String::from_utf8_lossy(protocol.unwrap_or(b"none")).into_owned();
        self.push(format!("protocol {protocol}"));
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.all().iter().filter(|seen| seen.contains(what)).count()
    }
}

/// A server on a port of its own, for as long as the tests run.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Seen,
}

impl Server {
    pub(crate) fn start(serve: impl Fn(TcpStream, &Seen) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let (shared, serve) = (seen.clone(), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, serve) = (shared.clone(), Arc::clone(&serve));
                seen.push("connection".to_owned());
                thread::spawn(move || serve(stream.unwrap(), &seen));
            }
        });
        Self { address, seen }
    }

    /// One on plain http that answers all with 200.
    pub(crate) fn plain() -> Self {
        Self::start(|mut stream, seen| answer(&mut stream, seen))
    }

    /// A proxy that leads every tunnel to `target`.
    pub(crate) fn proxy(target: SocketAddr) -> Self {
        Self::start(move |mut client, seen| {
            let Some(head) = head(&mut client) else {
                return;
            };
            seen.push(head);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let mut service = TcpStream::connect(target).unwrap();
            let mut back = (service.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut back.0, &mut back.1));
            let _ = io::copy(&mut client, &mut service);
        })
    }

    pub(crate) fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}", self.address.port())
    }
}

fn answer(stream: &mut (impl Read + Write), seen: &Seen) {
    while let Some(head) = head(stream) {
        seen.push(head);
        let sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        if sent.and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

/// The next request without its body; `None` at the end of the connection.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    Some(String::from_utf8(head).unwrap())
}
