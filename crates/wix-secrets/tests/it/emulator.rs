//! The emulator, asked without the adapter.

mod access;
mod knobs;
mod secrets;

use std::time::Duration;

use polyvault_core::transport::{Body, ReqwestTransport, SendError, Transport};
use polyvault_wix_secrets::emulator::Emulator;
use serde_json::Value;

const SERVICE: &str = "/_api/cloud-secrets-vault-server/api/v1/secrets";
const KEY: &[(&str, &str)] = &[("authorization", "IST.key"), ("wix-site-id", "site")];

/// Sends to the service's path and gives status and body, `null` where it is empty.
pub(crate) async fn send(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let (status, body, _) = ask(emulator, method, &format!("{SERVICE}{path}"), KEY, body)
        .await
        .unwrap();
    (status, body)
}

async fn ask(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> Result<(u16, Value, http::HeaderMap), SendError> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", emulator.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let bytes = match body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let request = request.body(Body::from_wiped(bytes.into())).unwrap();

    let answer = ReqwestTransport::default()
        .send(request, Duration::from_secs(20))
        .await?;

    let bytes = answer.body().as_bytes();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        parse(bytes)
    };
    Ok((answer.status().as_u16(), body, answer.headers().clone()))
}

#[expect(clippy::disallowed_methods, reason = "made-up values only")]
fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

async fn value_of(emulator: &Emulator, name: &str) -> (u16, Value) {
    let (status, body) = send(emulator, "GET", &format!("/name/{name}"), Value::Null).await;
    (status, body["value"].clone())
}

async fn listed(emulator: &Emulator) -> Vec<Value> {
    let (status, body) = send(emulator, "GET", "", Value::Null).await;
    assert_eq!(status, 200);
    body["secrets"].as_array().unwrap().clone()
}

fn code(body: &Value) -> &str {
    body["details"]["applicationError"]["code"]
        .as_str()
        .unwrap_or_default()
}
