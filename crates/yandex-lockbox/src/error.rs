//! Refusals: status and code to kind.

use polyvault_core::transport::{self, Refusal, json};
use polyvault_core::{Error, ErrorKind};

use crate::wire::{Detail, Failure, Refused};

/// The header of every answer that holds its request id.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// A HTTP status, the gRPC code and its name, what both mean, and our words for it.
///
/// The code in the body decides. Without one, as from a proxy, the first row of the status does.
/// <https://yandex.cloud/docs/api-design-guide/concepts/errors>
const TABLE: &[(u16, i64, &str, ErrorKind, &str)] = &[
    (
        400,
        3,
        "INVALID_ARGUMENT",
        ErrorKind::InvalidInput,
        "the service refuses the request",
    ),
    (
        400,
        9,
        "FAILED_PRECONDITION",
        ErrorKind::FailedPrecondition,
        "the state of the secret or of the version forbids it",
    ),
    (
        400,
        11,
        "OUT_OF_RANGE",
        ErrorKind::InvalidInput,
        "the service refuses the request",
    ),
    (
        401,
        16,
        "UNAUTHENTICATED",
        ErrorKind::Unauthenticated,
        "the service does not accept the token",
    ),
    (
        403,
        7,
        "PERMISSION_DENIED",
        ErrorKind::Forbidden,
        "the service does not allow it",
    ),
    (
        404,
        5,
        "NOT_FOUND",
        ErrorKind::NotFound,
        "there is no such secret or version",
    ),
    (408, NONE, "", ErrorKind::Timeout, "no answer in time"),
    (
        409,
        10,
        "ABORTED",
        ErrorKind::Conflict,
        "another change came in between",
    ),
    (
        409,
        6,
        "ALREADY_EXISTS",
        ErrorKind::AlreadyExists,
        "it exists already",
    ),
    (
        413,
        NONE,
        "",
        ErrorKind::TooLarge,
        "the request is too large",
    ),
    (
        429,
        8,
        "RESOURCE_EXHAUSTED",
        ErrorKind::RateLimited,
        "a rate or a quota is used up",
    ),
    (
        499,
        1,
        "CANCELLED",
        ErrorKind::Unavailable,
        "the service broke the call off",
    ),
    (
        500,
        13,
        "INTERNAL",
        ErrorKind::Unavailable,
        "the service failed",
    ),
    (
        500,
        2,
        "UNKNOWN",
        ErrorKind::Unavailable,
        "the service failed",
    ),
    (
        500,
        15,
        "DATA_LOSS",
        ErrorKind::Unexpected,
        "the service has lost data",
    ),
    (
        501,
        12,
        "UNIMPLEMENTED",
        ErrorKind::Unsupported,
        "this installation can't do it",
    ),
    (
        502,
        NONE,
        "",
        ErrorKind::Unavailable,
        "the service can't be reached",
    ),
    (
        503,
        14,
        "UNAVAILABLE",
        ErrorKind::Unavailable,
        "the service is not available",
    ),
    (
        504,
        4,
        "DEADLINE_EXCEEDED",
        ErrorKind::Timeout,
        "the service did not answer in time",
    ),
];

/// Of rows for a status that no code of the service has.
const NONE: i64 = 0;

const QUOTA_HELP: &str = "The service has one code for the rate, for too many operations at once \
    and for quotas: try again later, and if that doesn't help, look at the quotas of the cloud.";

const NOWHERE_HELP: &str = "The answer is not of the service's form, so the route may be wrong: \
    check the endpoints. If they are right, there is no such secret or version.";

/// The error of an answer whose status is not 2xx, whatever its body.
pub(crate) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let body: Refused<'_> = json::decode(refusal.body()).unwrap_or_default();
    let row = by_code(body.code);
    let (kind, ours) = match row.or_else(|| by_status(refusal.status())) {
        Some((.., kind, ours)) => (*kind, *ours),
        None => transport::unknown_status(refusal.status()),
    };
    let details: Vec<Detail> = (body.details.iter().flatten())
        .filter_map(|raw| json::decode(raw.get().as_bytes()).ok())
        .collect();
    let ours = match field(&details) {
        Some(field) => format!("{ours} (field `{field}`)"),
        None => ours.to_owned(),
    };
    let mut error = Error::new(kind, refusal.message(&ours, body.message.as_deref()));
    if let Some((_, _, name, ..)) = row {
        error = error.with_code(*name);
    }
    let told = details
        .iter()
        .find_map(|detail| detail.request_id.as_deref());
    if let Some(id) = refusal.header(&[REQUEST_ID]).or(told) {
        error = error.with_request_id(id);
    }
    match kind {
        ErrorKind::RateLimited => error.with_help(QUOTA_HELP),
        ErrorKind::NotFound if row.is_none() => error.with_help(NOWHERE_HELP),
        _ => error,
    }
}

/// The error of an operation that was accepted and failed later, with HTTP 200.
pub(crate) fn from_failure(failure: &Failure) -> Error {
    let row = by_code(failure.code);
    let kind = match row.map(|(.., kind, _)| *kind) {
        Some(
            kind @ (ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::InvalidInput
            | ErrorKind::Forbidden
            | ErrorKind::Conflict
            | ErrorKind::FailedPrecondition),
        ) => kind,
        // What was accepted was not too fast: it is the quota.
        Some(ErrorKind::RateLimited) => ErrorKind::QuotaExceeded,
        _ => ErrorKind::OperationFailed,
    };
    let code = match row {
        Some((_, _, name, ..)) => (*name).to_owned(),
        None => failure.code.unwrap_or_default().to_string(),
    };
    Error::new(kind, "the service accepted the operation, and it failed").with_code(code)
}

type Row = (u16, i64, &'static str, ErrorKind, &'static str);

fn by_code(code: Option<i64>) -> Option<&'static Row> {
    let code = code.filter(|code| *code != NONE)?;
    TABLE.iter().find(|row| row.1 == code)
}

fn by_status(status: u16) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.0 == status)
}

/// The field that the service complains of, if it looks like the path of one.
fn field(details: &[Detail]) -> Option<&str> {
    let violations = details.iter().filter_map(|d| d.field_violations.as_deref());
    let field = violations.flatten().find_map(|v| v.field.as_deref())?;
    let path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    (!field.is_empty() && field.len() <= 64 && field.chars().all(path)).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_grpc_has_one_row() {
        for code in 1..=16 {
            let rows = TABLE.iter().filter(|row| row.1 == code).count();
            assert_eq!(rows, 1, "code {code}");
        }
    }

    #[test]
    fn only_not_found_reads_as_missing() {
        let missing = TABLE.iter().filter(|row| row.3 == ErrorKind::NotFound);

        assert!(missing.map(|row| (row.0, row.1)).eq([(404, 5)]));
    }

    #[test]
    fn an_operation_that_failed_keeps_what_its_code_tells() {
        for (code, kind, name) in [
            (5, ErrorKind::NotFound, "NOT_FOUND"),
            (6, ErrorKind::AlreadyExists, "ALREADY_EXISTS"),
            (7, ErrorKind::Forbidden, "PERMISSION_DENIED"),
            (8, ErrorKind::QuotaExceeded, "RESOURCE_EXHAUSTED"),
            (9, ErrorKind::FailedPrecondition, "FAILED_PRECONDITION"),
            (13, ErrorKind::OperationFailed, "INTERNAL"),
            (14, ErrorKind::OperationFailed, "UNAVAILABLE"),
            (16, ErrorKind::OperationFailed, "UNAUTHENTICATED"),
            (77, ErrorKind::OperationFailed, "77"),
        ] {
            let error = from_failure(&Failure { code: Some(code) });
            assert_eq!((error.kind(), error.code()), (kind, Some(name)));
        }
    }
}
