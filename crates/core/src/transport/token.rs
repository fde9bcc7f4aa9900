//! Tokens: one fetch at a time, renewed early.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::clock::Clock;
use crate::{Error, Result};

/// A credential as it is sent, and how long it holds.
#[derive(Clone)]
pub struct Token {
    /// What goes into the request.
    pub secret: SecretString,
    /// When it ends, UTC; `None` if it does not, or is not known to.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Where tokens come from.
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// Obtains a token.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if the credential is refused, `Unavailable` if the issuer can't be reached.
    async fn fetch(&self) -> Result<Token>;

    /// Whether another fetch can give another token; a ready token can't be renewed.
    fn renewable(&self) -> bool {
        true
    }
}

#[async_trait]
impl TokenSource for Box<dyn TokenSource> {
    async fn fetch(&self) -> Result<Token> {
        (**self).fetch().await
    }

    fn renewable(&self) -> bool {
        (**self).renewable()
    }
}

/// A token that was handed in ready.
#[derive(Debug)]
pub struct ReadyToken(Token);

impl ReadyToken {
    /// A token that is used as it is and can't be renewed.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self(Token {
            secret,
            expires_at: None,
        })
    }
}

#[async_trait]
impl TokenSource for ReadyToken {
    async fn fetch(&self) -> Result<Token> {
        Ok(self.0.clone())
    }

    fn renewable(&self) -> bool {
        false
    }
}

/// Keeps a token while it holds. Clones share it, and one fetch at a time is under way.
#[derive(Clone, Debug)]
pub struct TokenCache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    source: Box<dyn TokenSource>,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    kept: Option<Kept>,
    /// How many fetches have failed, and how the last one did.
    failures: u64,
    failed: Option<Error>,
}

#[derive(Clone, Debug)]
struct Kept {
    generation: u64,
    token: Token,
    /// When to look for a newer one.
    renew_at: Option<Timestamp>,
}

/// A token is renewed this long before its end, or at half its life where that is shorter.
const EARLY: Duration = Duration::from_secs(300);

/// The pause after an early renewal that failed.
const PAUSE: Duration = Duration::from_secs(30);

impl TokenCache {
    /// A cache before `source`.
    pub fn new(source: impl TokenSource, clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Shared {
                source: Box::new(source),
                clock,
                state: RwLock::default(),
                fetching: tokio::sync::Mutex::new(()),
            }),
        }
    }

    /// A token that holds, with its generation. An early renewal that fails is no error
    /// while the kept token still holds, and holds up none of the other callers.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::fetch`].
    pub async fn get(&self) -> Result<(u64, Token)> {
        let (kept, failures) = self.look();
        let usable = match kept {
            Some(kept) if self.is_fresh(&kept) => return Ok(kept.told()),
            kept => kept.filter(|kept| self.holds(kept)),
        };
        let Some(usable) = usable else {
            return self
                .wait_or_fetch(failures, |kept| self.is_fresh(kept))
                .await;
        };
        let Ok(_one) = self.shared.fetching.try_lock() else {
            return Ok(usable.told());
        };
        // Somebody may have been here just before.
        if let (Some(kept), _) = self.look()
            && self.is_fresh(&kept)
        {
            return Ok(kept.told());
        }
        if let Ok(newer) = self.fetch().await {
            return Ok(newer);
        }
        let later = self.shared.clock.now().saturating_add(PAUSE).ok();
        if let Some(kept) = &mut self.write().kept {
            kept.renew_at = later;
        }
        Ok(usable.told())
    }

    /// A token newer than `generation`, which the service refused; `None` if there can be none.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::fetch`].
    pub async fn renew(&self, generation: u64) -> Result<Option<(u64, Token)>> {
        if !self.shared.source.renewable() {
            return Ok(None);
        }
        let (_, failures) = self.look();
        self.wait_or_fetch(failures, |kept| kept.generation > generation)
            .await
            .map(Some)
    }

    /// The outcome of the fetch that is under way, or of one of our own.
    async fn wait_or_fetch(
        &self,
        failures: u64,
        will_do: impl Fn(&Kept) -> bool + Send,
    ) -> Result<(u64, Token)> {
        let _one = self.shared.fetching.lock().await;
        match self.look() {
            (Some(kept), _) if will_do(&kept) => return Ok(kept.told()),
            // Else as many fetches as callers would fail one after the other.
            (_, now) if now > failures => {
                if let Some(error) = &self.read().failed {
                    return Err(error.clone());
                }
            }
            _ => {}
        }
        self.fetch().await
    }

    fn look(&self) -> (Option<Kept>, u64) {
        let state = self.read();
        (state.kept.clone(), state.failures)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        let state = self.shared.state.read();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        let state = self.shared.state.write();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self, kept: &Kept) -> bool {
        kept.renew_at
            .is_none_or(|then| self.shared.clock.now() < then)
    }

    fn holds(&self, kept: &Kept) -> bool {
        let end = kept.token.expires_at;
        end.is_none_or(|end| self.shared.clock.now() < end)
    }

    async fn fetch(&self) -> Result<(u64, Token)> {
        let fetched = self.shared.source.fetch().await;
        let now = self.shared.clock.now();
        let mut state = self.write();
        let token = match fetched {
            Ok(token) => token,
            Err(error) => {
                state.failures += 1;
                state.failed = Some(error.clone());
                return Err(error);
            }
        };
        let renew_at = token.expires_at.map(|end| {
            let life = Duration::try_from(end.duration_since(now)).unwrap_or_default();
            end.saturating_sub(EARLY.min(life / 2)).unwrap_or(end)
        });
        let generation = state.kept.as_ref().map_or(0, |kept| kept.generation + 1);
        let kept = Kept {
            generation,
            token,
            renew_at,
        };
        state.kept = Some(kept.clone());
        Ok(kept.told())
    }
}

impl Kept {
    fn told(self) -> (u64, Token) {
        (self.generation, self.token)
    }
}

#[cfg(test)]
mod tests {
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
}
