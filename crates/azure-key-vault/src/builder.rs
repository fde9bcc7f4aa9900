//! How a store is put together.

use std::sync::Arc;

use jiff::civil::Date;
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{
    Advice, Client, ClientOptions, Endpoint, ReadyToken, Refusal, Scheme, Service, TokenSource,
    Transport, default_transport,
};
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore, SecretString};

use crate::config::{API_VERSION, Config, PARAMETERS, SCHEME, capabilities};
use crate::credential::{self, Audience, Cloud, Credential, Found, SignIn, authority_host};
use crate::error;
use crate::store::AzureKeyVault;

/// Puts an [`AzureKeyVault`] together.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::{ClientSecret, Cloud};
/// use polyvault_core::transport::{ClientOptions, ReadyToken};
///
/// let store = AzureKeyVault::builder("my-vault").token("a-ready-token".into()).build()?;
/// assert_eq!(store.to_string(), "azure-key-vault://my-vault");
///
/// let options = ClientOptions { max_in_flight: 8, ..ClientOptions::default() };
/// let store = AzureKeyVault::builder("my-vault")
///     .endpoint("https://my-vault.vault.usgovcloudapi.net")
///     .api_version("7.6")
///     .token_source(ReadyToken::new("a-ready-token".into()))
///     .client_options(options)
///     .build()?;
/// # let _ = store;
///
/// // Behind a private DNS name, and an emulator whose challenge may name anything:
/// let app = || ClientSecret::new("my-tenant", "my-client", "made-up".into());
/// let private = AzureKeyVault::builder("my-vault")
///     .endpoint("https://kv.corp.example")
///     .resource("https://vault.azure.net")
///     .authority("https://login.microsoftonline.com")
///     .credential(app())
///     .build()?;
/// let emulated = AzureKeyVault::builder("my-vault")
///     .cloud(Cloud::PUBLIC)
///     .endpoint("http://127.0.0.1:8080")
///     .any_challenge()
///     .credential(app())
///     .build()?;
/// # let _ = (private, emulated);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct AzureKeyVaultBuilder {
    vault: String,
    endpoint: Option<String>,
    api_version: String,
    cloud: Option<Cloud>,
    resource: Option<String>,
    authority: Option<String>,
    verify_challenge: bool,
    found: Option<Found>,
    options: ClientOptions,
}

impl AzureKeyVaultBuilder {
    pub(crate) fn new(vault: impl Into<String>) -> Self {
        Self {
            vault: vault.into(),
            endpoint: None,
            api_version: API_VERSION.to_owned(),
            cloud: None,
            resource: None,
            authority: None,
            verify_challenge: true,
            found: None,
            options: ClientOptions::default(),
        }
    }

    /// The cloud that the vault is in: that of its endpoint, else the public one, unless said.
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// The vault's base URL, where it is not the vault's name below the domain of its cloud.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The version of the service's API, `2026-04-01` unless said: `7.4`, `7.5`, `7.6`, or a date since 2025,
    /// each maybe with `-preview`.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self
    }

    /// A ready bearer token, which is not renewed.
    pub fn token(self, token: SecretString) -> Self {
        self.token_source(ReadyToken::new(token))
    }

    /// Where bearer tokens come from, whatever the vault's challenges say.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.found = Some(Found::Ready(Box::new(source)));
        self
    }

    /// Who signs in.
    pub fn credential(mut self, credential: impl Credential) -> Self {
        self.found = Some(Found::Credential(Box::new(credential)));
        self
    }

    /// Where to sign in, such as `https://login.microsoftonline.com`, in place of the cloud's.
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.authority = Some(url.into());
        self
    }

    /// The resource that tokens are for, such as `https://vault.azure.net`: for a vault behind a
    /// private DNS name, whose host tells nothing. A challenge for anything else is refused.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Signs in for whatever a challenge names, though the vault's host is not below it: for
    /// emulators. Whoever answers at the endpoint can then ask for a token for anything.
    pub fn any_challenge(mut self) -> Self {
        self.verify_challenge = false;
        self
    }

    /// What sends the requests; stores that share it share its connections.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::ReqwestTransport;
    /// use polyvault_azure_key_vault::AzureKeyVault;
    /// use std::sync::Arc;
    ///
    /// let transport = Arc::new(ReqwestTransport::builder().user_agent("my-app/1.2")?.build());
    /// let store = AzureKeyVault::builder("my-vault").token("made-up".into()).transport(transport).build()?;
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
    /// `Config` for the vault's name, the endpoint, the API version or a missing credential.
    pub fn build(self) -> Result<AzureKeyVault> {
        self.assemble().map_err(|error| error.with_provider(SCHEME))
    }

    fn assemble(self) -> Result<AzureKeyVault> {
        let endpoint = match (&self.endpoint, &self.cloud) {
            (Some(url), _) => Endpoint::parse("endpoint", url)?,
            (None, cloud) => {
                check_vault(&self.vault)?;
                let url = cloud
                    .as_ref()
                    .unwrap_or(&Cloud::PUBLIC)
                    .vault_url(&self.vault);
                Endpoint::parse("endpoint", &url)?
            }
        };
        check_api_version(&self.api_version)?;
        let cloud = self.cloud.or_else(|| Cloud::of_host(endpoint.host()));
        let authority = match (&self.authority, &cloud) {
            (Some(url), _) => authority_host(url)?,
            (None, cloud) => authority_host(cloud.as_ref().unwrap_or(&Cloud::PUBLIC).login())?,
        };
        if let Some(resource) = &self.resource {
            check_resource(resource)?;
        }
        let known = cloud.filter(|cloud| cloud.has(endpoint.host()));
        let audience = match (self.resource, self.verify_challenge) {
            (Some(resource), _) => Audience::Resource(resource),
            (None, true) => Audience::Below(known.map(|cloud| cloud.resource().to_owned())),
            (None, false) => Audience::Any,
        };
        let connection = Connection {
            provider: SCHEME,
            endpoint: endpoint.clone(),
            authority,
            audience,
            found: self.found,
            refusal: error::from_refusal,
            advice: error::ADVICE,
        };
        let client = connection.client(self.options)?;
        let config = Config {
            vault: self.vault.clone(),
            endpoint,
            api_version: self.api_version,
        };
        Ok(AzureKeyVault::new(
            self.vault,
            config,
            capabilities(),
            client,
        ))
    }
}

/// What a client of either plane of the service is put together of.
pub(crate) struct Connection {
    pub(crate) provider: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) authority: Endpoint,
    pub(crate) audience: Audience,
    pub(crate) found: Option<Found>,
    pub(crate) refusal: fn(&Refusal<'_>) -> Error,
    pub(crate) advice: Advice,
}

impl Connection {
    pub(crate) fn client(self, mut options: ClientOptions) -> Result<Client> {
        options.transport = Some(match options.transport {
            Some(transport) => transport,
            None => default_transport()?,
        });
        let found = match self.found {
            Some(found) => found,
            None => credential::from_environment(&Environment::empty())?,
        };
        let tokens: Box<dyn TokenSource> = match found {
            Found::Ready(source) => source,
            Found::Credential(credential) => Box::new(SignIn::new(
                credential,
                &self.endpoint,
                self.authority,
                self.audience,
                options.clone(),
            )),
        };
        let service = Service {
            provider: self.provider,
            endpoints: vec![self.endpoint],
            tokens,
            scheme: Scheme::Bearer,
            refusal: self.refusal,
            advice: self.advice,
            request_id: error::REQUEST_ID,
        };
        Client::new(service, options)
    }
}

/// Opens a store by its URL.
pub(crate) fn open(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    url.check_parameters(PARAMETERS)?;
    let mut builder = AzureKeyVaultBuilder::new(url.store());
    builder.verify_challenge = url.flag("verify_challenge")?.unwrap_or(true);
    builder.cloud = url.parameter("cloud").map(Cloud::by_name).transpose()?;
    builder.resource = url.parameter("resource").map(str::to_owned);
    builder.authority = options.environment.text(credential::AUTHORITY);
    builder.endpoint = url.parameter("endpoint").map(str::to_owned);
    if let Some(version) = url.parameter("api_version") {
        builder.api_version = version.to_owned();
    }
    builder.found = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
}

pub(crate) fn check_resource(resource: &str) -> Result<()> {
    let plain =
        |url: &url::Url| url.has_host() && url.query().is_none() && url.username().is_empty();
    match url::Url::parse(resource) {
        Ok(url) if plain(&url) => Ok(()),
        _ => Err(Error::new(
            ErrorKind::Config,
            "field `resource`: a URL such as https://vault.azure.net",
        )),
    }
}

/// 7.4 to 7.6, or a date since 2025, each maybe a preview: what is older lacks fields of answers, and
/// what is newer has a date. Which dates there are only the service knows.
fn check_api_version(version: &str) -> Result<()> {
    let (plain, is_preview) = match version.split_once("-preview") {
        Some((plain, number)) => (plain, number.is_empty() || is_preview_number(number)),
        None => (version, true),
    };
    let known = match plain {
        "7.4" | "7.5" | "7.6" => true,
        date => date.len() == 10 && date.parse().is_ok_and(|date: Date| date.year() >= 2025),
    };
    if known && is_preview {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        "field `api_version`: 7.4 (the oldest), 7.5, 7.6 or a date since 2025 such as 2026-04-01, each \
         maybe with -preview",
    ))
}

/// Such as the `.2` of 7.6-preview.2.
fn is_preview_number(text: &str) -> bool {
    let number = text.strip_prefix('.').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Names of vaults: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>.
pub(crate) fn is_vault(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && !text.contains("--")
}

pub(crate) fn check_vault(vault: &str) -> Result<()> {
    if is_vault(vault) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        "field `vault`: 3 to 24 letters, digits and single hyphens, beginning with a letter",
    ))
}
