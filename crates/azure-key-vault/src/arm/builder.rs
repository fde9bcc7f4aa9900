//! How a store is put together.

use std::sync::Arc;

use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{ClientOptions, Endpoint, ReadyToken, TokenSource, Transport};
use polyvault_core::{Error, ErrorKind, Result, SecretStore, SecretString};

use super::config::{API_VERSION, Config, PARAMETERS, SCHEME};
use super::error;
use super::store::AzureKeyVaultArm;
use crate::builder::{Connection, check_resource, check_vault};
use crate::credential::{self, Audience, Cloud, Credential, Found, authority_host};

/// Puts an [`AzureKeyVaultArm`] together.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::arm::AzureKeyVaultArm;
/// use polyvault_azure_key_vault::credential::{ClientSecret, Cloud};
/// use polyvault_core::transport::{ClientOptions, ReadyToken, ReqwestTransport};
/// use std::sync::Arc;
///
/// let app = ClientSecret::new("my-tenant", "my-client", "made-up".into());
/// let store = AzureKeyVaultArm::builder("00000000-0000-0000-0000-000000000000", "my-group", "my-vault")
///     .cloud(Cloud::US_GOVERNMENT)
///     .api_version("2021-06-01-preview")
///     .credential(app)
///     .build()?;
/// # let _ = store;
///
/// // A cloud of one's own, with a token from elsewhere:
/// let options = ClientOptions { max_in_flight: 4, ..ClientOptions::default() };
/// let store = AzureKeyVaultArm::builder("00000000-0000-0000-0000-000000000000", "my-group", "my-vault")
///     .endpoint("https://management.cloud.example")
///     .resource("https://management.cloud.example")
///     .authority("https://login.cloud.example")
///     .token_source(ReadyToken::new("a-ready-token".into()))
///     .client_options(options)
///     .transport(Arc::new(ReqwestTransport::default()))
///     .build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct AzureKeyVaultArmBuilder {
    subscription: String,
    resource_group: String,
    vault: String,
    endpoint: Option<String>,
    api_version: String,
    cloud: Cloud,
    resource: Option<String>,
    authority: Option<String>,
    found: Option<Found>,
    options: ClientOptions,
}

impl AzureKeyVaultArmBuilder {
    pub(super) fn new(
        subscription: impl Into<String>,
        resource_group: impl Into<String>,
        vault: impl Into<String>,
    ) -> Self {
        Self {
            subscription: subscription.into(),
            resource_group: resource_group.into(),
            vault: vault.into(),
            endpoint: None,
            api_version: API_VERSION.to_owned(),
            cloud: Cloud::PUBLIC,
            resource: None,
            authority: None,
            found: None,
            options: ClientOptions::default(),
        }
    }

    /// The cloud that the vault is in: the public one unless said.
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = cloud;
        self
    }

    /// The resource manager's base URL, where it is not the cloud's.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The version of the service's API, `2026-05-15` unless said: a date since `2021-06-01-preview`, maybe with
    /// `-preview`.
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

    /// The resource that tokens are for, in place of the cloud's resource manager.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// What sends the requests; stores that share it share its connections.
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
    /// `Config` for the subscription, the resource group, the vault's name, the endpoint, the API version, a
    /// missing credential, or a cloud of the caller's own without `endpoint` and `resource`.
    pub fn build(self) -> Result<AzureKeyVaultArm> {
        self.assemble().map_err(|error| error.with_provider(SCHEME))
    }

    fn assemble(self) -> Result<AzureKeyVaultArm> {
        check_parts(&self.subscription, &self.resource_group)?;
        check_vault(&self.vault)?;
        check_api_version(&self.api_version)?;
        let manager = self.cloud.manager();
        let given = |value: Option<String>| value.or_else(|| manager.map(str::to_owned));
        let (Some(endpoint), Some(resource)) = (given(self.endpoint), given(self.resource)) else {
            return Err(invalid(
                "fields `endpoint` and `resource`: this cloud has none of its own",
            ));
        };
        check_resource(&resource)?;
        let endpoint = Endpoint::parse("endpoint", &endpoint)?;
        let authority = self.authority.as_deref().unwrap_or(self.cloud.login());
        let authority = authority_host(authority)?;
        let connection = Connection {
            provider: SCHEME,
            endpoint: endpoint.clone(),
            authority,
            audience: Audience::Resource(resource),
            found: self.found,
            refusal: error::from_refusal,
            advice: error::ADVICE,
        };
        let client = connection.client(self.options)?;
        let config = Config {
            subscription: self.subscription,
            resource_group: self.resource_group,
            vault: self.vault,
            endpoint,
            api_version: self.api_version,
        };
        Ok(AzureKeyVaultArm::new(config, client))
    }
}

/// Opens a store by its URL.
pub(super) fn open(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    url.check_parameters(PARAMETERS)?;
    let parts: Vec<&str> = url.store().split('/').collect();
    let [subscription, resource_group, vault] = parts.as_slice() else {
        return Err(invalid(
            "store URL: of the form azure-key-vault-arm://SUBSCRIPTION/RESOURCE_GROUP/VAULT",
        ));
    };
    let mut builder = AzureKeyVaultArmBuilder::new(*subscription, *resource_group, *vault);
    if let Some(cloud) = url.parameter("cloud") {
        builder.cloud = Cloud::by_name(cloud)?;
    }
    if let Some(version) = url.parameter("api_version") {
        builder.api_version = version.to_owned();
    }
    builder.resource = url.parameter("resource").map(str::to_owned);
    builder.endpoint = url.parameter("endpoint").map(str::to_owned);
    builder.authority = options.environment.text(credential::AUTHORITY);
    builder.found = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
}

/// Names of resource groups:
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules>.
fn check_parts(subscription: &str, group: &str) -> Result<()> {
    let id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if subscription.is_empty() || subscription.len() > 64 || !subscription.chars().all(id) {
        return Err(invalid("field `subscription`: a UUID"));
    }
    let named = |c: char| c.is_alphanumeric() || "-_.()".contains(c);
    let long = group.chars().count();
    if !(1..=90).contains(&long) || !group.chars().all(named) || group.ends_with('.') {
        return Err(invalid(
            "field `resource_group`: 1 to 90 letters, digits and -_.(), not ending with a dot",
        ));
    }
    Ok(())
}

/// A date since the oldest version that is supported; which dates there are only the service knows.
fn check_api_version(version: &str) -> Result<()> {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let is_date = date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok();
    if is_date && date >= "2021-06-01" {
        return Ok(());
    }
    Err(invalid(
        "field `api_version`: a date since 2021-06-01-preview such as 2026-05-15, maybe with -preview",
    ))
}

fn invalid(rule: &'static str) -> Error {
    Error::new(ErrorKind::Config, rule)
}
