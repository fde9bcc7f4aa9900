//! From the model to requests. Pure: nothing is sent here.

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, Method, Request};
use polyvault::transport::json::{self, PlainText};
use polyvault::transport::{Body, Endpoint, UrlBuilder, request};
use polyvault::{PageRequest, Payload, PutMode, Result, SecretRef};

use super::wire::Write;

pub(crate) fn get(endpoint: &Endpoint, secret: &SecretRef) -> Result<Request<Body>> {
    Ok(request(
        Method::GET,
        value(endpoint, secret)?.build()?,
        None,
    ))
}

pub(crate) fn describe(endpoint: &Endpoint, secret: &SecretRef) -> Result<Request<Body>> {
    let url = endpoint.url().literal("/keys").segment(secret.as_str())?;
    Ok(request(Method::GET, url.build()?, None))
}

pub(crate) fn list(endpoint: &Endpoint, page: &PageRequest) -> Result<Request<Body>> {
    let mut url = endpoint.url().literal("/keys");
    if let Some(token) = &page.token {
        url = url.query("after", token.as_str());
    }
    if let Some(size) = page.size {
        url = url.query("limit", &size.to_string());
    }
    Ok(request(Method::GET, url.build()?, None))
}

pub(crate) fn put(
    endpoint: &Endpoint,
    secret: &SecretRef,
    payload: &Payload,
    mode: PutMode,
) -> Result<Request<Body>> {
    let write = Write {
        value: PlainText(payload.single()?),
    };
    let url = value(endpoint, secret)?.build()?;
    let mut request = request(Method::PUT, url, Some(json::encode(&write)?));
    if let Some(condition) = condition(secret, mode) {
        request
            .headers_mut()
            .insert(condition, HeaderValue::from_static("*"));
    }
    Ok(request)
}

/// What must hold for the put to take place. A put by id never makes a secret.
fn condition(secret: &SecretRef, mode: PutMode) -> Option<HeaderName> {
    match (secret, mode) {
        (_, PutMode::Create) => Some(IF_NONE_MATCH),
        (SecretRef::Id(_), _) | (_, PutMode::AddVersion) => Some(IF_MATCH),
        _ => None,
    }
}

pub(crate) fn delete(endpoint: &Endpoint, secret: &SecretRef) -> Result<Request<Body>> {
    let url = value(endpoint, secret)?.build()?;
    Ok(request(Method::DELETE, url, None))
}

fn value(endpoint: &Endpoint, secret: &SecretRef) -> Result<UrlBuilder> {
    endpoint.url().literal("/values").segment(secret.as_str())
}
