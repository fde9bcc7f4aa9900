//! Refusals: status and code to kind.

use polyvault_core::transport::{self, Refusal, RefusalRow, json};
use polyvault_core::{Error, ErrorKind};

use crate::credential::Challenge;
use crate::wire::{Refused, RefusedError};

/// The header of every answer that holds its request id.
pub(crate) const REQUEST_ID: &str = "x-ms-request-id";

/// What a refusal means: by status and innermost code, and by the status alone where
/// the code has no row. The outer code tells no more than the status does.
const TABLE: &[RefusalRow] = &[
    (
        400,
        "",
        ErrorKind::InvalidInput,
        "the vault refuses the request",
    ),
    (
        401,
        "",
        ErrorKind::Unauthenticated,
        "the vault does not accept the token",
    ),
    (
        403,
        "SecretDisabled",
        ErrorKind::Disabled,
        "the version is disabled",
    ),
    (
        403,
        "ForbiddenByRbac",
        ErrorKind::Forbidden,
        "no role of the caller allows it",
    ),
    (
        403,
        "ForbiddenByPolicy",
        ErrorKind::Forbidden,
        "the vault's access policies do not allow it",
    ),
    (
        403,
        "ForbiddenByFirewall",
        ErrorKind::Forbidden,
        "the vault's firewall does not let the caller's address in",
    ),
    (
        403,
        "ForbiddenByConnection",
        ErrorKind::Forbidden,
        "the vault takes private connections only",
    ),
    (403, "", ErrorKind::Forbidden, "the vault does not allow it"),
    (
        404,
        "",
        ErrorKind::NotFound,
        "there is no such secret or version",
    ),
    (408, "", ErrorKind::Timeout, "the vault took too long"),
    (
        409,
        "ObjectIsDeletedButRecoverable",
        ErrorKind::SoftDeleted,
        "the name belongs to a deleted secret",
    ),
    (
        409,
        BEING_DELETED,
        ErrorKind::InTransition,
        "the secret is being deleted",
    ),
    (
        409,
        "ObjectIsBeingRecovered",
        ErrorKind::InTransition,
        "the secret is being recovered",
    ),
    (
        409,
        "",
        ErrorKind::Conflict,
        "the state of the secret forbids it",
    ),
    (413, "", ErrorKind::TooLarge, "the request is too large"),
    (
        429,
        "",
        ErrorKind::RateLimited,
        "too many requests to the vault",
    ),
    (500, "", ErrorKind::Unavailable, "the vault failed"),
    (
        502,
        "",
        ErrorKind::Unavailable,
        "the vault can't be reached",
    ),
    (
        503,
        "",
        ErrorKind::Unavailable,
        "the vault is not available",
    ),
    (
        504,
        "",
        ErrorKind::Unavailable,
        "the vault did not answer in time",
    ),
];

const BEING_DELETED: &str = "ObjectIsBeingDeleted";

/// The service's codes are short words; what is longer is none, and not kept.
const CODE_LENGTH: usize = 64;

/// The error of an answer whose status is not 2xx, whatever its body.
pub(crate) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let body: Refused = json::decode(refusal.body()).unwrap_or_default();
    let told = body.error.as_ref();
    let code = told.and_then(RefusedError::innermost);
    let code = code.filter(|code| code.len() <= CODE_LENGTH && !code.contains(char::is_control));
    let (kind, ours) = transport::classify(TABLE, refusal.status(), code.unwrap_or_default());
    let theirs = told.and_then(|error| error.message.as_deref());
    let mut error = Error::new(kind, refusal.message(ours, theirs));
    if let Some(code) = code {
        error = error.with_code(code);
    }
    if let Some(id) = refusal.header(&[REQUEST_ID]) {
        error = error.with_request_id(id);
    }
    match kind {
        ErrorKind::Unauthenticated => match asked_for(refusal) {
            Some(help) => error.with_help(help),
            None => error,
        },
        _ => error,
    }
}

/// Whether a refusal says that the secret is on its way out.
pub(crate) fn is_being_deleted(error: &Error) -> bool {
    error.code() == Some(BEING_DELETED)
}

/// What the vault asks for, in words: a ready token for another tenant or another
/// resource is the usual reason of a 401.
fn asked_for(refusal: &Refusal<'_>) -> Option<String> {
    let challenge = Challenge::parse(refusal.header(&["www-authenticate"])?)?;
    let resource = challenge.resource?;
    let authority = challenge.authority.unwrap_or_default();
    Some(format!(
        "Sign in for the resource {resource} at {authority}, and check that the token has not expired."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_row_twice_and_only_404_reads_as_missing() {
        assert_eq!(polyvault_testkit::refusals::check_table(TABLE), Ok(()));
    }
}
