//! Lists, a page at a time.

use std::fmt;

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
