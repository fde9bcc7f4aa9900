//! Signing in: each credential at a stub of its issuer, and what challenges change.

mod apps;
mod chains;
mod challenges;
mod machines;
mod sdk;
mod tools;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::credential::Credential;
use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::transport::ClientOptions;
use polyvault_core::{Error, GetOptions, SecretStoreExt};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// A vault that takes the token of the stubs, and no other.
async fn vault() -> Emulator {
    let vault = Emulator::builder()
        .clock(crate::manual_clock())
        .start()
        .await;
    vault.require_token("issued-token");
    vault.seed("db", ["s3cret"]).unwrap();
    vault
}

/// An issuer on loopback that gives everybody the same.
async fn issuer(status: u16, body: serde_json::Value) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn issued() -> serde_json::Value {
    serde_json::json!({
        "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599,
        "access_token": "issued-token",
    })
}

/// Reads a secret of `vault` with a credential that signs in at `issuer`.
async fn read(vault: &Emulator, issuer: &str, credential: impl Credential) -> Result<(), Error> {
    let store = AzureKeyVault::builder("emulator")
        .endpoint(vault.url())
        .authority(issuer)
        .any_challenge()
        .credential(credential)
        .client_options(on_manual_clock())
        .build()?;
    let secret = store.get_with("db", GetOptions::default()).await?;
    assert_eq!(secret.payload.single()?.expose_text()?, "s3cret");
    store.get_text("db").await.map(drop)
}

/// A clock on which no test waits, and no token of the stubs has ended.
fn on_manual_clock() -> ClientOptions {
    ClientOptions {
        clock: crate::manual_clock(),
        ..ClientOptions::default()
    }
}

/// The fields of a form, in order.
fn form(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// The value of a field that must be there once.
fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    let mut found = form.iter().filter(|(key, _)| key == name);
    let (_, value) = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "{name} twice");
    value
}
