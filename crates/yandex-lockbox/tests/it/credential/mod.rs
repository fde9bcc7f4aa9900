//! Signing in: what each issuer is sent, what is made of its answer, and who is sent what.

mod found;
mod hosts;
mod key;
mod key_files;
mod others;

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polyvault_core::{GetOptions, Result, SecretId, SecretRef, SecretStore};
use polyvault_testkit::web::{self, Web};
use polyvault_yandex_lockbox::YandexLockbox;
use serde_json::{Value, json};

const LOCKBOX: &str = "lockbox.api.cloud.yandex.net";
const PAYLOAD: &str = "payload.lockbox.api.cloud.yandex.net";
const IAM: &str = "iam.api.cloud.yandex.net";
const FOLDER: &str = "b1gfolder00000000001";

/// The clock of `Web`, in seconds.
const NOW: i64 = 1_795_341_600;

/// One key for all tests: making one takes its time.
static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// The key in PEM, with the line before it that the service writes.
fn pem() -> String {
    let der: Pkcs8V1Der<'_> = KEY.as_der().unwrap();
    let text = STANDARD.encode(der.as_ref());
    let lines = text.as_bytes().chunks(64);
    let lines = lines.map(|line| std::str::from_utf8(line).unwrap());
    let lines: Vec<&str> = lines.collect();
    format!(
        "PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <ajekey00000000000001>\n\
         -----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

/// The file that `yc iam key create` writes.
fn file() -> Value {
    json!({
        "id": "ajekey00000000000001",
        "service_account_id": "ajeaccount0000000001",
        "created_at": "2026-03-02T09:15:04.117Z",
        "key_algorithm": "RSA_2048",
        "public_key": "-----BEGIN PUBLIC KEY-----\nmade up\n-----END PUBLIC KEY-----\n",
        "private_key": pem(),
    })
}

/// What IAM answers an exchange with.
fn issued(token: &str) -> http::Response<polyvault_core::transport::Body> {
    let end = "2026-11-22T22:00:00.419948750Z";
    web::json(200, json!({"iamToken": token, "expiresAt": end}))
}

fn payload() -> http::Response<polyvault_core::transport::Body> {
    let entries = json!([{"key": "value", "textValue": "s3cret"}]);
    web::json(200, json!({"versionId": "e6qv", "entries": entries}))
}

fn by_id() -> SecretRef {
    SecretId::new("e6qs").unwrap().into()
}

async fn read(store: &YandexLockbox) -> Result<()> {
    let read = store.get(&by_id(), GetOptions::default()).await?;
    assert_eq!(read.payload.single()?.expose_text()?, "s3cret");
    Ok(())
}

/// The header and the claims of the statement in a body, and what is signed with what.
fn statement(body: &[u8]) -> (Value, Value, String, Vec<u8>) {
    let body: Value = std::str::from_utf8(body).unwrap().parse().unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let jwt = body["jwt"].as_str().unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let part = |at: usize| url_safe.decode(parts[at]).unwrap();
    let json = |at: usize| String::from_utf8(part(at)).unwrap().parse().unwrap();
    (
        json(0),
        json(1),
        format!("{}.{}", parts[0], parts[1]),
        part(2),
    )
}

/// The statements that IAM was sent.
fn statements(web: &Web) -> Vec<(Value, Value, String, Vec<u8>)> {
    web.bodies(IAM).iter().map(|body| statement(body)).collect()
}
