//! A list as a stream, whatever its pages.

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::{Error, Page, PageRequest, Pagination, Result};

/// The items of all pages. Ends with an error where the list would never end.
pub(super) fn paged<'a, T, F, Fut>(fetch: F) -> BoxStream<'a, Result<T>>
where
    T: Send + 'a,
    F: Fn(PageRequest) -> Fut + Send + Sync + 'a,
    Fut: Future<Output = Result<Page<T>>> + Send + 'a,
{
    struct Pages<F> {
        fetch: F,
        pagination: Pagination,
        next: Option<PageRequest>,
    }
    let start = Pages {
        fetch,
        pagination: Pagination::at_will(),
        next: Some(PageRequest::default()),
    };
    stream::try_unfold(start, |mut pages| async move {
        let Some(request) = pages.next.take() else {
            return Ok::<_, Error>(None);
        };
        let page = (pages.fetch)(request).await?;
        let next = pages.pagination.after(&page)?;
        pages.next = next.map(|token| PageRequest {
            size: None,
            token: Some(token),
        });
        let items = stream::iter(page.items.into_iter().map(Ok));
        Ok(Some((items, pages)))
    })
    .try_flatten()
    .boxed()
}
