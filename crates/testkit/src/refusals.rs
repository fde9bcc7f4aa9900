//! Refusals: what every table of them must keep, and the wire answers that each store is held to.
//!
//! `fixtures/<provider>/refusals/refusals.json` lists answers as the service sends them and the
//! error that each must become. A row has its own answer (`status`, `headers`, and `body` or
//! `text`) or names a `fixture` that has one.

use std::collections::HashSet;
use std::time::Duration;

use http::Response;
use polyvault_core::transport::{Body, RefusalRow};
use polyvault_core::{Error, ErrorKind, Retry};
use serde_json::Value;

use crate::fixture::{self, Fixture};

/// Holds a table to having no row twice, and to reading nothing but a 404 as missing.
///
/// # Example
///
/// ```
/// use polyvault_core::ErrorKind;
/// use polyvault_testkit::refusals::check_table;
///
/// let hidden = (403, "", ErrorKind::NotFound, "there is none");
/// assert!(check_table(&[hidden]).is_err(), "forbidden never reads as missing");
/// ```
///
/// # Errors
///
/// A text that names the status and the code of the row.
pub fn check_table(table: &[RefusalRow]) -> Result<(), String> {
    let mut rows = HashSet::new();
    for (status, code, kind, _) in table {
        if !rows.insert((status, code)) {
            return Err(format!("{status} {code:?} stands twice"));
        }
        if *kind == ErrorKind::NotFound && *status != 404 {
            return Err(format!("{status} {code:?} reads as missing"));
        }
    }
    Ok(())
}

/// One answer on the wire, and the error it must become.
///
/// # Example
///
/// ```
/// use polyvault_core::{Error, ErrorKind};
/// use polyvault_testkit::refusals::load;
///
/// let rows = load("wix-secrets")?;
/// let row = rows.iter().find(|row| row.kinds == ["NotFound"]).expect("one is missing");
/// let taken_for_another = Error::new(ErrorKind::Forbidden, "the caller may not");
/// assert!(row.check(&taken_for_another).is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is, in words.
    pub what: String,
    /// The call that gets it.
    pub operation: String,
    /// Which of the call's requests gets it; the first is 1.
    pub nth: usize,
    /// The exchange it is of; `None` where the row has an answer of its own.
    pub fixture: Option<Fixture>,
    /// Why the store never sends the fixture's request; `None` if it does.
    pub unsent: Option<String>,
    answer: Response<Body>,
    /// The kinds that it may become: more than one where nobody knows what the service means.
    pub kinds: Vec<String>,
    /// Whether the call may be made again.
    pub retry: Retry,
    code: Option<String>,
    request_id: Option<String>,
    help: Vec<String>,
}

impl Row {
    /// The answer, for a script.
    #[must_use]
    pub fn answer(&self) -> Response<Body> {
        self.answer.clone()
    }

    /// Holds an error to the row: kind, retry, code, request id, status, and a help that says
    /// more than the kind does where one is needed.
    ///
    /// # Errors
    ///
    /// A text that says what is otherwise.
    pub fn check(&self, error: &Error) -> Result<(), String> {
        let status = self.answer.status();
        let refused = (!status.is_success()).then_some(status.as_u16());
        let kind = error.kind().as_str();
        let fits = [
            self.kinds.iter().any(|wanted| wanted == kind),
            error.retry() == self.retry,
            error.code() == self.code.as_deref(),
            error.request_id() == self.request_id.as_deref(),
            error.status() == refused,
            error.provider().is_some() && error.operation() == Some(&*self.operation),
            self.help.iter().all(|part| error.help().contains(&**part)),
        ];
        if fits.contains(&false) {
            return Err(format!("{fits:?}: {error:?}, not {self:?}"));
        }
        check_help(error).map_err(|why| format!("{}: {why}", self.what))
    }
}

/// Holds an error whose kind alone tells nobody what to do to a help that says more, and one
/// whose outcome is unknown to saying how to find out.
///
/// # Example
///
/// ```
/// use polyvault_core::{Error, ErrorKind};
/// use polyvault_testkit::refusals::check_help;
///
/// let error = Error::new(ErrorKind::Forbidden, "the caller may not");
/// assert!(check_help(&error).is_err(), "which permission?");
/// assert!(check_help(&error.with_help("Grant the role for reading.")).is_ok());
/// ```
///
/// # Errors
///
/// A text that shows the error.
pub fn check_help(error: &Error) -> Result<(), String> {
    let unknown = error.retry() == Retry::OutcomeUnknown;
    let general = Error::new(error.kind(), "").help() == error.help();
    let needs_more = matches!(
        error.kind(),
        ErrorKind::Forbidden
            | ErrorKind::Unauthenticated
            | ErrorKind::RateLimited
            | ErrorKind::SoftDeleted
    );
    if general && (needs_more || unknown) {
        return Err(format!("only the kind's help: {error:?}"));
    }
    let help = error.help().to_lowercase();
    let looks = ["look", "read", "list", "describe", "resume"];
    if unknown && !looks.iter().any(|word| help.contains(word)) {
        return Err(format!("the help doesn't say how to look: {error:?}"));
    }
    Ok(())
}

/// Reads a provider's rows.
///
/// # Example
///
/// ```
/// use polyvault_testkit::refusals::load;
///
/// for row in load("yandex-lockbox")? {
///     println!("{}: {} -> {:?}", row.what, row.answer().status(), row.kinds);
/// }
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
///
/// A text that names the row and what is wrong with it: an unknown key, no source, no fixture of
/// the name, or a row twice.
pub fn load(provider: &str) -> Result<Vec<Row>, String> {
    let path = fixture::folder(provider).join("refusals/refusals.json");
    let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file = fixture::parse(&text)?;
    let fixtures = fixture::load(provider)?;
    let mut named = HashSet::new();
    let mut rows = Vec::new();
    for row in file.as_array().ok_or("not a list")? {
        let row = read(row, &fixtures).map_err(|why| format!("{row}: {why}"))?;
        if !named.insert(row.what.clone()) {
            return Err(format!("{} stands twice", row.what));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn read(row: &Value, fixtures: &[Fixture]) -> Result<Row, String> {
    const ALWAYS: [&str; 7] = [
        "operation",
        "nth",
        "kind",
        "retry",
        "code",
        "request_id",
        "help",
    ];
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let needed = |key: &str| text(key).ok_or_else(|| format!("no {key}"));
    let texts = |key: &str| -> Option<Vec<String>> {
        let texts = row.get(key).and_then(Value::as_array).into_iter().flatten();
        texts.map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let own = ["what", "source", "status", "headers", "body", "text"];
    let of_fixture = ["fixture", "unsent"];
    let (fixture, answer, what) = match text("fixture") {
        Some(name) => {
            fixture::known_keys(row, &[&ALWAYS[..], &of_fixture].concat())?;
            let found = fixtures.iter().find(|fixture| fixture.name == name);
            let found = found.ok_or("no such fixture")?.clone();
            (Some(found.clone()), found.response.http()?, name)
        }
        None => {
            fixture::known_keys(row, &[&ALWAYS[..], &own].concat())?;
            needed("source")?;
            (None, fixture::response(row)?.http()?, needed("what")?)
        }
    };
    let kinds = match text("kind") {
        Some(kind) => vec![kind],
        None => texts("kind").ok_or("no kind")?,
    };
    let known = |kind: &String| ErrorKind::ALL.iter().any(|known| known.as_str() == kind);
    if kinds.is_empty() || !kinds.iter().all(known) {
        return Err("no kind, or none of ours".to_owned());
    }
    Ok(Row {
        what,
        operation: needed("operation")?,
        nth: match row.get("nth") {
            Some(nth) => (nth.as_u64().and_then(|nth| nth.try_into().ok())).ok_or("nth of what")?,
            None => 1,
        },
        fixture,
        unsent: text("unsent"),
        answer,
        kinds,
        retry: retry(&needed("retry")?).ok_or("no retry of ours")?,
        code: text("code"),
        request_id: text("request_id"),
        help: texts("help").ok_or("no texts")?,
    })
}

/// `never`, `after`, `after 7s` or `outcome_unknown`.
fn retry(text: &str) -> Option<Retry> {
    Some(match text {
        "never" => Retry::Never,
        "after" => Retry::After(None),
        "outcome_unknown" => Retry::OutcomeUnknown,
        _ => {
            let seconds = text.strip_prefix("after ")?.strip_suffix('s')?;
            Retry::After(Some(Duration::from_secs(seconds.parse().ok()?)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_row_twice_and_another_status_as_missing() {
        let missing = (404, "", ErrorKind::NotFound, "there is none");
        let forbidden = (403, "", ErrorKind::Forbidden, "not allowed");
        let hidden = (403, "Hidden", ErrorKind::NotFound, "there is none");

        assert_eq!(check_table(&[missing, forbidden]), Ok(()));
        assert!(check_table(&[missing, forbidden, missing]).is_err());
        assert!(check_table(&[missing, forbidden, hidden]).is_err());
    }

    #[test]
    fn the_kinds_own_help_is_not_enough_where_it_helps_nobody() {
        let forbidden = Error::new(ErrorKind::Forbidden, "not allowed");
        let unknown = Error::new(ErrorKind::Timeout, "").with_retry(Retry::OutcomeUnknown);

        assert!(check_help(&forbidden).is_err());
        assert!(check_help(&unknown).is_err());
        assert!(check_help(&unknown.clone().with_help("Try again.")).is_err());
        assert_eq!(check_help(&forbidden.with_help("Grant it.")), Ok(()));
        assert_eq!(check_help(&unknown.with_help("Look first.")), Ok(()));
    }

    #[test]
    fn a_wait_is_seconds_or_none() {
        assert_eq!(
            retry("after 7s"),
            Some(Retry::After(Some(Duration::from_secs(7))))
        );
        assert_eq!(retry("after"), Some(Retry::After(None)));
        assert_eq!(retry("after a while"), None);
    }
}
