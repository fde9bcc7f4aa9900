//! A site of Wix Secrets.

use super::super::service::{Manner, Service};
use crate::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, Limits, LostPut, MakeCurrent, NameRule,
    Scope, SizeUnit, Versions,
};
use crate::model::{Secret, SecretInfo, VersionInfo};
use crate::{Capabilities, PutMode, SecretRef};

pub(super) const SERVICE: Service = Service {
    can: CAPABILITIES,
    manner: MANNER,
};

/// What the answers of the service tell, where it is less than the reference's.
const MANNER: Manner = Manner {
    id: |random| random.hyphenated().to_string(),
    // The list comes whole.
    page: u32::MAX,
    long: &[],
    // A name reads a value; the id that all else takes is in the list.
    needs: |operation, secret| match (operation, secret) {
        ("get", Some(SecretRef::Name(_))) | (_, None) => &[],
        _ => &["list"],
    },
    // The service has one request for both.
    put_needs: Some(
        |there, _, options| match there && options.mode != PutMode::Create {
            true => &["update"],
            false => &[],
        },
    ),
    read: |secret, _| Secret {
        id: None,
        info: None,
        ..secret
    },
    version: |_| VersionInfo::default(),
    described: |info| SecretInfo {
        current: None,
        ..info
    },
    // It moved, and the answer doesn't tell to what.
    updated: |info| SecretInfo {
        updated_at: None,
        ..info
    },
    ..Manner::MEMORY
};

/// As the adapter's, which gives the sources.
const CAPABILITIES: Capabilities = Capabilities {
    provider: "wix-secrets",
    put: true,
    read_values: true,
    versions: Versions::None,
    entries: Entries::Single,
    binary: false,
    encoded: Encoded::Never,
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
        name: NameRule {
            max_chars: 50,
            alphabet: Alphabet::AlphanumericAnd("_+=-@#$"),
            forbidden_prefix: Some("wix"),
            // No page says so; taking two names for one would be the worse mistake.
            case_sensitive: true,
        },
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
};
