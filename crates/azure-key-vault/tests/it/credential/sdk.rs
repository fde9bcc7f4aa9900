//! Credentials of the vendor's crates, by their trait.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind as SdkKind;
use azure_core::http::StatusCode;
use azure_core::time::OffsetDateTime;
use polyvault_azure_key_vault::credential::SdkCredential;
use polyvault_core::ErrorKind::{RateLimited, Unauthenticated, Unavailable};
use polyvault_core::Retry;
use polyvault_core::transport::{Body, ReqwestTransport, Transport};

use super::*;

/// Asks the stub, as a credential of `azure_identity` would ask Entra, and notes the scopes.
#[derive(Debug)]
struct OfTheSdk {
    issuer: String,
    scopes: Mutex<Vec<String>>,
}

#[async_trait]
impl TokenCredential for OfTheSdk {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.scopes
            .lock()
            .unwrap()
            .extend(scopes.iter().map(|&scope| scope.to_owned()));
        let request = http::Request::post(&self.issuer)
            .body(Body::empty())
            .unwrap();
        let answer = ReqwestTransport::default()
            .send(request, Duration::from_secs(5))
            .await;
        let body: serde_json::Value =
            serde_json::from_slice(answer.unwrap().body().as_bytes()).unwrap();
        let ends = OffsetDateTime::from_unix_timestamp(1_795_345_200).unwrap();
        Ok(AccessToken::new(
            body["access_token"].as_str().unwrap().to_owned(),
            ends,
        ))
    }
}

/// Fails as it is told to.
#[derive(Debug)]
struct Failing(fn() -> SdkKind);

#[async_trait]
impl TokenCredential for Failing {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Err(azure_core::Error::with_message((self.0)(), "hunter2"))
    }
}

#[tokio::test]
async fn any_credential_of_the_sdk_signs_in_and_its_token_is_kept() {
    let (vault, login) = (vault().await, issuer(200, issued()).await);
    let credential = Arc::new(OfTheSdk {
        issuer: login.uri(),
        scopes: Mutex::default(),
    });
    let any: Arc<dyn TokenCredential> = Arc::clone(&credential) as _;

    read(&vault, "http://127.0.0.1:1", SdkCredential::from(any))
        .await
        .unwrap();

    let asked = credential.scopes.lock().unwrap();
    assert_eq!(*asked, ["https://vault.azure.net/.default"]);
}

#[tokio::test]
async fn what_fails_on_the_way_is_not_refused_and_no_text_of_it_is_told() {
    fn answered(status: StatusCode) -> SdkKind {
        SdkKind::HttpResponse {
            status,
            error_code: None,
            raw_response: None,
        }
    }
    let refused: fn() -> SdkKind = || answered(StatusCode::Unauthorized);
    for (fails, kind, again) in [
        (refused, Unauthenticated, false),
        (|| SdkKind::Credential, Unauthenticated, false),
        (|| SdkKind::Connection, Unavailable, true),
        (|| SdkKind::Io, Unavailable, true),
        (|| answered(StatusCode::TooManyRequests), RateLimited, true),
        (
            || answered(StatusCode::ServiceUnavailable),
            Unavailable,
            true,
        ),
    ] {
        let any: Arc<dyn TokenCredential> = Arc::new(Failing(fails));

        let outcome = read(
            &vault().await,
            "http://127.0.0.1:1",
            SdkCredential::from(any),
        )
        .await;

        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(matches!(error.retry(), Retry::After(_)), again, "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
