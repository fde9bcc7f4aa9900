//! Those who give out tokens, and how they are asked.

use std::io::ErrorKind as Io;
use std::path::Path;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, Uri};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{
    Advice, Body, Call, Client, ClientOptions, Endpoint, ReadyToken, Refusal, RefusalRow, Repeat,
    Scheme, Service, Token, classify, json, request,
};
use crate::file::read_file;
use crate::{Error, ErrorKind, Result, Retry};

/// Who gives out tokens for a service: what an adapter knows of it.
///
/// # Example
///
/// ```
/// use http::Uri;
/// use polyvault_core::transport::{ClientOptions, Endpoint, Issuer, Token, bearer_token, form};
/// use polyvault_core::{Error, ErrorKind, Result};
///
/// const LOGIN: Issuer = Issuer {
///     provider: "example",
///     refusal: |_| Error::new(ErrorKind::Unauthenticated, "the login refuses the credential"),
///     sign_in: "Check the application's secret.",
///     request_id: "x-request-id",
/// };
///
/// async fn sign_in(login: &Endpoint, secret: &str, options: &ClientOptions) -> Result<Token> {
///     let url = login.url().literal("/oauth2/token").build()?;
///     let asked = form(url, &[("grant_type", "client_credentials"), ("client_secret", secret)]);
///     LOGIN.token(login, asked, options, bearer_token).await
/// }
/// # let _ = sign_in;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Issuer {
    /// The provider's name, for errors and spans.
    pub provider: &'static str,
    /// Makes an error of a refusal.
    pub refusal: fn(&Refusal<'_>) -> Error,
    /// What to do about a credential that is refused.
    pub sign_in: &'static str,
    /// The header of an answer that holds its request id, for spans.
    pub request_id: &'static str,
}

impl Issuer {
    /// Sends a request to the issuer at `endpoint`, with nothing but what stands in it, and gives the
    /// 2xx answer. It is repeated where that helps: a token more does no harm.
    ///
    /// # Errors
    ///
    /// The issuer's refusal; `Timeout` or `Unavailable` without an answer.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::{ClientOptions, Endpoint, Issuer, request};
    /// use polyvault_core::{Error, ErrorKind, Result};
    ///
    /// const ROOT: Issuer = Issuer {
    ///     provider: "example",
    ///     refusal: |_| Error::new(ErrorKind::Unavailable, "no list of endpoints"),
    ///     sign_in: "It takes none.",
    ///     request_id: "x-request-id",
    /// };
    ///
    /// /// What is no token, and is asked of the same door.
    /// async fn discover(root: &Endpoint, options: &ClientOptions) -> Result<usize> {
    ///     let url = root.url().literal("/endpoints").build()?;
    ///     let answer = ROOT.ask(root, request(http::Method::GET, url, None), options).await?;
    ///     Ok(answer.body().len())
    /// }
    /// # let _ = discover;
    /// ```
    pub async fn ask(
        &self,
        endpoint: &Endpoint,
        request: Request<Body>,
        options: &ClientOptions,
    ) -> Result<Response<Body>> {
        let client = Client::new(
            Service {
                provider: self.provider,
                endpoints: vec![endpoint.clone()],
                tokens: Box::new(ReadyToken::new(SecretString::default())),
                scheme: Scheme::Absent,
                refusal: self.refusal,
                advice: Advice {
                    sign_in: self.sign_in,
                    ..Advice::default()
                },
                request_id: self.request_id,
            },
            options.clone(),
        )?;
        let call = Call {
            operation: SIGN_IN,
            secret: None,
            repeat: Repeat::Safe,
            request,
        };
        client
            .send(call)
            .await
            .map_err(|error| match error.retry() {
                // It looks like a write, and changes nothing.
                Retry::OutcomeUnknown => error
                    .with_retry(Retry::After(None))
                    .with_help("Try again: to sign in once more does no harm."),
                _ => error,
            })
    }

    /// [`ask`](Self::ask)s for a token, of which `read` makes what the answer holds, by the time when it came.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask); `Decode` for an answer that is none, or whose token is empty, longer than
    /// 64 KiB, or of characters that no header can carry: such a one is neither kept nor shown to a service.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::{ClientOptions, Endpoint, Issuer, Token, bearer_token, form};
    /// use polyvault_core::Result;
    ///
    /// async fn sign_in(login: Issuer, at: &Endpoint, options: &ClientOptions) -> Result<Token> {
    ///     let url = at.url().literal("/oauth2/token").build()?;
    ///     let asked = form(url, &[("grant_type", "client_credentials")]);
    ///     login.token(at, asked, options, bearer_token).await
    /// }
    /// # let _ = sign_in;
    /// ```
    pub async fn token(
        &self,
        endpoint: &Endpoint,
        request: Request<Body>,
        options: &ClientOptions,
        read: fn(&[u8], Timestamp) -> Result<Token>,
    ) -> Result<Token> {
        let answer = self.ask(endpoint, request, options).await?;
        let token = read(answer.body().as_bytes(), options.clock.now());
        // Else it would read as an answer of the service that the token is for.
        token
            .and_then(sendable)
            .map_err(|error| error.about(self.provider, SIGN_IN, None))
    }
}

/// What an issuer is asked for.
const SIGN_IN: &str = "sign_in";

/// More than any token of a vendor's, and than most services take in a header.
const MAX_TOKEN: usize = 64 * 1024;

fn sendable(token: Token) -> Result<Token> {
    #[expect(clippy::disallowed_methods, reason = "which characters it has")]
    let text = token.secret.expose_secret();
    match (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(token),
        false => Err(Error::new(
            ErrorKind::Decode,
            "the token in the answer is empty, too long, or of characters that no header can carry",
        )),
    }
}

/// A form that is posted: nothing of it is left behind unwiped.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::form;
///
/// let url = http::Uri::from_static("https://login.example/oauth2/token");
/// let asked = form(url, &[("client_secret", "a&b")]);
/// assert_eq!(asked.body().as_bytes(), b"client_secret=a%26b");
/// ```
#[must_use]
pub fn form(url: Uri, fields: &[(&'static str, &str)]) -> Request<Body> {
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
    let mut request = request(Method::POST, url, Some(body));
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request
}

/// What OAuth 2.0 says no with.
#[derive(Default, Deserialize)]
struct OAuthRefused {
    error: Option<String>,
}

/// What the refusal of an issuer means by its status, whatever else it says.
const REFUSALS: &[RefusalRow] = &[
    (400, "", ErrorKind::Unauthenticated, REFUSED),
    (401, "", ErrorKind::Unauthenticated, REFUSED),
    (403, "", ErrorKind::Unauthenticated, REFUSED),
    (404, "", ErrorKind::Unauthenticated, REFUSED),
    (408, "", ErrorKind::Timeout, "the sign-in took too long"),
    (429, "", ErrorKind::RateLimited, "too many sign-ins"),
    (500, "", ErrorKind::Unavailable, "the sign-in failed"),
    (
        502,
        "",
        ErrorKind::Unavailable,
        "the sign-in can't be reached",
    ),
    (
        503,
        "",
        ErrorKind::Unavailable,
        "the sign-in is not available",
    ),
    (
        504,
        "",
        ErrorKind::Timeout,
        "the sign-in did not answer in time",
    ),
];

const REFUSED: &str = "the credential is refused";

/// The error of an issuer that refuses as OAuth 2.0 has it (RFC 6749, 5.2): its status decides, and its
/// word (`invalid_client`) is the code. What it says beside may echo the credential, and is not read.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::{Issuer, oauth_refused};
///
/// const LOGIN: Issuer = Issuer {
///     provider: "example",
///     refusal: oauth_refused,
///     sign_in: "Check the application's secret.",
///     request_id: "x-request-id",
/// };
/// # let _ = LOGIN;
/// ```
#[must_use]
pub fn oauth_refused(refusal: &Refusal<'_>) -> Error {
    let (kind, ours) = classify(REFUSALS, refusal.status(), "");
    let told: OAuthRefused = json::decode(refusal.body()).unwrap_or_default();
    let is_word = |code: &String| {
        code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let error = Error::new(kind, ours);
    match told.error.filter(is_word) {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// What OAuth 2.0 answers; numbers may be texts. No `Debug`: it would show the token.
#[derive(Deserialize)]
struct Issued<'a> {
    #[serde(borrow)]
    access_token: Option<&'a RawValue>,
    token_type: Option<String>,
    /// Seconds.
    #[serde(borrow)]
    expires_in: Option<&'a RawValue>,
    /// Unix seconds, of some.
    #[serde(borrow)]
    expires_on: Option<&'a RawValue>,
}

/// Reads the token that an issuer gave as OAuth 2.0 has it (`access_token`, `expires_in`; RFC 6749, 5.1),
/// `now` being when it came.
///
/// # Errors
///
/// `Decode` if there is no token in it, or one of another type than `Bearer` (7.1 there).
///
/// # Example
///
/// ```
/// use polyvault_core::Timestamp;
/// use polyvault_core::transport::bearer_token;
///
/// let answer = br#"{"access_token":"made-up","token_type":"Bearer","expires_in":3599}"#;
/// let token = bearer_token(answer, Timestamp::UNIX_EPOCH)?;
/// assert_eq!(token.expires_at.map(|end| end.as_second()), Some(3599));
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub fn bearer_token(body: &[u8], now: Timestamp) -> Result<Token> {
    let issued: Issued<'_> = json::decode(body)?;
    let token = issued
        .access_token
        .ok_or_else(|| json::missing("access_token"))?;
    if !issued
        .token_type
        .is_none_or(|told| told.eq_ignore_ascii_case("bearer"))
    {
        return Err(Error::new(
            ErrorKind::Decode,
            "the token in the answer is of another type than Bearer",
        ));
    }
    let lives = issued.expires_in.and_then(number);
    let ends = issued.expires_on.and_then(number);
    let ends = ends.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let lives = lives.and_then(|seconds| u64::try_from(seconds).ok());
    Ok(Token {
        secret: json::text(token)?.to_secret_string()?,
        // How long it lives depends on no clock but ours.
        expires_at: match lives.map(Duration::from_secs) {
            Some(life) => now.checked_add(life).ok().or(ends),
            None => ends,
        },
    })
}

/// A whole number, which some issuers write as a text.
fn number(raw: &RawValue) -> Option<i64> {
    raw.get().trim_matches('"').parse().ok()
}

/// More than any token or certificate with its key.
const MAX_FILE: usize = 256 * 1024;

/// The content of a credential's file of up to 256 KiB, wiped when it is dropped.
///
/// # Errors
///
/// `Config` that says why, and not which file: the caller knows what named it.
///
/// # Example
///
/// ```
/// use std::path::Path;
///
/// use polyvault_core::transport::credential_file;
///
/// let error = credential_file(Path::new("/no/such/file")).unwrap_err();
/// assert!(error.message().starts_with("the file can't be read"));
/// ```
pub fn credential_file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let refuse = |why: String| Error::new(ErrorKind::Config, format!("the file {why}"));
    read_file(path, MAX_FILE).map_err(|error| match error.kind() {
        Io::FileTooLarge => refuse("is larger than 256 KiB".to_owned()),
        Io::ResourceBusy => refuse("was written while it was read".to_owned()),
        other => refuse(format!("can't be read: {other}")),
    })
}
