//! The mark at the end of a description: for services that keep no content type.

use super::Mark;
use crate::{Error, ErrorKind, Result};

/// A description that says: this is an encoded payload.
///
/// The description, a blank if there is one, and the mark in brackets: so that who reads it at the service
/// sees what the value is.
///
/// # Example
///
/// ```
/// use polyvault_core::encoding::{mark_description, split_description};
///
/// let marked = mark_description("of the shop");
/// assert_eq!(marked, "of the shop [application/vnd.polyvault.payload+json;version=1]");
///
/// let (text, mark) = split_description(&marked);
/// assert_eq!(text, "of the shop");
/// assert!(mark.is_some_and(|mark| mark.check_version().is_ok()));
/// ```
#[must_use]
pub fn mark_description(description: &str) -> String {
    let mark = Mark::of(None);
    match description {
        "" => format!("[{mark}]"),
        text => format!("{text} [{mark}]"),
    }
}

/// The user's description, and the mark if one stands at its end.
///
/// # Example
///
/// ```
/// use polyvault_core::encoding::split_description;
///
/// assert_eq!(split_description("see [the wiki]"), ("see [the wiki]", None));
/// ```
#[must_use]
pub fn split_description(description: &str) -> (&str, Option<Mark>) {
    let ended = description.trim_end_matches(super::mark::BLANKS);
    let inside = ended
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['));
    match inside.and_then(|(text, mark)| Some((text, Mark::read(mark)?))) {
        Some((text, mark)) => (text.strip_suffix(' ').unwrap_or(text), Some(mark)),
        None => (description, None),
    }
}

/// Refuses a mark by hand: what is no document would be read as one.
///
/// # Errors
///
/// `InvalidInput` if a mark stands at the end.
///
/// # Example
///
/// ```
/// use polyvault_core::encoding::{check_description, mark_description};
///
/// assert!(check_description("of the shop").is_ok());
/// assert!(check_description(&mark_description("of the shop")).is_err());
/// ```
pub fn check_description(description: &str) -> Result<()> {
    match split_description(description).1 {
        None => Ok(()),
        Some(_) => Err(Error::new(
            ErrorKind::InvalidInput,
            "field `description`: it ends in the store's own mark of an encoded payload",
        )
        .with_help("Give the payload as it is and a description of your own, or none.")),
    }
}
