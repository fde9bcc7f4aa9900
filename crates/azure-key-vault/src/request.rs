//! From the model to requests. Pure: nothing is sent here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request};
use polyvault_core::encoding::{self, Mark};
use polyvault_core::transport::{Body, UrlBuilder, json, request};
use polyvault_core::{
    Error, ErrorKind, InfoPatch, Labels, PageRequest, Payload, Result, SecretRef, Timestamp, Value,
    VersionId, VersionPatch,
};
use serde::Serialize;

use crate::config::Config;
use crate::identifier::is_version;
use crate::properties::{Backup, OutContentType};
use crate::wire::{self, ParameterAttributes, Parameters, RestoreParameters};

/// A version's value as the service keeps it, and its content type with our mark.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) value: Value,
    pub(crate) content_type: Option<String>,
}

impl Stored {
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.content_type.as_deref().and_then(Mark::read)
    }
}

/// What a set says beside these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) labels: Option<Labels>,
    pub(crate) enabled: Option<bool>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// What a version stores of a payload, and the content type that says so.
pub(crate) fn stored(payload: &Payload, content_type: Option<&str>) -> Result<Stored> {
    if encoding::is_plain(payload) {
        return Ok(Stored {
            value: payload.single()?.clone(),
            content_type: content_type.map(str::to_owned),
        });
    }
    Ok(Stored {
        value: encoding::encode(payload)?,
        content_type: Some(Mark::of(content_type).to_string()),
    })
}

/// The name that is meant: ids of this vault hold one.
pub(crate) fn name<'a>(config: &Config, secret: &'a SecretRef) -> Result<&'a str> {
    let id = match secret {
        SecretRef::Name(name) => return Ok(name.as_str()),
        SecretRef::Id(id) => id.as_str(),
    };
    let url = url::Url::parse(id).ok().filter(|url| config.is_ours(url));
    let here = url
        .as_ref()
        .is_some_and(|url| config.endpoint.same_origin(url));
    let ours = url.is_some();
    let base = match here {
        true => wire::path(config.endpoint.as_str()).unwrap_or_default(),
        false => "",
    };
    let path = wire::path(id).and_then(|path| path.strip_prefix(base));
    match path.and_then(wire::split_path) {
        Some((name, None)) if ours => Ok(name),
        Some((_, Some(_))) if ours => Err(invalid(
            "field `secret`: the id names a version; give the id of the secret, and the version in the options",
        )),
        _ => Err(invalid(
            "field `secret`: not the id of a secret of this vault",
        )),
    }
}

pub(crate) fn get(
    config: &Config,
    name: &str,
    version: Option<&VersionId>,
) -> Result<Request<Body>> {
    let url = maybe_version_of(secret(config, name)?, version)?;
    bare(config, Method::GET, url)
}

/// A read into which the service converts a certificate's secret.
pub(crate) fn get_as(
    config: &Config,
    name: &str,
    version: Option<&VersionId>,
    form: OutContentType,
) -> Result<Request<Body>> {
    if !config.converts() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "field `out_content_type`: needs an `api_version` of 2025-06-01-preview or newer",
        ));
    }
    let url = maybe_version_of(secret(config, name)?, version)?;
    let url = url.query("api-version", &config.api_version);
    let uri = url.query("outContentType", form.as_str()).build()?;
    Ok(request(Method::GET, uri, None))
}

pub(crate) fn set(
    config: &Config,
    name: &str,
    stored: &Stored,
    metadata: &Metadata,
) -> Result<Request<Body>> {
    let parameters = Parameters {
        value: Some(json::PlainText(&stored.value)),
        tags: metadata.labels.as_ref(),
        content_type: stored.content_type.as_deref(),
        attributes: ParameterAttributes {
            enabled: metadata.enabled,
            nbf: metadata.not_before.map(Timestamp::as_second),
            exp: metadata.expires_at.map(Timestamp::as_second),
        },
    };
    with_body(config, Method::PUT, secret(config, name)?, &parameters)
}

pub(crate) fn update(config: &Config, name: &str, patch: &InfoPatch) -> Result<Request<Body>> {
    let parameters = Parameters {
        tags: patch.labels.as_ref(),
        attributes: ParameterAttributes {
            enabled: patch.enabled,
            ..ParameterAttributes::default()
        },
        ..Parameters::default()
    };
    with_body(config, Method::PATCH, secret(config, name)?, &parameters)
}

pub(crate) fn update_version(
    config: &Config,
    name: &str,
    version: Option<&VersionId>,
    patch: &VersionPatch,
) -> Result<Request<Body>> {
    let parameters = Parameters {
        value: None,
        tags: patch.labels.as_ref(),
        content_type: patch.content_type.as_deref(),
        attributes: ParameterAttributes {
            enabled: patch.enabled,
            // What is left out stays; that a clear is none of it, the capabilities have checked.
            nbf: patch.not_before.apply_to(None).map(Timestamp::as_second),
            exp: patch.expires_at.apply_to(None).map(Timestamp::as_second),
        },
    };
    let url = maybe_version_of(secret(config, name)?, version)?;
    with_body(config, Method::PATCH, url, &parameters)
}

pub(crate) fn list(config: &Config, page: &PageRequest) -> Result<Request<Body>> {
    paged(config, config.endpoint.url().literal("/secrets"), page)
}

pub(crate) fn list_versions(
    config: &Config,
    name: &str,
    page: &PageRequest,
) -> Result<Request<Body>> {
    paged(config, secret(config, name)?.literal("/versions"), page)
}

pub(crate) fn list_deleted(config: &Config, page: &PageRequest) -> Result<Request<Body>> {
    paged(
        config,
        config.endpoint.url().literal("/deletedsecrets"),
        page,
    )
}

pub(crate) fn delete(config: &Config, name: &str) -> Result<Request<Body>> {
    bare(config, Method::DELETE, secret(config, name)?)
}

pub(crate) fn get_deleted(config: &Config, name: &str) -> Result<Request<Body>> {
    bare(config, Method::GET, deleted(config, name)?)
}

pub(crate) fn recover(config: &Config, name: &str) -> Result<Request<Body>> {
    bare(
        config,
        Method::POST,
        deleted(config, name)?.literal("/recover"),
    )
}

pub(crate) fn purge(config: &Config, name: &str) -> Result<Request<Body>> {
    bare(config, Method::DELETE, deleted(config, name)?)
}

pub(crate) fn backup(config: &Config, name: &str) -> Result<Request<Body>> {
    bare(
        config,
        Method::POST,
        secret(config, name)?.literal("/backup"),
    )
}

pub(crate) fn restore(config: &Config, backup: &Backup) -> Result<Request<Body>> {
    if backup.as_bytes().is_empty() {
        return Err(invalid("field `backup`: there are no bytes"));
    }
    // The text takes the string's bytes over, and wipes them.
    let blob = Value::text(URL_SAFE_NO_PAD.encode(backup.as_bytes()));
    let parameters = RestoreParameters {
        value: json::PlainText(&blob),
    };
    let url = config.endpoint.url().literal("/secrets/restore");
    with_body(config, Method::POST, url, &parameters)
}

fn secret(config: &Config, name: &str) -> Result<UrlBuilder> {
    config.endpoint.url().literal("/secrets").segment(name)
}

fn maybe_version_of(url: UrlBuilder, version: Option<&VersionId>) -> Result<UrlBuilder> {
    match version {
        Some(version) => version_of(url, version),
        None => Ok(url),
    }
}

/// There is no version of another form, and nothing to ask.
fn version_of(url: UrlBuilder, version: &VersionId) -> Result<UrlBuilder> {
    let text = version.as_str();
    if is_version(text) {
        return url.segment(text);
    }
    Err(Error::new(
        ErrorKind::NotFound,
        "there is no such version: ids of versions have 32 hexadecimal digits",
    ))
}

fn deleted(config: &Config, name: &str) -> Result<UrlBuilder> {
    config
        .endpoint
        .url()
        .literal("/deletedsecrets")
        .segment(name)
}

fn bare(config: &Config, method: Method, url: UrlBuilder) -> Result<Request<Body>> {
    let uri = url.query("api-version", &config.api_version).build()?;
    Ok(request(method, uri, None))
}

fn with_body(
    config: &Config,
    method: Method,
    url: UrlBuilder,
    parameters: &impl Serialize,
) -> Result<Request<Body>> {
    let uri = url.query("api-version", &config.api_version).build()?;
    Ok(request(method, uri, Some(json::encode(parameters)?)))
}

/// The first page by our own URL, every further one by the link that the service gave.
fn paged(config: &Config, url: UrlBuilder, page: &PageRequest) -> Result<Request<Body>> {
    let uri = match &page.token {
        Some(link) => config.follow(link.as_str())?,
        None => {
            let mut url = url.query("api-version", &config.api_version);
            if let Some(size) = page.size {
                url = url.query("maxresults", &size.to_string());
            }
            url.build()?
        }
    };
    Ok(request(Method::GET, uri, None))
}

fn invalid(rule: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, rule)
}
