//! A small web service that holds its secrets behind `Arc<dyn SecretStore>`.
//!
//! It binds a free port, calls itself once and ends; with `--listen` it stays.

#![expect(clippy::print_stdout, reason = "a program")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use polyvault::transport::{Body, ReqwestTransport, Transport};
use polyvault::{ErrorKind, MemoryStore, SecretStore, SecretStoreExt};

/// What every handler shares. Which cloud it is, only `main` knows.
#[derive(Clone)]
struct Service {
    secrets: Arc<dyn SecretStore>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secrets: Arc<dyn SecretStore> = Arc::new(MemoryStore::new());
    secrets.put("db-password", "s3cret").await?;

    let router = Router::new()
        .route("/ready", get(ready))
        .with_state(Service { secrets });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    let server = axum::serve(listener, router);
    if std::env::args().any(|argument| argument == "--listen") {
        return Ok(server.await?);
    }

    let server = tokio::spawn(server.into_future());
    let request = http::Request::get(format!("http://{address}/ready")).body(Body::empty())?;
    let answer = ReqwestTransport::default()
        .send(request, Duration::from_secs(10))
        .await?;
    let text = String::from_utf8_lossy(answer.body().as_bytes()).into_owned();
    println!("GET /ready: {} {text}", answer.status());
    server.abort();
    match answer.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("the service is not ready: {status}").into()),
    }
}

/// Whether the service could log in. The kind of an error decides the answer;
/// neither a value nor the error's text goes out.
async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    match service.secrets.get_text("db-password").await {
        Ok(_password) => (StatusCode::OK, "ready"),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => (StatusCode::SERVICE_UNAVAILABLE, "the password is missing"),
            ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout => {
                (StatusCode::SERVICE_UNAVAILABLE, "try again")
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "see the log"),
        },
    }
}
