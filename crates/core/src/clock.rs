//! Time, passed in.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Where the time comes from: every wait and every deadline of polyvault asks a clock.
///
/// Services use [`SystemClock`]; tests use [`ManualClock`], which never waits.
///
/// # Example
///
/// ```
/// use polyvault_core::clock::{Clock, ManualClock};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
/// clock.sleep(Duration::from_secs(60)).await;
/// assert_eq!(clock.now().to_string(), "2026-01-01T00:01:00Z");
/// # }
/// ```
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The instant it is now, in UTC.
    fn now(&self) -> Timestamp;

    /// Returns once `duration` has passed.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock and tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is set or slept on; sleeping moves it and returns at once.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use polyvault_core::clock::{Clock, ManualClock};
///
/// let start = "2026-01-01T00:00:00Z".parse().expect("a time");
/// let clock = ManualClock::at(start);
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().to_string(), "2026-01-01T00:01:30Z");
/// clock.set(start);
/// assert_eq!(clock.now(), start);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Mutex::new(now),
        }
    }

    /// Sets the clock to `now`, which may lie in its past.
    pub fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock on by `duration`, or to the end of time where that is nearer.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        // One turn for the others, so that a loop over a manual clock can't starve them.
        tokio::task::yield_now().await;
    }
}
