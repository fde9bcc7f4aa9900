//! What came, and what became of it.

use std::fmt;

use super::Fault;

/// A request that came to a [`FaultProxy`](super::FaultProxy), without anything that could be secret.
///
/// # Example
///
/// ```
/// use polyvault_testkit::faults::{Fault, Traced};
///
/// let traced = Traced {
///     request: "GET /secrets/db".to_owned(),
///     fault: Some(Fault::CutBody),
///     fits: true,
/// };
/// assert_eq!(traced.to_string(), "GET /secrets/db: cut body");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traced {
    /// Verb and path without the query, ids in it as `{id}`: what looks like a UUID, and 20 or more small
    /// letters and digits.
    pub request: String,
    /// The fault that it got.
    pub fault: Option<Fault>,
    /// Whether the fault fitted; the request was passed on and its answer given as it came if it did not.
    pub fits: bool,
}

impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.request)?;
        match self.fault {
            None => Ok(()),
            Some(fault) if self.fits => write!(f, ": {fault}"),
            Some(fault) => write!(f, ": {fault} (did not fit)"),
        }
    }
}

/// Verb and path, the same in every run.
pub(super) fn line(verb: &str, path: &str) -> String {
    let mut line = format!("{verb} ");
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let end = rest
            .find(|c| !word(c))
            .unwrap_or(rest.len())
            .max(if word(first) { 0 } else { first.len_utf8() });
        let (token, later) = rest.split_at(end);
        line.push_str(if is_id(token) { "{id}" } else { token });
        rest = later;
    }
    line
}

fn is_id(token: &str) -> bool {
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let plain = token.len() >= 20 && token.chars().all(small);
    let parts: Vec<usize> = token.split('-').map(str::len).collect();
    plain || parts == [8, 4, 4, 4, 12]
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn ids_are_the_same_in_every_run_and_names_stay() {
        for (path, shown) in [
            ("/secrets/db-password", "/secrets/db-password"),
            (
                "/secrets/e6q00000000000000001:addVersion",
                "/secrets/{id}:addVersion",
            ),
            (
                "/secrets/db/0123456789abcdef0123456789abcdef",
                "/secrets/db/{id}",
            ),
            ("/v1/11111111-2222-4333-8444-555555555555", "/v1/{id}"),
            (
                "/a-rather-long-name-of-a-secret/ü%20",
                "/a-rather-long-name-of-a-secret/ü%20",
            ),
        ] {
            assert_eq!(line("GET", path), format!("GET {shown}"));
        }
    }
}
