//! What checks are written with.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::Future;

use futures_util::future::BoxFuture;
use polyvault_core::{
    Error, ErrorKind, GetOptions, Labels, Page, PageRequest, Payload, PutValue, SecretId,
    SecretInfo, SecretRef, SecretStore, SecretStoreExt, Timestamp, VersionId, VersionInfo,
    VersionSelector,
};

use super::{Harness, Hook};

/// More pages than any list of a store under check has.
const MOST_PAGES: usize = 20_000;

/// What a store did wrong, in words. It never holds a value.
#[derive(Clone, Debug)]
pub struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Why a check ended before its end.
#[derive(Clone, Debug)]
pub enum Stop {
    /// It does not apply, for this reason.
    Skip(String),
    /// The store breaks the promise.
    Fail(Failure),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        fail(format!("a call that must go through was refused: {error}"))
    }
}

pub(super) fn fail(what: impl Into<String>) -> Stop {
    Stop::Fail(Failure(what.into()))
}

/// Fails unless `holds`; `what` says what must hold.
pub(super) fn ensure(holds: bool, what: impl Into<String>) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(fail(what)) }
}

/// Skips unless the store can.
pub(super) fn need(can: bool, capability: &str) -> Result<(), Stop> {
    if can {
        return Ok(());
    }
    Err(Stop::Skip(format!("capability `{capability}`")))
}

/// Skips unless the harness has done it.
pub(super) fn hooked(hook: Hook, name: &str) -> Result<(), Stop> {
    match hook {
        Hook::Done => Ok(()),
        Hook::Missing => Err(Stop::Skip(format!("the harness has no hook `{name}`"))),
    }
}

/// Gives the store a secret to read: by a put, or past a store that is only read.
pub(super) async fn given(
    harness: &dyn Harness,
    secret: &SecretRef,
    value: impl Into<PutValue>,
) -> Result<SecretId, Stop> {
    let (store, payload) = (harness.store(), value.into().into_payload()?);
    if store.capabilities().put {
        return Ok(store.put(secret, payload).await?.secret);
    }
    hooked(harness.seed(secret.as_str(), &payload).await, "seed")?;
    Ok(harness.second().describe(secret).await?.id)
}

/// Fails unless the call was refused with `kind`.
pub(super) fn refused<T>(
    result: Result<T, Error>,
    kind: ErrorKind,
    call: &str,
) -> Result<Error, Stop> {
    match result {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(fail(format!("{call}: {kind} is due, not {error}"))),
        Ok(_) => Err(fail(format!("{call}: {kind} is due, but it went through"))),
    }
}

/// Makes a call that must not reach the service.
pub(super) async fn without_requests<T>(
    harness: &dyn Harness,
    call: &str,
    future: impl Future<Output = T>,
) -> Result<T, Stop> {
    let before = harness.requests();
    let result = future.await;
    let after = harness.requests();
    ensure(
        before == after,
        format!("{call}: it must send nothing, requests went from {before:?} to {after:?}"),
    )?;
    Ok(result)
}

/// Fails unless the current payload, or that of `version`, is the one `expected`; a store that gives no
/// values to anybody can't be held to it.
pub(super) async fn holds(
    store: &dyn SecretStore,
    secret: &SecretRef,
    version: Option<&VersionId>,
    expected: &Payload,
) -> Result<(), Stop> {
    if !store.capabilities().read_values {
        return Ok(());
    }
    let options = version.map(pinned).unwrap_or_default();
    let found = store.get(secret, options).await?.payload;
    ensure(
        found.same_as(expected),
        format!("{secret:?}: {expected:?} is due, {found:?} was read"),
    )
}

/// All versions, in the service's order.
pub(super) async fn versions(
    store: &dyn SecretStore,
    secret: &SecretRef,
) -> Result<Vec<VersionInfo>, Stop> {
    all_pages(None, |page| store.list_versions_page(secret, page)).await
}

/// The items of all pages, in bounded steps whatever the store gives. A page larger than
/// `size` fails, and so does a list that would never end.
pub(super) async fn all_pages<'a, T>(
    size: Option<u32>,
    fetch: impl Fn(PageRequest) -> BoxFuture<'a, Result<Page<T>, Error>>,
) -> Result<Vec<T>, Stop> {
    let (mut items, mut seen) = (Vec::new(), HashSet::new());
    let mut request = PageRequest { size, token: None };
    for _ in 0..MOST_PAGES {
        let page = fetch(request.clone()).await?;
        let (most, count) = (size.unwrap_or(u32::MAX), page.items.len());
        ensure(
            u32::try_from(count).is_ok_and(|count| count <= most),
            format!("a page of {most} was asked for, it has {count}"),
        )?;
        items.extend(page.items);
        let Some(next) = page.next else {
            return Ok(items);
        };
        ensure(
            seen.insert(next.clone()),
            "the same page token came twice, the list would never end",
        )?;
        request.token = Some(next);
    }
    Err(fail(format!("no end of the list after {MOST_PAGES} pages")))
}

/// The ids of all pages of two items; fails if one comes twice.
pub(super) async fn by_twos<'a, T, I: Ord>(
    fetch: impl Fn(PageRequest) -> BoxFuture<'a, Result<Page<T>, Error>>,
    id: impl Fn(T) -> Result<I, Stop>,
) -> Result<BTreeSet<I>, Stop> {
    let mut ids = BTreeSet::new();
    for item in all_pages(Some(2), fetch).await? {
        ensure(ids.insert(id(item)?), "an item came on two pages")?;
    }
    Ok(ids)
}

/// A fresh name, as the trait's methods take it.
pub(super) fn fresh(harness: &dyn Harness, hint: &str) -> Result<SecretRef, Stop> {
    Ok(SecretRef::try_from(harness.name(hint))?)
}

/// Options that read this version.
pub(super) fn pinned(version: &VersionId) -> GetOptions {
    VersionSelector::from(version.clone()).into()
}

/// The id that a store with versions must tell.
pub(super) fn version_id(version: &VersionInfo) -> Result<VersionId, Stop> {
    version
        .id
        .clone()
        .ok_or_else(|| fail("a store with versions must tell the version's id"))
}

/// A time of whole seconds, as coarse as services tell it.
pub(super) fn time(text: &str) -> Result<Timestamp, Stop> {
    text.parse()
        .map_err(|_| fail(format!("the suite's own time {text} is none")))
}

/// One label, within every store's rule.
pub(super) fn labels(key: &str, value: &str) -> Labels {
    Labels::from([(key.to_owned(), value.to_owned())])
}

/// All secrets of this name that a list shows.
pub(super) async fn named(
    store: &dyn SecretStore,
    secret: &SecretRef,
) -> Result<Vec<SecretInfo>, Stop> {
    let all = all_pages(None, |page| store.list_page(page)).await?;
    Ok(all
        .into_iter()
        .filter(|info| {
            info.name
                .as_ref()
                .is_some_and(|name| name.as_str() == secret.as_str())
        })
        .collect())
}
