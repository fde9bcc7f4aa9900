//! Faults of lists.

use std::sync::atomic::Ordering;

use polyvault_core::*;

use super::bug::{Bug, bug, rows};
use super::plain::Plain;

rows![
    EndsAtAnEmptyPage,
    EndsAfterTheFirstPage,
    RepeatsAPageToken,
    SwitchesBetweenTwoTokens,
    NeverEnds,
    GivesTheLastItemTwice,
    IgnoresThePageSize,
    ListsDeletedSecrets,
    ListsNoDisabledSecret,
    ListsAllAsEnabled,
    ListsOtherIds,
    ListsLabelsOfNobody,
    ListOfDeletedEndsAfterTheFirstPage,
    TakesAPageOfNone,
];

/// What stands before a token whose page is empty.
const EMPTY: &str = "empty:";

/// The list of a service that puts an empty page between two others.
async fn with_empty_pages(plain: &Plain, page: PageRequest) -> Result<Page<SecretInfo>> {
    let token = page.token.as_ref().map(PageToken::as_str);
    if let Some(then) = token.and_then(|token| token.strip_prefix(EMPTY)) {
        let next = Some(PageToken::new(then));
        let items = Vec::new();
        return Ok(Page { items, next });
    }
    let found = plain.list_page(page).await?;
    let next = found.next;
    let next = next.map(|next| PageToken::new(format!("{EMPTY}{}", next.as_str())));
    Ok(Page { next, ..found })
}

bug!(EmptyPages, nothing, list_page, async |plain, page| {
    with_empty_pages(plain, page).await
});

/// A store with empty pages: no fault.
pub(super) fn empty_pages() -> super::Row {
    super::Row::of::<EmptyPages>("EmptyPages")
}

bug!(
    EndsAtAnEmptyPage,
    a_list_of_secrets_is_complete_over_pages,
    list_page,
    async |plain, page| {
        let page = with_empty_pages(plain, page).await?;
        let next = page.next.filter(|_| !page.items.is_empty());
        Ok(Page { next, ..page })
    }
);

bug!(
    EndsAfterTheFirstPage,
    a_list_of_versions_is_complete_over_pages,
    list_versions_page,
    async |plain, secret, page| {
        let page = plain.list_versions_page(secret, page).await?;
        Ok(Page { next: None, ..page })
    }
);

// The link to the next page is that of the page itself.
bug!(
    RepeatsAPageToken,
    a_list_of_secrets_is_complete_over_pages,
    list_page,
    async |plain, page| {
        let asked = page.token.clone();
        let found = plain.list_page(page).await?;
        let next = asked.or(found.next);
        Ok(Page { next, ..found })
    }
);

bug!(
    SwitchesBetweenTwoTokens,
    a_list_of_secrets_is_complete_over_pages,
    list_page,
    async |plain, page| match page.token.as_ref().map(PageToken::as_str) {
        Some(token) => {
            let other = if token == "one" { "other" } else { "one" };
            let (items, next) = (Vec::new(), Some(PageToken::new(other)));
            Ok(Page { items, next })
        }
        None => plain.list_page(page).await,
    }
);

// A token with a time in it: another one each time, and no item.
bug!(
    NeverEnds,
    a_list_of_secrets_is_complete_over_pages,
    list_page,
    async |plain, page| match page.token {
        Some(_) => Ok(endless(None, plain)),
        None => plain.list_page(page).await,
    }
);

/// Some token that was never given before.
fn another(plain: &Plain) -> Option<PageToken> {
    let time = plain.number().fetch_add(1, Ordering::Relaxed);
    Some(PageToken::new(time.to_string()))
}

/// The first page, or an empty one; then another.
fn endless<T>(first: Option<Page<T>>, plain: &Plain) -> Page<T> {
    Page {
        items: first.map(|page| page.items).unwrap_or_default(),
        next: another(plain),
    }
}

bug!(
    NoListEnds,
    nothing,
    list_page,
    async |plain, page| match page.token {
        Some(_) => Ok(endless(None, plain)),
        None => Ok(endless(Some(plain.list_page(page).await?), plain)),
    },
    list_versions_page,
    async |plain, secret, page| match page.token {
        Some(_) => Ok(endless(None, plain)),
        None => {
            let first = plain.list_versions_page(secret, page).await?;
            Ok(endless(Some(first), plain))
        }
    },
    list_deleted_page,
    async |plain, page| match page.token {
        Some(_) => Ok(endless(None, plain)),
        None => {
            let first = plain.list_deleted_page(page).await?;
            Ok(endless(Some(first), plain))
        }
    }
);

/// A store whose lists never end: every check that lists fails.
pub(super) fn endless_lists() -> super::Row {
    super::Row::of::<NoListEnds>("NoListEnds")
}

// The token names the last item, and the next page begins with it.
bug!(
    GivesTheLastItemTwice,
    a_list_of_versions_is_complete_over_pages,
    list_versions_page,
    async |plain, secret, page| {
        let (first, size) = (page.token.is_none(), page.size);
        let mut found = plain.list_versions_page(secret, page).await?;
        let known = plain.memo().get(secret.as_str()).cloned();
        if let (false, Some(known)) = (first, known) {
            let all = PageRequest::default();
            let all = plain.memory.list_versions_page(secret, all).await?.items;
            let is_last = |v: &VersionInfo| v.id.as_ref().is_some_and(|id| id.as_str() == known);
            found.items.splice(0..0, all.into_iter().filter(is_last));
            found
                .items
                .truncate(usize::try_from(size.unwrap_or(u32::MAX)).unwrap_or(usize::MAX));
        }
        if let Some(id) = found.items.last().and_then(|version| version.id.as_ref()) {
            let name = secret.as_str().to_owned();
            plain.memo().insert(name, id.as_str().to_owned());
        }
        Ok(found)
    }
);

bug!(
    IgnoresThePageSize,
    a_list_of_versions_is_complete_over_pages,
    list_versions_page,
    async |plain, secret, page| {
        let page = PageRequest { size: None, ..page };
        plain.list_versions_page(secret, page).await
    }
);

bug!(
    ListsDeletedSecrets,
    a_deleted_secret_is_listed_as_deleted,
    list_page,
    async |plain, page| {
        let mut found = plain.list_page(page).await?;
        if found.next.is_none() {
            let deleted = plain
                .memory
                .list_deleted_page(PageRequest::default())
                .await?;
            let deleted = deleted.items.into_iter();
            found.items.extend(deleted.map(|deleted| deleted.info));
        }
        Ok(found)
    }
);

bug!(
    ListsNoDisabledSecret,
    a_disabled_secret_never_ends_a_list_or_a_batch,
    list_page,
    async |plain, page| {
        let mut page = plain.list_page(page).await?;
        page.items
            .retain(|info| info.state != VersionState::Disabled);
        Ok(page)
    }
);

bug!(
    ListsAllAsEnabled,
    a_list_tells_state_and_metadata_as_describe_does,
    list_page,
    async |plain, page| {
        let mut page = plain.list_page(page).await?;
        for info in &mut page.items {
            info.state = VersionState::Enabled;
        }
        Ok(page)
    }
);

bug!(
    ListsOtherIds,
    describe_and_list_tell_the_same_secret,
    list_page,
    async |plain, page| {
        let mut page = plain.list_page(page).await?;
        for info in &mut page.items {
            info.id = SecretId::new(format!("secrets/{}", info.id))?;
        }
        Ok(page)
    }
);

bug!(
    ListsLabelsOfNobody,
    a_list_tells_state_and_metadata_as_describe_does,
    list_page,
    async |plain, page| {
        let mut page = plain.list_page(page).await?;
        for info in &mut page.items {
            info.labels = Some(Labels::new());
        }
        Ok(page)
    }
);

bug!(
    ListOfDeletedEndsAfterTheFirstPage,
    a_list_of_deleted_secrets_is_complete_over_pages,
    list_deleted_page,
    async |plain, page| {
        let page = plain.list_deleted_page(page).await?;
        Ok(Page { next: None, ..page })
    }
);

// 0 is sent as no size at all.
bug!(
    TakesAPageOfNone,
    an_unfit_page_is_refused_and_sends_nothing,
    list_page,
    async |plain, page| {
        let size = page.size.filter(|size| *size > 0);
        plain.list_page(PageRequest { size, ..page }).await
    }
);
