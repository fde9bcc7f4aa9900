//! Refusals: status and code to kind.

use polyvault_core::transport::{Advice, Refusal, RefusalRow};
use polyvault_core::{Error, ErrorKind};

use crate::error::told;

const NO_VAULT: &str = "there is no such vault, resource group or subscription";

/// What a refusal means: by status and code, and by the status alone where the code has no row.
/// <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors>
const TABLE: &[RefusalRow] = &[
    (
        400,
        "",
        ErrorKind::InvalidInput,
        "the resource manager refuses the request",
    ),
    (
        401,
        "",
        ErrorKind::Unauthenticated,
        "the resource manager does not accept the token",
    ),
    (
        403,
        "",
        ErrorKind::Forbidden,
        "no role of the caller on the vault's resource allows it",
    ),
    (404, "", ErrorKind::NotFound, "there is no such secret"),
    // Were these missing secrets, a wrong vault would read as an empty one.
    (404, "InvalidResourceType", ErrorKind::Config, NO_VAULT),
    (404, "InvalidResourceNamespace", ErrorKind::Config, NO_VAULT),
    (404, "ResourceGroupNotFound", ErrorKind::Config, NO_VAULT),
    (404, "SubscriptionNotFound", ErrorKind::Config, NO_VAULT),
    (404, "ParentResourceNotFound", ErrorKind::Config, NO_VAULT),
    (404, "InvalidSubscriptionId", ErrorKind::Config, NO_VAULT),
    (
        408,
        "",
        ErrorKind::Timeout,
        "the resource manager took too long",
    ),
    (
        409,
        "ObjectIsDeletedButRecoverable",
        ErrorKind::SoftDeleted,
        "the name belongs to a deleted secret",
    ),
    (
        409,
        "ObjectIsBeingDeleted",
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
        "the state of the secret or of the vault forbids it",
    ),
    (413, "", ErrorKind::TooLarge, "the request is too large"),
    (
        429,
        "",
        ErrorKind::RateLimited,
        "too many requests to the resource manager",
    ),
    (
        500,
        "",
        ErrorKind::Unavailable,
        "the resource manager failed",
    ),
    (
        502,
        "",
        ErrorKind::Unavailable,
        "the resource manager can't be reached",
    ),
    (
        503,
        "",
        ErrorKind::Unavailable,
        "the resource manager is not available",
    ),
    (
        504,
        "",
        ErrorKind::Unavailable,
        "the resource manager did not answer in time",
    ),
];

/// The error of an answer whose status is not 2xx, whatever its body.
pub(super) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let error = told(refusal, TABLE);
    match help(error.kind()) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

fn help(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Forbidden => {
            "Assign the caller a role on the vault's resource that allows \
             Microsoft.KeyVault/vaults/secrets/write (Key Vault Contributor) or .../read (Reader). A new \
             assignment can take minutes to work."
        }
        ErrorKind::Config => "Check the subscription, the resource group and the vault's name.",
        ErrorKind::NotFound => {
            "Check the name and the vault. What was deleted may still be among the deleted secrets, which \
             only the data plane shows: recover it there."
        }
        ErrorKind::SoftDeleted => "Recover or purge the deleted secret by the data plane.",
        _ => return None,
    })
}

pub(super) const SIGN_IN: &str = "Sign in again: the token has expired, or is of another tenant or for another \
    resource than https://management.azure.com, that of the public cloud.";

/// What to do where no refusal of the service says it.
pub(super) const ADVICE: Advice = Advice {
    look,
    sign_in: SIGN_IN,
};

/// How to find out whether a change took place.
fn look(operation: &str) -> &'static str {
    match operation {
        "put" | "patch" => {
            "Describe the secret: if its current version is the one from before, put again. Whether a newer \
             one holds your value only the data plane can tell."
        }
        _ => "Describe the secret: if it is not as the change was to make it, change it again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_next_is_said_of_each_kind_that_a_caller_can_mend() {
        for (kind, says) in [
            (
                ErrorKind::Forbidden,
                "Microsoft.KeyVault/vaults/secrets/write",
            ),
            (ErrorKind::Config, "resource group"),
            (ErrorKind::NotFound, "among the deleted secrets"),
            (ErrorKind::SoftDeleted, "Recover or purge"),
        ] {
            assert!(help(kind).is_some_and(|help| help.contains(says)), "{kind}");
        }
        assert_eq!(help(ErrorKind::Unavailable), None);
        assert!(look("put").contains("data plane") && look("patch").contains("data plane"));
        assert!(look("update").contains("change it again"));
    }

    #[test]
    fn the_table_has_no_row_twice_and_only_404_reads_as_missing() {
        assert_eq!(polyvault_testkit::refusals::check_table(TABLE), Ok(()));
    }
}
