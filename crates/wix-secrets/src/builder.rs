//! How a store is put together.

use std::sync::Arc;

use http::HeaderValue;
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{
    Client, ClientOptions, Endpoint, ReadyToken, Scheme, Service, TokenSource, Transport,
};
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore, SecretString};

use crate::config::{Config, ENDPOINT, PARAMETERS, SCHEME, capabilities};
use crate::store::WixSecrets;
use crate::{credential, error};

/// Puts a [`WixSecrets`] together.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::ClientOptions;
/// use polyvault_wix_secrets::WixSecrets;
///
/// let site = "11111111-2222-4333-8444-555555555555";
/// let store = WixSecrets::builder(site).api_key("IST.made-up".into()).build()?;
/// assert_eq!(store.to_string(), format!("wix-secrets://{site}"));
///
/// let options = ClientOptions { max_in_flight: 2, ..ClientOptions::default() };
/// let store = WixSecrets::builder(site)
///     .endpoint("https://gateway.example/_api/cloud-secrets-vault-server")
///     .api_key("IST.made-up".into())
///     .client_options(options)
///     .build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct WixSecretsBuilder {
    site: String,
    endpoint: String,
    tokens: Option<Box<dyn TokenSource>>,
    options: ClientOptions,
}

impl WixSecretsBuilder {
    pub(crate) fn new(site: impl Into<String>) -> Self {
        Self {
            site: site.into(),
            endpoint: ENDPOINT.to_owned(),
            tokens: None,
            options: ClientOptions::default(),
        }
    }

    /// The base URL with the gateway's path, without `/api/v1/secrets`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// An API key of the account that owns the site.
    pub fn api_key(mut self, key: SecretString) -> Self {
        self.tokens = Some(Box::new(ReadyToken::new(key)));
        self
    }

    /// What sends the requests; stores that share it share its connections.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::ReqwestTransport;
    /// use polyvault_wix_secrets::WixSecrets;
    /// use std::sync::Arc;
    ///
    /// let transport = Arc::new(ReqwestTransport::builder().user_agent("my-app/1.2")?.build());
    /// let store = WixSecrets::builder("a-site").api_key("made-up".into()).transport(transport).build()?;
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.options.transport = Some(transport);
        self
    }

    /// How requests are sent, repeated and bounded, the transport included.
    pub fn client_options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    /// The store; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `Config` for the site's id, the endpoint or a missing API key.
    pub fn build(self) -> Result<WixSecrets> {
        let config = Config {
            endpoint: Endpoint::parse("endpoint", &self.endpoint)?,
            site: site_header(&self.site)?,
        };
        let tokens = match self.tokens {
            Some(tokens) => tokens,
            None => credential::from_environment(&Environment::empty())?,
        };
        let client = Client::new(
            Service {
                provider: SCHEME,
                endpoints: vec![config.endpoint.clone()],
                tokens,
                scheme: Scheme::Raw,
                refusal: error::from_refusal,
                advice: error::ADVICE,
                request_id: error::REQUEST_ID,
            },
            self.options,
        )?;
        Ok(WixSecrets::new(self.site, config, capabilities(), client))
    }
}

/// Opens a store by its URL.
pub(crate) fn open(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    url.check_parameters(PARAMETERS)?;
    let mut builder = WixSecretsBuilder::new(url.store());
    if let Some(endpoint) = url.parameter("endpoint") {
        builder = builder.endpoint(endpoint);
    }
    builder.tokens = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
}

/// The site as a header: its id is a GUID, but no rule of ours depends on that.
fn site_header(site: &str) -> Result<HeaderValue> {
    let fits = !site.is_empty()
        && site
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    HeaderValue::from_str(site)
        .ok()
        .filter(|_| fits)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "field `site`: the id of a site is a GUID, such as \
                 11111111-2222-4333-8444-555555555555",
            )
            .with_provider(SCHEME)
        })
}
