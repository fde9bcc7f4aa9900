//! The emulator, asked raw but for its delays and its https, which are about its stores too.

mod delays;
mod faults;
mod life;
mod lists;
mod secure;

use std::time::Duration;

use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::transport::{Body, ReqwestTransport, SendError, Transport};
use serde_json::Value;

/// An answer, with null for a body that is not there.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl Answer {
    /// Status, code and inner code.
    fn error(&self) -> (u16, &str, Option<&str>) {
        let code = self.body["error"]["code"].as_str().unwrap_or_default();
        let inner = self.body["error"]["innererror"]["code"].as_str();
        (self.status, code, inner)
    }
}

async fn get(vault: &Emulator, path: &str) -> Answer {
    ask(vault, "GET", path, None).await
}

async fn set(vault: &Emulator, name: &str, value: &str) -> Answer {
    let body = serde_json::json!({ "value": value });
    ask(vault, "PUT", &format!("/secrets/{name}"), Some(body)).await
}

/// Sends with a token and the newest API version.
async fn ask(vault: &Emulator, method: &str, path: &str, body: Option<Value>) -> Answer {
    let mark = if path.contains('?') { '&' } else { '?' };
    let url = format!("{}{path}{mark}api-version=2026-04-01", vault.url());
    let answer = send(method, &url, Some("any"), body).await;
    answer.unwrap()
}

async fn send(
    method: &str,
    url: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Result<Answer, SendError> {
    let mut request = http::Request::builder().method(method).uri(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let bytes = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            body.to_string().into_bytes()
        }
        None => Vec::new(),
    };
    let request = request.body(Body::from_wiped(bytes.into()));
    let transport = ReqwestTransport::default();
    let answer = transport
        .send(request.unwrap(), Duration::from_secs(20))
        .await?;
    Ok(Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: serde_json::from_slice(answer.body().as_bytes()).unwrap_or_default(),
    })
}
