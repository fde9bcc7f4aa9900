//! The parameters of a store URL that every provider over HTTP has.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::{OpenOptions, Parameter, StoreUrl, refuse};
use crate::transport::{ClientOptions, Transport};
use crate::{Environment, Result};

const TIMEOUT: &str = "timeout";

/// The parameters that every provider over HTTP has beside its own; times have units, as in
/// `500ms`, `10s` or `1m30s`.
pub const HTTP_PARAMETERS: [Parameter; 5] = [
    Parameter {
        name: "ca_file",
        default: "none",
        what: "a PEM file of CAs that are trusted beside the system's; read when the store is opened",
    },
    Parameter {
        name: "client_certificate_file",
        default: "none",
        what: "a PEM file of the certificate that is shown to the service, those between it and \
               its CA, and its private key; read when the store is opened",
    },
    Parameter {
        name: "proxy",
        default: "HTTPS_PROXY",
        what: "the proxy, as `http://HOST:PORT` without a login, or `none`; hosts of the variable \
               `NO_PROXY`, loopback and metadata addresses are reached without",
    },
    Parameter {
        name: "connect_timeout",
        default: "10s",
        what: "how long a connection may take to come about",
    },
    Parameter {
        name: TIMEOUT,
        default: "90s",
        what: "how long one request may take with all its repeats; each attempt at most 30 s",
    },
];

/// A provider's own parameters and [`HTTP_PARAMETERS`], as one table.
///
/// `ALL` is the number of both; another one does not compile.
///
/// # Example
///
/// ```
/// use polyvault_core::provider::{HTTP_PARAMETERS, Parameter, with_http_parameters};
///
/// const OWN: [Parameter; 1] = [Parameter {
///     name: "endpoint",
///     default: "https://example.com",
///     what: "the base URL",
/// }];
/// const PARAMETERS: &[Parameter] = &with_http_parameters::<{ OWN.len() + HTTP_PARAMETERS.len() }>(&OWN);
/// assert_eq!(PARAMETERS[0].name, "endpoint");
/// assert_eq!(PARAMETERS[1].name, "ca_file");
/// ```
#[must_use]
pub const fn with_http_parameters<const ALL: usize>(own: &[Parameter]) -> [Parameter; ALL] {
    let [first, ..] = HTTP_PARAMETERS;
    let mut all = [first; ALL];
    let (left, right) = all.split_at_mut(own.len());
    left.copy_from_slice(own);
    right.copy_from_slice(&HTTP_PARAMETERS);
    all
}

impl OpenOptions {
    /// How requests to the store of `url` are sent: as these options say, and in their place as
    /// its [`HTTP_PARAMETERS`] say. Files that they name are read.
    ///
    /// # Errors
    ///
    /// `Config` for a value that is refused, for a file that is not as it should be, and for a
    /// parameter of the transport beside a transport that was handed in.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::provider::{OpenOptions, StoreUrl};
    /// use std::time::Duration;
    ///
    /// let url = StoreUrl::parse("azure-key-vault://my-vault?timeout=1m30s")?;
    /// let client = OpenOptions::default().client_for(&url)?;
    /// assert_eq!(client.retry.total, Duration::from_secs(90));
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn client_for(&self, url: &StoreUrl) -> Result<ClientOptions> {
        let mut client = self.client.clone();
        if let Some(total) = url.duration(TIMEOUT)? {
            client.retry.total = total;
        }
        let of_transport = |name: &str| name != TIMEOUT && url.parameter(name).is_some();
        let mut names = HTTP_PARAMETERS.iter().map(|parameter| parameter.name);
        let Some(named) = names.find(|name| of_transport(name)) else {
            return Ok(client);
        };
        if client.transport.is_some() {
            let field = format!("parameter `{named}`");
            let rule = "a transport was handed in, and this sets one that is made here";
            return Err(refuse(&field, rule)
                .with_help("Take the parameter out, or set the option of the transport instead."));
        }
        client.transport = Some(transport(url, &self.environment)?);
        Ok(client)
    }
}

#[cfg(feature = "reqwest")]
fn transport(url: &StoreUrl, environment: &Environment) -> Result<Arc<dyn Transport>> {
    use crate::transport::{Proxy, ReqwestTransport};

    let mut transport = ReqwestTransport::builder();
    if let Some(path) = url.parameter("ca_file") {
        transport = transport.ca_file(path)?;
    }
    if let Some(path) = url.parameter("client_certificate_file") {
        transport = transport.client_certificate_file(path)?;
    }
    if let Some(timeout) = url.duration("connect_timeout")? {
        transport = transport.connect_timeout(timeout);
    }
    transport = match url.parameter("proxy") {
        None => transport,
        Some("none") => transport.no_proxy(),
        Some(proxy) => {
            let past = ["NO_PROXY", "no_proxy"];
            let past = past.iter().find_map(|name| environment.text(name));
            transport.proxy(Proxy::new(proxy)?.no_proxy(past.unwrap_or_default()))
        }
    };
    Ok(Arc::new(transport.build()))
}

#[cfg(not(feature = "reqwest"))]
fn transport(_: &StoreUrl, _: &Environment) -> Result<Arc<dyn Transport>> {
    crate::transport::default_transport()
}

impl StoreUrl {
    /// The parameter of this name that is a time with its unit, such as `500ms`, `10s` or `1m30s`.
    ///
    /// # Errors
    ///
    /// `Config` if it is no such time, or none at all.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::provider::StoreUrl;
    /// use std::time::Duration;
    ///
    /// let url = StoreUrl::parse("azure-key-vault://my-vault?timeout=1m30s")?;
    /// assert_eq!(url.duration("timeout")?, Some(Duration::from_secs(90)));
    /// assert_eq!(url.duration("connect_timeout")?, None);
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        let Some(text) = self.parameter(name) else {
            return Ok(None);
        };
        let time = text.parse::<SignedDuration>().ok();
        match time.and_then(|time| Duration::try_from(time).ok()) {
            Some(time) if !time.is_zero() => Ok(Some(time)),
            _ => Err(refuse(
                &format!("parameter `{name}`"),
                "a time with its unit, longer than none, such as 500ms, 10s or 1m30s",
            )),
        }
    }
}
