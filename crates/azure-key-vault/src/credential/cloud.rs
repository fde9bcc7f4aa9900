//! The clouds: where vaults are, where to sign in, and for what.

use polyvault_core::transport::Endpoint;
use polyvault_core::{Error, ErrorKind, Result};

/// A cloud of Azure's: where its vaults are and where to sign in.
///
/// <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#vault-name-and-object-name>
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::{ClientSecret, Cloud};
///
/// let credential = ClientSecret::new("my-tenant", "my-client", "made-up".into());
/// let store = AzureKeyVault::builder("my-vault")
///     .cloud(Cloud::US_GOVERNMENT)
///     .credential(credential)
///     .build()?;
/// # let _ = store;
/// let own = Cloud::new("vault.cloud.example", "https://login.cloud.example", "https://vault.cloud.example");
/// assert_eq!(own.resource(), "https://vault.cloud.example");
/// assert_ne!(Cloud::PUBLIC, Cloud::CHINA);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    vaults: Text,
    login: Text,
    resource: Text,
}

type Text = std::borrow::Cow<'static, str>;

impl Cloud {
    /// The public cloud.
    pub const PUBLIC: Self = Self::known(
        "vault.azure.net",
        "https://login.microsoftonline.com",
        "https://vault.azure.net",
    );

    /// Azure in China, operated by 21Vianet.
    pub const CHINA: Self = Self::known(
        "vault.azure.cn",
        "https://login.chinacloudapi.cn",
        "https://vault.azure.cn",
    );

    /// Azure for the government of the United States.
    pub const US_GOVERNMENT: Self = Self::known(
        "vault.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://vault.usgovcloudapi.net",
    );

    /// Any other: the domain that its vaults are below, the URL to sign in at, and the resource
    /// that tokens are for.
    pub fn new(
        vault_domain: impl Into<String>,
        login_url: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        Self {
            vaults: Text::Owned(vault_domain.into().to_ascii_lowercase()),
            login: Text::Owned(login_url.into()),
            resource: Text::Owned(resource.into()),
        }
    }

    /// The resource that tokens are for.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    const fn known(vaults: &'static str, login: &'static str, resource: &'static str) -> Self {
        Self {
            vaults: Text::Borrowed(vaults),
            login: Text::Borrowed(login),
            resource: Text::Borrowed(resource),
        }
    }

    /// The cloud of the name that store URLs have for it.
    pub(crate) fn by_name(name: &str) -> Result<Self> {
        Ok(match name {
            "public" => Self::PUBLIC,
            "china" => Self::CHINA,
            "us-government" => Self::US_GOVERNMENT,
            _ => {
                return Err(Error::new(
                    ErrorKind::Config,
                    "parameter `cloud`: one of public, china and us-government",
                )
                .with_help("For any other cloud give `endpoint` and `resource`, and set AZURE_AUTHORITY_HOST."));
            }
        })
    }

    /// The known cloud whose vaults this host is among.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        let mut known = [Self::PUBLIC, Self::CHINA, Self::US_GOVERNMENT].into_iter();
        known.find(|cloud| cloud.has(host))
    }

    /// Whether this host is of one of its vaults.
    pub(crate) fn has(&self, host: &str) -> bool {
        host.strip_suffix(&*self.vaults)
            .is_some_and(|vault| vault.len() > 1 && vault.ends_with('.'))
    }

    /// The base URL of its resource manager, which is also the resource that tokens for it are for.
    pub(crate) fn manager(&self) -> Option<&'static str> {
        match self {
            cloud if *cloud == Self::PUBLIC => Some("https://management.azure.com"),
            cloud if *cloud == Self::CHINA => Some("https://management.chinacloudapi.cn"),
            cloud if *cloud == Self::US_GOVERNMENT => Some("https://management.usgovcloudapi.net"),
            _ => None,
        }
    }

    /// A vault's base URL.
    pub(crate) fn vault_url(&self, vault: &str) -> String {
        format!("https://{vault}.{}", self.vaults)
    }

    pub(crate) fn login(&self) -> &str {
        &self.login
    }
}

/// Where to sign in.
pub(crate) fn authority_host(url: &str) -> Result<Endpoint> {
    // The variable is also set to a bare host.
    let url = match url::Url::parse(url) {
        Err(url::ParseError::RelativeUrlWithoutBase) => format!("https://{url}"),
        _ => url.to_owned(),
    };
    Endpoint::parse("AZURE_AUTHORITY_HOST", &url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_may_be_a_bare_host() {
        for (text, url) in [
            (
                "login.microsoftonline.us",
                Some("https://login.microsoftonline.us"),
            ),
            (
                "https://login.microsoftonline.us/",
                Some("https://login.microsoftonline.us"),
            ),
            ("http://login.microsoftonline.us", None),
            ("https://a@login.microsoftonline.us", None),
        ] {
            let login = authority_host(text).ok();
            assert_eq!(login.as_ref().map(Endpoint::as_str), url, "{text}");
        }
    }

    #[test]
    fn a_host_is_of_a_cloud_only_below_its_domain() {
        for (host, cloud) in [
            ("my-vault.vault.azure.net", Some(Cloud::PUBLIC)),
            ("my-vault.vault.azure.cn", Some(Cloud::CHINA)),
            (
                "my-vault.vault.usgovcloudapi.net",
                Some(Cloud::US_GOVERNMENT),
            ),
            ("vault.azure.net", None),
            (".vault.azure.net", None),
            ("evilvault.azure.net", None),
            ("my-vault.vault.azure.net.evil.example", None),
            ("my-vault.managedhsm.azure.net", None),
            ("localhost", None),
        ] {
            assert_eq!(Cloud::of_host(host), cloud, "{host}");
        }
    }
}
