//! A list as a stream, whatever its pages.

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::{Error, ErrorKind, Page, PageRequest, PageToken, Result};

/// The items of all pages. Ends with an error where the service repeats a page
/// token, which would go round for ever.
pub(super) fn paged<'a, T, F, Fut>(fetch: F) -> BoxStream<'a, Result<T>>
where
    T: Send + 'a,
    F: Fn(PageRequest) -> Fut + Send + Sync + 'a,
    Fut: Future<Output = Result<Page<T>>> + Send + 'a,
{
    struct Pages<F> {
        fetch: F,
        seen: std::collections::HashSet<PageToken>,
        next: Option<PageRequest>,
    }
    let start = Pages {
        fetch,
        seen: std::collections::HashSet::new(),
        next: Some(PageRequest::default()),
    };
    stream::try_unfold(start, |mut pages| async move {
        let Some(request) = pages.next.take() else {
            return Ok(None);
        };
        let page = (pages.fetch)(request).await?;
        if let Some(token) = page.next {
            if !pages.seen.insert(token.clone()) {
                return Err(Error::new(
                    ErrorKind::Unexpected,
                    "the service gave the same page token twice, the list would never end",
                ));
            }
            pages.next = Some(PageRequest {
                size: None,
                token: Some(token),
            });
        }
        let items = stream::iter(page.items.into_iter().map(Ok));
        Ok(Some((items, pages)))
    })
    .try_flatten()
    .boxed()
}
