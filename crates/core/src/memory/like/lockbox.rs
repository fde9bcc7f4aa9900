//! A folder of Yandex Lockbox.

use std::time::Duration;

use super::super::service::{Manner, Service};
use crate::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, LabelRule, Limits, LostPut, MakeCurrent,
    NameRule, Scope, SizeUnit, Versions,
};
use crate::model::{Secret, SecretInfo, VersionInfo, VersionState};
use crate::{Capabilities, PutMode, PutOptions, SecretRef};

pub(super) const SERVICE: Service = Service {
    can: CAPABILITIES,
    manner: MANNER,
};

/// What the answers of the service tell, where it is less than the reference's.
const MANNER: Manner = Manner {
    id: |random| format!("e6q{:.17}", random.simple().to_string()),
    long: &["put", "update", "update_version", "delete"],
    destroys_after: Duration::from_secs(7 * 24 * 60 * 60),
    // Assumed: no source tells.
    destroys_again: false,
    // A name is looked up in the list.
    needs: |_, secret| match secret {
        Some(SecretRef::Name(_)) => &["list"],
        _ => &[],
    },
    // A version patches the one before it, whose keys the secret tells; labels are the secret's.
    put_needs: Some(|there, _, options| match options {
        _ if !there || options.mode == PutMode::Create => &[],
        PutOptions {
            labels: None,
            description: None,
            ..
        } => &["describe"],
        _ => &["describe", "update"],
    }),
    read: |secret, by| Secret {
        name: secret.name.filter(|_| matches!(by, SecretRef::Name(_))),
        info: None,
        ..secret
    },
    version: |info| VersionInfo {
        id: info.id,
        state: info.state,
        created_at: info.created_at,
        destroy_at: info.destroy_at,
        description: info.description,
        entry_keys: info.entry_keys,
        ..VersionInfo::default()
    },
    // The secret is as it was, whatever becomes of its current version.
    described: |info| SecretInfo {
        updated_at: None,
        state: match info.state {
            VersionState::PendingDestruction | VersionState::Destroyed => VersionState::Enabled,
            state => state,
        },
        ..info
    },
    ..Manner::MEMORY
};

/// As the adapter's, which gives the sources.
const CAPABILITIES: Capabilities = Capabilities {
    provider: "yandex-lockbox",
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
};
