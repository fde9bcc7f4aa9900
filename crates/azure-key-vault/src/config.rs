//! What a store is set to, and what it can do.

use polyvault_core::capabilities::{
    Alphabet, CreateStrength, Entries, Generate, LabelRule, Limits, LostPut, MakeCurrent, NameRule,
    Scope, SizeUnit, Versions,
};
use polyvault_core::provider::{HTTP_PARAMETERS, NotYet, Parameter, Rule, with_http_parameters};
use polyvault_core::transport::Endpoint;
use polyvault_core::{Capabilities, Result, SecretId};

pub(crate) const SCHEME: &str = "azure-key-vault";

/// The newest stable version of the data plane's API.
pub(crate) const API_VERSION: &str = "2026-04-01";

/// The vaults of the public cloud are below this host.
pub(crate) const VAULT_SUFFIX: &str = ".vault.azure.net";

const OWN: [Parameter; 3] = [
    Parameter {
        name: "endpoint",
        default: "https://VAULT.vault.azure.net",
        what: "the vault's base URL, for other clouds and emulators",
    },
    Parameter {
        name: "api_version",
        default: API_VERSION,
        what: "the version of the service's API",
    },
    Parameter {
        name: "verify_challenge",
        default: "true",
        what: "`false` for emulators and private DNS names: the sign-in challenge may name another host",
    },
];

pub(crate) const PARAMETERS: &[Parameter] =
    &with_http_parameters::<{ OWN.len() + HTTP_PARAMETERS.len() }>(&OWN);

pub(crate) const NOT_YET: &[NotYet] = &[
    NotYet {
        capability: "entries",
        what: "many entries, by an encoding of our own",
    },
    NotYet {
        capability: "binary",
        what: "binary values, by an encoding of our own",
    },
    NotYet {
        capability: "make_current",
        what: "making an older version current, by a copy",
    },
];

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
    pub(crate) endpoint: Endpoint,
    pub(crate) api_version: String,
}

impl Config {
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
        read_values: true,
        versions: Versions::PinnedReads,
        entries: Entries::Single,
        binary: false,
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
        make_current: MakeCurrent::None,
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
