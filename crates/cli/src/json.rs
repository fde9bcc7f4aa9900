//! Results and errors as JSON: the one file that knows the shapes.
//!
//! The model has no `Serialize` on purpose. Structs are taken apart field by
//! field, so that a new field does not compile until it is shown or left out here.

use polyvault::transport::Body;
use polyvault::transport::json::{PlainBase64, PlainText, encode};
use polyvault::{
    DeletedSecretInfo, Error, Result, Secret, SecretId, SecretInfo, SecretName, Timestamp, Value,
    VersionId, VersionInfo, Written,
};
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

pub(crate) fn array<T>(items: &[T], one: fn(&T) -> Json) -> Json {
    items.iter().map(one).collect()
}

pub(crate) fn secret_info(info: &SecretInfo) -> Json {
    let SecretInfo {
        id,
        name,
        description,
        labels,
        state,
        current,
        created_at,
        updated_at,
        deletion_protection,
        managed,
    } = info;
    json!({
        "id": id.as_str(),
        "name": name.as_ref().map(SecretName::as_str),
        "description": description,
        "labels": labels,
        "state": state.as_str(),
        "current": current.as_ref().map(version_info),
        "created_at": time(*created_at),
        "updated_at": time(*updated_at),
        "deletion_protection": deletion_protection,
        "managed": managed,
    })
}

pub(crate) fn deleted_secret_info(deleted: &DeletedSecretInfo) -> Json {
    let DeletedSecretInfo {
        info,
        deleted_at,
        purge_at,
        recoverable,
    } = deleted;
    json!({
        "info": secret_info(info),
        "deleted_at": time(*deleted_at),
        "purge_at": time(*purge_at),
        "recoverable": recoverable,
    })
}

pub(crate) fn version_info(info: &VersionInfo) -> Json {
    let VersionInfo {
        id,
        state,
        created_at,
        updated_at,
        not_before,
        expires_at,
        destroy_at,
        content_type,
        description,
        labels,
        entry_keys,
    } = info;
    json!({
        "id": id.as_ref().map(VersionId::as_str),
        "state": state.as_str(),
        "created_at": time(*created_at),
        "updated_at": time(*updated_at),
        "not_before": time(*not_before),
        "expires_at": time(*expires_at),
        "destroy_at": time(*destroy_at),
        "content_type": content_type,
        "description": description,
        "labels": labels,
        "entry_keys": entry_keys,
    })
}

pub(crate) fn written(written: &Written) -> Json {
    let Written {
        secret,
        version,
        created,
    } = written;
    json!({
        "secret": secret.as_str(),
        "version": version_info(version),
        "created": created,
    })
}

/// A secret without what it holds.
pub(crate) fn secret(secret: &Secret) -> Json {
    let Secret {
        id,
        name,
        version,
        info,
        payload: _,
    } = secret;
    json!({
        "id": id.as_ref().map(SecretId::as_str),
        "name": name.as_ref().map(SecretName::as_str),
        "version": version.as_ref().map(VersionId::as_str),
        "info": info.as_ref().map(version_info),
    })
}

/// A secret with values, in a wiped buffer: plaintext never stands in a [`Json`],
/// whose texts are not wiped.
pub(crate) fn secret_with_entries(read: &Secret, entries: Vec<(&str, &Value)>) -> Result<Body> {
    let document = WithEntries {
        secret: secret(read),
        entries: Entries(entries),
    };
    encode(&document)
}

pub(crate) fn error(error: &Error) -> Json {
    json!({ "error": {
        "kind": error.kind().as_str(),
        "retry": error.retry().as_str(),
        "status": error.status(),
        "code": error.code(),
        "request_id": error.request_id(),
        "help": error.help(),
        "message": error.message(),
    }})
}

#[derive(Serialize)]
struct WithEntries<'a> {
    #[serde(flatten)]
    secret: Json,
    entries: Entries<'a>,
}

struct Entries<'a>(Vec<(&'a str, &'a Value)>);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, Entry::of(value))))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Entry<'a> {
    Text(PlainText<'a>),
    Base64(PlainBase64<'a>),
}

impl<'a> Entry<'a> {
    fn of(value: &'a Value) -> Self {
        if value.is_text() {
            Self::Text(PlainText(value))
        } else {
            Self::Base64(PlainBase64(value))
        }
    }
}

/// RFC 3339, UTC.
fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}
