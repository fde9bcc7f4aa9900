//! What each mutating method does to a secret, and when it may not.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::bindings::Delta;
use super::password;
use super::state::{
    ACTIVE, CREATING, Content, DESTROYED, Entry, INACTIVE, SCHEDULED, Secret, Version,
};
use super::status::{RESOURCE_EXHAUSTED, Status};

/// The field of an AddVersion.
const ENTRIES: &str = "payloadEntries";
/// All values of a version together, in bytes.
const LARGEST_PAYLOAD: usize = 65_536;
/// Of a secret; destroyed ones are not counted.
const MOST_VERSIONS: usize = 1000;

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
    SetBindings(Vec<Delta>),
    UpdateBindings(Vec<Delta>),
}

/// What a change does where no source tells what the service does.
#[derive(Clone, Copy, Default)]
pub(super) struct Rules {
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
    Deleted,
    Bindings,
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
            Self::SetBindings(_) => "Set access bindings",
            Self::UpdateBindings(_) => "Update access bindings",
        }
    }

    /// Below `yandex.cloud`.
    pub(super) fn metadata_type(&self) -> &'static str {
        match self {
            Self::SetBindings(_) => "access.SetAccessBindingsMetadata",
            Self::UpdateBindings(_) => "access.UpdateAccessBindingsMetadata",
            Self::Create(_) => "lockbox.v1.CreateSecretMetadata",
            Self::Update(_) => "lockbox.v1.UpdateSecretMetadata",
            Self::Delete => "lockbox.v1.DeleteSecretMetadata",
            Self::Activate => "lockbox.v1.ActivateSecretMetadata",
            Self::Deactivate => "lockbox.v1.DeactivateSecretMetadata",
            Self::AddVersion(_) => "lockbox.v1.AddVersionMetadata",
            Self::SetCurrent(_) => "lockbox.v1.SetCurrentVersionMetadata",
            Self::Schedule(..) => "lockbox.v1.ScheduleVersionDestructionMetadata",
            Self::Cancel(_) => "lockbox.v1.CancelVersionDestructionMetadata",
        }
    }

    /// The version that the metadata names, where its type has that field.
    pub(super) fn version_id(&self) -> Option<&str> {
        match self {
            Self::Create(version) => Some(version.as_ref().map_or("", |version| &version.id)),
            Self::AddVersion(new) => Some(&new.id),
            Self::SetCurrent(id) | Self::Schedule(id, _) | Self::Cancel(id) => Some(id),
            _ => None,
        }
    }

    /// Carries the change out. The refusals' codes are assumed: no source tells them.
    pub(super) fn apply(
        &self,
        secret: &mut Secret,
        now: Timestamp,
        rules: Rules,
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
                let version = new.version(secret, rules)?;
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
            Self::SetBindings(all) => {
                secret.bindings.clear();
                secret.bind(all);
                Ok(Applied::Bindings)
            }
            Self::UpdateBindings(deltas) => {
                secret.bind(deltas);
                Ok(Applied::Bindings)
            }
        }
    }
}

impl NewVersion {
    /// The base patched by the entries.
    fn version(&self, secret: &Secret, rules: Rules) -> Result<Version, Status> {
        let kept = secret.versions.iter().filter(|v| v.status != DESTROYED);
        if kept.count() >= MOST_VERSIONS {
            let message = "The limit on the number of versions has exceeded";
            return Err(Status::new(RESOURCE_EXHAUSTED, message));
        }
        let base = match &self.base {
            Some(id) => {
                let base = secret.version(id)?;
                expect_status(base, ACTIVE)?;
                Some(base)
            }
            // What the service takes for a base when the current version is not active is
            // not known; nothing, unless told otherwise.
            None => secret.current_version().filter(|version| {
                version.status == ACTIVE || (rules.carry_scheduled && version.status == SCHEDULED)
            }),
        };
        let base = base.map_or(&[][..], |version| &version.entries);
        // This path can't tell an empty text from a removal.
        let changes = self.entries.iter().map(|(key, value)| {
            let empty = matches!(value, Some(Content::Text(text)) if text.is_empty());
            (key.clone(), value.clone().filter(|_| !empty))
        });
        let copies = rules.copy_with_base && self.base.is_some();
        let password = secret.password.clone();
        let password = password.filter(|_| self.entries.is_empty() && !copies);
        let entries = match &password {
            Some(specification) => patch(base, [generated(specification)?], ENTRIES)?,
            None => patch(base, changes, ENTRIES)?,
        };
        Ok(Version {
            serial: self.serial,
            id: self.id.clone(),
            created_at: Timestamp::UNIX_EPOCH,
            destroy_at: None,
            description: self.description.clone(),
            status: ACTIVE.into(),
            password,
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

/// `base` with each change made: a value adds or replaces, none removes. `field` holds the changes.
pub(super) fn patch(
    base: &[Entry],
    changes: impl IntoIterator<Item = (String, Option<Content>)>,
    field: &str,
) -> Result<Vec<Entry>, Status> {
    let mut entries = base.to_vec();
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in changes {
        if seen.contains(&key) {
            return Err(Status::invalid(field, "a key is given twice"));
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
        return Err(Status::invalid(field, "the version would hold none"));
    }
    let size: usize = entries.iter().map(|entry| entry.value.bytes().len()).sum();
    match size > LARGEST_PAYLOAD {
        true => Err(Status::invalid(field, "more than 64 KB of values")),
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
