//! How a store is put together.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{
    Client, ClientOptions, Endpoint, ReadyToken, Scheme, Service, TokenSource, Transport,
    default_transport, is_near,
};
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore, SecretString};

use crate::config::{
    Config, ENDPOINT, FEDERATION_ENDPOINT, IAM_ENDPOINT, OPERATION_ENDPOINT, PARAMETERS,
    PAYLOAD_ENDPOINT, SCHEME, capabilities,
};
use crate::credential::{Credential, Found, SignIn, TokenRequest};
use crate::store::{Names, YandexLockbox};
use crate::{credential, error};

/// Puts a [`YandexLockbox`] together.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::{ClientOptions, ReadyToken};
/// use polyvault_yandex_lockbox::YandexLockbox;
///
/// let store = YandexLockbox::builder("b1gfolder00000000001").token("t1.a-ready-token".into()).build()?;
/// assert_eq!(store.to_string(), "yandex-lockbox://b1gfolder00000000001");
///
/// // Another installation: each host by itself, or all at one.
/// let options = ClientOptions { max_in_flight: 8, ..ClientOptions::default() };
/// let store = YandexLockbox::builder("b1gfolder00000000001")
///     .endpoint("https://lockbox.example")
///     .payload_endpoint("https://payload.lockbox.example")
///     .operation_endpoint("https://operation.example")
///     .iam_endpoint("https://iam.example")
///     .federation_endpoint("https://auth.example")
///     .audience("https://iam.example/iam/v1/tokens")
///     .token_source(ReadyToken::new("t1.a-ready-token".into()))
///     .client_options(options)
///     .build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct YandexLockboxBuilder {
    folder: String,
    endpoint: Option<String>,
    payload_endpoint: Option<String>,
    operation_endpoint: Option<String>,
    iam_endpoint: Option<String>,
    federation_endpoint: Option<String>,
    audience: Option<String>,
    names: Names,
    name_cache: Duration,
    found: Option<Found>,
    options: ClientOptions,
}

impl YandexLockboxBuilder {
    pub(crate) fn new(folder: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            endpoint: None,
            payload_endpoint: None,
            operation_endpoint: None,
            iam_endpoint: None,
            federation_endpoint: None,
            audience: None,
            names: Names::default(),
            name_cache: Duration::ZERO,
            found: None,
            options: ClientOptions::default(),
        }
    }

    /// The base URL for secrets and versions, and for payloads, operations and IAM unless they are set.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The base URL for payloads.
    pub fn payload_endpoint(mut self, url: impl Into<String>) -> Self {
        self.payload_endpoint = Some(url.into());
        self
    }

    /// The base URL for operations.
    pub fn operation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.operation_endpoint = Some(url.into());
        self
    }

    /// The base URL where signed statements are exchanged for tokens.
    pub fn iam_endpoint(mut self, url: impl Into<String>) -> Self {
        self.iam_endpoint = Some(url.into());
        self
    }

    /// The base URL where tokens of other issuers are exchanged: <https://auth.yandex.cloud> unless said.
    pub fn federation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.federation_endpoint = Some(url.into());
        self
    }

    /// Whom signed statements are for: the public service's IAM, or the one at `iam_endpoint` where that is
    /// set to a host that is not this machine.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Asks an installation where its services are: endpoints that are not set yet become those that it tells.
    ///
    /// `root` is its base URL: <https://api.cloud.yandex.net>, or <https://api.yandexcloud.kz> in Kazakhstan. It is
    /// asked through the transport of [`client_options`](Self::client_options), without a credential.
    /// <https://yandex.cloud/docs/api-design-guide/concepts/endpoints>
    ///
    /// # Errors
    ///
    /// `Config` for a root that is no URL, and if it does not tell all of the services; `Unexpected` if its list
    /// has no end; those of a request.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_yandex_lockbox::YandexLockbox;
    /// use polyvault_yandex_lockbox::credential::AuthorizedKey;
    ///
    /// # async fn example() -> polyvault_core::Result<()> {
    /// let store = YandexLockbox::builder("b1gfolder00000000001")
    ///     .credential(AuthorizedKey::from_file("/run/secrets/authorized_key.json"))
    ///     .discover("https://api.yandexcloud.kz")
    ///     .await?
    ///     .build()?;
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn discover(mut self, root: &str) -> Result<Self> {
        let found = credential::discover(root, &self.options).await?;
        self.endpoint = self.endpoint.or(Some(found.lockbox));
        self.payload_endpoint = self.payload_endpoint.or(Some(found.payload));
        self.operation_endpoint = self.operation_endpoint.or(Some(found.operation));
        self.iam_endpoint = self.iam_endpoint.or(Some(found.iam));
        Ok(self)
    }

    /// How secrets are found by their names.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_yandex_lockbox::{Names, YandexLockbox};
    ///
    /// let builder = YandexLockbox::builder("b1gfolder").token("made-up".into());
    /// let reader = builder.names(Names::ByPayload).build()?;
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    /// How long reads remember which id a name has, after a list has shown it; they list each time
    /// unless said.
    ///
    /// For that long a name that was given to another secret may read the one that had it, and a twin
    /// go unseen. Writes always list. At most 10 000 names are remembered, in memory, by all clones
    /// together; an id that is gone is looked up again.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use polyvault_yandex_lockbox::YandexLockbox;
    ///
    /// let builder = YandexLockbox::builder("b1gfolder").token("made-up".into());
    /// let store = builder.name_cache(Duration::from_secs(30)).build()?;
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn name_cache(mut self, life: Duration) -> Self {
        self.name_cache = life;
        self
    }

    /// A ready IAM token, which is not renewed.
    pub fn token(self, token: SecretString) -> Self {
        self.token_source(ReadyToken::new(token))
    }

    /// Where IAM tokens come from.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.found = Some(Found::Tokens(Box::new(source)));
        self
    }

    /// Who signs in: an authorized key, a workload's identity, the machine's own, or one of the caller's.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_yandex_lockbox::YandexLockbox;
    /// use polyvault_yandex_lockbox::credential::Metadata;
    ///
    /// let builder = YandexLockbox::builder("b1gfolder00000000001");
    /// let store = builder.credential(Metadata::on_machine()).build()?;
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn credential(mut self, credential: impl Credential) -> Self {
        self.found = Some(Found::Credential(Box::new(credential)));
        self
    }

    /// What sends the requests; stores that share it share its connections.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::transport::ReqwestTransport;
    /// use polyvault_yandex_lockbox::YandexLockbox;
    /// use std::sync::Arc;
    ///
    /// let transport = Arc::new(ReqwestTransport::builder().user_agent("my-app/1.2")?.build());
    /// let store = YandexLockbox::builder("b1gfolder").token("made-up".into()).transport(transport).build()?;
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
    /// `Config` for the folder, an endpoint or a missing credential.
    pub fn build(mut self) -> Result<YandexLockbox> {
        let found = match self.found {
            Some(found) => found,
            None => credential::from_environment(&Environment::empty())?,
        };
        check_folder(&self.folder)?;
        let base = self.endpoint.as_deref();
        let other = |field, url: Option<&str>, default| {
            Endpoint::parse(field, url.or(base).unwrap_or(default))
        };
        let iam = other("iam_endpoint", self.iam_endpoint.as_deref(), IAM_ENDPOINT)?;
        let federation = self.federation_endpoint.as_deref();
        let federation = federation.unwrap_or(FEDERATION_ENDPOINT);
        let federation = Endpoint::parse("federation_endpoint", federation)?;
        let audience = match self.audience {
            Some(audience) => checked_audience(audience)?,
            None => audience_of(&iam)?,
        };
        let config = Config {
            folder: self.folder,
            endpoint: other("endpoint", None, ENDPOINT)?,
            payload_endpoint: other(
                "payload_endpoint",
                self.payload_endpoint.as_deref(),
                PAYLOAD_ENDPOINT,
            )?,
            operation_endpoint: other(
                "operation_endpoint",
                self.operation_endpoint.as_deref(),
                OPERATION_ENDPOINT,
            )?,
            names: self.names,
            name_cache: self.name_cache,
        };
        let tokens = match found {
            Found::Tokens(tokens) => tokens,
            Found::Credential(credential) => {
                // One transport for the store and its sign-in.
                self.options.transport = match self.options.transport.take() {
                    None => Some(default_transport()?),
                    transport => transport,
                };
                let request = TokenRequest::new(iam, federation, audience, self.options.clone());
                Box::new(SignIn::new(credential, request))
            }
        };
        let client = Client::new(
            Service {
                provider: SCHEME,
                endpoints: vec![
                    config.endpoint.clone(),
                    config.payload_endpoint.clone(),
                    config.operation_endpoint.clone(),
                ],
                tokens,
                scheme: Scheme::Bearer,
                refusal: error::from_refusal,
                advice: error::ADVICE,
                request_id: error::REQUEST_ID,
            },
            self.options,
        )?;
        Ok(YandexLockbox::new(config, capabilities(), client))
    }
}

/// Opens a store by its URL.
pub(crate) fn open(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    url.check_parameters(PARAMETERS)?;
    let parameter = |name| url.parameter(name).map(str::to_owned);
    let mut builder = YandexLockboxBuilder::new(url.store());
    builder.endpoint = parameter("endpoint");
    builder.payload_endpoint = parameter("payload_endpoint");
    builder.operation_endpoint = parameter("operation_endpoint");
    builder.iam_endpoint = parameter("iam_endpoint");
    builder.federation_endpoint = parameter("federation_endpoint");
    builder.audience = parameter("audience");
    builder.names = match url.parameter("names") {
        None | Some("list") => Names::ByList,
        Some("get_ex") => Names::ByPayload,
        Some(_) => return Err(refuse("parameter `names`: `list` or `get_ex`")),
    };
    builder.name_cache = url.duration("name_cache")?.unwrap_or_default();
    builder.found = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
}

/// Whom a statement is for that is exchanged at this IAM. What stands on this machine stands in for the
/// public service, or forwards to it.
fn audience_of(iam: &Endpoint) -> Result<String> {
    let base = match is_near(iam.host()) {
        true => Endpoint::parse("iam_endpoint", IAM_ENDPOINT)?,
        false => iam.clone(),
    };
    Ok(format!(
        "{}/iam/v1/tokens",
        base.as_str().trim_end_matches('/')
    ))
}

fn checked_audience(audience: String) -> Result<String> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    match !audience.is_empty() && audience.chars().all(plain) {
        true => Ok(audience),
        false => Err(refuse(
            "field `audience`: a URL such as https://iam.api.cloud.yandex.net/iam/v1/tokens",
        )),
    }
}

/// Ids are opaque; what could be none at all is refused.
pub(crate) fn check_folder(folder: &str) -> Result<()> {
    let fits = (1..=50).contains(&folder.len())
        && folder
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits {
        return Ok(());
    }
    Err(refuse(
        "field `folder`: the id of a folder, 1 to 50 letters, digits, hyphens and underscores",
    ))
}

fn refuse(rule: &'static str) -> Error {
    Error::new(ErrorKind::Config, rule).with_provider(SCHEME)
}
