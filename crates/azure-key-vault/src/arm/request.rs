//! From the model to requests. Pure: nothing is sent here.

use http::{Method, Request};
use polyvault_core::transport::{Body, UrlBuilder, json, request};
use polyvault_core::{Error, ErrorKind, InfoPatch, PageRequest, Result, SecretRef, Timestamp};
use serde::Serialize;

use super::config::Config;
use super::properties::ArmPatch;
use super::wire::{ParameterProperties, Parameters};
use crate::request::{Metadata, Stored};
use crate::wire::ParameterAttributes;

/// The name that is meant: ids of this vault hold one.
pub(super) fn name<'a>(config: &Config, secret: &'a SecretRef) -> Result<&'a str> {
    match secret {
        SecretRef::Name(name) => Ok(name.as_str()),
        SecretRef::Id(id) => config.name_in(id.as_str()).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "field `secret`: not the resource id of a secret of this vault",
            )
        }),
    }
}

pub(super) fn get(config: &Config, name: &str) -> Result<Request<Body>> {
    let uri = secret(config, name)?.build()?;
    Ok(request(Method::GET, uri, None))
}

/// The first page by our own URL, every further one by the link that the service gave.
pub(super) fn list(config: &Config, page: &PageRequest) -> Result<Request<Body>> {
    let uri = match &page.token {
        Some(link) => config.endpoint.follow(link.as_str())?,
        None => {
            let mut url = versioned(config, config.secrets()?);
            if let Some(size) = page.size {
                url = url.query("$top", &size.to_string());
            }
            url.build()?
        }
    };
    Ok(request(Method::GET, uri, None))
}

pub(super) fn put(
    config: &Config,
    name: &str,
    stored: &Stored,
    metadata: &Metadata,
) -> Result<Request<Body>> {
    let parameters = Parameters {
        tags: metadata.labels.as_ref(),
        properties: ParameterProperties {
            value: Some(json::PlainText(&stored.value)),
            content_type: stored.content_type.as_deref(),
            attributes: ParameterAttributes {
                enabled: metadata.enabled,
                nbf: metadata.not_before.map(Timestamp::as_second),
                exp: metadata.expires_at.map(Timestamp::as_second),
            },
        },
    };
    with_body(Method::PUT, secret(config, name)?, &parameters)
}

pub(super) fn update(config: &Config, name: &str, patch: &InfoPatch) -> Result<Request<Body>> {
    let parameters = Parameters {
        tags: patch.labels.as_ref(),
        properties: ParameterProperties {
            attributes: ParameterAttributes {
                enabled: patch.enabled,
                ..ParameterAttributes::default()
            },
            ..ParameterProperties::default()
        },
    };
    with_body(Method::PATCH, secret(config, name)?, &parameters)
}

/// `stored` has the value that is put, and `content_type` what is stored for it.
pub(super) fn patch(
    config: &Config,
    name: &str,
    patch: &ArmPatch,
    stored: Option<&Stored>,
    content_type: Option<&str>,
) -> Result<Request<Body>> {
    let parameters = Parameters {
        tags: patch.labels.as_ref(),
        properties: ParameterProperties {
            value: stored.map(|stored| json::PlainText(&stored.value)),
            content_type,
            attributes: ParameterAttributes {
                enabled: patch.enabled,
                nbf: patch.not_before.map(Timestamp::as_second),
                exp: patch.expires_at.map(Timestamp::as_second),
            },
        },
    };
    with_body(Method::PATCH, secret(config, name)?, &parameters)
}

fn secret(config: &Config, name: &str) -> Result<UrlBuilder> {
    let url = config.secrets()?.segment(name)?;
    Ok(versioned(config, url))
}

fn versioned(config: &Config, url: UrlBuilder) -> UrlBuilder {
    url.query("api-version", &config.api_version)
}

fn with_body(
    method: Method,
    url: UrlBuilder,
    parameters: &impl Serialize,
) -> Result<Request<Body>> {
    Ok(request(
        method,
        url.build()?,
        Some(json::encode(parameters)?),
    ))
}
