//! Refusals: status and code to kind. Never by the text of a message.

use polyvault::transport::{Refusal, RefusalRow, classify, json};
use polyvault::{Error, ErrorKind};

use super::wire::Refused;

const TABLE: &[RefusalRow] = &[
    (400, "", ErrorKind::InvalidInput, "the service refuses it"),
    (
        401,
        "",
        ErrorKind::Unauthenticated,
        "the key is not accepted",
    ),
    (403, "", ErrorKind::Forbidden, "the key does not allow it"),
    // Any other 404 is a wrong route, and not a secret that is missing.
    (
        404,
        "no_such_key",
        ErrorKind::NotFound,
        "there is no such secret",
    ),
    (412, "exists", ErrorKind::AlreadyExists, "the secret exists"),
    (429, "", ErrorKind::RateLimited, "too many requests"),
];

pub(crate) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let refused: Refused = json::decode(refusal.body()).unwrap_or_default();
    let code = refused.code.unwrap_or_default();
    let (kind, ours) = classify(TABLE, refusal.status(), &code);
    match code.is_empty() {
        true => Error::new(kind, ours),
        false => Error::new(kind, ours).with_code(code),
    }
}
