//! From the model to requests. Pure: nothing is sent here.
//!
//! The vendor's client repeats name and id in the query and the id in the body; the
//! documented requests don't, and names in a query end up in access logs.

use http::{Method, Request};
use polyvault_core::transport::json::PlainText;
use polyvault_core::transport::{Body, UrlBuilder, json, request};
use polyvault_core::{InfoPatch, Result, SecretId, SecretName, Value};

use crate::config::Config;
use crate::wire::{Fields, Write};

pub(crate) fn list(config: &Config) -> Result<Request<Body>> {
    build(config, Method::GET, secrets(config), None)
}

/// By name: the service reads no value by id.
pub(crate) fn get_value(config: &Config, name: &str) -> Result<Request<Body>> {
    let url = secrets(config).literal("/name").segment(name)?;
    build(config, Method::GET, url, None)
}

pub(crate) fn create(
    config: &Config,
    name: &str,
    value: &Value,
    description: Option<&str>,
) -> Result<Request<Body>> {
    let fields = Fields {
        name: Some(name),
        value: Some(PlainText(value)),
        // A new secret has nothing to clear.
        description: description.filter(|text| !text.is_empty()),
    };
    build(config, Method::POST, secrets(config), Some(fields))
}

pub(crate) fn put_value(
    config: &Config,
    id: &SecretId,
    value: &Value,
    description: Option<&str>,
) -> Result<Request<Body>> {
    let fields = Fields {
        name: None,
        value: Some(PlainText(value)),
        description,
    };
    build(config, Method::PATCH, secret(config, id)?, Some(fields))
}

pub(crate) fn update(config: &Config, id: &SecretId, patch: &InfoPatch) -> Result<Request<Body>> {
    let fields = Fields {
        name: patch.name.as_ref().map(SecretName::as_str),
        value: None,
        description: patch.description.as_deref(),
    };
    build(config, Method::PATCH, secret(config, id)?, Some(fields))
}

pub(crate) fn delete(config: &Config, id: &SecretId) -> Result<Request<Body>> {
    build(config, Method::DELETE, secret(config, id)?, None)
}

fn secrets(config: &Config) -> UrlBuilder {
    config.endpoint.url().literal("/api/v1/secrets")
}

fn secret(config: &Config, id: &SecretId) -> Result<UrlBuilder> {
    secrets(config).segment(id.as_str())
}

fn build(
    config: &Config,
    method: Method,
    url: UrlBuilder,
    fields: Option<Fields<'_>>,
) -> Result<Request<Body>> {
    let body = fields
        .map(|secret| json::encode(&Write { secret }))
        .transpose()?;
    let mut request = request(method, url.build()?, body);
    if let Some(site) = &config.site {
        request.headers_mut().insert("wix-site-id", site.clone());
    }
    Ok(request)
}
