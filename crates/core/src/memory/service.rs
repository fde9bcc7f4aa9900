//! What a store in memory stands in for: what that service can do, and how it goes about it.

use std::time::Duration;

use uuid::Uuid;

use crate::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, Limits, LostPut, MakeCurrent, NameRule,
    Scope, SizeUnit, Versions,
};
use crate::model::{DeletedSecretInfo, Secret, SecretInfo, VersionInfo, VersionState, Written};
use crate::operation::Outcome;
use crate::{Capabilities, ErrorKind, PutMode, PutOptions, SecretRef};

/// What one service can do, and its manner.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) can: Capabilities,
    pub(super) manner: Manner,
}

/// What no capability says: the form of a service's ids, and which fields its answers tell.
///
/// The functions take an answer that tells everything, and leave what the service tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// The text of a new id.
    pub(super) id: fn(Uuid) -> String,
    /// What ids of secrets begin with, by the store's name, where the secret's name follows.
    pub(super) id_base: Option<fn(&str) -> String>,
    /// The items of a page where the caller asks for no number.
    pub(super) page: u32,
    /// The writes that go on after the answer, where operations can be resumed.
    pub(super) long: &'static [&'static str],
    /// What an operation's id is that the service did not give.
    pub(super) unknown_operation: ErrorKind,
    /// What a caller must be allowed before an operation itself, to find the secret.
    pub(super) needs: fn(&str, Option<&SecretRef>) -> &'static [&'static str],
    /// What more before a put, by whether there is such a secret; `None` where a put is one request.
    pub(super) put_needs: Option<PutNeeds>,
    /// Whether the keys of entries are told with values only.
    pub(super) keys_with_values: bool,
    /// Whether a put has to look, at what is live and by reads that a disabled version refuses.
    pub(super) looks: bool,
    /// How long a destruction waits where the caller says nothing.
    pub(super) destroys_after: Duration,
    /// Whether the destruction of a version that is not enabled is one more of it, not refused.
    pub(super) destroys_again: bool,
    pub(super) read: fn(Secret, &SecretRef) -> Secret,
    pub(super) version: fn(VersionInfo) -> VersionInfo,
    pub(super) described: fn(SecretInfo) -> SecretInfo,
    pub(super) listed: fn(SecretInfo) -> SecretInfo,
    pub(super) updated: fn(SecretInfo) -> SecretInfo,
    pub(super) deleted: fn(DeletedSecretInfo) -> DeletedSecretInfo,
}

type PutNeeds = fn(bool, Look, &PutOptions) -> &'static [&'static str];

/// What a put learns of the secret before it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The current version.
    Current,
    /// Only whether there is one.
    Exists,
    Nothing,
}

impl Service {
    pub(super) const fn memory() -> Self {
        Self {
            can: CAPABILITIES,
            manner: Manner::MEMORY,
        }
    }

    pub(super) fn same_name(&self, one: &str, other: &str) -> bool {
        match self.can.limits.name.case_sensitive {
            true => one == other,
            false => one.eq_ignore_ascii_case(other),
        }
    }

    pub(super) fn look(&self, options: &PutOptions) -> Look {
        let silent = options.labels.is_none() || options.content_type.is_none();
        match options.mode {
            _ if !self.manner.looks => Look::Current,
            PutMode::Create => Look::Exists,
            _ if options.keep_metadata && silent => Look::Current,
            PutMode::AddVersion => Look::Exists,
            PutMode::Upsert => Look::Nothing,
        }
    }

    /// Whether looking shows that a put took place: it is not what was there before.
    pub(super) fn can_confirm(&self, options: &PutOptions) -> bool {
        options.mode == PutMode::Create || self.look(options) == Look::Current
    }

    /// Whether the service itself knows a call again by its key. Without versions, a repeat
    /// is the same put without that.
    pub(super) fn knows_keys(&self) -> bool {
        self.can.lost_put == LostPut::Idempotent && self.can.versions != Versions::None
    }

    pub(super) fn read(&self, secret: Secret, by: &SecretRef) -> Secret {
        let hides_versions = self.can.versions == Versions::None;
        let keys = self.keys_of(secret.info.as_ref());
        let told = Secret {
            version: secret.version.filter(|_| !hides_versions),
            info: secret.info.map(|info| with_keys(self.version(info), keys)),
            ..secret
        };
        (self.manner.read)(told, by)
    }

    pub(super) fn version(&self, info: VersionInfo) -> VersionInfo {
        let hides_versions = self.can.versions == Versions::None;
        (self.manner.version)(VersionInfo {
            id: info.id.filter(|_| !hides_versions),
            ..info
        })
    }

    /// The keys that an answer with the value tells.
    fn keys_of(&self, info: Option<&VersionInfo>) -> Option<Vec<String>> {
        let read =
            info.filter(|info| self.manner.keys_with_values && info.state == VersionState::Enabled);
        read.and_then(|info| info.entry_keys.clone())
    }

    pub(super) fn described(&self, info: SecretInfo) -> SecretInfo {
        let keys = self.keys_of(info.current.as_ref());
        let current = info.current.map(|info| with_keys(self.version(info), keys));
        (self.manner.described)(SecretInfo { current, ..info })
    }

    pub(super) fn listed(&self, info: SecretInfo) -> SecretInfo {
        (self.manner.listed)(self.described(info))
    }

    pub(super) fn deleted(&self, deleted: DeletedSecretInfo) -> DeletedSecretInfo {
        (self.manner.deleted)(DeletedSecretInfo {
            info: self.listed(deleted.info),
            recoverable: self.can.recover,
            ..deleted
        })
    }

    pub(super) fn outcome(&self, operation: &str, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Written(written) => Outcome::Written(Written {
                version: match self.manner.keys_with_values {
                    true => VersionInfo {
                        entry_keys: written.version.entry_keys.clone(),
                        ..self.version(written.version)
                    },
                    false => self.version(written.version),
                },
                ..written
            }),
            Outcome::Secret(info) if operation == "update" => {
                Outcome::Secret((self.manner.updated)(self.described(info)))
            }
            Outcome::Secret(info) => Outcome::Secret(self.described(info)),
            Outcome::Version(info) => {
                let keys = self.keys_of(Some(&info));
                Outcome::Version(with_keys(self.version(info), keys))
            }
            Outcome::Done => Outcome::Done,
        }
    }
}

fn with_keys(info: VersionInfo, keys: Option<Vec<String>>) -> VersionInfo {
    VersionInfo {
        entry_keys: keys.or(info.entry_keys),
        ..info
    }
}

impl Manner {
    /// The reference's: it tells all it knows.
    pub(super) const MEMORY: Self = Self {
        id: |random| random.simple().to_string(),
        id_base: None,
        page: 100,
        long: &[
            "put",
            "update",
            "update_version",
            "delete",
            "recover",
            "purge",
        ],
        unknown_operation: ErrorKind::NotFound,
        needs: |_, _| &[],
        put_needs: None,
        keys_with_values: false,
        looks: false,
        destroys_after: Duration::ZERO,
        destroys_again: true,
        read: |secret, _| secret,
        version: |info| info,
        described: |info| info,
        listed: |info| info,
        updated: |info| info,
        deleted: |deleted| deleted,
    };
}

const CAPABILITIES: Capabilities = Capabilities {
    provider: super::PROVIDER,
    put: true,
    read_values: true,
    versions: Versions::PinnedReads,
    entries: Entries::Many,
    binary: true,
    encoded: Encoded::Never,
    empty_values: true,
    labels: Scope::Secret,
    content_type: true,
    description: Scope::Secret,
    validity: true,
    clear_validity: true,
    disable: Scope::Version,
    rename: true,
    deletion_protection: true,
    update_version: true,
    make_current: MakeCurrent::Service,
    destroy: true,
    cancel_destruction: true,
    delete: true,
    soft_delete: true,
    recover: true,
    purge: true,
    resume: false,
    create: CreateStrength::Atomic,
    lost_put: LostPut::Idempotent,
    generate: Generate::Client,
    twins: false,
    limits: Limits {
        name: NameRule {
            max_chars: 255,
            alphabet: Alphabet::Any,
            forbidden_prefix: None,
            case_sensitive: true,
        },
        payload_size: None,
        payload_unit: SizeUnit::Bytes,
        entry_key: None,
        labels: None,
        content_type_chars: None,
        description_chars: None,
        page_size: Some(1000),
    },
};
