//! A vault of Azure Key Vault.

use std::time::Duration;

use jiff::Timestamp;

use super::super::service::{Look, Manner, Service};
use crate::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, LabelRule, Limits, LostPut, MakeCurrent,
    NameRule, Scope, SizeUnit, Versions,
};
use crate::model::{DeletedSecretInfo, SecretInfo, VersionInfo};
use crate::{Capabilities, ErrorKind};

pub(super) const SERVICE: Service = Service {
    can: CAPABILITIES,
    manner: MANNER,
};

/// What the answers of the service tell, where it is less than the reference's.
const MANNER: Manner = Manner {
    id_base: Some(|vault| format!("https://{vault}.vault.azure.net/secrets/")),
    page: 25,
    long: &["delete", "recover"],
    unknown_operation: ErrorKind::InvalidInput,
    // A description is a read, whose value is dropped.
    needs: |operation, _| match operation {
        "describe" => &["get"],
        _ => &[],
    },
    put_needs: Some(|_, look, _| match look {
        Look::Current => &["get"],
        Look::Exists => &["list_versions"],
        Look::Nothing => &[],
    }),
    keys_with_values: true,
    looks: true,
    version: |info| VersionInfo {
        id: info.id,
        state: info.state,
        created_at: info.created_at.map(second),
        updated_at: info.updated_at.map(second),
        not_before: info.not_before.map(second),
        expires_at: info.expires_at.map(second),
        content_type: info.content_type,
        labels: info.labels,
        ..VersionInfo::default()
    },
    described: |info| SecretInfo {
        created_at: None,
        updated_at: info.current.as_ref().and_then(|current| current.updated_at),
        ..info
    },
    listed: |info| SecretInfo {
        current: info.current.map(|current| VersionInfo {
            id: None,
            entry_keys: None,
            ..current
        }),
        ..info
    },
    // An update's answer has no value.
    updated: |info| SecretInfo {
        current: info.current.map(|current| VersionInfo {
            entry_keys: None,
            ..current
        }),
        ..info
    },
    deleted: |deleted| DeletedSecretInfo {
        deleted_at: deleted.deleted_at.map(second),
        purge_at: deleted
            .deleted_at
            .and_then(|at| second(at).checked_add(RETENTION).ok()),
        ..deleted
    },
    ..Manner::MEMORY
};

/// As the adapter's, which gives the sources.
const CAPABILITIES: Capabilities = Capabilities {
    provider: "azure-key-vault",
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
};

/// How long the service keeps a deleted secret: 90 days.
const RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The service tells times in whole seconds.
fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
