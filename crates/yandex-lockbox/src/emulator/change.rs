//! What each mutating method does to a secret, and when it may not.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::password;
use super::state::{ACTIVE, CREATING, Content, Entry, INACTIVE, SCHEDULED, Secret, Version};
use super::status::Status;

/// All values of a version together, in bytes.
const LARGEST_PAYLOAD: usize = 65_536;

/// A change that is asked for; ids and times of what it makes are fixed.
pub(super) enum Change {
    /// Makes a secret that is `CREATING` usable.
    Create(Option<Version>),
    Update(Map<String, Value>),
    Delete,
    Activate,
    Deactivate,
    AddVersion(NewVersion),
    SetCurrent(String),
    Schedule(String, Timestamp),
    Cancel(String),
    /// Replaces the roles by these.
    SetAccess(Vec<Value>),
    /// Adds these roles and takes those away.
    UpdateAccess(Vec<Value>, Vec<Value>),
}

/// What the wire leaves open, as the knobs have it.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub(super) carry_scheduled: bool,
    pub(super) copy_with_base: bool,
}

pub(super) struct NewVersion {
    pub(super) serial: u64,
    pub(super) id: String,
    pub(super) description: String,
    pub(super) entries: Vec<(String, Option<Content>)>,
    pub(super) base: Option<String>,
}

/// What a change was about.
pub(super) enum Applied {
    Secret,
    Version(String),
    Access,
    Deleted,
}

impl Change {
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::Create(_) => "Create secret",
            Self::Update(_) => "Update secret",
            Self::Delete => "Delete secret",
            Self::Activate => "Activate secret",
            Self::Deactivate => "Deactivate secret",
            Self::AddVersion(_) => "Add version",
            Self::SetCurrent(_) => "Set current version",
            Self::Schedule(..) => "Schedule version destruction",
            Self::Cancel(_) => "Cancel version destruction",
            Self::SetAccess(_) => "Set access bindings",
            Self::UpdateAccess(..) => "Update access bindings",
        }
    }

    pub(super) fn metadata_name(&self) -> &'static str {
        match self {
            Self::Create(_) => "CreateSecretMetadata",
            Self::Update(_) => "UpdateSecretMetadata",
            Self::Delete => "DeleteSecretMetadata",
            Self::Activate => "ActivateSecretMetadata",
            Self::Deactivate => "DeactivateSecretMetadata",
            Self::AddVersion(_) => "AddVersionMetadata",
            Self::SetCurrent(_) => "SetCurrentVersionMetadata",
            Self::Schedule(..) => "ScheduleVersionDestructionMetadata",
            Self::Cancel(_) => "CancelVersionDestructionMetadata",
            Self::SetAccess(_) => "SetAccessBindingsMetadata",
            Self::UpdateAccess(..) => "UpdateAccessBindingsMetadata",
        }
    }

    /// The version that the metadata names, where its type has that field.
    pub(super) fn version_id(&self) -> Option<&str> {
        match self {
            Self::Create(version) => Some(version.as_ref().map_or("", |version| &version.id)),
            Self::AddVersion(new) => Some(&new.id),
            Self::SetCurrent(id) | Self::Schedule(id, _) | Self::Cancel(id) => Some(id),
            Self::Update(_)
            | Self::Delete
            | Self::Activate
            | Self::Deactivate
            | Self::SetAccess(_)
            | Self::UpdateAccess(..) => None,
        }
    }

    /// Carries the change out. The refusals' codes are assumed: no source tells them.
    pub(super) fn apply(
        &self,
        secret: &mut Secret,
        now: Timestamp,
        manner: Manner,
    ) -> Result<Applied, Status> {
        if secret.status == CREATING && !matches!(self, Self::Create(_)) {
            return Err(Status::refused("Secret is being created"));
        }
        match self {
            Self::Create(version) => {
                secret.status = ACTIVE.into();
                if let Some(version) = version {
                    add(secret, version.clone(), now);
                }
                Ok(Applied::Secret)
            }
            Self::Update(fields) => {
                update(secret, fields);
                Ok(Applied::Secret)
            }
            Self::Delete if secret.deletion_protection => {
                Err(Status::refused("Secret is protected from deletion"))
            }
            Self::Delete => Ok(Applied::Deleted),
            Self::Activate => {
                secret.status = ACTIVE.into();
                Ok(Applied::Secret)
            }
            Self::Deactivate => {
                secret.status = INACTIVE.into();
                Ok(Applied::Secret)
            }
            Self::AddVersion(new) => {
                let version = new.version(secret, manner)?;
                add(secret, version, now);
                Ok(Applied::Version(new.id.clone()))
            }
            Self::SetCurrent(id) => {
                expect_status(secret.version(id)?, ACTIVE)?;
                secret.current = Some(id.clone());
                Ok(Applied::Version(id.clone()))
            }
            Self::Schedule(id, destroy_at) => {
                let version = secret.version_mut(id)?;
                expect_status(version, ACTIVE)?;
                version.status = SCHEDULED.into();
                version.destroy_at = Some(*destroy_at);
                Ok(Applied::Version(id.clone()))
            }
            Self::Cancel(id) => {
                let version = secret.version_mut(id)?;
                expect_status(version, SCHEDULED)?;
                version.status = ACTIVE.into();
                version.destroy_at = None;
                Ok(Applied::Version(id.clone()))
            }
            Self::SetAccess(bindings) => {
                secret.access.clone_from(bindings);
                Ok(Applied::Access)
            }
            Self::UpdateAccess(added, removed) => {
                secret.access.retain(|binding| !removed.contains(binding));
                for binding in added {
                    if !secret.access.contains(binding) {
                        secret.access.push(binding.clone());
                    }
                }
                Ok(Applied::Access)
            }
        }
    }
}

impl NewVersion {
    /// The base patched by the entries.
    fn version(&self, secret: &Secret, manner: Manner) -> Result<Version, Status> {
        let base = match &self.base {
            Some(id) => {
                let base = secret.version(id)?;
                expect_status(base, ACTIVE)?;
                Some(base)
            }
            // What the service takes for a base when the current version is not active is
            // not known; nothing, unless told otherwise.
            None => secret.current_version().filter(|version| {
                version.status == ACTIVE || (manner.carry_scheduled && version.status == SCHEDULED)
            }),
        };
        let base = base.map_or(&[][..], |version| &version.entries);
        // This path can't tell an empty text from a removal.
        let changes = self.entries.iter().map(|(key, value)| {
            let empty = matches!(value, Some(Content::Text(text)) if text.is_empty());
            (key.clone(), value.clone().filter(|_| !empty))
        });
        let copies = manner.copy_with_base && self.base.is_some();
        let rules = secret.password.clone();
        let rules = rules.filter(|_| self.entries.is_empty() && !copies);
        let entries = match &rules {
            Some(specification) => patch(base, [generated(specification)?])?,
            None => patch(base, changes)?,
        };
        Ok(Version {
            serial: self.serial,
            id: self.id.clone(),
            created_at: Timestamp::UNIX_EPOCH,
            destroy_at: None,
            description: self.description.clone(),
            status: ACTIVE.into(),
            password: rules,
            entries,
        })
    }
}

/// The entry of a new password.
pub(super) fn generated(
    specification: &Map<String, Value>,
) -> Result<(String, Option<Content>), Status> {
    let key = specification.get("passwordKey").and_then(Value::as_str);
    let password = password::generate(specification)?;
    Ok((
        key.unwrap_or_default().into(),
        Some(Content::Text(password)),
    ))
}

/// `base` with each change made: a value adds or replaces, none removes.
pub(super) fn patch(
    base: &[Entry],
    changes: impl IntoIterator<Item = (String, Option<Content>)>,
) -> Result<Vec<Entry>, Status> {
    let mut entries = base.to_vec();
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in changes {
        if seen.contains(&key) {
            return Err(Status::invalid("entries", "a key is given twice"));
        }
        let place = entries.iter().position(|entry| entry.key == key);
        match (place.and_then(|at| entries.get_mut(at)), value) {
            (Some(entry), Some(value)) => entry.value = value,
            (None, Some(value)) => entries.push(Entry {
                key: key.clone(),
                value,
            }),
            (_, None) => entries.retain(|entry| entry.key != key),
        }
        seen.push(key);
    }
    if entries.is_empty() {
        return Err(Status::invalid("entries", "the version would hold none"));
    }
    let size: usize = entries.iter().map(|entry| entry.value.bytes().len()).sum();
    match size > LARGEST_PAYLOAD {
        true => Err(Status::invalid("entries", "more than 64 KB of values")),
        false => Ok(entries),
    }
}

fn add(secret: &mut Secret, mut version: Version, now: Timestamp) {
    version.created_at = now;
    secret.current = Some(version.id.clone());
    secret.versions.push(version);
}

/// Sets what the mask names; a field that it names and the body lacks is reset.
fn update(secret: &mut Secret, fields: &Map<String, Value>) {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let object = |name: &str| fields.get(name).and_then(Value::as_object).cloned();
    for path in text("updateMask").split(',') {
        match path {
            "name" => secret.name = text("name").into(),
            "description" => secret.description = text("description").into(),
            "labels" => secret.labels = object("labels").unwrap_or_default(),
            "deletionProtection" => {
                let wanted = fields.get("deletionProtection").and_then(Value::as_bool);
                secret.deletion_protection = wanted.unwrap_or_default();
            }
            _ => secret.password = object("passwordPayloadSpecification"),
        }
    }
}

fn expect_status(version: &Version, status: &str) -> Result<(), Status> {
    match version.status == status {
        true => Ok(()),
        false => Err(Status::refused(&format!("Version is not {status}"))),
    }
}
