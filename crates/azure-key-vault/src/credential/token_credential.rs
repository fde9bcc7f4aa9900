//! Credentials of the vendor's own crates.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind as SdkKind;
use polyvault_core::transport::Token;
use polyvault_core::{Error, ErrorKind, Result, Timestamp};

use super::{Credential, TokenRequest};

/// Any credential of the vendor's crates, such as those of `azure_identity`.
///
/// Its trait knows neither tenant nor claims, so a vault in another tenant than the credential's
/// is refused.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use azure_core::credentials::TokenCredential;
/// use polyvault_azure_key_vault::credential::SdkCredential;
/// use polyvault_azure_key_vault::AzureKeyVault;
///
/// fn store(credential: Arc<dyn TokenCredential>) -> polyvault_core::Result<AzureKeyVault> {
///     AzureKeyVault::builder("my-vault").credential(SdkCredential::from(credential)).build()
/// }
/// # let _ = store;
/// ```
pub struct SdkCredential(Arc<dyn TokenCredential>);

impl From<Arc<dyn TokenCredential>> for SdkCredential {
    fn from(credential: Arc<dyn TokenCredential>) -> Self {
        Self(credential)
    }
}

#[async_trait]
impl Credential for SdkCredential {
    fn name(&self) -> &'static str {
        "credential of the SDK"
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        let got = self.0.get_token(&[request.scope()], None).await;
        let token = got.map_err(|error| failed(error.kind()))?;
        Ok(Token {
            expires_at: Timestamp::from_second(token.expires_on.unix_timestamp()).ok(),
            secret: token.token.secret().into(),
        })
    }
}

impl fmt::Debug for SdkCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdkCredential(..)")
    }
}

/// The text of its errors may quote what it was answered, and is dropped.
fn failed(kind: &SdkKind) -> Error {
    let status = match kind {
        SdkKind::HttpResponse { status, .. } => Some(u16::from(*status)),
        _ => None,
    };
    let (kind, message) = match (kind, status) {
        (SdkKind::Connection | SdkKind::Io, _) | (_, Some(500..=599)) => {
            (ErrorKind::Unavailable, "the credential reaches no issuer")
        }
        (_, Some(429)) => (ErrorKind::RateLimited, "the credential asks too often"),
        _ => (ErrorKind::Unauthenticated, "the credential gives no token"),
    };
    let error = Error::new(kind, message)
        .with_help("Ask the credential for a token by itself: its own error says why.");
    match status {
        Some(status) => error.with_status(status),
        None => error,
    }
}
