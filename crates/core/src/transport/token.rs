//! Tokens: one fetch at a time, renewed early.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::Result;
use crate::clock::Clock;

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
    kept: RwLock<Option<(u64, Token)>>,
    fetching: tokio::sync::Mutex<()>,
}

/// A token is renewed this long before its end.
const EARLY: Duration = Duration::from_secs(300);

impl TokenCache {
    /// A cache before `source`.
    pub fn new(source: impl TokenSource, clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Shared {
                source: Box::new(source),
                clock,
                kept: RwLock::new(None),
                fetching: tokio::sync::Mutex::new(()),
            }),
        }
    }

    /// A token that holds, with its generation. An early renewal that fails is
    /// no error while the kept token still holds.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::fetch`].
    pub async fn get(&self) -> Result<(u64, Token)> {
        if let Some(kept) = self.kept().filter(|(_, token)| self.holds(token, EARLY)) {
            return Ok(kept);
        }
        let _one = self.shared.fetching.lock().await;
        match self.kept() {
            Some(kept) if self.holds(&kept.1, EARLY) => Ok(kept),
            Some(kept) if self.holds(&kept.1, Duration::ZERO) => {
                Ok(self.fetch().await.unwrap_or(kept))
            }
            _ => self.fetch().await,
        }
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
        let _one = self.shared.fetching.lock().await;
        match self.kept() {
            Some(kept) if kept.0 > generation => Ok(Some(kept)),
            _ => self.fetch().await.map(Some),
        }
    }

    fn kept(&self) -> Option<(u64, Token)> {
        let kept = self.shared.kept.read();
        kept.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn holds(&self, token: &Token, margin: Duration) -> bool {
        token.expires_at.is_none_or(|end| {
            let soon = self.shared.clock.now().saturating_add(margin);
            soon.is_ok_and(|soon| soon < end)
        })
    }

    async fn fetch(&self) -> Result<(u64, Token)> {
        let token = self.shared.source.fetch().await?;
        let mut kept = self
            .shared
            .kept
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let generation = kept.as_ref().map_or(0, |(generation, _)| generation + 1);
        *kept = Some((generation, token.clone()));
        Ok((generation, token))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::clock::ManualClock;
    use crate::{Error, ErrorKind};

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
