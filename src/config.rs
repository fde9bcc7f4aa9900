//! A store as plain data. It lives beside the registry, which knows the providers' parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::{Environment, Result, SecretStore};

use crate::registry::{open_url, provider_of, read_url};

/// A store as plain data: which provider, which store, which parameters; never a credential.
///
/// It says what a store URL says, by the same names, and means the same. It is
/// checked when it becomes a URL or a store, not before. `Debug` hides the
/// parameters' values.
///
/// With the feature `config` it has serde's traits: one flat table with `provider`, `store`
/// and the parameters, or with `url` alone. Texts, booleans and integers are read as the
/// text that would stand in the URL. Both ways refuse what the provider does not have.
///
/// # Example
///
/// ```
/// use polyvault::provider::OpenOptions;
/// use polyvault::{Environment, StoreConfig};
///
/// # #[cfg(feature = "azure-key-vault")] {
/// let config = StoreConfig::new("azure-key-vault", "my-vault").with("api_version", "7.6");
/// assert_eq!(config.to_url()?, "azure-key-vault://my-vault?api_version=7.6");
/// assert_eq!(config, StoreConfig::from_url("azure-key-vault://my-vault?api_version=7.6")?);
/// # }
///
/// let store = StoreConfig::new("memory", "scratch").open()?;
/// assert_eq!(store.to_string(), "memory://scratch");
///
/// # #[cfg(feature = "wix-secrets")] {
/// let config = StoreConfig::new("wix-secrets", "my-site").with("timeout", "20s");
/// assert_eq!(config.parameter("timeout"), Some("20s"));
/// let environment = Environment::empty().with("WIX_API_KEY", "IST.made-up");
/// let store = config.open_in(&environment)?;
/// let store = config.open_with(OpenOptions { environment, ..OpenOptions::default() })?;
/// # }
/// # Ok::<(), polyvault::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreConfig {
    provider: String,
    store: String,
    parameters: BTreeMap<String, String>,
}

impl StoreConfig {
    /// A store of a provider, by the scheme and the store of its URL, not escaped.
    #[must_use]
    pub fn new(provider: impl Into<String>, store: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            store: store.into(),
            parameters: BTreeMap::new(),
        }
    }

    /// Sets a parameter, in place of an earlier one of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Reads a store URL, or the id of a secret as [`open`](crate::open) takes it.
    ///
    /// # Errors
    ///
    /// `Config` for a URL that is none, that holds a credential, whose provider is unknown or
    /// not compiled in, for a parameter that the provider doesn't have, and for an id that `open` refuses.
    pub fn from_url(url: &str) -> Result<Self> {
        let url = read_url(url)?;
        let mut config = Self::new(url.scheme(), url.store());
        config.parameters.clone_from(url.parameters());
        config.checked().map(|_| config)
    }

    /// The store URL that says the same, with the parameters' values.
    ///
    /// # Errors
    ///
    /// As [`from_url`](Self::from_url).
    pub fn to_url(&self) -> Result<String> {
        self.checked().map(|url| url.to_text())
    }

    /// Which provider: the scheme of its URLs.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Which store: a vault, a folder, a site.
    #[must_use]
    pub fn store(&self) -> &str {
        &self.store
    }

    /// The value of a parameter that is set.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Opens the store, with credentials from the process's environment; nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`open`](crate::open).
    pub fn open(&self) -> Result<Arc<dyn SecretStore>> {
        self.open_in(&Environment::process())
    }

    /// [`open`](Self::open) with credentials from an environment that is put together.
    ///
    /// # Errors
    ///
    /// As [`open`](crate::open).
    pub fn open_in(&self, environment: &Environment) -> Result<Arc<dyn SecretStore>> {
        self.open_with(OpenOptions {
            environment: environment.clone(),
            ..OpenOptions::default()
        })
    }

    /// [`open`](Self::open) with credentials, a transport, a clock and a retry policy of the caller's.
    ///
    /// # Errors
    ///
    /// As [`open`](crate::open).
    pub fn open_with(&self, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
        open_url(&self.checked()?, options)
    }

    /// The URL that says the same, of a provider that has these parameters.
    fn checked(&self) -> Result<StoreUrl> {
        let url = StoreUrl::from_parts(&self.provider, &self.store, self.parameters.clone())?;
        url.check_parameters(provider_of(&url)?.parameters)?;
        Ok(url)
    }
}

impl fmt::Debug for StoreConfig {
    /// What breaks a rule may be a credential in the wrong place: then the rule is shown only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreConfig").field(&self.checked()).finish()
    }
}

#[cfg(feature = "config")]
mod form {
    use std::collections::BTreeMap;

    use polyvault_core::{Error, ErrorKind, Result};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    use super::StoreConfig;

    /// What a key of a store's table is set to: what a store URL can say, typed or not.
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "a text, true or false, or a whole number; other values stand in quotes"
    )]
    pub(crate) enum Setting {
        Text(String),
        Flag(bool),
        Number(i64),
    }

    /// A store's table.
    pub(crate) type Settings = BTreeMap<String, Setting>;

    impl StoreConfig {
        pub(crate) fn from_settings(settings: Settings) -> Result<Self> {
            let refuse = |rule| Err(Error::new(ErrorKind::Config, rule));
            let mut parameters: BTreeMap<String, String> = settings
                .into_iter()
                .map(|(key, setting)| match setting {
                    Setting::Text(text) => (key, text),
                    Setting::Flag(flag) => (key, flag.to_string()),
                    Setting::Number(number) => (key, number.to_string()),
                })
                .collect();
            if let Some(url) = parameters.remove("url") {
                return match parameters.is_empty() {
                    true => Self::from_url(&url),
                    false => refuse("`url` stands alone: its parameters stand in the URL"),
                };
            }
            let Some(provider) = parameters.remove("provider") else {
                return refuse("neither `provider` nor `url` is set");
            };
            let config = Self {
                provider,
                store: parameters.remove("store").unwrap_or_default(),
                parameters,
            };
            config.checked().map(|_| config)
        }
    }

    impl Serialize for StoreConfig {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.checked().map_err(ser::Error::custom)?;
            let head = [("provider", &self.provider), ("store", &self.store)];
            let parameters = self.parameters.iter().map(|(key, value)| (&**key, value));
            serializer.collect_map(head.into_iter().chain(parameters))
        }
    }

    impl<'de> Deserialize<'de> for StoreConfig {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Self::from_settings(Settings::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

#[cfg(feature = "config")]
pub(crate) use self::form::Settings;
