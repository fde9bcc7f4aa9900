//! Which call a request is.

use percent_encoding::percent_decode_str;
use wiremock::Request;

use super::PREFIX;

/// One of the five calls of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// `POST /api/v1/secrets`.
    Create,
    /// `GET /api/v1/secrets`.
    List,
    /// `GET /api/v1/secrets/name/{name}`.
    GetValue,
    /// `PATCH /api/v1/secrets/{id}`.
    Update,
    /// `DELETE /api/v1/secrets/{id}`.
    Delete,
}

impl Call {
    /// All five.
    pub const ALL: [Self; 5] = [
        Self::Create,
        Self::List,
        Self::GetValue,
        Self::Update,
        Self::Delete,
    ];

    /// Whether the call changes the site.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// Where a request goes.
pub(super) enum Route {
    Token,
    /// A call, with the decoded name or id it is about; empty where there is none.
    Call(Call, String),
    Nowhere,
}

/// Reads verb and path; the query's copies of name and id are not looked at.
pub(super) fn route(request: &Request) -> Route {
    let path = request.url.path();
    let method = request.method.as_str();
    if (method, path) == ("POST", "/oauth2/token") {
        return Route::Token;
    }
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let Some(rest) = path.strip_prefix("/api/v1/secrets") else {
        return Route::Nowhere;
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let (call, key) = match (method, segments.as_slice()) {
        ("POST", [""]) => (Call::Create, ""),
        ("GET", [""]) => (Call::List, ""),
        ("GET", ["", "name", name]) if !name.is_empty() => (Call::GetValue, *name),
        ("PATCH", ["", id]) if !id.is_empty() => (Call::Update, *id),
        ("DELETE", ["", id]) if !id.is_empty() => (Call::Delete, *id),
        _ => return Route::Nowhere,
    };
    let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
    Route::Call(call, key)
}
