//! Tokens: one fetch at a time, renewed early.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::clock::Clock;
use crate::observability::{Event, TARGET, Watch, ended};
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
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use polyvault_core::Result;
/// use polyvault_core::transport::{ReadyToken, Token, TokenSource};
///
/// /// A login of the company's own, before whatever source.
/// #[derive(Debug)]
/// struct Announced<S>(S);
///
/// #[async_trait]
/// impl<S: TokenSource> TokenSource for Announced<S> {
///     async fn fetch(&self) -> Result<Token> {
///         println!("signing in");
///         self.0.fetch().await
///     }
///     fn renewable(&self) -> bool {
///         self.0.renewable()
///     }
///     fn is_ready(&self) -> bool {
///         self.0.is_ready()
///     }
///     fn challenged(&self, headers: &http::HeaderMap) -> Result<bool> {
///         self.0.challenged(headers)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let token = Announced(ReadyToken::new("handed-in".into())).fetch().await?;
/// assert!(token.expires_at.is_none());
/// # Ok(())
/// # }
/// ```
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

    /// Whether it is known for what to sign in. Where it is not, the client reads the URL of its
    /// request without credential and body first, and tells [`challenged`](Self::challenged).
    fn is_ready(&self) -> bool {
        true
    }

    /// Is told the headers of a refusal for want of a token that is taken, before a newer one is
    /// asked for; gives whether they taught something that makes another one likely to be taken.
    ///
    /// # Errors
    ///
    /// If the service asks for what it must not be given: then no token is sent to it any more.
    fn challenged(&self, headers: &HeaderMap) -> Result<bool> {
        let _ = headers;
        Ok(false)
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

    fn is_ready(&self) -> bool {
        (**self).is_ready()
    }

    fn challenged(&self, headers: &HeaderMap) -> Result<bool> {
        (**self).challenged(headers)
    }
}

/// A token that was handed in ready.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::{ReadyToken, TokenSource};
///
/// let ready = ReadyToken::new("handed-in".into());
/// assert!(!ready.renewable());
/// ```
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
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use async_trait::async_trait;
/// use polyvault_core::Result;
/// use polyvault_core::clock::SystemClock;
/// use polyvault_core::transport::{ReadyToken, Token, TokenCache, TokenSource};
///
/// /// Signs in, and counts how often.
/// #[derive(Debug, Default)]
/// struct SignIn(AtomicU32);
///
/// #[async_trait]
/// impl TokenSource for SignIn {
///     async fn fetch(&self) -> Result<Token> {
///         let count = self.0.fetch_add(1, Ordering::Relaxed);
///         Ok(Token { secret: format!("token-{count}").into(), expires_at: None })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let tokens = TokenCache::new(SignIn::default(), Arc::new(SystemClock));
/// let (generation, _token) = tokens.get().await?;
/// assert_eq!(tokens.get().await?.0, generation, "kept, not fetched again");
/// // After a 401:
/// let newer = tokens.renew(generation).await?.expect("it can be fetched anew");
/// assert!(newer.0 > generation);
///
/// let ready = ReadyToken::new("handed-in".into());
/// assert!(!ready.renewable());
/// let tokens = TokenCache::new(ready, Arc::new(SystemClock));
/// assert!(tokens.renew(0).await?.is_none());
/// # Ok(())
/// # }
/// ```
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
    watch: Watch,
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
        Self::watched(source, clock, Watch::default())
    }

    pub(super) fn watched(source: impl TokenSource, clock: Arc<dyn Clock>, watch: Watch) -> Self {
        Self {
            shared: Arc::new(Shared {
                source: Box::new(source),
                clock,
                state: RwLock::default(),
                fetching: tokio::sync::Mutex::new(()),
                watch,
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
        let error = match self.fetch().await {
            Ok(newer) => return Ok(newer),
            Err(error) => error,
        };
        // Nobody is told otherwise, as long as the kept token holds.
        tracing::warn!(
            target: TARGET,
            { error.type = error.kind().as_str() },
            "token not renewed early"
        );
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

    pub(super) fn is_ready(&self) -> bool {
        self.shared.source.is_ready()
    }

    pub(super) fn challenged(&self, headers: &HeaderMap) -> Result<bool> {
        self.shared.source.challenged(headers)
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
        let shared = &self.shared;
        let span = tracing::debug_span!(
            target: TARGET,
            "polyvault.token",
            polyvault.elapsed_ms = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        );
        let timed = shared.watch.is_on() || !span.is_disabled();
        let started = timed.then(|| shared.clock.now());
        let fetched = shared.source.fetch().instrument(span.clone()).await;
        let now = shared.clock.now();
        let kept = self.keep(fetched, now);
        if let Some(started) = started {
            let elapsed = Duration::try_from(now.duration_since(started)).unwrap_or_default();
            let error = kept.as_ref().err();
            ended(&span, elapsed, error);
            shared.watch.tell(|provider| Event::Token {
                provider,
                error: error.map(Error::kind),
                elapsed,
            });
        }
        kept
    }

    fn keep(&self, fetched: Result<Token>, now: Timestamp) -> Result<(u64, Token)> {
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
