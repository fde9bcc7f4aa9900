//! What a store is set to, and what it can do.

use std::time::Duration;

use polyvault_core::Capabilities;
use polyvault_core::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, LabelRule, Limits, LostPut, MakeCurrent,
    NameRule, Scope, SizeUnit, Versions,
};
use polyvault_core::provider::{HTTP_PARAMETERS, NotYet, Parameter, Rule, with_http_parameters};
use polyvault_core::transport::Endpoint;

use crate::store::Names;

pub(crate) const SCHEME: &str = "yandex-lockbox";

/// Serves secrets and versions, without payloads.
pub(crate) const ENDPOINT: &str = "https://lockbox.api.cloud.yandex.net";

/// Serves payloads and nothing else.
pub(crate) const PAYLOAD_ENDPOINT: &str = "https://payload.lockbox.api.cloud.yandex.net";

/// Serves the operations of the whole cloud.
pub(crate) const OPERATION_ENDPOINT: &str = "https://operation.api.cloud.yandex.net";

/// Exchanges signed statements for tokens.
pub(crate) const IAM_ENDPOINT: &str = "https://iam.api.cloud.yandex.net";

/// Exchanges tokens of other issuers.
pub(crate) const FEDERATION_ENDPOINT: &str = "https://auth.yandex.cloud";

const OWN: [Parameter; 8] = [
    Parameter {
        name: "endpoint",
        default: ENDPOINT,
        what: "the base URL for secrets and versions, for other installations and emulators",
    },
    Parameter {
        name: "payload_endpoint",
        default: "`endpoint` where that is given, else https://payload.lockbox.api.cloud.yandex.net",
        what: "the base URL for payloads",
    },
    Parameter {
        name: "operation_endpoint",
        default: "`endpoint` where that is given, else https://operation.api.cloud.yandex.net",
        what: "the base URL for operations",
    },
    Parameter {
        name: "iam_endpoint",
        default: "`endpoint` where that is given, else https://iam.api.cloud.yandex.net",
        what: "the base URL where an authorized key is exchanged for tokens",
    },
    Parameter {
        name: "federation_endpoint",
        default: FEDERATION_ENDPOINT,
        what: "the base URL where a workload's token is exchanged",
    },
    Parameter {
        name: "audience",
        default: "the IAM of the installation",
        what: "whom the statement of an authorized key is for, where a proxy stands before the IAM",
    },
    Parameter {
        name: "names",
        default: "list",
        what: "how a value is found by its name: `list`, or `get_ex` for who may read payloads only",
    },
    Parameter {
        name: "name_cache",
        default: "not at all",
        what: "how long reads remember which id a name has, such as `30s`",
    },
];

pub(crate) const PARAMETERS: &[Parameter] =
    &with_http_parameters::<{ OWN.len() + HTTP_PARAMETERS.len() }>(&OWN);

pub(crate) const NOT_YET: &[NotYet] = &[];

pub(crate) const REFUSALS: &[Rule] = &[
    Rule {
        capabilities: &["empty_values"],
        rule: "a version is added as changes to another, where an entry without a value is a removal",
        url: "https://yandex.cloud/en/docs/lockbox/api-ref/Secret/addVersion",
    },
    Rule {
        capabilities: &[
            "content_type",
            "validity",
            "clear_validity",
            "update_version",
        ],
        rule: "a version has entries and a description, and can't be changed",
        url: "https://yandex.cloud/en/docs/lockbox/quickstart",
    },
    Rule {
        capabilities: &["soft_delete", "recover", "purge"],
        rule: "a delete is final, and there is no list of deleted secrets",
        url: "https://yandex.cloud/en/docs/lockbox/api-ref/Secret/delete",
    },
];

/// Plain data: one folder and where to ask about it.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) folder: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) payload_endpoint: Endpoint,
    pub(crate) operation_endpoint: Endpoint,
    pub(crate) names: Names,
    /// How long reads remember the ids of names; not at all where it is zero.
    pub(crate) name_cache: Duration,
}

/// Limits: the validation options at <https://github.com/yandex-cloud/cloudapi>, and
/// <https://yandex.cloud/docs/lockbox/concepts/limits>.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        provider: SCHEME,
        put: true,
        read_values: true,
        versions: Versions::PinnedReads,
        entries: Entries::Many,
        binary: true,
        encoded: Encoded::Never,
        // A new version can't tell an empty value from a removal.
        empty_values: false,
        labels: Scope::Secret,
        content_type: false,
        description: Scope::Secret,
        validity: false,
        clear_validity: false,
        disable: Scope::Secret,
        rename: true,
        deletion_protection: true,
        update_version: false,
        make_current: MakeCurrent::Service,
        destroy: true,
        cancel_destruction: true,
        delete: true,
        soft_delete: false,
        recover: false,
        purge: false,
        resume: true,
        create: CreateStrength::Checked,
        lost_put: LostPut::Idempotent,
        generate: Generate::Service,
        twins: true,
        limits: Limits {
            name: NameRule {
                max_chars: 100,
                alphabet: Alphabet::Any,
                forbidden_prefix: None,
                case_sensitive: true,
            },
            payload_size: Some(64 * 1024),
            payload_unit: SizeUnit::Bytes,
            entry_key: Some((256, Alphabet::AlphanumericAnd("-_./\\@"))),
            labels: Some(LabelRule {
                max_count: 64,
                max_key_chars: 63,
                max_value_chars: 63,
                keys: Alphabet::LowercaseAnd("-_"),
                values: Alphabet::LowercaseAnd("-_"),
            }),
            content_type_chars: None,
            description_chars: Some(1024),
            page_size: Some(1000),
        },
    }
}
