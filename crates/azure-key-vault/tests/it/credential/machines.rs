//! Managed identities.

use polyvault_azure_key_vault::credential::ManagedIdentity;
use polyvault_core::ErrorKind;
use polyvault_core::transport::Endpoint;
use serde_json::json;

use super::*;

fn at(server: &MockServer, path: &str) -> Endpoint {
    Endpoint::parse("endpoint", &format!("{}{path}", server.uri())).unwrap()
}

/// What managed identities answer: numbers as texts.
fn issued() -> serde_json::Value {
    json!({
        "access_token": "issued-token", "expires_in": "86399", "expires_on": "1795428000",
        "resource": "https://vault.azure.net", "token_type": "Bearer",
    })
}

async fn only(server: &MockServer) -> wiremock::Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

#[tokio::test]
async fn a_machines_identity_is_asked_of_its_metadata_service() {
    let (vault, metadata) = (vault().await, issuer(200, issued()).await);
    let identity = ManagedIdentity::on_machine()
        .at(at(&metadata, ""))
        .of_client("c-1");

    read(&vault, "http://127.0.0.1:1", identity).await.unwrap();

    let asked = only(&metadata).await;
    assert_eq!(asked.method.as_str(), "GET");
    assert_eq!(asked.url.path(), "/metadata/identity/oauth2/token");
    let query = "api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net&client_id=c-1";
    assert_eq!(asked.url.query(), Some(query));
    assert_eq!(asked.headers["metadata"], "true");
    assert!(!asked.headers.contains_key("authorization"));
}

#[tokio::test]
async fn app_service_is_shown_its_own_header() {
    let (vault, service) = (vault().await, issuer(200, issued()).await);
    let identity = ManagedIdentity::on_app_service(at(&service, "/MSI/token"), "made-up".into());

    read(&vault, "http://127.0.0.1:1", identity).await.unwrap();

    let asked = only(&service).await;
    assert_eq!(asked.url.path(), "/MSI/token");
    let query = "api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net";
    assert_eq!(asked.url.query(), Some(query));
    assert_eq!(asked.headers["x-identity-header"], "made-up");
    assert!(!asked.headers.contains_key("metadata"));
}

#[tokio::test]
async fn where_no_identity_is_assigned_or_nothing_answers_there_is_none() {
    for (status, kind, again) in [
        (400, ErrorKind::Config, false),
        (404, ErrorKind::Config, false),
        (403, ErrorKind::Forbidden, false),
        (500, ErrorKind::Unavailable, true),
    ] {
        let vault = vault().await;
        let body = json!({"error": "invalid_request", "error_description": "Identity not found"});
        let metadata = issuer(status, body).await;
        let identity = ManagedIdentity::on_machine().at(at(&metadata, ""));

        let error = read(&vault, "http://127.0.0.1:1", identity)
            .await
            .unwrap_err();

        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(error.status(), Some(status));
        let waits = matches!(error.retry(), polyvault_core::Retry::After(_));
        assert_eq!(waits, again, "{status}");
    }
}
