//! What a store is set to, and what it can do.

use std::time::Duration;

use http::HeaderValue;
use polyvault_core::Capabilities;
use polyvault_core::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, Limits, LostPut, MakeCurrent, NameRule,
    Scope, SizeUnit, Versions,
};
use polyvault_core::provider::{HTTP_PARAMETERS, NotYet, Parameter, Rule, with_http_parameters};
use polyvault_core::transport::{Endpoint, Rate};

pub(crate) const SCHEME: &str = "wix-secrets";

/// The gateway's path belongs to it; the service's own, `/api/v1/secrets`, does not.
pub(crate) const ENDPOINT: &str = "https://www.wixapis.com/_api/cloud-secrets-vault-server";

/// For each app and each instance of it; the page says nothing of keys, and a key is held to it too:
/// <https://dev.wix.com/docs/rest/articles/get-started/rate-limits>.
pub(crate) const PUBLISHED_RATE: Rate = Rate {
    requests: 200,
    per: Duration::from_secs(60),
};

const OWN: [Parameter; 4] = [
    Parameter {
        name: "endpoint",
        default: ENDPOINT,
        what: "the base URL with the gateway's path, without `/api/v1/secrets`",
    },
    Parameter {
        name: "token_endpoint",
        default: "`/oauth2/token` at the host of `endpoint`",
        what: "the URL where an app's credentials are exchanged for tokens",
    },
    Parameter {
        name: "names",
        default: "api",
        what: "which names are taken: `api`, or `dashboard` for its narrower rule",
    },
    Parameter {
        name: "payloads",
        default: "plain",
        what: "which payloads are taken: `plain`, or `encoded` for binary and many entries, marked in the description",
    },
];

pub(crate) const PARAMETERS: &[Parameter] =
    &with_http_parameters::<{ OWN.len() + HTTP_PARAMETERS.len() }>(&OWN);

/// The service can do nothing more than the adapter.
pub(crate) const NOT_YET: &[NotYet] = &[];

pub(crate) const REFUSALS: &[Rule] = &[
    Rule {
        capabilities: &[
            "versions",
            "update_version",
            "make_current",
            "destroy",
            "cancel_destruction",
        ],
        rule: "a secret has one value, which an update replaces: there are no versions",
        url: "https://dev.wix.com/docs/rest/business-management/secrets/partially-update-secret",
    },
    Rule {
        capabilities: &["entries", "binary", "empty_values"],
        rule: "a value is one text of 1 to 3500 characters",
        url: "https://dev.wix.com/docs/rest/business-management/secrets/create-secret",
    },
    Rule {
        capabilities: &[
            "labels",
            "content_type",
            "validity",
            "clear_validity",
            "disable",
            "deletion_protection",
        ],
        rule: "beside its value a secret has an id, a name, a description and two dates, and nothing else",
        url: "https://dev.wix.com/docs/rest/business-management/secrets/introduction",
    },
    Rule {
        capabilities: &["soft_delete", "recover", "purge"],
        rule: "a delete can't be undone",
        url: "https://dev.wix.com/docs/api-reference/business-management/secrets/delete-secret",
    },
    Rule {
        capabilities: &["resume"],
        rule: "every call is done with its answer: there are no operations",
        url: "https://dev.wix.com/docs/rest/business-management/secrets/introduction",
    },
];

/// Plain data: one site and how to ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) endpoint: Endpoint,
    /// Not told where the credential tells the site.
    pub(crate) site: Option<HeaderValue>,
}

/// Which names a store takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Names {
    /// What the API takes: 1 to 50 ASCII letters, digits and `_+=-@#$`, not beginning with `wix`.
    #[default]
    Api,
    /// What the site's dashboard takes too: 1 to 40 letters, digits, `_` and `-`.
    Dashboard,
}

impl Names {
    fn rule(self) -> NameRule {
        let (max_chars, others) = match self {
            Self::Api => (50, "_+=-@#$"),
            Self::Dashboard => (40, "_-"),
        };
        NameRule {
            max_chars,
            alphabet: Alphabet::AlphanumericAnd(others),
            forbidden_prefix: Some("wix"),
            // No page says so; taking two names for one would be the worse mistake.
            case_sensitive: true,
        }
    }
}

/// Which payloads a store takes; each reads what the other wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payloads {
    /// What the service holds: one text.
    #[default]
    Plain,
    /// Also binary values and many entries, as [`encoding`](polyvault_core::encoding) says; the
    /// secret's description ends in the mark then.
    Encoded,
}

/// Those of a store that takes the API's names and plain payloads.
pub(crate) fn capabilities() -> Capabilities {
    capabilities_of(Names::Api, Payloads::Plain)
}

/// Limits: <https://dev.wix.com/docs/rest/business-management/secrets/create-secret>.
pub(crate) fn capabilities_of(names: Names, payloads: Payloads) -> Capabilities {
    let (entries, binary, encoded) = match payloads {
        Payloads::Plain => (Entries::Single, false, Encoded::Never),
        Payloads::Encoded => (Entries::Many, true, Encoded::InDescription),
    };
    Capabilities {
        provider: SCHEME,
        put: true,
        read_values: true,
        versions: Versions::None,
        entries,
        binary,
        encoded,
        empty_values: false,
        labels: Scope::None,
        content_type: false,
        description: Scope::Secret,
        validity: false,
        clear_validity: false,
        disable: Scope::None,
        rename: true,
        deletion_protection: false,
        update_version: false,
        make_current: MakeCurrent::None,
        destroy: false,
        cancel_destruction: false,
        delete: true,
        soft_delete: false,
        recover: false,
        purge: false,
        resume: false,
        create: CreateStrength::Atomic,
        lost_put: LostPut::Idempotent,
        generate: Generate::Client,
        twins: false,
        limits: Limits {
            name: names.rule(),
            payload_size: Some(3500),
            // The pages say characters. UTF-16 units are never fewer, and a service
            // on the JVM most likely counts them.
            payload_unit: SizeUnit::Utf16,
            entry_key: None,
            labels: None,
            content_type_chars: None,
            description_chars: Some(200),
            page_size: None,
        },
    }
}
