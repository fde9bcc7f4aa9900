//! What a store is set to, and what it can do.

use polyvault_core::capabilities::{CreateStrength, LostPut, MakeCurrent, Scope, Versions};
use polyvault_core::provider::{HTTP_PARAMETERS, Parameter, Rule, with_http_parameters};
use polyvault_core::transport::{Endpoint, UrlBuilder};
use polyvault_core::{Capabilities, Result, SecretId};

use crate::config;

pub(crate) const SCHEME: &str = "azure-key-vault-arm";

/// The newest stable version of the control plane's API.
pub(super) const API_VERSION: &str = "2026-05-15";

const OWN: [Parameter; 4] = [
    Parameter {
        name: "endpoint",
        default: "https://management.azure.com",
        what: "the resource manager's base URL, for other clouds and emulators",
    },
    Parameter {
        name: "cloud",
        default: "public",
        what: "`public`, `china` or `us-government`: which resource manager, and where to sign in",
    },
    Parameter {
        name: "resource",
        default: "the cloud's resource manager",
        what: "the resource that tokens are for",
    },
    Parameter {
        name: "api_version",
        default: API_VERSION,
        what: "the version of the service's API, a date since 2021-06-01, maybe a preview",
    },
];

pub(super) const PARAMETERS: &[Parameter] =
    &with_http_parameters::<{ OWN.len() + HTTP_PARAMETERS.len() }>(&OWN);

pub(super) const REFUSALS: &[Rule] = &[
    Rule {
        capabilities: &["read_values"],
        rule: "the control plane never returns a value: read it by the data plane",
        url: "https://learn.microsoft.com/rest/api/keyvault/keyvault/secrets/get",
    },
    Rule {
        capabilities: &[
            "versions",
            "update_version",
            "make_current",
            "delete",
            "soft_delete",
            "recover",
            "purge",
            "resume",
            "lost_put",
        ],
        rule: "it creates, updates, gets and lists secrets, and nothing else: no versions, no deletes",
        url: "https://learn.microsoft.com/rest/api/keyvault/keyvault/secrets",
    },
];

/// Plain data: one vault as a resource, and how to ask for it.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) subscription: String,
    pub(super) resource_group: String,
    pub(super) vault: String,
    pub(super) endpoint: Endpoint,
    pub(super) api_version: String,
}

impl Config {
    /// The URL of all secrets.
    pub(super) fn secrets(&self) -> Result<UrlBuilder> {
        let url = self.endpoint.url().literal("/subscriptions");
        let url = url.segment(&self.subscription)?.literal("/resourceGroups");
        let url = url.segment(&self.resource_group)?;
        let url = url.literal("/providers/Microsoft.KeyVault/vaults");
        Ok(url.segment(&self.vault)?.literal("/secrets"))
    }

    /// The resource's id of a secret.
    pub(super) fn secret_id(&self, name: &str) -> Result<SecretId> {
        SecretId::new(format!("{}{name}", self.id_prefix()))
    }

    /// The name in a secret's id. Ids of resources are compared without case.
    pub(super) fn name_in<'a>(&self, id: &'a str) -> Option<&'a str> {
        let prefix = self.id_prefix();
        let begins = id.get(..prefix.len())?;
        begins
            .eq_ignore_ascii_case(&prefix)
            .then(|| id.get(prefix.len()..))?
    }

    fn id_prefix(&self) -> String {
        let Self {
            subscription,
            resource_group,
            vault,
            ..
        } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}/secrets/"
        )
    }
}

/// Those of the same vault by its data plane, without what the control plane lacks.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        provider: SCHEME,
        read_values: false,
        versions: Versions::None,
        labels: Scope::Secret,
        disable: Scope::Secret,
        update_version: false,
        make_current: MakeCurrent::None,
        delete: false,
        soft_delete: false,
        recover: false,
        purge: false,
        resume: false,
        create: CreateStrength::Checked,
        // No answer tells the value, so a look can't tell whose version it sees.
        lost_put: LostPut::Unknown,
        ..config::capabilities()
    }
}
