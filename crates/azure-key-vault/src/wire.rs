//! The service's JSON, field by field, and the form of its ids.
//!
//! <https://learn.microsoft.com/rest/api/keyvault/secrets>. Every field of an answer
//! may be missing or null, and there may be others.

use std::collections::BTreeMap;

use polyvault_core::Labels;
use polyvault_core::transport::json::{self, PlainText};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// `SecretBundle`, `DeletedSecretBundle`, and the items of lists. No `Debug`: it would show the value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bundle<'a> {
    #[serde(borrow)]
    pub(crate) value: Option<&'a RawValue>,
    pub(crate) id: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) attributes: Option<Attributes>,
    #[serde(default, deserialize_with = "json::fields")]
    pub(crate) tags: Option<BTreeMap<String, Option<String>>>,
    pub(crate) managed: Option<bool>,
    pub(crate) kid: Option<String>,
    pub(crate) previous_version: Option<String>,
    pub(crate) recovery_id: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) deleted_date: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) scheduled_purge_date: Option<i64>,
}

/// `SecretAttributes`; times are unix seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attributes {
    pub(crate) enabled: Option<bool>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) nbf: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) exp: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) created: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) updated: Option<i64>,
    pub(crate) recovery_level: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    pub(crate) recoverable_days: Option<u32>,
}

/// `BackupSecretResult`; no `Debug`: the blob is kept like a secret.
#[derive(Deserialize)]
pub(crate) struct BackupResult<'a> {
    #[serde(borrow)]
    pub(crate) value: Option<&'a RawValue>,
}

/// A page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<'a> {
    /// Missing is no list; null is one of nothing.
    #[serde(borrow, default, deserialize_with = "items_or_null")]
    pub(crate) value: Option<Vec<Bundle<'a>>>,
    pub(crate) next_link: Option<String>,
}

/// A whole number; null and what does not fit are not told.
fn integer<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    let told: Option<serde_json::Number> = Option::deserialize(deserializer)?;
    let whole = told.and_then(|number| number.as_i64());
    Ok(whole.and_then(|number| T::try_from(number).ok()))
}

pub(crate) fn items_or_null<'de, T, D>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    json::items(deserializer).map(|told| Some(told.unwrap_or_default()))
}

/// `SecretSetParameters`, and `SecretUpdateParameters` without the value.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<PlainText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<&'a Labels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "ParameterAttributes::is_empty")]
    pub(crate) attributes: ParameterAttributes,
}

/// `SecretRestoreParameters`: the blob as base64url without padding.
#[derive(Debug, Serialize)]
pub(crate) struct RestoreParameters<'a> {
    pub(crate) value: PlainText<'a>,
}

/// The attributes that a request can set; times are unix seconds.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct ParameterAttributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exp: Option<i64>,
}

impl ParameterAttributes {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refused {
    pub(crate) error: Option<RefusedError>,
}

/// `KeyVaultError`: codes nest, and the innermost is the telling one.
#[derive(Debug, Deserialize)]
pub(crate) struct RefusedError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) innererror: Option<Box<RefusedError>>,
}

impl RefusedError {
    /// The innermost code that is told.
    pub(crate) fn innermost(&self) -> Option<&str> {
        let inner = self.innererror.as_deref().and_then(Self::innermost);
        inner.or(self.code.as_deref())
    }
}

/// What `az` (`accessToken`, `expires_on`) and `azd` (`token`, `expiresOn`) print.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolToken<'a> {
    #[serde(borrow)]
    pub(crate) access_token: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) token: Option<&'a RawValue>,
    /// Unix seconds.
    #[serde(borrow, rename = "expires_on")]
    pub(crate) expires_on_seconds: Option<&'a RawValue>,
    pub(crate) expires_on: Option<String>,
}

/// How an issuer refuses.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct IssuerRefused {
    pub(crate) error: Option<String>,
    pub(crate) error_codes: Option<Vec<Option<i64>>>,
    pub(crate) trace_id: Option<String>,
}

/// The name and the version in an id, `https://VAULT/COLLECTION/NAME[/VERSION]`.
pub(crate) fn split_id(id: &str) -> Option<(&str, Option<&str>)> {
    split_path(path(id)?)
}

/// What stands behind the host, as it was written: parsers of URLs would resolve `..`.
pub(crate) fn path(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    Some(rest.find('/').map_or("", |at| rest.split_at(at).1))
}

/// The name and the version in the path of an id.
pub(crate) fn split_path(path: &str) -> Option<(&str, Option<&str>)> {
    let mut segments = path.split('/').skip(1);
    let collection = segments.next()?;
    let name = segments.next().filter(|name| !name.is_empty())?;
    let version = segments.next().filter(|version| !version.is_empty());
    let known = collection.eq_ignore_ascii_case("secrets");
    (known && segments.next().is_none()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_a_name_and_maybe_a_version() {
        for (id, parts) in [
            (
                "https://v.vault.azure.net/secrets/n/e1",
                Some(("n", Some("e1"))),
            ),
            ("https://v.vault.azure.net:443/secrets/n", Some(("n", None))),
            ("https://v.vault.azure.net/secrets/n/", Some(("n", None))),
            ("HTTPS://V/SECRETS/N", Some(("N", None))),
            ("https://v.vault.azure.net/deletedsecrets/n", None),
            ("https://v.vault.azure.net", None),
            (
                "https://v.vault.azure.net/secrets/../deletedsecrets/n",
                None,
            ),
            ("https://v.vault.azure.net/secrets/", None),
            ("https://v.vault.azure.net/secrets", None),
            ("https://v.vault.azure.net/keys/n/e1", None),
            ("https://v.vault.azure.net/secrets/n/e1/x", None),
            ("n", None),
        ] {
            assert_eq!(split_id(id), parts, "{id}");
        }
    }
}
