//! Requests to the stand-in without the adapter.

use std::time::Duration;

use polyvault_core::transport::{Body, ReqwestTransport, SendErrorKind, Transport};
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

pub(crate) const SECRETS: &str = "/lockbox/v1/secrets";
pub(crate) const FOLDER: &str = "b1gfolder00000000001";
pub(crate) const SECRET: &str = "e6qsecret00000000001";
pub(crate) const VERSION: &str = "e6qversion0000000001";

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }
}

pub(crate) async fn send(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Result<Answer, SendErrorKind> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", emulator.url()))
        .header("authorization", "Bearer t1.any.token");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    send_by(&ReqwestTransport::default(), request, body).await
}

/// A request that is begun, by a transport that may trust a CA.
pub(crate) async fn send_by(
    transport: &ReqwestTransport,
    mut request: http::request::Builder,
    body: Option<&Value>,
) -> Result<Answer, SendErrorKind> {
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let bytes = body.map(Value::to_string).unwrap_or_default().into_bytes();
    let request = request.body(Body::from_wiped(bytes.into())).unwrap();
    let answer = transport
        .send(request, Duration::from_secs(20))
        .await
        .map_err(|error| error.kind())?;
    let (parts, body) = answer.into_parts();
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: std::str::from_utf8(body.as_bytes())
            .unwrap()
            .parse()
            .unwrap(),
    })
}

pub(crate) async fn get(emulator: &Emulator, path: &str) -> Answer {
    send(emulator, "GET", path, None, None).await.unwrap()
}

pub(crate) async fn post(emulator: &Emulator, path: &str, body: Value) -> Answer {
    send(emulator, "POST", path, Some(&body), None)
        .await
        .unwrap()
}

pub(crate) fn at(suffix: &str) -> String {
    format!("{SECRETS}/{SECRET}{suffix}")
}

pub(crate) fn db() -> Value {
    json!({
        "id": SECRET,
        "folderId": FOLDER,
        "name": "db",
        "versions": [{
            "id": VERSION,
            "entries": [
                {"key": "password", "textValue": "old"},
                {"key": "user", "textValue": "alice"},
                {"key": "cert", "binaryValue": "//79Pg=="},
            ],
        }],
    })
}

pub(crate) async fn with_db() -> Emulator {
    let emulator = Emulator::start().await;
    emulator.seed(&db()).unwrap();
    emulator
}
