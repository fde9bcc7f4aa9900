//! Answers that say no.

use std::fmt;

use http::Response;

use super::Body;
use super::echo::Sent;
use crate::ErrorKind;

/// The most characters of a service's own message that an error keeps.
const MESSAGE_CHARS: usize = 200;

/// An answer whose status is not 2xx, to be made an error of.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::{Refusal, RefusalRow, classify};
/// use polyvault_core::{Error, ErrorKind};
///
/// const TABLE: &[RefusalRow] = &[
///     (403, "", ErrorKind::Forbidden, "the caller may not do this"),
///     (404, "", ErrorKind::NotFound, "there is no such secret"),
///     (404, "NO_SITE", ErrorKind::Config, "there is no such site"),
/// ];
///
/// /// What an adapter hands to its client.
/// fn refusal(refusal: &Refusal<'_>) -> Error {
///     let code = refusal.header(&["x-error-code"]).unwrap_or_default();
///     let (kind, ours) = classify(TABLE, refusal.status(), code);
///     let theirs = std::str::from_utf8(refusal.body()).ok();
///     let error = Error::new(kind, refusal.message(ours, theirs)).with_code(code);
///     match refusal.header(&["x-request-id"]) {
///         Some(id) => error.with_request_id(id),
///         None => error,
///     }
/// }
///
/// assert_eq!(classify(TABLE, 404, "NO_SITE").0, ErrorKind::Config);
/// assert_eq!(classify(TABLE, 404, "OTHER").0, ErrorKind::NotFound);
/// # let _ = refusal;
/// ```
#[derive(Clone, Copy)]
pub struct Refusal<'a> {
    pub(super) response: &'a Response<Body>,
    pub(super) sent: Sent<'a>,
}

impl Refusal<'_> {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The first of these headers that is there.
    #[must_use]
    pub fn header(&self, names: &[&str]) -> Option<&str> {
        let headers = self.response.headers();
        let mut found = names
            .iter()
            .filter_map(|name| headers.get(*name)?.to_str().ok());
        found.next()
    }

    /// The body, which may be of any shape.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.response.body().as_bytes()
    }

    /// Our own words for it, with the service's after them where the request carried
    /// no value and they don't repeat its credential: one line of at most 200 characters.
    #[must_use]
    pub fn message(&self, ours: &str, theirs: Option<&str>) -> String {
        let Some(theirs) =
            theirs.filter(|text| self.sent.body.is_empty() && !text.trim().is_empty())
        else {
            return ours.to_owned();
        };
        let line: String = theirs
            .split(|c: char| c.is_control() || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let cut: String = line.chars().take(MESSAGE_CHARS).collect();
        match self.sent.repeated_in(&cut) {
            true => ours.to_owned(),
            false => format!("{ours}; the service says: {cut}"),
        }
    }
}

impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Refusal");
        shown.field("status", &self.status());
        shown.field("body", self.response.body());
        shown.finish_non_exhaustive()
    }
}

/// A row of an adapter's table: status, the service's code, kind, and our own words.
/// The row without a code is for all codes of the status that have none.
pub type RefusalRow = (u16, &'static str, ErrorKind, &'static str);

/// What a status and a code mean by `table`: kind and our own words.
///
/// # Example
///
/// ```
/// use polyvault_core::ErrorKind;
/// use polyvault_core::transport::{RefusalRow, classify};
///
/// const TABLE: &[RefusalRow] = &[(403, "", ErrorKind::Forbidden, "the caller may not do this")];
/// assert_eq!(classify(TABLE, 403, "AnyCode").0, ErrorKind::Forbidden);
/// ```
#[must_use]
pub fn classify(table: &[RefusalRow], status: u16, code: &str) -> (ErrorKind, &'static str) {
    let row = |code: &str| table.iter().find(|row| (row.0, row.1) == (status, code));
    match row(code).or_else(|| row("")) {
        Some((.., kind, ours)) => (*kind, ours),
        None => unknown_status(status),
    }
}

/// What a status means that no table has: the service is away where it takes the fault
/// for its own, unless it says that it never will do what was asked.
///
/// # Example
///
/// ```
/// use polyvault_core::ErrorKind;
/// use polyvault_core::transport::unknown_status;
///
/// assert_eq!(unknown_status(599).0, ErrorKind::Unavailable);
/// assert_eq!(unknown_status(418).0, ErrorKind::Unexpected);
/// ```
#[must_use]
pub fn unknown_status(status: u16) -> (ErrorKind, &'static str) {
    match status {
        501 | 505 => (ErrorKind::Unexpected, "the service does not know the call"),
        500..=599 => (ErrorKind::Unavailable, "the service failed"),
        300..=399 => (
            ErrorKind::Unexpected,
            "the answer sends elsewhere, which is not followed: the endpoint may be wrong",
        ),
        _ => (
            ErrorKind::Unexpected,
            "the service answers with a status unknown here",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_without_a_row_means_what_its_status_means() {
        let table: &[RefusalRow] = &[
            (403, "", ErrorKind::Forbidden, "no"),
            (403, "Off", ErrorKind::Disabled, "off"),
            (409, "Gone", ErrorKind::SoftDeleted, "gone"),
        ];

        let unknown = (
            ErrorKind::Unexpected,
            "the service answers with a status unknown here",
        );
        let failed = (ErrorKind::Unavailable, "the service failed");
        for (status, code, meaning) in [
            (403, "Off", (ErrorKind::Disabled, "off")),
            (403, "New", (ErrorKind::Forbidden, "no")),
            (403, "", (ErrorKind::Forbidden, "no")),
            (409, "Gone", (ErrorKind::SoftDeleted, "gone")),
            (409, "New", unknown),
            (404, "Off", unknown),
            (302, "", unknown_status(307)),
            (418, "", unknown),
            (501, "", unknown_status(505)),
            (520, "", failed),
        ] {
            assert_eq!(classify(table, status, code), meaning, "{status} {code}");
        }
    }

    fn message(body: &[u8], theirs: &str) -> String {
        let response = Response::new(Body::empty());
        let sent = Sent {
            credential: "t1.9euelZqNx8eQmZKLk",
            headers: response.headers(),
            body,
        };
        let refusal = Refusal {
            response: &response,
            sent,
        };
        refusal.message("refused", Some(theirs))
    }

    #[test]
    fn the_services_words_are_one_short_line() {
        assert_eq!(
            message(b"", "a\r\n b\u{1b}[31m"),
            "refused; the service says: a b [31m"
        );
        assert!(message(b"", &"x".repeat(9999)).chars().count() < 250);
    }

    #[test]
    fn a_request_with_a_value_keeps_the_services_words_out() {
        assert_eq!(message(b"{}", "the value hunter2 is too long"), "refused");
    }

    #[test]
    fn words_that_repeat_the_credential_are_kept_out() {
        assert_eq!(message(b"", "bad token t1.9euelZqNx8eQmZKLk"), "refused");
    }
}
