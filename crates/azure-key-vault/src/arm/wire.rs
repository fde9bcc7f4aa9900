//! The resource's JSON, field by field.
//!
//! <https://learn.microsoft.com/rest/api/keyvault/keyvault/secrets>. Every field of an answer may be
//! missing or null, and there may be others.

use std::collections::BTreeMap;

use polyvault_core::Labels;
use polyvault_core::transport::json::{self, PlainText};
use serde::{Deserialize, Serialize};

use crate::wire::{Attributes, ParameterAttributes, items_or_null};

/// `Secret`.
#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) location: Option<String>,
    #[serde(default, deserialize_with = "json::fields")]
    pub(super) tags: Option<BTreeMap<String, Option<String>>>,
    pub(super) properties: Option<Properties>,
}

/// `SecretProperties`, as answers have them: never with a value.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties {
    pub(super) content_type: Option<String>,
    pub(super) attributes: Option<Attributes>,
    pub(super) secret_uri: Option<String>,
    pub(super) secret_uri_with_version: Option<String>,
}

/// A page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    /// Missing is no list; null is one of nothing.
    #[serde(default, deserialize_with = "items_or_null")]
    pub(super) value: Option<Vec<Resource>>,
    pub(super) next_link: Option<String>,
}

/// `SecretCreateOrUpdateParameters`, and `SecretPatchParameters`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<&'a Labels>,
    #[serde(skip_serializing_if = "ParameterProperties::is_empty")]
    pub(super) properties: ParameterProperties<'a>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParameterProperties<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<PlainText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "ParameterAttributes::is_empty")]
    pub(super) attributes: ParameterAttributes,
}

impl ParameterProperties<'_> {
    fn is_empty(&self) -> bool {
        self.value.is_none() && self.content_type.is_none() && self.attributes.is_empty()
    }
}
