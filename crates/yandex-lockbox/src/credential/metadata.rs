//! The service account of the machine, container or function that this process runs on.
//!
//! <https://yandex.cloud/docs/compute/operations/vm-connect/auth-inside-vm>

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue, Method};
use polyvault_core::transport::{Endpoint, RetryPolicy, Token, bearer_token, request};
use polyvault_core::{Error, ErrorKind, Result};

use super::{Credential, TokenRequest, absent};
use crate::error;

/// The service account that is attached to what this process runs on: its metadata service is asked.
///
/// A token is kept for a minute at most, however long it lives: an account that was detached or
/// changed would else go on until the token's end.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Endpoint;
/// use polyvault_yandex_lockbox::YandexLockbox;
/// use polyvault_yandex_lockbox::credential::Metadata;
///
/// let here = Metadata::on_machine();
/// let elsewhere = Metadata::at(Endpoint::parse("YC_METADATA_ADDR", "http://127.0.0.1:6770")?);
/// let store = YandexLockbox::builder("b1gfolder00000000001").credential(here).build()?;
/// # let _ = (elsewhere, store);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Metadata(Option<Endpoint>);

/// The address of the metadata service.
const METADATA: &str = "http://169.254.169.254";

/// The longest that a token is kept.
const LIFE: Duration = Duration::from_secs(60);

impl Metadata {
    /// At the address that every machine of the cloud has.
    #[must_use]
    pub fn on_machine() -> Self {
        Self(None)
    }

    /// At another address.
    #[must_use]
    pub fn at(endpoint: Endpoint) -> Self {
        Self(Some(endpoint))
    }
}

#[async_trait]
impl Credential for Metadata {
    async fn token(&self, asked: &TokenRequest) -> Result<Token> {
        let endpoint = match &self.0 {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::parse("endpoint", METADATA)?,
        };
        let url = endpoint
            .url()
            .literal("/computeMetadata/v1/instance/service-accounts/default/token");
        let mut request = request(Method::GET, url.build()?, None);
        request.headers_mut().insert(
            HeaderName::from_static("metadata-flavor"),
            HeaderValue::from_static("Google"),
        );
        let mut options = asked.options.clone();
        options.retry = impatient(&options.retry);
        let token = error::ISSUER
            .token(&endpoint, request, &options, bearer_token)
            .await;
        let token = token.map_err(not_here)?;
        let capped = asked.now().checked_add(LIFE).ok();
        Ok(Token {
            expires_at: token.expires_at.into_iter().chain(capped).min(),
            ..token
        })
    }
}

/// It is near or it is not there: nobody waits for it as for a service far away.
fn impatient(retry: &RetryPolicy) -> RetryPolicy {
    RetryPolicy {
        max_repeats: retry.max_repeats.min(3),
        attempt: retry.attempt.min(Duration::from_secs(5)),
        ..*retry
    }
}

/// Where nothing answers, or no account is attached, there is none to be had.
fn not_here(error: Error) -> Error {
    let away = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
    let told = match error.status() {
        None if away => absent("nothing answers where the metadata service would be"),
        Some(404) => absent("no service account is attached to this machine").with_help(
            "Attach a service account with a role on the folder to the machine, container or function.",
        ),
        _ => return error,
    };
    let told = told.with_retry(error.retry());
    match error.status() {
        Some(status) => told.with_status(status),
        None => told,
    }
}
