//! Lists, batches and histories.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::{ErrorKind, MemoryStore, Page, PageRequest, PageToken, SecretName};

type Script = Vec<Result<(&'static [u32], Option<&'static str>)>>;

/// What the stream gives, and the tokens it sent.
async fn stream_of(mut script: Script) -> (Vec<Result<u32>>, Vec<Option<String>>) {
    script.reverse();
    let script = Mutex::new(script);
    let sent = Mutex::new(Vec::new());
    let items = paged(|page: PageRequest| {
        let token = page.token.map(|token| token.as_str().to_owned());
        sent.lock().unwrap().push(token);
        let answer = script.lock().unwrap().pop().unwrap();
        async move {
            answer.map(|(items, next)| Page {
                items: items.to_vec(),
                next: next.map(PageToken::new),
            })
        }
    });
    let items = items.collect().await;
    (items, sent.into_inner().unwrap())
}

fn away() -> Error {
    Error::new(ErrorKind::Unavailable, "away")
}

#[tokio::test]
async fn goes_through_every_page_also_an_empty_one() {
    let (items, sent) = stream_of(vec![
        Ok((&[1, 2], Some("first"))),
        Ok((&[], Some("second"))),
        Ok((&[3], None)),
    ])
    .await;

    let items: Vec<u32> = items.into_iter().map(Result::unwrap).collect();
    assert_eq!(items, [1, 2, 3]);
    let sent: Vec<_> = sent.iter().map(Option::as_deref).collect();
    assert_eq!(sent, [None, Some("first"), Some("second")]);
}

#[tokio::test]
async fn stops_after_an_error() {
    let (items, sent) = stream_of(vec![Ok((&[1], Some("first"))), Err(away())]).await;

    assert!(matches!(items.as_slice(), [Ok(1), Err(_)]));
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn a_token_that_comes_again_ends_the_list_with_an_error() {
    let (items, sent) = stream_of(vec![
        Ok((&[1], Some("a"))),
        Ok((&[2], Some("b"))),
        Ok((&[3], Some("a"))),
    ])
    .await;

    let last = items.last().unwrap().as_ref().unwrap_err();
    assert_eq!(last.kind(), ErrorKind::Unexpected);
    assert_eq!(sent.len(), 3);
}

#[tokio::test]
async fn a_list_can_own_its_store_whatever_its_type() {
    let store = Arc::new(MemoryStore::new());
    store.put("a", "value").await.unwrap();
    let boxed: Arc<dyn SecretStore> = Arc::clone(&store) as _;

    for list in [store.list_owned(), boxed.list_owned()] {
        let all: Vec<SecretInfo> = tokio::spawn(list.try_collect()).await.unwrap().unwrap();
        assert_eq!(all.len(), 1);
    }
}

#[tokio::test]
async fn versions_are_listed_by_name_and_a_bad_name_is_an_item() {
    let store = MemoryStore::new();
    store.put("a", "value").await.unwrap();

    let versions: Vec<_> = store.list_versions("a").collect().await;
    let refused: Vec<_> = store.list_versions("").collect().await;

    assert!(matches!(versions.as_slice(), [Ok(_)]));
    assert!(matches!(refused.as_slice(), [Err(e)] if e.kind() == ErrorKind::InvalidInput));
}

#[tokio::test]
async fn many_are_read_in_the_order_asked_with_one_outcome_each() {
    let store = MemoryStore::new();
    for name in ["a", "c"] {
        store.put(name, name).await.unwrap();
    }
    let asked = ["c", "b", "a", "c"].map(|name| SecretName::new(name).unwrap().into());

    for parallel in [0, 1, 9] {
        let outcomes = store.get_many(asked.to_vec(), parallel).await;

        let told: Vec<_> = outcomes
            .iter()
            .map(|(secret, outcome)| (secret.as_str(), outcome.is_ok()))
            .collect();
        assert_eq!(told, [("c", true), ("b", false), ("a", true), ("c", true)]);
    }
}

#[tokio::test]
async fn a_history_without_ties_needs_no_description() {
    let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
    let store = MemoryStore::builder()
        .clock(Arc::clone(&clock) as _)
        .build();
    store.put("a", "1").await.unwrap();
    clock.advance(Duration::from_secs(1));
    store.put("a", "2").await.unwrap();
    store.faults().forbid("describe");

    let history = store.history("a").await.unwrap();
    let times: Vec<_> = history.iter().map(|v| v.created_at.unwrap()).collect();
    assert_eq!(times.len(), 2);
    assert!(times.is_sorted());

    store.put("a", "3").await.unwrap();
    let error = store.history("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}
