//! The content type that says: this is an encoded payload.

use std::collections::HashMap;
use std::fmt;

use super::{VERSION, decode, other_version};
use crate::{Payload, Result, Value};

const MEDIA_TYPE: &str = "application/vnd.polyvault.payload+json";

/// The content type of an encoded payload, with the user's own in it.
///
/// `application/vnd.polyvault.payload+json;version=1;type="text/plain"`, where `type` is the user's
/// content type as a quoted string (`"` and `\` behind a `\`), and is not there if the user gave none.
/// Read as media types are: names in any case, blanks around parameters.
///
/// # Example
///
/// ```
/// use polyvault_core::encoding::Mark;
///
/// let mark = Mark::read("Application/VND.polyvault.payload+JSON; Version=1; type=text/x").expect("a mark");
/// assert_eq!(mark.content_type(), Some("text/x"));
/// assert!(mark.check_version().is_ok());
/// assert_eq!(Mark::of(None).to_string(), "application/vnd.polyvault.payload+json;version=1");
///
/// assert!(Mark::read("application/vnd.polyvault.payload+json5").is_none());
/// assert!(Mark::read("application/json").is_none());
/// let later = Mark::read("application/vnd.polyvault.payload+json;version=2").expect("a mark");
/// assert!(later.check_version().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    known: bool,
    content_type: Option<String>,
}

impl Mark {
    /// The mark of what is encoded now; the empty content type is none.
    #[must_use]
    pub fn of(content_type: Option<&str>) -> Self {
        Self {
            known: true,
            content_type: content_type
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
        }
    }

    /// The mark, if the content type is one, of whatever version.
    #[must_use]
    pub fn read(content_type: &str) -> Option<Self> {
        let (name, rest) = match content_type.split_once(';') {
            Some((name, rest)) => (name, rest),
            None => (content_type, ""),
        };
        if !name.trim_matches(BLANKS).eq_ignore_ascii_case(MEDIA_TYPE) {
            return None;
        }
        // What can't be read is of no known version, and tells no type.
        let mut parameters = parameters(rest).unwrap_or_default();
        Some(Self {
            known: parameters
                .get("version")
                .is_some_and(|version| *version == VERSION.to_string()),
            content_type: parameters.remove("type").filter(|text| !text.is_empty()),
        })
    }

    /// The user's content type.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Checks that this library can read and write what is so marked.
    ///
    /// # Errors
    ///
    /// `Decode` if the mark is of another version.
    pub fn check_version(&self) -> Result<()> {
        match self.known {
            true => Ok(()),
            false => Err(other_version()),
        }
    }

    /// The payload of a document that is so marked, through wiped buffers.
    ///
    /// # Errors
    ///
    /// `Decode`, which quotes nothing: another version in mark or document, another checksum, a key twice,
    /// no entry, no JSON, no base64.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::encoding::Mark;
    /// use polyvault_core::{ErrorKind, Value};
    ///
    /// let error = Mark::of(None).decode(&Value::text("s3cret")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Decode);
    /// ```
    pub fn decode(&self, document: &Value) -> Result<Payload> {
        self.check_version()?;
        decode(document)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MEDIA_TYPE)?;
        if self.known {
            write!(f, ";version={VERSION}")?;
        }
        let Some(text) = &self.content_type else {
            return Ok(());
        };
        f.write_str(";type=\"")?;
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        f.write_str("\"")
    }
}

pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// Values by their names in lower case; `None` where it is not a list of parameters, or has one twice.
fn parameters(text: &str) -> Option<HashMap<String, String>> {
    let mut found = HashMap::new();
    let mut rest = text.trim_start_matches(BLANKS);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(';') {
            rest = after.trim_start_matches(BLANKS);
            continue;
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let (value, after) = after.split_at(after.find(';').unwrap_or(after.len()));
                (value.trim_end_matches(BLANKS).to_owned(), after)
            }
        };
        let known = found.insert(name.to_ascii_lowercase(), value);
        if name.is_empty() || name.contains([';', ' ', '"']) || known.is_some() {
            return None;
        }
        rest = after.trim_start_matches(BLANKS);
        if !rest.is_empty() && !rest.starts_with(';') {
            return None;
        }
    }
    Some(found)
}

/// The text of a quoted string whose opening mark is gone, and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = quoted.chars();
    loop {
        match rest.next()? {
            '"' => return Some((text, rest.as_str())),
            '\\' => text.push(rest.next()?),
            other => text.push(other),
        }
    }
}
