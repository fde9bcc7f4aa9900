//! The service's JSON, field by field.
//!
//! Proto3 JSON of <https://github.com/yandex-cloud/cloudapi>, folders `lockbox/v1` and
//! `operation`. A field that holds its default may be left out, and there may be others.

use std::collections::BTreeMap;

use polyvault_core::Labels;
use polyvault_core::transport::json::{PlainBase64, PlainText};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `Secret`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secret {
    pub(crate) id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) labels: Option<BTreeMap<String, Option<String>>>,
    /// A name; proto3 JSON has a number for what the printer has no name for.
    pub(crate) status: Option<serde_json::Value>,
    pub(crate) current_version: Option<Version>,
    pub(crate) deletion_protection: Option<bool>,
}

/// `Version`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    pub(crate) id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) destroy_at: Option<String>,
    pub(crate) description: Option<String>,
    /// A name; proto3 JSON has a number for what the printer has no name for.
    pub(crate) status: Option<serde_json::Value>,
    pub(crate) payload_entry_keys: Option<Vec<String>>,
}

/// `ListSecretsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secrets {
    pub(crate) secrets: Option<Vec<Secret>>,
    pub(crate) next_page_token: Option<String>,
}

/// `ListVersionsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versions {
    pub(crate) versions: Option<Vec<Version>>,
    pub(crate) next_page_token: Option<String>,
}

/// `Payload`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload<'a> {
    pub(crate) version_id: Option<String>,
    #[serde(borrow)]
    pub(crate) entries: Option<Vec<Entry<'a>>>,
}

/// `Payload.Entry`: one of the two values.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry<'a> {
    pub(crate) key: Option<String>,
    #[serde(borrow)]
    pub(crate) text_value: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) binary_value: Option<&'a RawValue>,
}

/// `Operation`; the response is of the type that it names.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation<'a> {
    pub(crate) id: Option<String>,
    pub(crate) done: Option<bool>,
    pub(crate) metadata: Option<Metadata>,
    #[serde(borrow)]
    pub(crate) error: Option<Failure<'a>>,
    #[serde(borrow)]
    pub(crate) response: Option<&'a RawValue>,
}

/// What the metadata of all of Lockbox's operations have in common.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(rename = "@type")]
    pub(crate) type_url: Option<String>,
    pub(crate) secret_id: Option<String>,
    pub(crate) version_id: Option<String>,
}

/// The type that a message of any type names.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Any {
    #[serde(rename = "@type")]
    pub(crate) type_url: Option<String>,
}

/// The `google.rpc.Status` of an operation. Its message may echo what was sent, and is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct Failure<'a> {
    pub(crate) code: Option<i64>,
    /// A list, each of a type of its own.
    #[serde(borrow)]
    pub(crate) details: Option<&'a RawValue>,
}

/// The `google.rpc.Status` that is the body of a refusal.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refused<'a> {
    pub(crate) code: Option<i64>,
    pub(crate) message: Option<String>,
    /// A list, each of a type of its own.
    #[serde(borrow)]
    pub(crate) details: Option<&'a RawValue>,
}

/// The details of a refusal that are understood: `RequestInfo` and `BadRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    pub(crate) request_id: Option<String>,
    pub(crate) field_violations: Option<Vec<FieldViolation>>,
}

/// `BadRequest.FieldViolation`. Its description may echo what was sent, and is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct FieldViolation {
    pub(crate) field: Option<String>,
}

/// `CreateSecretRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Create<'a> {
    pub(crate) folder_id: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<&'a Labels>,
    pub(crate) version_payload_entries: Vec<EntryChange<'a>>,
}

/// `AddVersionRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddVersion<'a> {
    pub(crate) payload_entries: Vec<EntryChange<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_version_id: Option<&'a str>,
}

/// `PayloadEntryChange`: with neither value, the key is removed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryChange<'a> {
    pub(crate) key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text_value: Option<PlainText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<PlainBase64<'a>>,
}

/// `UpdateSecretRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Update<'a> {
    pub(crate) update_mask: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<&'a Labels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_protection: Option<bool>,
}

/// The fields of `Update` as its mask names them, which must be in camelCase.
pub(crate) mod mask {
    pub(crate) const NAME: &str = "name";
    pub(crate) const DESCRIPTION: &str = "description";
    pub(crate) const LABELS: &str = "labels";
    pub(crate) const DELETION_PROTECTION: &str = "deletionProtection";
}
