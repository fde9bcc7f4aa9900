//! Fetching once, renewing early.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;

use super::*;
use crate::ErrorKind;
use crate::clock::ManualClock;

#[derive(Clone, Debug)]
struct Counted {
    fetches: Arc<AtomicU32>,
    clock: Arc<ManualClock>,
    life: Duration,
    broken_after: u32,
}

#[async_trait]
impl TokenSource for Counted {
    async fn fetch(&self) -> Result<Token> {
        let before = self.fetches.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if before >= self.broken_after {
            return Err(Error::new(ErrorKind::Unavailable, "the issuer is away"));
        }
        Ok(Token {
            secret: SecretString::from(format!("t{before}")),
            expires_at: self.clock.now().checked_add(self.life).ok(),
        })
    }
}

fn cache(broken_after: u32) -> (Counted, TokenCache) {
    let source = Counted {
        fetches: Arc::default(),
        clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
        life: Duration::from_secs(3600),
        broken_after,
    };
    let clock = Arc::clone(&source.clock);
    (source.clone(), TokenCache::new(source, clock))
}

#[tokio::test]
async fn many_callers_make_one_fetch() {
    let (source, cache) = cache(9);

    let all = futures_util::future::join_all((0..20).map(|_| cache.get())).await;

    assert!(all.iter().all(Result::is_ok));
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_its_end() {
    let (source, cache) = cache(9);
    cache.get().await.unwrap();

    source.clock.advance(Duration::from_secs(3299));
    cache.get().await.unwrap();
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);

    source.clock.advance(Duration::from_secs(1));
    cache.get().await.unwrap();
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_early_renewal_that_fails_leaves_the_token_until_its_end() {
    let (source, cache) = cache(1);
    cache.get().await.unwrap();

    source.clock.advance(Duration::from_secs(3500));
    assert_eq!(cache.get().await.unwrap().0, 0);

    source.clock.advance(Duration::from_secs(100));
    assert_eq!(
        cache.get().await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

#[tokio::test]
async fn a_token_of_a_short_life_is_not_fetched_for_every_request() {
    let (mut source, _) = cache(9);
    source.life = Duration::from_secs(60);
    let clock = Arc::clone(&source.clock);
    let cache = TokenCache::new(source.clone(), clock);

    for _ in 0..6 {
        cache.get().await.unwrap();
        source.clock.advance(Duration::from_secs(5));
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);

    cache.get().await.unwrap();
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn callers_with_a_good_token_do_not_wait_for_an_issuer_that_is_away() {
    let (source, cache) = cache(1);
    cache.get().await.unwrap();
    source.clock.advance(Duration::from_secs(3400));

    let mut first = Box::pin(cache.get());
    assert!(first.as_mut().now_or_never().is_none());
    assert!(cache.get().now_or_never().unwrap().is_ok());
    assert!(first.await.is_ok());

    // Nor does each of them ask it again.
    for _ in 0..5 {
        assert!(cache.get().await.is_ok());
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
    source.clock.advance(Duration::from_secs(30));
    assert!(cache.get().await.is_ok());
    assert_eq!(source.fetches.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn callers_that_waited_for_a_fetch_share_its_failure() {
    let (source, cache) = cache(0);

    let all = futures_util::future::join_all((0..9).map(|_| cache.get())).await;

    for outcome in all {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
    assert!(cache.get().await.is_err());
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_fetch_that_was_dropped_holds_nobody_up() {
    let (source, cache) = cache(9);

    assert!(cache.get().now_or_never().is_none());

    assert!(cache.get().await.is_ok());
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn callers_that_were_refused_together_renew_once() {
    let (source, cache) = cache(9);
    let (generation, _) = cache.get().await.unwrap();

    let all = futures_util::future::join_all((0..9).map(|_| cache.renew(generation))).await;

    assert!(all.iter().all(|r| matches!(r, Ok(Some((1, _))))));
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_ready_token_is_not_renewed() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let cache = TokenCache::new(ReadyToken::new("t".into()), clock);
    let (generation, _) = cache.get().await.unwrap();

    assert!(cache.renew(generation).await.unwrap().is_none());
}
