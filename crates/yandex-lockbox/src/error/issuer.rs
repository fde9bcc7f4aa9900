//! Refusals of those who give out tokens: IAM, its federation and the metadata service.

use polyvault_core::transport::{Issuer, Refusal, json, oauth_refused};
use polyvault_core::{Error, ErrorKind};

use super::{REQUEST_ID, name, request_id, understood};
use crate::config::SCHEME;
use crate::wire::Refused;

/// Who gives out IAM tokens.
pub(crate) const ISSUER: Issuer = Issuer {
    provider: SCHEME,
    refusal: from_issuer,
    sign_in: SIGN_IN,
    request_id: REQUEST_ID,
};

const SIGN_IN: &str = "Check that the key is still there (`yc iam key list --service-account-name NAME`), \
    that its account may be used, and this machine's clock.";

/// The error of an issuer's answer whose status is not 2xx, whatever its body. Of an exchange each code of
/// the service that is about the caller says that the credential is none. Which form the federation's errors
/// have no page tells: OAuth 2.0's is likely.
fn from_issuer(refusal: &Refusal<'_>) -> Error {
    let body: Refused<'_> = json::decode(refusal.body()).unwrap_or_default();
    let mut error = oauth_refused(refusal).with_provider(SCHEME);
    if let Some(code) = name(body.code) {
        error = error.with_code(code);
    }
    let details = understood(body.details);
    if let Some(id) = refusal.header(&[REQUEST_ID]).or(request_id(&details)) {
        error = error.with_request_id(id);
    }
    match error.kind() {
        ErrorKind::Unauthenticated => error.with_help(SIGN_IN),
        _ => error,
    }
}
