//! The service's JSON, field by field.
//!
//! <https://dev.wix.com/docs/rest/business-management/secrets/introduction>. Every
//! field of an answer may be missing or null, and there may be others.

use polyvault_core::transport::json::{self, PlainText};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The answer to a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) secrets: Option<Items>,
}

/// Not a field with a default: then `[]` would read as an answer without it.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Items(#[serde(deserialize_with = "json::items")] pub(crate) Option<Vec<Item>>);

/// A secret in a list: never its value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// A date in a form unknown here is no reason to lose the secret.
    pub(crate) created_date: Option<serde_json::Value>,
    pub(crate) updated_date: Option<serde_json::Value>,
}

/// The answer to a read of a value.
#[derive(Debug, Deserialize)]
pub(crate) struct Read<'a> {
    #[serde(borrow)]
    pub(crate) value: Option<&'a RawValue>,
}

/// The answer to a create.
#[derive(Debug, Deserialize)]
pub(crate) struct Created {
    pub(crate) id: Option<String>,
}

/// The body of a create or an update.
#[derive(Debug, Serialize)]
pub(crate) struct Write<'a> {
    pub(crate) secret: Fields<'a>,
}

/// What a write sets. An update leaves alone what is left out, and may take `null` for a value.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<PlainText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
}

/// What an app asks for a token with. No `Debug`: it would show the secret.
#[derive(Serialize)]
pub(crate) struct ClientCredentials<'a> {
    pub(crate) grant_type: &'static str,
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a str,
    pub(crate) instance_id: &'a str,
}

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refused {
    pub(crate) message: Option<String>,
    pub(crate) details: Option<Details>,
}

/// One of the two, or neither.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    pub(crate) application_error: Option<ApplicationError>,
    pub(crate) validation_error: Option<ValidationError>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ApplicationError {
    /// Text as a rule; not everywhere on this platform.
    pub(crate) code: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidationError {
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) field_violations: Option<Vec<Violation>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Violation {
    pub(crate) field: Option<String>,
    pub(crate) violated_rule: Option<String>,
}
