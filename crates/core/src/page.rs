//! Lists, a page at a time.

use std::collections::HashSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{Error, ErrorKind, Result};

/// Where a list goes on; opaque, and good for the list and the store that gave it.
///
/// # Example
///
/// ```
/// use polyvault_core::{PageRequest, PageToken};
///
/// let saved = PageToken::new("opaque");
/// let next = PageRequest { size: Some(25), token: Some(saved) };
/// assert_eq!(next.token.as_ref().map(PageToken::as_str), Some("opaque"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageToken(String);

impl PageToken {
    /// Takes the service's token, or one that was saved.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token's text, to be saved or sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageToken({} characters)", self.0.len())
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// The most items wanted; the service may give fewer, even none, and still go on.
    pub size: Option<u32>,
    /// Where to go on; from the start without.
    pub token: Option<PageToken>,
}

/// Some items, and whether the list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, maybe none.
    pub items: Vec<T>,
    /// Where the list goes on; `None` at its end, and only there.
    pub next: Option<PageToken>,
}

/// The most pages in a row that hold nothing.
const MOST_EMPTY: usize = 1_000;

/// The most pages that one call reads.
const MOST_IN_A_CALL: usize = 10_000;

/// The pages of one list that were read: tells a list that would never end.
///
/// It takes the same few bytes a page, however long the service's tokens are.
///
/// # Example
///
/// ```
/// use polyvault_core::{ErrorKind, Page, PageToken, Pagination};
///
/// let mut pagination = Pagination::at_will();
/// let page = |next: &str| Page { items: vec![1, 2, 3], next: Some(PageToken::new(next)) };
/// assert!(pagination.after(&page("a"))?.is_some());
/// assert!(pagination.after(&page("b"))?.is_some());
/// let again = pagination.after(&page("a")).map_err(|error| error.kind());
/// assert_eq!(again, Err(ErrorKind::Unexpected));
///
/// let mut pagination = Pagination::within_a_call();
/// let last = Page { next: None, ..page("") };
/// assert_eq!(pagination.after(&last)?, None);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pagination {
    /// Digests, for a token may be as long as an answer.
    seen: HashSet<[u8; 32]>,
    empty: usize,
    most: usize,
}

impl Pagination {
    /// A list whose items a caller takes as long as it likes.
    #[must_use]
    pub fn at_will() -> Self {
        Self {
            seen: HashSet::new(),
            empty: 0,
            most: usize::MAX,
        }
    }

    /// A list that one call reads to its end: of 10 000 pages at most.
    #[must_use]
    pub fn within_a_call() -> Self {
        Self {
            most: MOST_IN_A_CALL,
            ..Self::at_will()
        }
    }

    /// Where the list goes on after this page; `None` at its end.
    ///
    /// # Errors
    ///
    /// `Unexpected` if the list has been there, if 1 000 pages in a row had no item, or if one call has read as
    /// many pages as it may.
    pub fn after<T>(&mut self, page: &Page<T>) -> Result<Option<PageToken>> {
        let Some(token) = &page.next else {
            return Ok(None);
        };
        self.empty = match page.items.is_empty() {
            true => self.empty + 1,
            false => 0,
        };
        let rule = if !self.seen.insert(Sha256::digest(&token.0).into()) {
            "the service gave the same page token twice, the list would never end"
        } else if self.empty >= MOST_EMPTY {
            "the service gave 1000 pages in a row without an item, the list may never end"
        } else if self.seen.len() >= self.most {
            "the list has more than 10000 pages, it may never end"
        } else {
            return Ok(Some(token.clone()));
        };
        Err(Error::new(ErrorKind::Unexpected, rule))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn page(items: &[u32], next: usize) -> Page<u32> {
        Page {
            items: items.to_vec(),
            next: Some(PageToken::new(next.to_string())),
        }
    }

    #[test]
    fn pages_that_hold_something_begin_the_count_of_empty_ones_anew() {
        let mut pagination = Pagination::at_will();
        for count in 0..3 * MOST_EMPTY {
            let items: &[u32] = if count % MOST_EMPTY == 0 { &[1] } else { &[] };
            assert!(pagination.after(&page(items, count)).unwrap().is_some());
        }

        let error = pagination.after(&page(&[], usize::MAX)).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unexpected);
    }

    #[test]
    fn a_caller_may_read_on_for_ever_and_a_call_may_not() {
        let (mut at_will, mut call) = (Pagination::at_will(), Pagination::within_a_call());
        for count in 1..MOST_IN_A_CALL {
            let page = page(&[1], count);
            assert!(at_will.after(&page).unwrap().is_some());
            assert!(call.after(&page).unwrap().is_some());
        }

        let page = page(&[1], 0);
        assert!(at_will.after(&page).is_ok());
        assert_eq!(call.after(&page).unwrap_err().kind(), ErrorKind::Unexpected);
    }
}
