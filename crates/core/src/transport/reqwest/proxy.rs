//! What stands between this machine and a service.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Result};

/// An HTTP proxy, reached by http or https; services are reached through it by `CONNECT`.
///
/// The proxy sees the host's name and no request: TLS ends at the service.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::{Proxy, ReqwestTransport};
///
/// let proxy = Proxy::new("http://proxy.example:3128")?
///     .login("build-agent", "made-up".into())?
///     .no_proxy("internal.example, 10.0.0.0/8");
/// assert!(!format!("{proxy:?}").contains("made-up"));
/// let transport = ReqwestTransport::builder().proxy(proxy).build();
///
/// // A login never stands in the URL.
/// assert!(Proxy::new("http://build-agent:made-up@proxy.example:3128").is_err());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    url: Url,
    login: Option<HeaderValue>,
    no_proxy: String,
}

impl Proxy {
    /// The proxy at `url`.
    ///
    /// # Errors
    ///
    /// `Config` if it is neither an http nor an https URL, holds a credential, or more than
    /// scheme, host and port. The text is not quoted.
    pub fn new(url: &str) -> Result<Self> {
        let refuse = |rule: &str| {
            Err(Error::new(
                ErrorKind::Config,
                format!("field `proxy`: {rule}"),
            ))
        };
        let Ok(url) = Url::parse(url) else {
            return refuse("not an absolute URL");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::new(
                ErrorKind::Config,
                "field `proxy`: a URL never holds a credential",
            )
            .with_help(
                "Take the user and the password out of the URL and hand them to `Proxy::login`, \
                 or leave the proxy to the variable HTTPS_PROXY.",
            ));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("an http or https URL");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return refuse("a proxy has a scheme, a host and a port, and nothing more");
        }
        Ok(Self {
            url,
            login: None,
            no_proxy: String::new(),
        })
    }

    /// Signs in to the proxy, by the scheme `Basic`: to a proxy on http in the clear.
    ///
    /// # Errors
    ///
    /// `Config` if the user holds a colon, which ends it.
    pub fn login(mut self, user: &str, password: SecretString) -> Result<Self> {
        if user.contains(':') {
            return Err(Error::new(
                ErrorKind::Config,
                "the proxy's user: a user holds no colon",
            ));
        }
        #[expect(clippy::disallowed_methods, reason = "the Proxy-Authorization header")]
        let password = password.expose_secret();
        let pair = Zeroizing::new([user, ":", password].concat());
        // As large as it becomes, so that no buffer is left behind.
        let mut text = Zeroizing::new(String::with_capacity(6 + pair.len().div_ceil(3) * 4));
        text.push_str("Basic ");
        STANDARD.encode_string(pair.as_bytes(), &mut text);
        let bytes = Zeroizing::new(std::mem::take(&mut *text).into_bytes());
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(bytes))
            .map_err(|_| Error::new(ErrorKind::Config, "the proxy's login: not for a header"))?;
        header.set_sensitive(true);
        self.login = Some(header);
        Ok(self)
    }

    /// Hosts that are reached without it: names (each with all below it), addresses and
    /// networks such as `10.0.0.0/8`, separated by commas, as in the variable `NO_PROXY`.
    #[must_use]
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = hosts.into();
        self
    }

    pub(super) fn build(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.url.clone())?
            .no_proxy(reqwest::NoProxy::from_string(&self.no_proxy));
        Ok(match &self.login {
            Some(login) => proxy.custom_http_auth(login.clone()),
            None => proxy,
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.url.as_str())
            .field("login", &self.login.is_some())
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}
