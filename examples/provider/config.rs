//! What the store can do. Every field is an answer; the suite finds the wrong ones.

use polyvault::Capabilities;
use polyvault::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, Limits, LostPut, MakeCurrent, NameRule,
    Scope, SizeUnit, Versions,
};

/// The provider's name, and the scheme of its store URLs.
pub(crate) const SCHEME: &str = "cubby";

pub(crate) const CAPABILITIES: Capabilities = Capabilities {
    provider: SCHEME,
    put: true,
    read_values: true,
    versions: Versions::None,
    entries: Entries::Single,
    binary: false,
    encoded: Encoded::Never,
    empty_values: true,
    labels: Scope::None,
    content_type: false,
    description: Scope::None,
    validity: false,
    clear_validity: false,
    disable: Scope::None,
    rename: false,
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
            max_chars: 64,
            alphabet: Alphabet::AlphanumericAnd("-_"),
            forbidden_prefix: None,
            case_sensitive: true,
        },
        payload_size: Some(4096),
        payload_unit: SizeUnit::Bytes,
        entry_key: None,
        labels: None,
        content_type_chars: None,
        description_chars: None,
        page_size: Some(100),
    },
};
