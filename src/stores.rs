//! Stores by name, from a TOML file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use polyvault_core::provider::OpenOptions;
use polyvault_core::{Environment, Error, ErrorKind, Result, SecretStore};
use serde::Deserialize;

use crate::StoreConfig;
use crate::config::Settings;

/// Stores by name, from a TOML file that holds no credential.
///
/// Each table `[stores.NAME]` has `provider`, `store` and parameters, by the names they
/// have in a store URL, or a `url` alone. A file is taken as a whole or refused: one key
/// that a provider doesn't have, or one provider that is not compiled in, refuses it.
/// Nothing is merged, and nothing in it is taken from the environment. Paths in parameters
/// mean what they mean in a URL: relative ones are relative to the working directory.
///
/// # Example
///
/// ```
/// use polyvault::provider::OpenOptions;
/// use polyvault::{Environment, StoresConfig};
///
/// let stores = StoresConfig::from_toml(
///     r#"
///     [stores.scratch]
///     provider = "memory"
///     store = "scratch"
///
///     [stores.other]
///     url = "memory://other"
///     "#,
/// )?;
/// assert!(stores.names().eq(["other", "scratch"]));
/// assert_eq!(stores.open("scratch")?.to_string(), "memory://scratch");
/// assert_eq!(stores.get("other")?.store(), "other");
///
/// // Credentials from elsewhere than the process's environment, or a transport of one's own.
/// let store = stores.open_in("scratch", &Environment::empty())?;
/// let store = stores.open_with("scratch", OpenOptions::default())?;
/// # Ok::<(), polyvault::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoresConfig {
    stores: BTreeMap<String, StoreConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stores: BTreeMap<String, Settings>,
}

impl StoresConfig {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// `Config` with line and column for what is no TOML or has another form, and with the names
    /// of the store and the key for what a provider doesn't have. What is refused is not quoted:
    /// it may be a credential.
    pub fn from_toml(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| misread(text, &error))?;
        let stores = file.stores.into_iter().map(|(name, settings)| {
            if !is_name(&name) {
                return Err(refuse(
                    "the name of a store: up to 64 ASCII letters, digits, `-`, `_` and `.`",
                ));
            }
            let config = StoreConfig::from_settings(settings).map_err(|error| {
                refuse(format!("store `{name}`: {}", error.message()))
                    .with_help(error.help().to_owned())
            })?;
            Ok((name, config))
        });
        let stores = stores.collect::<Result<_>>()?;
        Ok(Self { stores })
    }

    /// Reads a file, blocking: at the start of a program.
    ///
    /// # Errors
    ///
    /// `Config` for a file that can't be read, and as [`from_toml`](Self::from_toml).
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault::StoresConfig;
    ///
    /// let stores = StoresConfig::from_file("examples/stores.toml")?;
    /// assert!(stores.names().count() > 1);
    /// # Ok::<(), polyvault::Error>(())
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|error| refuse(format!("the file of stores can't be read: {error}")))?;
        Self::from_toml(&text)
    }

    /// The names of the stores, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stores.keys().map(String::as_str)
    }

    /// The store of a name.
    ///
    /// # Errors
    ///
    /// `Config` that lists the names there are.
    pub fn get(&self, name: &str) -> Result<&StoreConfig> {
        self.stores.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            let there = match names.as_slice() {
                [] => "The file names no store.".to_owned(),
                names => format!("There is {}.", names.join(", ")),
            };
            refuse("the file has no store of this name").with_help(there)
        })
    }

    /// Opens the store of a name, with credentials from the process's environment; nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`open`](crate::open).
    pub fn open(&self, name: &str) -> Result<Arc<dyn SecretStore>> {
        self.get(name)?.open()
    }

    /// [`open`](Self::open) with credentials from an environment that is put together.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_in(&self, name: &str, environment: &Environment) -> Result<Arc<dyn SecretStore>> {
        self.get(name)?.open_in(environment)
    }

    /// [`open`](Self::open) with credentials, a transport, a clock and a retry policy of the caller's.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(&self, name: &str, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
        self.get(name)?.open_with(options)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(plain)
}

/// Line and column only: the parser's own words quote the file.
fn misread(text: &str, error: &toml::de::Error) -> Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or(String::new(), |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!(" (line {line}, column {column})")
    });
    refuse(format!("not a TOML file of stores{place}")).with_help(
        "It has tables [stores.NAME] and nothing else, each with keys of their own that are set \
         to texts, true, false or whole numbers; other values stand in quotes.",
    )
}

fn refuse(rule: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, rule)
}
