//! Identifiers of secrets: the URLs by which other services and files name a secret of some vault.
//!
//! <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>

mod app_configuration;
mod hosts;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use polyvault_core::provider::StoreUrl;
use polyvault_core::{Error, ErrorKind, Result, SecretName, SecretRef, VersionId, VersionSelector};
use url::Url;

pub use self::hosts::Hosts;
use crate::config::SCHEME;
use crate::credential::Cloud;

/// The identifier of a secret, `https://VAULT/secrets/NAME[/VERSION]`, read strictly.
///
/// Only hosts that the caller allows are taken, since whoever reads an id goes on to ask its host with
/// a credential. Two ids that differ in case alone are equal, as the service has it.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::identifier::{Hosts, SecretIdentifier};
/// use polyvault_core::{SecretRef, VersionSelector};
///
/// let text = "https://My-Vault.vault.azure.net/secrets/db-password/";
/// let id = SecretIdentifier::parse(text, &Hosts::clouds())?;
/// assert_eq!(id.to_string(), "https://my-vault.vault.azure.net/secrets/db-password");
/// assert_eq!(id.secret_ref(), SecretRef::try_from("db-password")?);
/// assert_eq!(id.selector(), VersionSelector::Current);
///
/// let evil = "https://my-vault.vault.azure.net.evil.example/secrets/db-password";
/// assert!(SecretIdentifier::parse(evil, &Hosts::clouds()).is_err());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretIdentifier {
    vault_url: String,
    host: String,
    name: SecretName,
    version: Option<VersionId>,
    deleted: bool,
}

impl SecretIdentifier {
    /// The content type that marks a reference in App Configuration.
    pub const KEY_VAULT_REFERENCE: &str =
        "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8";

    /// Reads an id of a secret on one of these hosts.
    ///
    /// The scheme, the host, the collection and the version are taken in any case and kept in lower case; the
    /// name keeps its own. Blanks around the text, a slash at its end and the port 443 say nothing and are dropped.
    ///
    /// # Errors
    ///
    /// `InvalidInput` that names the rule and quotes nothing: for another scheme than https (but for http on a
    /// loopback host that was allowed by name), a host that is not allowed, user info, a query, a fragment, another
    /// collection than `secrets` and `deletedsecrets`, more or fewer segments, a name that is not 1 to 127 letters,
    /// digits and hyphens, a version that is not 32 hexadecimal digits, and a version of a deleted secret.
    pub fn parse(text: &str, hosts: &Hosts) -> Result<Self> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        // Parsers of URLs drop tabs and line ends, and take backslashes for slashes.
        if !text.chars().all(|c| c.is_ascii_graphic() && c != '\\') {
            return Err(invalid("blanks and escapes have no place in it"));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| invalid("it is a URL that begins with https://"))?;
        if rest.contains(['?', '#']) {
            return Err(invalid("it has no query and no fragment"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(invalid("it holds no user and no password"));
        }
        let vault = hosts.admit(&scheme.to_ascii_lowercase(), authority)?;
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let (collection, name, version) = match segments.as_slice() {
            [collection, name] => (collection, name, ""),
            [collection, name, version] => (collection, name, *version),
            _ => {
                return Err(invalid(
                    "its path is /secrets/NAME or /secrets/NAME/VERSION",
                ));
            }
        };
        let deleted = match collection.to_ascii_lowercase().as_str() {
            "secrets" => false,
            "deletedsecrets" => true,
            _ => return Err(invalid("its collection is `secrets` or `deletedsecrets`")),
        };
        if !is_name(name) {
            return Err(invalid("its name has 1 to 127 letters, digits and hyphens"));
        }
        if !version.is_empty() && deleted {
            return Err(invalid("a deleted secret is named without a version"));
        }
        if !version.is_empty() && !is_version(version) {
            return Err(invalid("its version has 32 hexadecimal digits"));
        }
        let version = Some(version).filter(|version| !version.is_empty());
        Ok(Self {
            vault_url: vault.url,
            host: vault.host,
            name: SecretName::new(*name)?,
            version: version
                .map(|version| VersionId::new(version.to_ascii_lowercase()))
                .transpose()?,
            deleted,
        })
    }

    /// Reads the id in a reference that an App Configuration store holds: the content type and the value of its key-value.
    ///
    /// The reference can point to any vault: take a store by [`vault_url`](Self::vault_url).
    /// <https://learn.microsoft.com/azure/azure-app-configuration/use-key-vault-references-dotnet-core>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for another content type than [`KEY_VAULT_REFERENCE`](Self::KEY_VAULT_REFERENCE), and as
    /// [`parse`](Self::parse); `Decode` for a value that is not JSON with the id in `uri` (or in `secret_uri`, as
    /// older writers have it), with line and column and without its text.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::identifier::{Hosts, SecretIdentifier};
    ///
    /// let value = r#"{"uri":"https://my-vault.vault.azure.net/secrets/db-password"}"#;
    /// let content_type = SecretIdentifier::KEY_VAULT_REFERENCE;
    /// let id = SecretIdentifier::from_app_configuration(content_type, value, &Hosts::clouds())?;
    /// assert_eq!(id.vault_url(), "https://my-vault.vault.azure.net");
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn from_app_configuration(content_type: &str, value: &str, hosts: &Hosts) -> Result<Self> {
        let id = app_configuration::uri(content_type, value)
            .map_err(|error| error.with_provider(SCHEME))?;
        Self::parse(&id, hosts)
    }

    /// The vault's base URL, in lower case, without a slash at its end.
    #[must_use]
    pub fn vault_url(&self) -> &str {
        &self.vault_url
    }

    /// The vault's host, in lower case, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The secret's name, spelt as the id spells it.
    #[must_use]
    pub fn name(&self) -> &SecretName {
        &self.name
    }

    /// The version, in lower case as the service writes it; `None` means the current one.
    #[must_use]
    pub fn version(&self) -> Option<&VersionId> {
        self.version.as_ref()
    }

    /// Whether it is the id by which a deleted secret is recovered or purged.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// The secret, by its name: a store takes that whatever host it reaches its vault by.
    #[must_use]
    pub fn secret_ref(&self) -> SecretRef {
        SecretRef::Name(self.name.clone())
    }

    /// The version to read.
    #[must_use]
    pub fn selector(&self) -> VersionSelector {
        self.version.clone().map(Into::into).unwrap_or_default()
    }

    fn lowered(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl fmt::Display for SecretIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let collection = match self.deleted {
            true => "deletedsecrets",
            false => "secrets",
        };
        write!(f, "{}/{collection}/{}", self.vault_url, self.name)?;
        match &self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for SecretIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretIdentifier({self})")
    }
}

impl PartialEq for SecretIdentifier {
    fn eq(&self, other: &Self) -> bool {
        self.lowered() == other.lowered()
    }
}

impl Eq for SecretIdentifier {}

impl Hash for SecretIdentifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lowered().hash(state);
    }
}

/// The URL of the store that holds the secret of this id; `None` where it is none of a known cloud's.
pub(crate) fn store_url(id: &str) -> Option<Result<StoreUrl>> {
    // Read leniently: what is meant to be an id is refused as one, and not as a URL of another provider.
    let url = Url::parse(id).ok()?;
    let cloud = url.host_str().and_then(Cloud::of_host)?;
    matches!(url.scheme(), "http" | "https").then(|| of_cloud(id, &cloud))
}

fn of_cloud(id: &str, cloud: &Cloud) -> Result<StoreUrl> {
    let refuse = |rule: String| Error::new(ErrorKind::Config, rule).with_provider(SCHEME);
    let id = SecretIdentifier::parse(id, &Hosts::clouds())
        .map_err(|error| refuse(format!("store URL: {}", error.message())).with_help(HELP))?;
    if id.deleted {
        let rule = "store URL: the id is of a deleted secret, which can't be read";
        return Err(refuse(rule.to_owned()).with_help(
            "Open the vault by azure-key-vault://VAULT, and recover the secret first.",
        ));
    }
    let (vault, _) = id.host.split_once('.').unwrap_or_default();
    let mut parameters = BTreeMap::new();
    if *cloud != Cloud::PUBLIC {
        parameters.insert("endpoint".to_owned(), id.vault_url.clone());
    }
    StoreUrl::from_parts(SCHEME, vault, parameters)
}

/// Names of secrets: <https://learn.microsoft.com/azure/key-vault/secrets/about-secrets>.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=127).contains(&text.len()) && text.bytes().all(plain)
}

/// The service gives 32 hexadecimal digits and answers anything else with a 400, or
/// takes it for another route.
pub(crate) fn is_version(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn invalid(rule: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the id of a secret: {rule}"),
    )
    .with_provider(SCHEME)
    .with_help(HELP)
}

const HELP: &str = "An id is https://VAULT.vault.azure.net/secrets/NAME, maybe with /VERSION behind it; hosts other \
                    than those of the known clouds are to be allowed.";
