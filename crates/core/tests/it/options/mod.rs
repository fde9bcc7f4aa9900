//! Each option of the default transport, over real loopback connections.

mod connections;
mod injected;
mod proxy;
mod server;
mod system;
mod tls;
mod url;

use std::time::Duration;

use http::Response;
use polyvault_core::transport::{
    Body, ReqwestTransport, ReqwestTransportBuilder, SendError, SendErrorKind, Transport,
};

use server::{Authority, Server};

const LONG: Duration = Duration::from_secs(10);

/// How this machine is named where it counts as another one, which a proxy may stand before.
const FAR: &str = "0.0.0.0";

async fn get(transport: &ReqwestTransport, url: &str) -> Result<Response<Body>, SendError> {
    let request = http::Request::get(url).body(Body::empty()).unwrap();
    transport.send(request, LONG).await
}

async fn kind(transport: &ReqwestTransport, url: &str) -> SendErrorKind {
    get(transport, url).await.unwrap_err().kind()
}

fn builder() -> ReqwestTransportBuilder {
    ReqwestTransport::builder()
}

/// A service on https under `host`, and who vouches for it.
fn service(host: &str) -> (Authority, Server) {
    let authority = Authority::new();
    let server = authority.issue(&[host]).serve(&["http/1.1"], None);
    (authority, server)
}

fn trusting(authority: &Authority) -> ReqwestTransportBuilder {
    builder().ca_pem(authority.pem()).unwrap()
}
