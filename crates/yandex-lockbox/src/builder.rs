//! How a store is put together.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::{
    Client, ClientOptions, Endpoint, ReadyToken, Scheme, Service, TokenSource, Transport,
};
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore, SecretString};

use crate::config::{
    Config, ENDPOINT, OPERATION_ENDPOINT, PARAMETERS, PAYLOAD_ENDPOINT, SCHEME, capabilities,
};
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
    names: Names,
    name_cache: Duration,
    tokens: Option<Box<dyn TokenSource>>,
    options: ClientOptions,
}

impl YandexLockboxBuilder {
    pub(crate) fn new(folder: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            endpoint: None,
            payload_endpoint: None,
            operation_endpoint: None,
            names: Names::default(),
            name_cache: Duration::ZERO,
            tokens: None,
            options: ClientOptions::default(),
        }
    }

    /// The base URL for secrets and versions, and for the other two unless they are set.
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
        self.tokens = Some(Box::new(source));
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
    pub fn build(self) -> Result<YandexLockbox> {
        let tokens = match self.tokens {
            Some(tokens) => tokens,
            None => credential::from_environment(&Environment::empty())?,
        };
        check_folder(&self.folder)?;
        let base = self.endpoint.as_deref();
        let other = |field, url: Option<&str>, default| {
            Endpoint::parse(field, url.or(base).unwrap_or(default))
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
    builder.names = match url.parameter("names") {
        None | Some("list") => Names::ByList,
        Some("get_ex") => Names::ByPayload,
        Some(_) => return Err(refuse("parameter `names`: `list` or `get_ex`")),
    };
    builder.name_cache = url.duration("name_cache")?.unwrap_or_default();
    builder.tokens = Some(credential::from_environment(&options.environment)?);
    builder.options = options.client_for(url)?;
    Ok(Arc::new(builder.build()?))
}

/// Ids are opaque; what could be none at all is refused.
fn check_folder(folder: &str) -> Result<()> {
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
