//! Where tokens come from.
//!
//! `open` takes what the environment holds; [`YandexLockboxBuilder::credential`] takes any of these, or one
//! of the caller's own.
//!
//! [`YandexLockboxBuilder::credential`]: crate::YandexLockboxBuilder::credential

mod authorized_key;
mod discovery;
mod environment;
mod federation;
mod metadata;
mod sign_in;

use std::fmt;

use async_trait::async_trait;
use polyvault_core::transport::{ClientOptions, Endpoint, Token};
use polyvault_core::{Error, ErrorKind, Result, Timestamp};

pub use self::authorized_key::AuthorizedKey;
pub use self::federation::WorkloadIdentity;
pub use self::metadata::Metadata;

pub(crate) use self::discovery::discover;
pub(crate) use self::environment::{Found, VARIABLES, from_environment};
pub(crate) use self::sign_in::SignIn;

use crate::config::SCHEME;

/// Something that obtains IAM tokens.
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use polyvault_core::Result;
/// use polyvault_core::transport::Token;
/// use polyvault_yandex_lockbox::YandexLockbox;
/// use polyvault_yandex_lockbox::credential::{Credential, TokenRequest};
///
/// /// Asks a broker of the company's own.
/// #[derive(Debug)]
/// struct Broker;
///
/// #[async_trait]
/// impl Credential for Broker {
///     async fn token(&self, request: &TokenRequest) -> Result<Token> {
///         let secret = format!("t1.for.{}", request.iam().host());
///         Ok(Token { secret: secret.into(), expires_at: None })
///     }
/// }
///
/// let store = YandexLockbox::builder("b1gfolder00000000001").credential(Broker).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[async_trait]
pub trait Credential: fmt::Debug + Send + Sync + 'static {
    /// Obtains a token. It is kept until shortly before its end, and asked for by one caller at a time.
    ///
    /// # Errors
    ///
    /// `Config` if this machine or process is not set up for it, `Unauthenticated` if it is refused,
    /// `Unavailable` and `Timeout` if the issuer gives no answer.
    async fn token(&self, request: &TokenRequest) -> Result<Token>;
}

#[async_trait]
impl Credential for Box<dyn Credential> {
    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        (**self).token(request).await
    }
}

/// Of whom a token is asked: the hosts of one installation.
///
/// # Example
///
/// ```
/// use polyvault_yandex_lockbox::credential::TokenRequest;
///
/// fn shown(request: &TokenRequest) -> String {
///     format!("{} {} {}", request.iam().host(), request.federation().host(), request.audience())
/// }
/// # let _ = shown;
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequest {
    iam: Endpoint,
    federation: Endpoint,
    audience: String,
    options: ClientOptions,
}

impl TokenRequest {
    pub(crate) fn new(
        iam: Endpoint,
        federation: Endpoint,
        audience: String,
        options: ClientOptions,
    ) -> Self {
        Self {
            iam,
            federation,
            audience,
            options,
        }
    }

    /// Where signed statements are exchanged for tokens.
    #[must_use]
    pub fn iam(&self) -> &Endpoint {
        &self.iam
    }

    /// Where tokens of other issuers are exchanged.
    #[must_use]
    pub fn federation(&self) -> &Endpoint {
        &self.federation
    }

    /// Whom a signed statement is for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Now, by the store's clock; UTC.
    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }
}

/// That a credential can't be had here.
fn absent(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, why).with_provider(SCHEME)
}
