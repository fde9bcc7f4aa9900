//! What a token is asked for with, and the request to whoever issues it.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use polyvault_core::transport::{
    Advice, Body, Call, Client, ClientOptions, Endpoint, ReadyToken, Repeat, Scheme, Service,
    Token, json, request,
};
use polyvault_core::{Error, ErrorKind, Result, SecretString, Timestamp};
use serde_json::value::RawValue;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::config::SCHEME;
use crate::error;
use crate::wire::TokenAnswer;

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
        let client = Client::new(
            Service {
                provider: SCHEME,
                endpoints: vec![endpoint.clone()],
                tokens: Box::new(ReadyToken::new(SecretString::default())),
                scheme: Scheme::Absent,
                refusal: error::from_issuer,
                advice: Advice {
                    sign_in: error::SIGN_IN,
                    ..Advice::default()
                },
                request_id: error::REQUEST_ID,
            },
            self.options.clone(),
        )?;
        let call = Call {
            operation: "sign_in",
            secret: None,
            // A token more does no harm.
            repeat: Repeat::Safe,
            request,
        };
        let answer = client.send(call).await?;
        self.read(answer.body().as_bytes())
    }

    fn read(&self, body: &[u8]) -> Result<Token> {
        let answer: TokenAnswer<'_> = json::decode(body)?;
        let token = answer
            .access_token
            .ok_or_else(|| json::missing("access_token"))?;
        let lives = answer.expires_in.and_then(number);
        let ends = answer.expires_on.and_then(number);
        let ends = ends.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let lives = lives.and_then(|seconds| u64::try_from(seconds).ok());
        Ok(Token {
            secret: json::text(token)?.to_secret_string()?,
            // How long it lives depends on no clock but ours.
            expires_at: match lives.map(Duration::from_secs) {
                Some(life) => self.now().checked_add(life).ok().or(ends),
                None => ends,
            },
        })
    }
}

/// A form that is posted: nothing of it is left behind unwiped.
pub(super) fn form(
    endpoint: &Endpoint,
    path: &[&str],
    fields: &[(&'static str, &str)],
) -> Result<Request<Body>> {
    // Escaped, a byte becomes three at most: the text never moves.
    let size = fields
        .iter()
        .map(|(key, value)| 2 + 3 * (key.len() + value.len()));
    let text = String::with_capacity(size.sum());
    let mut form = form_urlencoded::Serializer::new(text);
    for (key, value) in fields {
        form.append_pair(key, value);
    }
    let body = Body::from_wiped(Zeroizing::new(form.finish().into_bytes()));
    let url = path
        .iter()
        .try_fold(endpoint.url(), |url, part| url.segment(part))?;
    let mut request = request(Method::POST, url.build()?, Some(body));
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    Ok(request)
}

/// A whole number, which some issuers write as a text.
pub(super) fn number(raw: &RawValue) -> Option<i64> {
    raw.get().trim_matches('"').parse().ok()
}

/// That a credential can't be had here, so that a chain goes on.
pub(super) fn absent(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, why).with_provider(SCHEME)
}
