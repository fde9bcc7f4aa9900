//! What a token is asked for with, and the request to whoever issues it.

use http::Request;
use polyvault_core::transport::{Body, ClientOptions, Endpoint, Issuer, Token, bearer_token};
use polyvault_core::{Error, ErrorKind, Result, Timestamp};

use crate::config::SCHEME;
use crate::error;

/// What a token is to be for.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::credential::TokenRequest;
///
/// fn arguments(request: &TokenRequest) -> Vec<String> {
///     let mut all = vec!["--scope".to_owned(), request.scope().to_owned()];
///     all.extend(request.tenant().map(|tenant| format!("--tenant={tenant}")));
///     all.extend(request.claims().map(|claims| format!("--claims={claims}")));
///     assert_eq!(request.scope(), format!("{}/.default", request.resource()));
///     all
/// }
/// # let _ = arguments;
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub(super) scope: String,
    pub(super) tenant: Option<String>,
    pub(super) claims: Option<String>,
    pub(super) authority: Endpoint,
    pub(super) options: ClientOptions,
}

impl TokenRequest {
    /// The scope, such as `https://vault.azure.net/.default`.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The resource, which is the scope without `/.default`.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(&self.scope)
    }

    /// The tenant that the vault's challenge named; `None` before one came.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The claims that the vault asked for, as JSON: the token is to be a new one that has them.
    #[must_use]
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// Now, by the store's clock; UTC.
    pub(super) fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// Asks the issuer at `endpoint`, and keeps what it gives out of every log and error.
    pub(super) async fn issue(&self, endpoint: &Endpoint, request: Request<Body>) -> Result<Token> {
        ISSUER
            .token(endpoint, request, &self.options, bearer_token)
            .await
    }
}

const ISSUER: Issuer = Issuer {
    provider: SCHEME,
    refusal: error::from_issuer,
    sign_in: error::SIGN_IN,
    request_id: error::REQUEST_ID,
};

/// That a credential can't be had here, so that a chain goes on.
pub(super) fn absent(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, why).with_provider(SCHEME)
}
