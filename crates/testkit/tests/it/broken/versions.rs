//! Faults of what is told of versions.

use polyvault_core::*;

use super::bug::{Bug, bug, rows};
use super::plain::Plain;

rows![
    CurrentIsTheNewestByTime,
    ListsTheCurrentWithoutATime,
    ListsNoDisabledVersion,
    ListsNoDestroyedVersion,
];

// Times are told in seconds, and where they tie, luck decides: here it is always bad.
bug!(
    CurrentIsTheNewestByTime,
    the_current_version_is_the_one_put_last,
    describe,
    async |plain, secret| {
        let mut info = plain.describe(secret).await?;
        let page = PageRequest::default();
        let all = plain.memory.list_versions_page(secret, page).await?.items;
        if let Some(current) = &mut info.current
            && let Some(other) = all.into_iter().find(|version| version.id != current.id)
        {
            current.id = other.id;
        }
        Ok(info)
    }
);

bug!(
    ListsTheCurrentWithoutATime,
    history_goes_from_the_oldest_to_the_newest,
    list_versions_page,
    async |plain, secret, page| {
        let mut page = plain.list_versions_page(secret, page).await?;
        let current = plain.memory.describe(secret).await?.current;
        let current = current.and_then(|version| version.id);
        for version in &mut page.items {
            version.created_at = version.created_at.filter(|_| version.id != current);
        }
        Ok(page)
    }
);

bug!(
    ListsNoDisabledVersion,
    a_disabled_version_never_ends_a_list,
    list_versions_page,
    async |plain, secret, page| {
        let mut page = plain.list_versions_page(secret, page).await?;
        page.items
            .retain(|version| version.state != VersionState::Disabled);
        Ok(page)
    }
);

bug!(
    ListsNoDestroyedVersion,
    a_destroyed_version_never_ends_a_list,
    list_versions_page,
    async |plain, secret, page| {
        let mut page = plain.list_versions_page(secret, page).await?;
        page.items
            .retain(|version| version.state != VersionState::Destroyed);
        Ok(page)
    }
);
