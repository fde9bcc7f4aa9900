//! Store URLs, and what a provider's crate hands to the registry.

mod http;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Url, form_urlencoded};

pub use self::http::{HTTP_PARAMETERS, with_http_parameters};
use crate::transport::ClientOptions;
use crate::{Capabilities, Environment, Error, ErrorKind, Result, SecretStore};

/// A kind of service: what the registry knows of an adapter.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// The scheme of its store URLs.
    pub scheme: &'static str,
    /// What people call the service.
    pub title: &'static str,
    /// What its stores can do.
    pub capabilities: fn() -> Capabilities,
    /// What the service can do and this version of the adapter can't yet.
    pub not_yet: &'static [NotYet],
    /// Why its stores refuse what they do, but for what is `not_yet`.
    pub refusals: &'static [Rule],
    /// The parameters of its store URLs.
    pub parameters: &'static [Parameter],
    /// The variables it reads from the environment.
    pub variables: &'static [Variable],
    /// Opens a store; it reads the files that the URL names, and sends nothing.
    pub open: fn(&StoreUrl, OpenOptions) -> Result<Arc<dyn SecretStore>>,
    /// The URL of the store that holds the secret of this id, for services whose ids are URLs of their own:
    /// `None` for what is no id of this service, and a `Config` error for one that names no store.
    pub from_id: Option<FromId>,
}

/// How an id becomes a store URL: [`Provider::from_id`].
pub type FromId = fn(&str) -> Option<Result<StoreUrl>>;

/// What a store is opened with beside its URL.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Where credentials come from; nowhere unless said.
    pub environment: Environment,
    /// How requests are sent, repeated and bounded.
    pub client: ClientOptions,
}

/// Something that the service can do and the adapter can't yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotYet {
    /// The field of [`Capabilities`] that says so.
    pub capability: &'static str,
    /// What it is, for the README.
    pub what: &'static str,
}

/// A rule of the service that forces a store to refuse something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The fields of [`Capabilities`] that say so.
    pub capabilities: &'static [&'static str],
    /// The rule, for the README.
    pub rule: &'static str,
    /// The vendor's page that states it.
    pub url: &'static str,
}

/// A parameter of a store URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its default, as people read it.
    pub default: &'static str,
    /// What it sets.
    pub what: &'static str,
}

/// A variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds where it is not set, as people read it.
    pub default: &'static str,
    /// What it holds.
    pub what: &'static str,
}

/// What is escaped in the store of a URL: all that is not plain everywhere.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The URL of a store: which provider, which store, which settings; never a credential.
///
/// A store URL is trusted configuration: it says where credentials go.
///
/// # Example
///
/// ```
/// use polyvault_core::provider::{Parameter, StoreUrl};
///
/// let url = StoreUrl::parse("azure-key-vault://my-vault?api_version=7.6")?;
/// assert_eq!((url.scheme(), url.store()), ("azure-key-vault", "my-vault"));
/// assert_eq!(url.parameter("api_version"), Some("7.6"));
///
/// assert!(StoreUrl::parse("azure-key-vault://user:pass@my-vault").is_err());
///
/// const PARAMETERS: &[Parameter] = &[Parameter {
///     name: "verify_challenge",
///     default: "true",
///     what: "whether the challenge must name the vault's host",
/// }];
/// let url = StoreUrl::parse("azure-key-vault://my-vault?verify_challenge=false")?;
/// url.check_parameters(PARAMETERS)?;
/// assert_eq!(url.flag("verify_challenge")?, Some(false));
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    scheme: String,
    store: String,
    parameters: BTreeMap<String, String>,
}

impl StoreUrl {
    /// Reads `SCHEME://STORE?PARAMETER=VALUE&…`.
    ///
    /// # Errors
    ///
    /// `Config` if it is no such URL, holds a credential, a port or a fragment, or gives a parameter twice.
    /// The text is not quoted: it may hold what it must not.
    pub fn parse(text: &str) -> Result<Self> {
        let url =
            Url::parse(text).map_err(|_| refuse("store URL", "not of the form SCHEME://STORE"))?;
        if holds_credential(&url) {
            return Err(credential("store URL"));
        }
        if url.fragment().is_some() {
            return Err(refuse("store URL", "a store URL has no fragment"));
        }
        if url.cannot_be_a_base() {
            return Err(refuse("store URL", "not of the form SCHEME://STORE"));
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            if Url::parse(&value).is_ok_and(|url| holds_credential(&url)) {
                return Err(credential(&parameter(&name)));
            }
            if parameters
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                return Err(refuse(&parameter(&name), "given twice"));
            }
        }
        if url.port().is_some() {
            return Err(refuse("store URL", "a store has no port; `endpoint=` may"));
        }
        let escaped = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
        let store = percent_decode_str(&escaped).decode_utf8_lossy();
        // An escape writes letters that a URL can't; it makes no parts and hides no credential.
        let hides = |c: char| c.is_control() || "@:?#\\%\u{fffd}".contains(c);
        if store.contains(hides) || store.matches('/').count() != escaped.matches('/').count() {
            return Err(refuse("store URL", "the store is not a plain name"));
        }
        Ok(Self {
            scheme: url.scheme().to_owned(),
            store: store.trim_end_matches('/').to_owned(),
            parameters,
        })
    }

    /// Puts a URL together from parts that are not escaped.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and `Config` for parts that no URL gives back as they are:
    /// a scheme with capitals, a store with a slash at its end.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::provider::StoreUrl;
    ///
    /// let parameters = [("endpoint".to_owned(), "http://127.0.0.1:8080".to_owned())];
    /// let url = StoreUrl::from_parts("wix-secrets", "my site", parameters.into())?;
    /// assert_eq!(url.to_text(), "wix-secrets://my%20site?endpoint=http%3A%2F%2F127.0.0.1%3A8080");
    /// assert_eq!(url, StoreUrl::parse(&url.to_text())?);
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn from_parts(
        scheme: &str,
        store: &str,
        parameters: BTreeMap<String, String>,
    ) -> Result<Self> {
        let parts = Self {
            scheme: scheme.to_owned(),
            store: store.to_owned(),
            parameters,
        };
        // The rules stand in one place, and a part that makes a URL of others is seen.
        match Self::parse(&parts.to_text())? {
            read if read == parts => Ok(read),
            _ => Err(refuse("store URL", "the store is not a plain name")),
        }
    }

    /// The URL as a text, with its parameters; `Debug` hides their values.
    #[must_use]
    pub fn to_text(&self) -> String {
        let store = utf8_percent_encode(&self.store, ESCAPED);
        let mut text = format!("{}://{store}", self.scheme);
        if !self.parameters.is_empty() {
            text.push('?');
            let start = text.len();
            text = form_urlencoded::Serializer::for_suffix(text, start)
                .extend_pairs(&self.parameters)
                .finish();
        }
        text
    }

    /// The scheme, in lower case: which provider.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Which store: a vault, a folder, a site, with its case kept and unescaped; may be empty.
    #[must_use]
    pub fn store(&self) -> &str {
        &self.store
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The parameters, sorted by name.
    #[must_use]
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// The value of a parameter that is a yes or a no.
    ///
    /// # Errors
    ///
    /// `Config` if it is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.parameter(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(refuse(&format!("parameter `{name}`"), "true or false")),
        }
    }

    /// Refuses parameters that the provider doesn't have.
    ///
    /// # Errors
    ///
    /// `Config` that names the parameter and those there are.
    pub fn check_parameters(&self, known: &[Parameter]) -> Result<()> {
        let is_known = |name: &&String| known.iter().any(|parameter| parameter.name == **name);
        let Some(unknown) = self.parameters.keys().find(|name| !is_known(name)) else {
            return Ok(());
        };
        let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
        let error = refuse(
            &parameter(unknown),
            "the provider has no such parameter; a credential never stands here",
        );
        Err(match names.as_slice() {
            [] => error.with_help("This provider takes no parameters."),
            names => error.with_help(format!("It takes {}.", names.join(", "))),
        })
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreUrl")
            .field("scheme", &self.scheme)
            .field("store", &self.store)
            .field(
                "parameters",
                &self
                    .parameters
                    .keys()
                    .map(|name| parameter(name))
                    .collect::<Vec<_>>(),
            )
            .finish()
    }
}

/// The error for an environment without a usable credential: it lists what was looked for.
///
/// # Example
///
/// ```
/// use polyvault_core::provider::{Variable, no_credential};
///
/// const KEY: Variable = Variable { name: "WIX_API_KEY", default: "none", what: "an API key" };
/// let error = no_credential("wix-secrets", &[KEY]);
/// assert_eq!(error.message(), "no credential: looked for WIX_API_KEY");
/// ```
#[must_use]
pub fn no_credential(provider: &'static str, variables: &[Variable]) -> Error {
    let names: Vec<&str> = variables.iter().map(|variable| variable.name).collect();
    Error::new(
        ErrorKind::Config,
        format!("no credential: looked for {}", names.join(", ")),
    )
    .with_provider(provider)
    .with_help("Set one of the variables, or hand a credential to the builder.")
}

fn holds_credential(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn credential(field: &str) -> Error {
    refuse(field, "a URL never holds a credential").with_help(
        "Take the user and the password out of the URL and set the provider's variables.",
    )
}

/// A parameter as errors name it: what has not the form of a name may be a credential
/// in the wrong place, and is not quoted.
fn parameter(name: &str) -> String {
    let is_name = name.len() <= 32 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    match is_name {
        true => format!("parameter `{name}`"),
        false => "a parameter".to_owned(),
    }
}

fn refuse(field: &str, rule: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{field}: {rule}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn keeps_the_case_and_the_path_of_the_store() {
        for (text, store) in [
            ("yandex-lockbox://b1gFOLDER", "b1gFOLDER"),
            ("azure-key-vault-arm://SUB/rg/vault", "SUB/rg/vault"),
            ("memory://x/", "x"),
            ("memory://", ""),
            (
                "AZURE-key-vault-arm://SUB/gruppe-%C3%A9/v",
                "SUB/gruppe-é/v",
            ),
        ] {
            assert_eq!(StoreUrl::parse(text).unwrap().store(), store);
        }
    }

    #[test]
    fn refuses_credentials_fragments_and_doubles_without_quoting_them() {
        for text in [
            "wix-secrets://hunter2@site",
            "wix-secrets://a:hunter2@site",
            "wix-secrets://a%3Ahunter2%40site",
            "wix-secrets://hunter2:@site",
            "wix-secrets://:hunter2@site",
            "wix-secrets://hunter2%40x@site",
            "wix-secrets://site/%40hunter2",
            "wix-secrets://site/%0Ahunter2",
            "wix-secrets://site/%FFhunter2",
            "wix-secrets://site/a%2Fhunter2",
            "wix-secrets://hunter2:443",
            "wix-secrets://site#hunter2",
            "wix-secrets://site?a=hunter2&a=hunter2",
            "wix-secrets://site?IST.hunter2&IST.hunter2",
            "wix-secrets://site?endpoint=https://hunter2@example.com",
            "wix-secrets://site?proxy=http://user:hunter2@127.0.0.1:3128",
            "wix-secrets:hunter2",
            "hunter2",
        ] {
            let error = StoreUrl::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn parts_that_would_make_another_url_are_refused_without_quoting_them() {
        for (scheme, store) in [
            ("wix-secrets://hunter2@x?a=", "site"),
            ("WIX-secrets", "hunter2"),
            ("", "hunter2"),
            ("wix-secrets", "hunter2/"),
            ("wix-secrets", "hunter2/../site"),
            ("wix-secrets", "user:hunter2@site"),
            ("wix-secrets", "site?endpoint=hunter2"),
            ("wix-secrets", "site#hunter2"),
            ("wix-secrets", "hunter2%2F"),
            ("wix-secrets", "hunter2\n"),
        ] {
            let error = StoreUrl::from_parts(scheme, store, BTreeMap::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn refuses_unknown_parameters_by_name_only() {
        let url = StoreUrl::parse("wix-secrets://site?api_key=hunter2").unwrap();

        let error = url.check_parameters(&[]).unwrap_err();

        assert!(error.message().contains("api_key"));
        assert!(!format!("{error:?} {url:?}").contains("hunter2"));

        let url = StoreUrl::parse("wix-secrets://site?IST.hunter2").unwrap();
        let error = url.check_parameters(&[]).unwrap_err();
        assert!(!format!("{error:?} {url:?}").contains("hunter2"));
    }
}
