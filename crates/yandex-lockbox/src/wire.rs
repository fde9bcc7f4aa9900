//! The service's JSON, field by field.
//!
//! Proto3 JSON of <https://github.com/yandex-cloud/cloudapi>, folders `lockbox/v1`, `access` and
//! `operation`. A field that holds its default may be left out, and there may be others.

use std::collections::BTreeMap;

use polyvault_core::Labels;
use polyvault_core::transport::json::{self, PlainBase64, PlainText};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `Secret`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secret {
    pub(crate) id: Option<String>,
    pub(crate) folder_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "json::fields")]
    pub(crate) labels: Option<BTreeMap<String, Option<String>>>,
    pub(crate) kms_key_id: Option<String>,
    /// A name; proto3 JSON has a number for what the printer has no name for.
    pub(crate) status: Option<serde_json::Value>,
    pub(crate) current_version: Option<Version>,
    pub(crate) deletion_protection: Option<bool>,
    pub(crate) password_payload_specification: Option<Password>,
}

/// `Version`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    pub(crate) id: Option<String>,
    pub(crate) secret_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) destroy_at: Option<String>,
    pub(crate) description: Option<String>,
    /// A name; proto3 JSON has a number for what the printer has no name for.
    pub(crate) status: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) payload_entry_keys: Option<Vec<String>>,
    pub(crate) password_payload_specification: Option<Password>,
}

/// `PasswordPayloadSpecification`, as it is told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Password {
    pub(crate) password_key: Option<String>,
    /// A text that is a number, or a number.
    pub(crate) length: Option<serde_json::Value>,
    pub(crate) include_uppercase: Option<bool>,
    pub(crate) include_lowercase: Option<bool>,
    pub(crate) include_digits: Option<bool>,
    pub(crate) include_punctuation: Option<bool>,
    pub(crate) included_punctuation: Option<String>,
    pub(crate) excluded_punctuation: Option<String>,
}

/// `ListSecretsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secrets {
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) secrets: Option<Vec<Secret>>,
    pub(crate) next_page_token: Option<String>,
}

/// `ListVersionsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versions {
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) versions: Option<Vec<Version>>,
    pub(crate) next_page_token: Option<String>,
}

/// `Payload`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload<'a> {
    pub(crate) version_id: Option<String>,
    #[serde(borrow, default, deserialize_with = "json::items")]
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

/// `GetExResponse`: every value is base64, text too.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayloadEx<'a> {
    pub(crate) secret_id: Option<String>,
    pub(crate) version_id: Option<String>,
    #[serde(borrow, default, deserialize_with = "json::fields")]
    pub(crate) entries: Option<BTreeMap<String, &'a RawValue>>,
}

/// `ListSecretOperationsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operations<'a> {
    #[serde(borrow, default, deserialize_with = "json::items")]
    pub(crate) operations: Option<Vec<Operation<'a>>>,
    pub(crate) next_page_token: Option<String>,
}

/// `ListAccessBindingsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessBindings {
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) access_bindings: Option<Vec<ToldBinding>>,
    pub(crate) next_page_token: Option<String>,
}

/// `AccessBinding`, as it is told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToldBinding {
    pub(crate) role_id: Option<String>,
    pub(crate) subject: Option<ToldSubject>,
}

/// `Subject`, as it is told.
#[derive(Debug, Deserialize)]
pub(crate) struct ToldSubject {
    pub(crate) id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// `Operation`; the response is of the type that it names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation<'a> {
    pub(crate) id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) created_by: Option<String>,
    pub(crate) modified_at: Option<String>,
    pub(crate) done: Option<bool>,
    pub(crate) metadata: Option<Metadata>,
    #[serde(borrow)]
    pub(crate) error: Option<Failure<'a>>,
    #[serde(borrow)]
    pub(crate) response: Option<&'a RawValue>,
}

/// What the metadata of a secret's operations may hold.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(rename = "@type")]
    pub(crate) type_url: Option<String>,
    pub(crate) secret_id: Option<String>,
    pub(crate) version_id: Option<String>,
    /// The secret, where its roles are changed.
    pub(crate) resource_id: Option<String>,
    pub(crate) destroy_at: Option<String>,
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
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) field_violations: Option<Vec<FieldViolation>>,
}

/// `BadRequest.FieldViolation`. Its description may echo what was sent, and is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct FieldViolation {
    pub(crate) field: Option<String>,
}

/// `CreateIamTokenRequest`.
#[derive(Serialize)]
pub(crate) struct Statement<'a> {
    pub(crate) jwt: &'a str,
}

/// `CreateIamTokenResponse`. No `Debug`: it would show the token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IamToken<'a> {
    #[serde(borrow)]
    pub(crate) iam_token: Option<&'a RawValue>,
    pub(crate) expires_at: Option<String>,
}

/// The file of an authorized key, and the answer of the call that makes one. No `Debug`.
#[derive(Deserialize)]
pub(crate) struct KeyFile<'a> {
    pub(crate) id: Option<String>,
    #[serde(alias = "serviceAccountId")]
    pub(crate) service_account_id: Option<String>,
    #[serde(alias = "userAccountId")]
    pub(crate) user_account_id: Option<String>,
    #[serde(borrow, alias = "privateKey")]
    pub(crate) private_key: Option<&'a RawValue>,
    pub(crate) key: Option<Key>,
}

/// The key in that answer, without its private half.
#[derive(Default, Deserialize)]
pub(crate) struct Key {
    pub(crate) id: Option<String>,
    #[serde(alias = "serviceAccountId")]
    pub(crate) service_account_id: Option<String>,
    #[serde(alias = "userAccountId")]
    pub(crate) user_account_id: Option<String>,
}

/// `ListApiEndpointsResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiEndpoints {
    #[serde(default, deserialize_with = "json::items")]
    pub(crate) endpoints: Option<Vec<ApiEndpoint>>,
    pub(crate) next_page_token: Option<String>,
}

/// `ApiEndpoint`: the address has no scheme.
#[derive(Debug, Deserialize)]
pub(crate) struct ApiEndpoint {
    pub(crate) id: Option<String>,
    pub(crate) address: Option<String>,
}

/// `CreateSecretRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Create<'a> {
    pub(crate) folder_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<&'a Labels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version_description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) version_payload_entries: Vec<EntryChange<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_protection: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_payload_specification: Option<PasswordRules<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) create_version: Option<bool>,
}

/// `PasswordPayloadSpecification`, as it is sent: a class that is not sent is on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordRules<'a> {
    pub(crate) password_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_uppercase: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_lowercase: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_digits: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_punctuation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) included_punctuation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) excluded_punctuation: Option<&'a str>,
}

/// `AddVersionRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddVersion<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) payload_entries: Vec<EntryChange<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_version_id: Option<&'a str>,
}

/// `SetCurrentVersionRequest`, `CancelVersionDestructionRequest` and, with a period,
/// `ScheduleVersionDestructionRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OneVersion<'a> {
    pub(crate) version_id: &'a str,
    /// Seconds with the suffix `s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pending_period: Option<String>,
}

/// `SetAccessBindingsRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetAccessBindings<'a> {
    pub(crate) access_bindings: Vec<Binding<'a>>,
}

/// `UpdateAccessBindingsRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateAccessBindings<'a> {
    pub(crate) access_binding_deltas: Vec<Delta<'a>>,
}

/// `AccessBindingDelta`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delta<'a> {
    pub(crate) action: &'static str,
    pub(crate) access_binding: Binding<'a>,
}

/// `AccessBinding`, as it is sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Binding<'a> {
    pub(crate) role_id: &'a str,
    pub(crate) subject: BindingSubject<'a>,
}

/// `Subject`, as it is sent.
#[derive(Debug, Serialize)]
pub(crate) struct BindingSubject<'a> {
    pub(crate) id: &'a str,
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_payload_specification: Option<PasswordRules<'a>>,
}

/// The fields of `Update` as its mask names them, which must be in camelCase.
pub(crate) mod mask {
    pub(crate) const NAME: &str = "name";
    pub(crate) const DESCRIPTION: &str = "description";
    pub(crate) const LABELS: &str = "labels";
    pub(crate) const DELETION_PROTECTION: &str = "deletionProtection";
    pub(crate) const PASSWORD: &str = "passwordPayloadSpecification";
}
