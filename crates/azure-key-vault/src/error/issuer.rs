//! Refusals of those who issue tokens: Entra and the managed identities.
//!
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use polyvault_core::transport::{self, Refusal, RefusalRow, json};
use polyvault_core::{Error, ErrorKind};

use super::REQUEST_ID;
use crate::wire::IssuerRefused;

/// What a refusal means, by status and Entra's own code.
const TABLE: &[RefusalRow] = &[
    (
        400,
        "",
        ErrorKind::Unauthenticated,
        "the login refuses the credential",
    ),
    (
        400,
        "AADSTS90002",
        ErrorKind::Unauthenticated,
        "the login knows no such tenant",
    ),
    (
        400,
        "AADSTS700016",
        ErrorKind::Unauthenticated,
        "the login knows no such application in the tenant",
    ),
    (
        400,
        "AADSTS500011",
        ErrorKind::Unauthenticated,
        "the login knows no such resource in the tenant",
    ),
    (
        400,
        "AADSTS700211",
        ErrorKind::Unauthenticated,
        "the application trusts no token of this issuer",
    ),
    (
        400,
        "AADSTS700213",
        ErrorKind::Unauthenticated,
        "the application trusts no token of this subject",
    ),
    (
        401,
        "",
        ErrorKind::Unauthenticated,
        "the login refuses the credential",
    ),
    (
        401,
        "AADSTS7000215",
        ErrorKind::Unauthenticated,
        "the client secret is wrong",
    ),
    (
        401,
        "AADSTS7000222",
        ErrorKind::Unauthenticated,
        "the client secret has expired",
    ),
    (
        401,
        "AADSTS700027",
        ErrorKind::Unauthenticated,
        "the certificate is not one of the application's",
    ),
    (403, "", ErrorKind::Forbidden, "the login does not allow it"),
    (404, "", ErrorKind::Config, "nothing gives out tokens there"),
    (408, "", ErrorKind::Timeout, "the login took too long"),
    (
        410,
        "",
        ErrorKind::Unavailable,
        "the metadata service is being updated",
    ),
    (429, "", ErrorKind::RateLimited, "too many sign-ins"),
    (500, "", ErrorKind::Unavailable, "the login failed"),
    (
        502,
        "",
        ErrorKind::Unavailable,
        "the login can't be reached",
    ),
    (
        503,
        "",
        ErrorKind::Unavailable,
        "the login is not available",
    ),
    (
        504,
        "",
        ErrorKind::Unavailable,
        "the login did not answer in time",
    ),
];

/// The error of an issuer's answer whose status is not 2xx, whatever its body.
pub(crate) fn from_issuer(refusal: &Refusal<'_>) -> Error {
    let body: IssuerRefused = json::decode(refusal.body()).unwrap_or_default();
    let number = body.error_codes.iter().flatten().flatten().next();
    let number = number.map(|number| format!("AADSTS{number}"));
    let word = |code: &String| {
        code.len() <= super::CODE_LENGTH
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let code = number.or_else(|| body.error.filter(word));
    let known = code.as_deref().unwrap_or_default();
    let (kind, ours) = transport::classify(TABLE, refusal.status(), known);
    let mut error = Error::new(kind, ours);
    if let Some(code) = &code {
        error = error.with_code(code);
    }
    let id = body
        .trace_id
        .as_deref()
        .or_else(|| refusal.header(&[REQUEST_ID]));
    if let Some(id) = id {
        error = error.with_request_id(id);
    }
    match help(known) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

fn help(code: &str) -> Option<&'static str> {
    Some(match code {
        "AADSTS7000215" => {
            "Take the secret's value, not its id, from the application's registration, and check that it \
             belongs to this AZURE_CLIENT_ID."
        }
        "AADSTS7000222" => "Make a new secret in the application's registration, and set it.",
        "AADSTS700027" => {
            "Upload the certificate to the application's registration, or point \
             AZURE_CLIENT_CERTIFICATE_PATH to one that is there."
        }
        "AADSTS700016" | "AADSTS90002" => {
            "Check AZURE_TENANT_ID and AZURE_CLIENT_ID. For a vault in another tenant the application \
             must be registered for several and be consented to there."
        }
        "AADSTS500011" => {
            "Check the vault's cloud: `cloud` or `resource`, and AZURE_AUTHORITY_HOST."
        }
        "AADSTS700211" | "AADSTS700213" => {
            "Add a federated credential to the application with the issuer and the subject of the token \
             in AZURE_FEDERATED_TOKEN_FILE."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_row_twice() {
        let mut rows: Vec<_> = TABLE.iter().map(|row| (row.0, row.1)).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), TABLE.len());
    }
}
