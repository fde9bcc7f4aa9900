//! Refusals of those who give out tokens: IAM, its federation and the metadata service.

use polyvault_core::transport::{self, Issuer, Refusal, RefusalRow, json};
use polyvault_core::{Error, ErrorKind};

use super::{REQUEST_ID, name, request_id, understood};
use crate::config::SCHEME;
use crate::wire::{OAuthRefused, Refused};

/// Who gives out IAM tokens.
pub(crate) const ISSUER: Issuer = Issuer {
    provider: SCHEME,
    refusal: from_issuer,
    sign_in: SIGN_IN,
    request_id: REQUEST_ID,
};

const SIGN_IN: &str = "Check that the key is still there (`yc iam key list --service-account-name NAME`), \
    that its account may be used, and this machine's clock.";

/// What a refusal means by its status: of an exchange each code of the service that is about the caller says
/// that the credential is none. <https://yandex.cloud/docs/api-design-guide/concepts/errors>
const TABLE: &[RefusalRow] = &[
    (400, "", ErrorKind::Unauthenticated, REFUSED),
    (401, "", ErrorKind::Unauthenticated, REFUSED),
    (403, "", ErrorKind::Unauthenticated, REFUSED),
    (404, "", ErrorKind::Unauthenticated, REFUSED),
    (408, "", ErrorKind::Timeout, "the sign-in took too long"),
    (429, "", ErrorKind::RateLimited, "too many sign-ins"),
    (500, "", ErrorKind::Unavailable, "the sign-in failed"),
    (
        502,
        "",
        ErrorKind::Unavailable,
        "the sign-in can't be reached",
    ),
    (
        503,
        "",
        ErrorKind::Unavailable,
        "the sign-in is not available",
    ),
    (
        504,
        "",
        ErrorKind::Timeout,
        "the sign-in did not answer in time",
    ),
];

const REFUSED: &str = "the credential is refused";

/// The error of an issuer's answer whose status is not 2xx, whatever its body.
fn from_issuer(refusal: &Refusal<'_>) -> Error {
    let body: Refused<'_> = json::decode(refusal.body()).unwrap_or_default();
    let (kind, ours) = transport::classify(TABLE, refusal.status(), "");
    let mut error = Error::new(kind, ours).with_provider(SCHEME);
    // Which form the federation's errors have no page tells: OAuth 2.0's is likely.
    let code = name(body.code).or_else(|| {
        let told: OAuthRefused = json::decode(refusal.body()).unwrap_or_default();
        told.error.filter(|code| is_word(code))
    });
    if let Some(code) = code {
        error = error.with_code(code);
    }
    let details = understood(body.details);
    if let Some(id) = refusal.header(&[REQUEST_ID]).or(request_id(&details)) {
        error = error.with_request_id(id);
    }
    match kind {
        ErrorKind::Unauthenticated => error.with_help(SIGN_IN),
        _ => error,
    }
}

fn is_word(code: &str) -> bool {
    code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
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
