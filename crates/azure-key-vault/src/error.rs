//! Refusals: status and code to kind.

mod issuer;

use polyvault_core::transport::{self, Advice, Refusal, RefusalRow, json};
use polyvault_core::{Error, ErrorKind};

pub(crate) use self::issuer::from_issuer;
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
        400,
        MALFORMED,
        ErrorKind::InvalidInput,
        "the bytes are no backup that the vault can open",
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

const MALFORMED: &str = "Malformed backup blob";

const BEING_DELETED: &str = "ObjectIsBeingDeleted";

/// The service's codes are short words; what is longer is none, and not kept.
const CODE_LENGTH: usize = 64;

/// The error of an answer whose status is not 2xx, whatever its body.
pub(crate) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let error = told(refusal, TABLE);
    let kind = error.kind();
    match (kind, asked_for(refusal)) {
        (ErrorKind::Unauthenticated, Some(help)) => error.with_help(help),
        _ => match help(kind, error.code().unwrap_or_default()) {
            Some(help) => error.with_help(help),
            None => error,
        },
    }
}

/// What a refusal's status and body tell, by this table.
pub(crate) fn told(refusal: &Refusal<'_>, table: &'static [RefusalRow]) -> Error {
    let body: Refused = json::decode(refusal.body()).unwrap_or_default();
    let told = body.error.as_ref();
    let code = told.and_then(RefusedError::innermost);
    let code = code.filter(|code| code.len() <= CODE_LENGTH && !code.contains(char::is_control));
    let (kind, ours) = transport::classify(table, refusal.status(), code.unwrap_or_default());
    let theirs = told.and_then(|error| error.message.as_deref());
    let mut error = Error::new(kind, refusal.message(ours, theirs));
    if let Some(code) = code {
        error = error.with_code(code);
    }
    match refusal.header(&[REQUEST_ID]) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

/// What to do about a refusal, where more is known than its kind tells.
/// <https://learn.microsoft.com/azure/key-vault/general/rbac-guide>
fn help(kind: ErrorKind, code: &str) -> Option<&'static str> {
    Some(match (kind, code) {
        (ErrorKind::Forbidden, "ForbiddenByRbac") => {
            "Assign the caller a role on the vault: Key Vault Secrets User to read and list, \
             Key Vault Secrets Officer to write, delete, recover and purge too. A new assignment \
             can take minutes to work."
        }
        (ErrorKind::Forbidden, "ForbiddenByPolicy") => {
            "Add the permission to the caller's entry in the vault's access policy: get to read, \
             list to list, set to write and update, delete, recover or purge."
        }
        (ErrorKind::Forbidden, "ForbiddenByFirewall") => {
            "Let the caller's address or network in by a network rule of the vault, or call from \
             where one does: no role helps here."
        }
        (ErrorKind::Forbidden, "ForbiddenByConnection") => {
            "Call through a private endpoint of the vault, or allow public access to it: no role \
             helps here."
        }
        (ErrorKind::Forbidden, _) => {
            "Check the caller's role (Key Vault Secrets User to read, Key Vault Secrets Officer to \
             write) or access policy and the vault's network rules. A purge is also refused where \
             purge protection is on: then the service itself purges at the end of the retention."
        }
        (ErrorKind::RateLimited, _) => {
            "Wait as long as `retry` tells, else a second and then twice as long each time, and send \
             fewer requests at once: the limit is of the vault, for all its callers together."
        }
        (ErrorKind::SoftDeleted, _) => {
            "Recover the deleted secret, purge it, or put with `on_soft_deleted` set to recover or \
             purge. Without the right to either, choose another name or wait for its purge."
        }
        (ErrorKind::InTransition, _) => {
            "Try again in a few seconds: the service has not ended a delete, a purge or a recovery \
             of this name."
        }
        (ErrorKind::InvalidInput, MALFORMED) => {
            "Restore the bytes as the backup gave them, into a vault of the same subscription and \
             geography."
        }
        (ErrorKind::InvalidInput, _) => {
            "Check the name (127 letters, digits and hyphens at most), the version id (32 hex \
             digits), the value (25,600 bytes at most) and the tags (15 at most, of 256 characters)."
        }
        (ErrorKind::NotFound, _) => {
            "Check the name, the version and the vault. What was deleted may still be among the \
             deleted secrets: list those, and recover it."
        }
        _ => return None,
    })
}

pub(crate) const SIGN_IN: &str = "Sign in again: the token has expired, or is of another tenant or for another \
    resource than the vault's, which is https://vault.azure.net in the public cloud.";

/// What to do where no refusal of the service says it.
pub(crate) const ADVICE: Advice = Advice {
    look,
    sign_in: SIGN_IN,
};

/// How to find out whether a change took place.
fn look(operation: &str) -> &'static str {
    match operation {
        "put" => "Read the current version: if it is not the one you put, put again.",
        "delete" => "Read the secret: if it is still there, delete it again.",
        "recover" => "Read the secret: if it is not there, recover it again.",
        "purge" => "List the deleted secrets: if it is among them, purge it again.",
        "restore" => {
            "Read the properties of the secret that was backed up: if it is not there, restore it again. \
             A restore never changes a secret that exists."
        }
        _ => "Describe the secret: if it is not as the change was to make it, change it again.",
    }
}

/// What to do about a restore that the name's holder forbids; no code tells who holds it.
pub(crate) fn of_restore(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Conflict => error.with_help(
            "A secret of the backup's name exists, most likely: read it, and delete and purge it if the \
             backup is to take its place; or restore into another vault of the same subscription and \
             geography.",
        ),
        ErrorKind::SoftDeleted => error.with_help(
            "A deleted secret has the backup's name: recover it, or purge it and restore again.",
        ),
        _ => error,
    }
}

/// Whether a refusal says that the secret is on its way out.
pub(crate) fn is_being_deleted(error: &Error) -> bool {
    error.kind() == ErrorKind::InTransition && error.code() == Some(BEING_DELETED)
}

/// What the vault asks for, in words: a ready token for another tenant or another
/// resource is the usual reason of a 401.
fn asked_for(refusal: &Refusal<'_>) -> Option<String> {
    let challenge = Challenge::parse(refusal.header(&["www-authenticate"])?)?;
    let resource = challenge.resource.or(challenge.scope)?;
    let authority = challenge.authority.unwrap_or_default();
    Some(format!(
        "Sign in for the resource {resource} at {authority}, and check that the token has not expired."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_next_is_said_where_the_code_says_more_than_the_kind() {
        for (kind, code, says) in [
            (
                ErrorKind::Forbidden,
                "ForbiddenByFirewall",
                "address or network",
            ),
            (
                ErrorKind::Forbidden,
                "ForbiddenByConnection",
                "private endpoint",
            ),
            (ErrorKind::Forbidden, "", "Key Vault Secrets User"),
            (ErrorKind::InTransition, "", "in a few seconds"),
        ] {
            let told = help(kind, code);
            assert!(
                told.is_some_and(|help| help.contains(says)),
                "{kind} {code}: {told:?}"
            );
        }
        for (operation, says) in [
            ("put", "put again"),
            ("delete", "delete it again"),
            ("recover", "recover it again"),
            ("purge", "purge it again"),
            ("restore", "restore it again"),
            ("update", "change it again"),
        ] {
            assert!(look(operation).contains(says), "{operation}");
        }
    }

    #[test]
    fn the_table_has_no_row_twice_and_only_404_reads_as_missing() {
        assert_eq!(polyvault_testkit::refusals::check_table(TABLE), Ok(()));
    }
}
