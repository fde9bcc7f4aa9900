//! References that App Configuration holds.

use polyvault_core::transport::json;
use polyvault_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::SecretIdentifier;

#[derive(Deserialize)]
struct Reference {
    uri: Option<String>,
    secret_uri: Option<String>,
}

/// The id in a reference, not looked at yet.
pub(super) fn uri(content_type: &str, value: &str) -> Result<String> {
    if parts(content_type) != parts(SecretIdentifier::KEY_VAULT_REFERENCE) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "the content type is not that of a reference to a vault",
        )
        .with_help(format!(
            "Take the key-value's own value, or one whose content type is {}.",
            SecretIdentifier::KEY_VAULT_REFERENCE
        )));
    }
    let help = "The value of a reference is {\"uri\": \"<id of the secret>\"}.";
    let reference: Reference =
        json::decode(value.as_bytes()).map_err(|error| error.with_help(help))?;
    let id = reference.uri.or(reference.secret_uri);
    id.ok_or_else(|| json::missing("uri").with_help(help))
}

/// What stands between semicolons, by which writers differ in case and blanks only.
fn parts(content_type: &str) -> Vec<String> {
    let parts = content_type.split(';');
    parts.map(|part| part.trim().to_ascii_lowercase()).collect()
}
