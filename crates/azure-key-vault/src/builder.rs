//! How a store is put together.

use std::sync::Arc;

use jiff::civil::Date;
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{
    Client, ClientOptions, Endpoint, ReadyToken, Scheme, Service, TokenSource, Transport,
};
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore, SecretString};

use crate::config::{API_VERSION, Config, PARAMETERS, SCHEME, VAULT_SUFFIX, capabilities};
use crate::store::AzureKeyVault;
use crate::{credential, error};

/// Puts an [`AzureKeyVault`] together.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
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
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct AzureKeyVaultBuilder {
    vault: String,
    endpoint: Option<String>,
    api_version: String,
    tokens: Option<Box<dyn TokenSource>>,
    options: ClientOptions,
}

impl AzureKeyVaultBuilder {
    pub(crate) fn new(vault: impl Into<String>) -> Self {
        Self {
            vault: vault.into(),
            endpoint: None,
            api_version: API_VERSION.to_owned(),
            tokens: None,
            options: ClientOptions::default(),
        }
    }

    /// The vault's base URL, where it is not below `.vault.azure.net`.
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

    /// Where bearer tokens come from.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.tokens = Some(Box::new(source));
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
        let tokens = match self.tokens {
            Some(tokens) => tokens,
            None => credential::from_environment(&Environment::empty())?,
        };
        let endpoint = match &self.endpoint {
            Some(url) => Endpoint::parse("endpoint", url)?,
            None => {
                check_vault(&self.vault)?;
                let url = format!("https://{}{VAULT_SUFFIX}", self.vault);
                Endpoint::parse("endpoint", &url)?
            }
        };
        check_api_version(&self.api_version)?;
        let client = Client::new(
            Service {
                provider: SCHEME,
                endpoints: vec![endpoint.clone()],
                tokens,
                scheme: Scheme::Bearer,
                refusal: error::from_refusal,
                advice: error::ADVICE,
                request_id: error::REQUEST_ID,
            },
            self.options,
        )?;
        let config = Config {
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

/// Opens a store by its URL.
pub(crate) fn open(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    url.check_parameters(PARAMETERS)?;
    url.flag("verify_challenge")?;
    let mut builder = AzureKeyVaultBuilder::new(url.store());
    builder.endpoint = url.parameter("endpoint").map(str::to_owned);
    if let Some(version) = url.parameter("api_version") {
        builder.api_version = version.to_owned();
    }
    builder.tokens = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
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
    )
    .with_provider(SCHEME))
}

/// Such as the `.2` of 7.6-preview.2.
fn is_preview_number(text: &str) -> bool {
    let number = text.strip_prefix('.').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Names of vaults: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>.
fn check_vault(vault: &str) -> Result<()> {
    let fits = (3..=24).contains(&vault.len())
        && vault.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && vault.starts_with(|c: char| c.is_ascii_alphabetic())
        && !vault.ends_with('-')
        && !vault.contains("--");
    if fits {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        "field `vault`: 3 to 24 letters, digits and single hyphens, beginning with a letter",
    )
    .with_provider(SCHEME))
}
