//! Whether a value shows where it must not.

use std::fmt::{Debug, Display};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use polyvault_core::IdempotencyKey;

/// A text that stands nowhere else, to be put into a store and then searched for.
///
/// It has small letters and digits only, so that no escaping hides it.
///
/// # Example
///
/// ```
/// use polyvault_core::Payload;
/// use polyvault_testkit::leak::{Mark, assert_absent};
///
/// let mark = Mark::new();
/// let payload = Payload::text(mark.text());
///
/// assert_eq!(mark.find_in_debug(&payload), None);
/// assert_absent(&mark, "the Debug of a payload", &payload);
/// assert_eq!(mark.find_in_all("another text"), None);
/// assert!(mark.find_in(&format!("the password is {}", mark.text())).is_some());
/// ```
#[derive(Clone)]
pub struct Mark(String);

impl Mark {
    /// A fresh mark.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        Self(format!(
            "mark{}",
            IdempotencyKey::random().to_string().replace('-', "")
        ))
    }

    /// The text to put.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Says how `output` shows the mark: plain, as base64 wherever it stands in what
    /// was encoded, or as the numbers of its bytes.
    #[must_use]
    pub fn find_in(&self, output: &str) -> Option<&'static str> {
        if output.contains(&self.0) {
            return Some("plain");
        }
        if (0..3).any(|shift| self.encoded(shift).iter().any(|code| output.contains(code))) {
            return Some("as base64");
        }
        let dense: String = output.chars().filter(|c| !c.is_whitespace()).collect();
        let numbers: Vec<String> = self.0.bytes().map(|byte| byte.to_string()).collect();
        dense
            .contains(&numbers.join(","))
            .then_some("as the numbers of its bytes")
    }

    /// [`find_in`](Self::find_in) what `{:?}` and `{:#?}` give.
    #[must_use]
    pub fn find_in_debug(&self, thing: &(impl Debug + ?Sized)) -> Option<&'static str> {
        self.find_in(&format!("{thing:?}"))
            .or_else(|| self.find_in(&format!("{thing:#?}")))
    }

    /// [`find_in`](Self::find_in) what `{}`, `{:?}` and `{:#?}` give.
    #[must_use]
    pub fn find_in_all(&self, thing: &(impl Debug + Display + ?Sized)) -> Option<&'static str> {
        self.find_in(&format!("{thing}"))
            .or_else(|| self.find_in_debug(thing))
    }

    /// The mark in base64 behind `shift` other bytes, without the characters that
    /// its neighbours have a part in.
    fn encoded(&self, shift: usize) -> [String; 2] {
        let mut bytes = vec![b'x'; shift];
        bytes.extend(self.0.bytes());
        bytes.truncate(bytes.len() / 3 * 3);
        let skip = shift.div_ceil(3) * 4;
        [&STANDARD, &URL_SAFE].map(|engine| engine.encode(&bytes).chars().skip(skip).collect())
    }
}

/// Shows no mark: a failed test must not be the leak.
impl Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mark(..)")
    }
}

/// Panics if `output` shows the mark in any way that [`Mark::find_in`] knows.
///
/// # Example
///
/// ```
/// use polyvault_core::Payload;
/// use polyvault_testkit::leak::{Mark, assert_absent};
///
/// let mark = Mark::new();
/// assert_absent(&mark, "the Debug of a payload", &Payload::text(mark.text()));
/// ```
///
/// # Panics
///
/// If it does.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion of tests")]
pub fn assert_absent(mark: &Mark, what: &str, thing: &(impl Debug + ?Sized)) {
    if let Some(how) = mark.find_in_debug(thing) {
        panic!("{what} shows the marked value {how}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_mark_in_base64_wherever_it_stands() {
        let mark = Mark::new();

        for before in ["", "a", "ab", "abc", "abcd"] {
            let text = format!("{before}{}zz", mark.text());
            assert_eq!(
                mark.find_in(&format!("body {}", STANDARD.encode(text))),
                Some("as base64"),
                "behind {before:?}"
            );
        }
    }

    #[test]
    fn finds_the_numbers_of_its_bytes_pretty_or_not() {
        let mark = Mark::new();
        let bytes = [b"x", mark.text().as_bytes()].concat();

        assert!(mark.find_in_debug(&bytes).is_some());
        assert!(mark.find_in(&format!("{bytes:#?}")).is_some());
    }

    #[test]
    fn does_not_find_another_mark() {
        let mark = Mark::new();

        assert_eq!(mark.find_in_all(Mark::new().text()), None);
    }
}
