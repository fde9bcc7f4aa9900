//! The hosts that ids may name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use polyvault_core::{Error, ErrorKind, Result};

use super::invalid;
use crate::builder::is_vault;
use crate::config::SCHEME;
use crate::credential::Cloud;

/// The hosts that an id may name; any other is refused.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::identifier::{Hosts, SecretIdentifier};
///
/// let hosts = Hosts::clouds().and("kv.corp.example")?;
/// assert!(SecretIdentifier::parse("https://kv.corp.example/secrets/n", &hosts).is_ok());
/// assert!(SecretIdentifier::parse("https://my-vault.vault.azure.cn/secrets/n", &hosts).is_ok());
///
/// let emulator = Hosts::only(["127.0.0.1:8080"])?;
/// assert!(SecretIdentifier::parse("http://127.0.0.1:8080/secrets/n", &emulator).is_ok());
/// assert!(SecretIdentifier::parse("https://my-vault.vault.azure.net/secrets/n", &emulator).is_err());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    clouds: bool,
    /// `HOST` or `HOST:PORT`, in lower case; without a port it is the scheme's own.
    named: BTreeSet<String>,
}

/// Where an admitted id's vault is.
pub(super) struct Vault {
    pub(super) url: String,
    pub(super) host: String,
}

impl Hosts {
    /// The vaults of the known clouds: `vault.azure.net`, `vault.azure.cn` and `vault.usgovcloudapi.net`.
    #[must_use]
    pub fn clouds() -> Self {
        Self {
            clouds: true,
            named: BTreeSet::new(),
        }
    }

    /// These hosts and no others, each as [`and`](Self::and) takes it.
    ///
    /// # Errors
    ///
    /// As [`and`](Self::and).
    pub fn only<T: AsRef<str>>(hosts: impl IntoIterator<Item = T>) -> Result<Self> {
        let none = Self {
            clouds: false,
            named: BTreeSet::new(),
        };
        let mut hosts = hosts.into_iter();
        hosts.try_fold(none, |all, host| all.and(host.as_ref()))
    }

    /// This one too: `HOST` or `HOST:PORT`. A loopback host that is named here may also be reached by http, for emulators.
    ///
    /// # Errors
    ///
    /// `Config` if it is no host.
    pub fn and(mut self, host: &str) -> Result<Self> {
        let (host, port) = split(host).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "an allowed host is HOST or HOST:PORT, without a scheme and a path",
            )
            .with_provider(SCHEME)
        })?;
        self.named
            .insert(join(&host, port.filter(|port| *port != 443)));
        Ok(self)
    }

    pub(super) fn admit(&self, scheme: &str, authority: &str) -> Result<Vault> {
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(invalid("it is a URL that begins with https://")),
        };
        let (host, port) = split(authority).ok_or_else(|| invalid("it names no host"))?;
        let port = port.filter(|port| *port != own_port);
        let authority = join(&host, port);
        let named = self.named.contains(&authority);
        if scheme == "http" && !(named && is_loopback(&host)) {
            return Err(invalid(
                "https only, but for a loopback host that is allowed",
            ));
        }
        let of_cloud = self.clouds && port.is_none() && is_of_cloud(&host);
        if !(named || of_cloud) {
            return Err(invalid("its host and port are not among those allowed"));
        }
        Ok(Vault {
            url: format!("{scheme}://{authority}"),
            host,
        })
    }
}

/// A host, in lower case, and the port behind it.
fn split(authority: &str) -> Option<(String, Option<u16>)> {
    let after_host = authority.find(']').map_or(0, |at| at + 1);
    let colon = authority.get(after_host..)?.find(':');
    let (host, port) = authority.split_at(colon.map_or(authority.len(), |at| after_host + at));
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
        None => None,
    };
    let v6 = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']'));
    let is_host = match v6 {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_label),
    };
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty() && label.bytes().all(plain)
}

fn join(host: &str, port: Option<u16>) -> String {
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// One name below the domain: what is further below is no vault.
fn is_of_cloud(host: &str) -> bool {
    let vault = host.split_once('.').map(|(vault, _)| vault);
    let cloud = Cloud::of_host(host).zip(vault);
    cloud.is_some_and(|(cloud, vault)| {
        is_vault(vault) && cloud.vault_url(vault) == format!("https://{host}")
    })
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}
