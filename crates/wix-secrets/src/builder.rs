//! How a store is put together.

use std::sync::Arc;

use http::HeaderValue;
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{
    Client, ClientOptions, Endpoint, ReadyToken, Scheme, Service, TokenSource, Transport,
    default_transport, is_near,
};
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore, SecretString};

use crate::config::{
    Config, ENDPOINT, Names, PARAMETERS, PUBLISHED_RATE, Payloads, SCHEME, capabilities_of,
};
use crate::credential::{App, Found, SignIn};
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
///     .token_endpoint("https://gateway.example/oauth2/token") // for apps
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
    token_endpoint: Option<String>,
    names: Names,
    payloads: Payloads,
    found: Option<Found>,
    options: ClientOptions,
}

impl WixSecretsBuilder {
    pub(crate) fn new(site: impl Into<String>) -> Self {
        Self {
            site: site.into(),
            endpoint: ENDPOINT.to_owned(),
            token_endpoint: None,
            names: Names::default(),
            payloads: Payloads::default(),
            found: None,
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
        self.found = Some(Found::ApiKey(ReadyToken::new(key)));
        self
    }

    /// An app that is installed on the site, which signs in for itself.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_wix_secrets::WixSecrets;
    /// use polyvault_wix_secrets::credential::App;
    ///
    /// let app = App::new("the-app-id", "made-up".into(), "the-instance-id");
    /// let store = WixSecrets::builder("a-site").app(app).build()?;
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn app(mut self, app: App) -> Self {
        self.found = Some(Found::App(app));
        self
    }

    /// The URL where an app's credentials are exchanged for tokens; `/oauth2/token` at the host of the
    /// endpoint unless said.
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// Which names the store takes.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::SecretStore;
    /// use polyvault_wix_secrets::{Names, WixSecrets};
    ///
    /// let builder = WixSecrets::builder("a-site").api_key("made-up".into());
    /// let store = builder.names(Names::Dashboard).build()?;
    /// assert_eq!(store.capabilities().limits.name.max_chars, 40);
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    /// Which payloads the store takes.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::SecretStore;
    /// use polyvault_wix_secrets::{Payloads, WixSecrets};
    ///
    /// let builder = WixSecrets::builder("a-site").api_key("made-up".into());
    /// let store = builder.payloads(Payloads::Encoded).build()?;
    /// assert!(store.capabilities().binary);
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn payloads(mut self, payloads: Payloads) -> Self {
        self.payloads = payloads;
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
    /// `Config` for the site's id, an endpoint or a missing credential.
    pub fn build(mut self) -> Result<WixSecrets> {
        let endpoint = Endpoint::parse("endpoint", &self.endpoint)?;
        let token_endpoint = match &self.token_endpoint {
            Some(url) => Endpoint::parse("token_endpoint", url)?,
            None => token_endpoint_of(&endpoint)?,
        };
        let site = site_header(&self.site)?;
        let found = match self.found.take() {
            Some(found) => found,
            None => credential::from_environment(&Environment::empty())?,
        };
        let (tokens, site): (Box<dyn TokenSource>, _) = match found {
            Found::ApiKey(key) => (Box::new(key), Some(site)),
            Found::App(app) => {
                // One transport for the store and its sign-in.
                self.options.transport = match self.options.transport.take() {
                    None => Some(default_transport()?),
                    transport => transport,
                };
                let sign_in = SignIn::new(app, token_endpoint, self.options.clone());
                // The instance tells the site; to name one beside it has been seen to lose both.
                (Box::new(sign_in), None)
            }
        };
        if !is_near(endpoint.host()) {
            self.options.rate.get_or_insert(PUBLISHED_RATE);
        }
        let client = Client::new(
            Service {
                provider: SCHEME,
                endpoints: vec![endpoint.clone()],
                tokens,
                scheme: Scheme::Raw,
                refusal: error::from_refusal,
                advice: error::ADVICE,
                request_id: error::REQUEST_ID,
            },
            self.options,
        )?;
        let config = Config { endpoint, site };
        let capabilities = capabilities_of(self.names, self.payloads);
        Ok(WixSecrets::new(self.site, config, capabilities, client))
    }
}

/// Opens a store by its URL.
pub(crate) fn open(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    url.check_parameters(PARAMETERS)?;
    let mut builder = WixSecretsBuilder::new(url.store());
    if let Some(endpoint) = url.parameter("endpoint") {
        builder = builder.endpoint(endpoint);
    }
    builder.token_endpoint = url.parameter("token_endpoint").map(str::to_owned);
    builder.names = match url.parameter("names") {
        None | Some("api") => Names::Api,
        Some("dashboard") => Names::Dashboard,
        Some(_) => {
            let rule = "parameter `names`: `api` or `dashboard`";
            return Err(Error::new(ErrorKind::Config, rule).with_provider(SCHEME));
        }
    };
    builder.payloads = match url.parameter("payloads") {
        None | Some("plain") => Payloads::Plain,
        Some("encoded") => Payloads::Encoded,
        Some(_) => {
            let rule = "parameter `payloads`: `plain` or `encoded`";
            return Err(Error::new(ErrorKind::Config, rule).with_provider(SCHEME));
        }
    };
    builder.found = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
}

/// The platform's own, at the host of the gateway.
fn token_endpoint_of(endpoint: &Endpoint) -> Result<Endpoint> {
    let text = endpoint.as_str();
    let host = text.find("://").map_or(0, |at| at + 3);
    let origin = match text.get(host..).and_then(|rest| rest.find('/')) {
        Some(end) => text.get(..host + end).unwrap_or(text),
        None => text,
    };
    Endpoint::parse("token_endpoint", &format!("{origin}/oauth2/token"))
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
