//! What a store is set to, and what it can do.

use http::Uri;
use polyvault_core::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, LabelRule, Limits, LostPut, MakeCurrent,
    NameRule, Scope, SizeUnit, Versions,
};
use polyvault_core::provider::{HTTP_PARAMETERS, NotYet, Parameter, Rule, with_http_parameters};
use polyvault_core::transport::Endpoint;
use polyvault_core::{Capabilities, Result, SecretId};
use url::Url;

use crate::credential::Cloud;

pub(crate) const SCHEME: &str = "azure-key-vault";

/// The newest stable version of the data plane's API.
pub(crate) const API_VERSION: &str = "2026-04-01";

const OWN: [Parameter; 5] = [
    Parameter {
        name: "endpoint",
        default: "https://VAULT.vault.azure.net",
        what: "the vault's base URL, for other clouds and emulators",
    },
    Parameter {
        name: "cloud",
        default: "public",
        what: "`public`, `china` or `us-government`: where the vault is and where to sign in",
    },
    Parameter {
        name: "resource",
        default: "what the endpoint's cloud or the vault's challenge names",
        what: "the resource that tokens are for, such as https://vault.azure.net: for private DNS names and other clouds",
    },
    Parameter {
        name: "api_version",
        default: API_VERSION,
        what: "the version of the service's API, `7.4` to `7.6` or a date since 2025, maybe a preview",
    },
    Parameter {
        name: "verify_challenge",
        default: "true",
        what: "`false` for emulators: a challenge may name a resource that the vault's host is not below",
    },
];

pub(crate) const PARAMETERS: &[Parameter] =
    &with_http_parameters::<{ OWN.len() + HTTP_PARAMETERS.len() }>(&OWN);

pub(crate) const NOT_YET: &[NotYet] = &[];

pub(crate) const REFUSALS: &[Rule] = &[
    Rule {
        capabilities: &["description"],
        rule: "a secret has a value, a content type, attributes and tags, and no description",
        url: "https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret",
    },
    Rule {
        capabilities: &["clear_validity"],
        rule: "what an update leaves out stays as it is, and a null is left out: only a new version is without a start or an end",
        url: "https://learn.microsoft.com/rest/api/keyvault/secrets/update-secret/update-secret",
    },
    Rule {
        capabilities: &["rename"],
        rule: "the name is part of the identifier, and an update changes attributes, tags and content type only",
        url: "https://learn.microsoft.com/rest/api/keyvault/secrets/update-secret/update-secret",
    },
    Rule {
        capabilities: &["deletion_protection"],
        rule: "a vault is protected from purges as a whole; nothing protects one secret from its delete",
        url: "https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
    },
    Rule {
        capabilities: &["destroy", "cancel_destruction"],
        rule: "a delete takes the secret with all its versions, never one of them",
        url: "https://learn.microsoft.com/rest/api/keyvault/secrets/delete-secret/delete-secret",
    },
];

/// Plain data: one vault and how to ask it.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) vault: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) api_version: String,
}

impl Config {
    /// Whether a URL is this vault's: as the store reaches it, or by the name that it has in a
    /// known cloud, which the service writes into links and ids whatever name it was reached by.
    pub(crate) fn is_ours(&self, url: &Url) -> bool {
        let public = |host: &str| {
            let name = self.vault.to_ascii_lowercase();
            let cloud = Cloud::of_host(host);
            cloud.is_some_and(|cloud| cloud.vault_url(&name) == format!("https://{host}"))
        };
        self.endpoint.same_origin(url)
            || (url.scheme() == "https"
                && url.port().is_none()
                && url.host_str().is_some_and(public))
    }

    /// Resolves a link to a next page: what leads to the vault's public name is asked of the
    /// endpoint, so that the credential goes nowhere else.
    pub(crate) fn follow(&self, link: &str) -> Result<Uri> {
        let elsewhere = Url::parse(link).ok().filter(|url| {
            self.is_ours(url) && !self.endpoint.same_origin(url) && url.username().is_empty()
        });
        match elsewhere {
            Some(url) => {
                let query = url
                    .query()
                    .map(|query| format!("?{query}"))
                    .unwrap_or_default();
                self.endpoint
                    .follow(&format!("{}{}{query}", self.endpoint.as_str(), url.path()))
            }
            None => self.endpoint.follow(link),
        }
    }

    /// Whether reads can convert. Dates follow on the numbers 7.0 to 7.6, and a preview on its date.
    pub(crate) fn converts(&self) -> bool {
        !self.api_version.starts_with("7.") && self.api_version.as_str() >= "2025-06-01"
    }

    /// A secret's id as this store reaches it: behind a private DNS name, the service tells another.
    pub(crate) fn secret_id(&self, name: &str) -> Result<SecretId> {
        SecretId::new(format!("{}/secrets/{name}", self.endpoint.as_str()))
    }
}

/// Limits: <https://learn.microsoft.com/azure/key-vault/secrets/about-secrets> and
/// <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        provider: SCHEME,
        put: true,
        read_values: true,
        versions: Versions::PinnedReads,
        entries: Entries::Many,
        binary: true,
        encoded: Encoded::InContentType,
        empty_values: true,
        labels: Scope::Version,
        content_type: true,
        description: Scope::None,
        validity: true,
        clear_validity: false,
        disable: Scope::Version,
        rename: false,
        deletion_protection: false,
        update_version: true,
        make_current: MakeCurrent::Copy,
        destroy: false,
        cancel_destruction: false,
        delete: true,
        soft_delete: true,
        recover: true,
        purge: true,
        resume: true,
        create: CreateStrength::Checked,
        lost_put: LostPut::Confirmed,
        generate: Generate::Client,
        twins: false,
        limits: Limits {
            name: NameRule {
                max_chars: 127,
                alphabet: Alphabet::AlphanumericAnd("-"),
                forbidden_prefix: None,
                case_sensitive: false,
            },
            payload_size: Some(25 * 1024),
            payload_unit: SizeUnit::Bytes,
            entry_key: None,
            labels: Some(LabelRule {
                max_count: 15,
                max_key_chars: 256,
                max_value_chars: 256,
                keys: Alphabet::Any,
                values: Alphabet::Any,
            }),
            content_type_chars: Some(255),
            description_chars: None,
            page_size: Some(25),
        },
    }
}
