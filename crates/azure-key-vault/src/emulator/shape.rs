//! The JSON shapes of secrets.

use serde_json::{Map, Value, json};

use super::state::{Phase, RETENTION_SECONDS, Secret, Vault, Version};

/// Which facts of recovery an answer's attributes hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Recovery {
    /// Level and days, and the version before.
    Newest,
    /// Level and days.
    Full,
    /// The level alone: before version 7.1, and in the list of deleted secrets.
    Level,
    /// Nothing: in the other lists.
    None,
}

impl Vault {
    /// A `SecretBundle` without its value.
    pub(super) fn bundle(
        &self,
        secret: &Secret,
        version: &Version,
        recovery: Recovery,
    ) -> Map<String, Value> {
        let id = self.version_id(secret, version);
        let mut fields = self.common(id, version, recovery);
        if let Some(kid) = &version.kid {
            fields.insert("kid".into(), json!(kid));
        }
        if let (Recovery::Newest, Some(previous)) = (recovery, &version.previous_version) {
            fields.insert("previousVersion".into(), json!(previous));
        }
        fields
    }

    /// A `DeletedSecretBundle`; in a vault without soft delete a `SecretBundle`.
    pub(super) fn deleted_bundle(
        &self,
        secret: &Secret,
        version: &Version,
        recovery: Recovery,
    ) -> Map<String, Value> {
        let mut fields = self.bundle(secret, version, recovery);
        self.add_deletion(&mut fields, secret);
        fields
    }

    /// A `SecretItem` of a version list.
    pub(super) fn version_item(&self, secret: &Secret, version: &Version) -> Value {
        let id = self.version_id(secret, version);
        Value::Object(self.common(id, version, Recovery::None))
    }

    /// A `SecretItem` of a list of secrets: an id without a version, the rest from
    /// the current one.
    pub(super) fn item(&self, secret: &Secret, version: &Version) -> Value {
        let id = self.secret_id(secret);
        Value::Object(self.common(id, version, Recovery::None))
    }

    /// A `DeletedSecretItem`.
    pub(super) fn deleted_item(&self, secret: &Secret, version: &Version) -> Value {
        let id = self.secret_id(secret);
        let mut fields = self.common(id, version, Recovery::Level);
        self.add_deletion(&mut fields, secret);
        Value::Object(fields)
    }

    fn common(&self, id: String, version: &Version, recovery: Recovery) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("id".into(), json!(id));
        fields.insert("attributes".into(), self.attributes(version, recovery));
        if let Some(content_type) = &version.content_type {
            fields.insert("contentType".into(), json!(content_type));
        }
        if let Some(tags) = &version.tags {
            fields.insert("tags".into(), json!(tags));
        }
        if version.managed {
            fields.insert("managed".into(), json!(true));
        }
        fields
    }

    fn attributes(&self, version: &Version, recovery: Recovery) -> Value {
        let mut fields = Map::new();
        fields.insert("enabled".into(), json!(version.enabled));
        for (name, time) in [
            ("nbf", version.nbf),
            ("exp", version.exp),
            ("created", version.created),
            ("updated", version.updated),
        ] {
            if let Some(time) = time {
                fields.insert(name.into(), json!(time));
            }
        }
        let (level, days) = match (self.knobs.soft_delete, self.knobs.purge_protection) {
            (false, _) => ("Purgeable", 0),
            (true, false) => ("Recoverable+Purgeable", 90),
            (true, true) => ("Recoverable", 90),
        };
        if !matches!(recovery, Recovery::None) {
            fields.insert("recoveryLevel".into(), json!(level));
        }
        if matches!(recovery, Recovery::Newest | Recovery::Full) {
            fields.insert("recoverableDays".into(), json!(days));
        }
        Value::Object(fields)
    }

    fn add_deletion(&self, fields: &mut Map<String, Value>, secret: &Secret) {
        let (Phase::Deleting { since, .. } | Phase::Deleted { since }) = secret.phase else {
            return;
        };
        let recovery_id = format!("{}/deletedsecrets/{}", self.base, secret.name);
        fields.insert("recoveryId".into(), json!(recovery_id));
        fields.insert("deletedDate".into(), json!(since));
        fields.insert(
            "scheduledPurgeDate".into(),
            json!(since + RETENTION_SECONDS),
        );
    }

    fn secret_id(&self, secret: &Secret) -> String {
        format!("{}/secrets/{}", self.base, secret.name)
    }

    fn version_id(&self, secret: &Secret, version: &Version) -> String {
        format!("{}/secrets/{}/{}", self.base, secret.name, version.id)
    }
}
