//! Lists, cut into pages.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::str::FromStr;

use crate::{Error, ErrorKind, Page, PageRequest, PageToken, Result};

/// What every token begins with, before the last id that was given.
const AFTER: &str = "after:";

/// A page of `items` by id; the token is the last id given, so that writes in
/// between neither repeat an item nor drop one.
pub(crate) fn page<'a, K, V, T>(
    items: &'a BTreeMap<K, V>,
    request: &PageRequest,
    size: u32,
    give: impl Fn(&'a K, &'a V) -> Option<T>,
) -> Result<Page<T>>
where
    K: Ord + AsRef<str> + FromStr<Err = Error>,
{
    let start = match &request.token {
        None => Bound::Unbounded,
        Some(token) => match token.as_str().strip_prefix(AFTER).map(K::from_str) {
            Some(Ok(last)) => Bound::Excluded(last),
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "field `token`: no list of this store gave it",
                ));
            }
        },
    };
    let size = usize::try_from(request.size.unwrap_or(size)).unwrap_or(usize::MAX);
    let mut given: Vec<(&K, T)> = items
        .range((start, Bound::Unbounded))
        .filter_map(|(id, item)| give(id, item).map(|item| (id, item)))
        .take(size.saturating_add(1))
        .collect();
    let more = given.len() > size;
    given.truncate(size);
    let next = match given.last() {
        Some((id, _)) if more => Some(PageToken::new(format!("{AFTER}{}", id.as_ref()))),
        _ => None,
    };
    Ok(Page {
        items: given.into_iter().map(|(_, item)| item).collect(),
        next,
    })
}
