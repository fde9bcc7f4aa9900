//! Refusals: status and code to kind.

mod issuer;

pub(crate) use self::issuer::ISSUER;

use polyvault_core::transport::{self, Advice, Refusal, json};
use polyvault_core::{Error, ErrorKind};

use serde_json::value::RawValue;

use crate::wire::{Detail, Failure, Refused};

/// The header of every answer that holds its request id.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// A HTTP status, the gRPC code and its name, what both mean, and our words for it.
///
/// The code in the body decides. Without one, as from a proxy, the first row of the status does;
/// so it does where the two contradict each other about who may know of what.
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

const NOWHERE_HELP: &str = "The answer is not of the service's form, so the route may be wrong: \
    check the endpoints. If they are right, there is no such secret or version.";

/// The error of an answer whose status is not 2xx, whatever its body.
pub(crate) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let body: Refused<'_> = json::decode(refusal.body()).unwrap_or_default();
    let told = by_code(body.code);
    let row = told.filter(|row| agrees(row, refusal.status()));
    let (kind, ours) = match row.or_else(|| by_status(refusal.status())) {
        Some((.., kind, ours)) => (*kind, *ours),
        None => transport::unknown_status(refusal.status()),
    };
    let details = understood(body.details);
    let ours = match field(&details) {
        Some(field) => format!("{ours} (field `{field}`)"),
        None => ours.to_owned(),
    };
    let mut error = Error::new(kind, refusal.message(&ours, body.message.as_deref()));
    if let Some(code) = name(body.code) {
        error = error.with_code(code);
    }
    if let Some(id) = refusal.header(&[REQUEST_ID]).or(request_id(&details)) {
        error = error.with_request_id(id);
    }
    match help(kind) {
        _ if kind == ErrorKind::NotFound && told.is_none() => error.with_help(NOWHERE_HELP),
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// What to do about a refusal, where more is known than its kind tells.
/// <https://yandex.cloud/docs/lockbox/security/>
fn help(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Forbidden => {
            "Grant the caller a role on the secret or its folder: lockbox.viewer to list, describe \
             and find by name, lockbox.payloadViewer to read values, lockbox.editor to write and \
             delete, which reads no values. Values under a KMS key need kms.keys.decrypter too."
        }
        ErrorKind::RateLimited => {
            "The service has one code for the rate, for too many operations at once and for \
             quotas: try again later, and if that doesn't help, look at the quotas of the cloud."
        }
        ErrorKind::FailedPrecondition => {
            "Describe the secret and list its versions: it may be inactive, protected from deletion \
             or managed by another service, and the version scheduled for destruction or destroyed."
        }
        ErrorKind::InvalidInput => {
            "Change the field that the message names. If it names none, check ids, names, labels \
             (lower case, no blanks), entry keys and sizes against the limits of the capabilities."
        }
        ErrorKind::Unsupported => {
            "Check the endpoints; if they are right, this installation of the service does not \
             have the method."
        }
        _ => return None,
    })
}

/// Adds to a refusal which role is missing, where more is known than that one is.
pub(crate) fn forbidden(error: Error, missing: &'static str) -> Error {
    match error.kind() {
        ErrorKind::Forbidden => error.with_help(missing),
        _ => error,
    }
}

pub(crate) const NO_LIST: &str = "Finding a secret by its name lists the folder, which takes the role \
    lockbox.viewer on it: grant it, give the secret's id, or, for reads of values alone, set \
    `names=get_ex`, which takes lockbox.payloadViewer instead.";

pub(crate) const NO_PAYLOAD: &str = "Reading a value by the secret's name (`names=get_ex`) takes the role \
    lockbox.payloadViewer on the secret or its folder, and kms.keys.decrypter for one under a KMS key. \
    With `names=list` it takes lockbox.viewer too.";

const SIGN_IN: &str =
    "Get a new IAM token: one lives for 12 hours at most. An OAuth token is none.";

/// What to do where no refusal of the service says it.
pub(crate) const ADVICE: Advice = Advice {
    look,
    sign_in: SIGN_IN,
};

/// How to find out whether a change took place.
fn look(operation: &str) -> &'static str {
    match operation {
        "put" => {
            "Put again under the same `idempotency_key` if one was given; else read the current \
             version, and put again if it is not the one you put."
        }
        "delete" => "Describe the secret: if it is still there, delete it again.",
        _ => "Describe the secret: if it is not as the change was to make it, change it again.",
    }
}

/// The error of an operation that was accepted and failed later, with HTTP 200.
pub(crate) fn from_failure(failure: &Failure<'_>) -> Error {
    let kind = match by_code(failure.code).map(|(.., kind, _)| *kind) {
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
    let mut error = Error::new(kind, "the service accepted the operation, and it failed");
    // Beside an answer of 200 nobody looks for what it repeats: whatever else might stand there is no such id.
    let is_id =
        |id: &&str| id.len() <= 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    if let Some(id) = request_id(&understood(failure.details)).filter(is_id) {
        error = error.with_request_id(id);
    }
    if let Some(help) = help(kind) {
        error = error.with_help(help);
    }
    match name(failure.code) {
        Some(code) => error.with_code(code),
        None => error,
    }
}

type Row = (u16, i64, &'static str, ErrorKind, &'static str);

fn by_code(code: Option<i64>) -> Option<&'static Row> {
    let code = code.filter(|code| *code != NONE)?;
    TABLE.iter().find(|row| row.1 == code)
}

/// The name of a code, or its number where it is new.
fn name(code: Option<i64>) -> Option<String> {
    let code = code.filter(|code| *code != NONE)?;
    let known = by_code(Some(code)).map(|row| row.2.to_owned());
    Some(known.unwrap_or_else(|| code.to_string()))
}

fn by_status(status: u16) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.0 == status)
}

/// Whether a code may speak for an answer of this status. Signing in, being allowed and being
/// there are never taken for each other or for anything else, whoever stands in between.
fn agrees(row: &Row, status: u16) -> bool {
    let sure = |status| matches!(status, 401 | 403 | 404);
    row.0 == status || !(sure(row.0) || sure(status))
}

/// The details that are of a known form; of whatever form they are, they never hide the code.
fn understood(details: Option<&RawValue>) -> Vec<Detail> {
    let details = details.and_then(|raw| json::decode(raw.get().as_bytes()).ok());
    let details: Vec<&RawValue> = details.unwrap_or_default();
    let known = details.iter();
    known
        .filter_map(|raw| json::decode(raw.get().as_bytes()).ok())
        .collect()
}

fn request_id(details: &[Detail]) -> Option<&str> {
    let told = details.iter();
    told.filter_map(|detail| detail.request_id.as_deref())
        .next()
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
    #![expect(clippy::unwrap_used, reason = "tests")]

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
    fn a_code_speaks_for_its_own_status_where_a_mistake_would_lead_astray() {
        for (code, status, speaks) in [
            (7, 403, true),
            (5, 403, false),
            (7, 404, false),
            (5, 500, false),
            (16, 403, false),
            (3, 403, false),
            (9, 412, true),
            (14, 500, true),
        ] {
            let row = by_code(Some(code)).unwrap();
            assert_eq!(agrees(row, status), speaks, "{code} {status}");
        }
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
            let error = from_failure(&Failure {
                code: Some(code),
                details: None,
            });
            assert_eq!((error.kind(), error.code()), (kind, Some(name)));
        }
    }

    #[test]
    fn an_operation_that_failed_tells_a_request_id_that_can_be_nothing_else() {
        let uuid = "8c7d6e5f-4b3a-4291-8f0e-1d2c3b4a5f02";
        let long = "0".repeat(37);
        for (told, kept) in [(uuid, Some(uuid)), ("hunter2", None), (long.as_str(), None)] {
            let body = format!(r#"{{"code":13,"details":[{{"requestId":"{told}"}}]}}"#);
            let failure: Failure<'_> = json::decode(body.as_bytes()).unwrap();
            assert_eq!(from_failure(&failure).request_id(), kept, "{told}");
        }
    }

    #[test]
    fn a_field_is_told_if_it_looks_like_the_path_of_one() {
        let most = "f".repeat(64);
        let more = "f".repeat(65);
        for (told, kept) in [
            ("version_payload_entries[0].key", true),
            (most.as_str(), true),
            ("", false),
            (more.as_str(), false),
            ("the value hunter2", false),
        ] {
            let body = format!(r#"[{{"fieldViolations":[{{"field":"{told}"}}]}}]"#);
            let details = json::decode(body.as_bytes()).unwrap();
            let field = field(&understood(Some(details))).map(str::to_owned);
            assert_eq!(field.as_deref(), kept.then_some(told), "{told}");
        }
    }
}
