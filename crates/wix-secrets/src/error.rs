//! Refusals: status and code to kind.

use std::time::Duration;

use polyvault_core::transport::{self, Advice, Issuer, Refusal, RefusalRow, json};
use polyvault_core::{Error, ErrorKind, Retry};
use serde_json::Value;

use crate::config::SCHEME;
use crate::wire::{Refused, Violation};

/// The header of every answer that holds its request id.
pub(crate) const REQUEST_ID: &str = "x-wix-request-id";

/// What a refusal means. The service documents no codes of its own, so the status
/// decides, and a code only tells more where one is known.
const TABLE: &[RefusalRow] = &[
    (
        400,
        "",
        ErrorKind::InvalidInput,
        "the service refuses the request",
    ),
    (
        401,
        "",
        ErrorKind::Unauthenticated,
        "the service does not accept the credential",
    ),
    (
        401,
        "UNAUTHORIZED",
        ErrorKind::Unauthenticated,
        "the service does not accept the credential, or can't tell the site from it",
    ),
    (
        403,
        "",
        ErrorKind::Forbidden,
        "the service does not allow it",
    ),
    (404, "", ErrorKind::NotFound, "there is no such secret"),
    (
        409,
        "",
        ErrorKind::AlreadyExists,
        "a secret of this name exists",
    ),
    (
        409,
        "ABORTED",
        ErrorKind::Conflict,
        "another change came in between",
    ),
    (413, "", ErrorKind::TooLarge, "the request is too large"),
    (
        429,
        "",
        ErrorKind::RateLimited,
        "too many requests to the service",
    ),
    (500, "", ErrorKind::Unavailable, "the service failed"),
    (
        502,
        "",
        ErrorKind::Unavailable,
        "the service can't be reached",
    ),
    (
        503,
        "",
        ErrorKind::Unavailable,
        "the service is not available",
    ),
    (
        504,
        "",
        ErrorKind::Unavailable,
        "the service did not answer in time",
    ),
];

/// What the vendor advises after a 429 that tells no time of its own:
/// <https://dev.wix.com/docs/rest/articles/getting-started/rate-limits>.
const THROTTLED: Duration = Duration::from_secs(60);

/// The error of an answer whose status is not 2xx, whatever its body.
pub(crate) fn from_refusal(refusal: &Refusal<'_>) -> Error {
    let body: Refused = json::decode(refusal.body()).unwrap_or_default();
    let details = body.details.unwrap_or_default();
    let violations = details
        .validation_error
        .and_then(|error| error.field_violations)
        .unwrap_or_default();
    let code = match &details.application_error {
        Some(error) => error.code.as_ref().and_then(text_of),
        None => violations.iter().find_map(rule),
    };
    let (kind, ours) =
        transport::classify(TABLE, refusal.status(), code.as_deref().unwrap_or_default());
    let nowhere = kind == ErrorKind::NotFound && details.application_error.is_none();
    let ours = match nowhere {
        true => "not found, and the answer speaks of no secret: the route may be wrong",
        false => ours,
    };
    let message = refusal.message(ours, body.message.as_deref());
    let mut error = Error::new(kind, message + &broken_rules(&violations));
    if let Some(id) = refusal.header(&[REQUEST_ID]) {
        error = error.with_request_id(id);
    }
    error = match (kind, code.as_deref()) {
        (ErrorKind::Unauthenticated, Some("UNAUTHORIZED")) => error.with_help(
            "Check that the site's id is right, and that the API key is of the account that owns the site.",
        ),
        (ErrorKind::NotFound, _) if nowhere => error.with_help(
            "Check the endpoint: it holds the gateway's path and not `/api/v1/secrets`. If it is right, there is no such secret.",
        ),
        _ => match help(kind) {
            Some(help) => error.with_help(help),
            None => error,
        },
    };
    if kind == ErrorKind::RateLimited && refusal.header(&["retry-after"]).is_none() {
        error = error.with_retry(Retry::After(Some(THROTTLED)));
    }
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// What to do about a refusal, where more is known than its kind tells.
/// <https://dev.wix.com/docs/rest/business-management/secrets/introduction>
fn help(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Forbidden => {
            "Give the API key, or the app, the permission to manage secrets \
             (SCOPE.VELO.MANAGE_SECRETS), and check that the key is of the account that owns the \
             site. Creating and managing secrets also needs the Members Area app on the site."
        }
        ErrorKind::InvalidInput => {
            "Change the field that the message names. If it names none, check the name (letters, \
             digits and _+=-@#$, 50 at most, not beginning with wix), the value (3,500 at most) \
             and the description (200 at most)."
        }
        ErrorKind::RateLimited => {
            "Wait as long as `retry` tells, a minute by the vendor's advice, and send fewer \
             requests at once."
        }
        _ => return None,
    })
}

/// Who gives out an app's tokens.
pub(crate) const ISSUER: Issuer = Issuer {
    provider: SCHEME,
    refusal: from_issuer,
    sign_in: APP_SIGN_IN,
    request_id: REQUEST_ID,
};

const APP_SIGN_IN: &str = "Check the app's id and secret (WIX_APP_ID, WIX_APP_SECRET), and that the instance \
    (WIX_INSTANCE_ID) is of this app and still installed on the site.";

/// The error of the token endpoint, whose body is OAuth's and not the service's.
fn from_issuer(refusal: &Refusal<'_>) -> Error {
    let error = transport::oauth_refused(refusal).with_provider(SCHEME);
    match refusal.header(&[REQUEST_ID]) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

const SIGN_IN: &str = "Check the API key, which is of the account that owns the site, or the app: either goes as \
    it is, without `Bearer`.";

/// What to do where no refusal of the service says it.
pub(crate) const ADVICE: Advice = Advice {
    look,
    sign_in: SIGN_IN,
};

/// How to find out whether a change took place.
fn look(operation: &str) -> &'static str {
    match operation {
        "put" => {
            "Read the secret: if it is not what you put, put again. An upsert may be repeated unread."
        }
        "delete" => "List the secrets: if it is still among them, delete it again.",
        _ => "Describe the secret: if it is not as the change was to make it, change it again.",
    }
}

/// The fields and rules that the service names, which hold no part of a value.
fn broken_rules(violations: &[Violation]) -> String {
    let broken: Vec<String> = violations
        .iter()
        .filter_map(|violation| {
            let field = plain(violation.field.as_deref()?)?;
            Some(match rule(violation) {
                Some(rule) => format!("`{field}` ({rule})"),
                None => format!("`{field}`"),
            })
        })
        .collect();
    match broken.is_empty() {
        true => String::new(),
        false => format!(": field {}", broken.join(", ")),
    }
}

fn rule(violation: &Violation) -> Option<String> {
    plain(violation.violated_rule.as_deref()?).map(str::to_owned)
}

fn text_of(code: &Value) -> Option<String> {
    match code {
        Value::String(text) => plain(text).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A code or a path, and nothing that could be an echo.
fn plain(text: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    (!text.is_empty() && text.len() <= 64 && text.chars().all(fits)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_row_twice_and_only_404_reads_as_missing() {
        assert_eq!(polyvault_testkit::refusals::check_table(TABLE), Ok(()));
    }

    #[test]
    fn broken_rules_are_told_by_field_and_rule_and_nothing_else() {
        let violation = |field: &str, rule: &str| Violation {
            field: Some(field.to_owned()),
            violated_rule: Some(rule.to_owned()),
        };
        for (violations, told) in [
            (vec![], ""),
            (vec![violation("hunter2 is too long", "MAX_LENGTH")], ""),
            (
                vec![
                    violation("secret.name", "FORMAT"),
                    violation("secret.value", "no rule"),
                ],
                ": field `secret.name` (FORMAT), `secret.value`",
            ),
        ] {
            assert_eq!(broken_rules(&violations), told);
        }
    }

    #[test]
    fn a_code_is_short_and_plain_or_none() {
        assert_eq!(plain("secret.value"), Some("secret.value"));
        for text in ["", "hunter2 is too long", "a\nb", &"x".repeat(65)] {
            assert_eq!(plain(text), None);
        }
        assert_eq!(text_of(&5001.into()).as_deref(), Some("5001"));
        assert_eq!(text_of(&Value::Array(vec![])), None);
    }
}
