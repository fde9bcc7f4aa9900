//! When and how often a request is repeated.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use http::HeaderMap;
use jiff::Timestamp;

/// How often and how long a request is repeated. All durations bound real time.
///
/// Repeats also have a budget that clones of a store share, so that an outage is not answered with
/// a multiple of the usual load: 10 repeats at first, one more for every 5 requests that the
/// service answers, and never more than 50. A service that is away for ever so gets at most 1.5
/// requests each for 100 requests or more. A repeat after a refusal for the rate costs nothing as
/// long as other requests go through: the pace that follows from it bounds the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most repeats of one request; 5 by default, 0 turns repeats off.
    pub max_repeats: usize,
    /// The first pause, doubled for each further one; 200 ms by default. Chance shortens
    /// each pause by up to a half.
    pub first_delay: Duration,
    /// The longest pause of our own; 20 s by default.
    pub max_delay: Duration,
    /// The longest pause that a service's own word is followed for; 60 s by
    /// default. A longer one is given to the caller instead of waited for, and until this
    /// time is over to all others who ask the same endpoint.
    pub max_server_wait: Duration,
    /// The most time for one request with all its repeats and pauses, from when it first begins;
    /// 90 s by default.
    pub total: Duration,
    /// The most time for one attempt, from connecting to the last byte; 30 s by default, and never
    /// more than what is left of `total`.
    pub attempt: Duration,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_repeats: 5,
            first_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            max_server_wait: Duration::from_secs(60),
            total: Duration::from_secs(90),
            attempt: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    pub(super) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        // The jitter adds up to as much again, and no number of the user's may overflow in it.
        let half = |delay: Duration| delay.min(DAY) / 2;
        ExponentialBuilder::default()
            .with_min_delay(half(self.first_delay.min(self.max_delay)))
            .with_max_delay(half(self.max_delay))
            .with_max_times(self.max_repeats)
            .with_jitter()
            .build()
    }
}

/// What repeats cost in a bad hour: shared by all clones of a store, so that an
/// outage is not answered with a multiple of the usual load.
#[derive(Debug)]
pub(super) struct RetryBudget(Mutex<u32>);

impl RetryBudget {
    const FULL: u32 = 50 * Self::REPEAT;
    const AT_FIRST: u32 = 10 * Self::REPEAT;
    const REPEAT: u32 = 5;

    pub(super) fn new() -> Self {
        Self(Mutex::new(Self::AT_FIRST))
    }

    /// Pays for a repeat, if there is enough left.
    pub(super) fn pay(&self) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match left.checked_sub(Self::REPEAT) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    /// A request went through: the service is well.
    pub(super) fn earn(&self) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + 1).min(Self::FULL);
    }
}

/// How long the service asks to wait, from whichever header it uses.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use polyvault_core::transport::server_wait;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("retry-after", http::HeaderValue::from_static("7"));
/// let now = "2026-01-01T00:00:00Z".parse().expect("a time");
/// assert_eq!(server_wait(&headers, now), Some(Duration::from_secs(7)));
/// ```
#[must_use]
pub fn server_wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    for name in ["x-ms-retry-after-ms", "retry-after-ms"] {
        if let Some(millis) = text(name).and_then(|text| text.parse().ok()) {
            return Some(Duration::from_millis(millis));
        }
    }
    let told = text("retry-after")?;
    if let Ok(seconds) = told.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(told).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn reads_seconds_milliseconds_and_dates() {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        for (name, value, wait) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT", Some(30_000)),
            ("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("retry-after-ms", "250", Some(250)),
            ("x-ms-retry-after-ms", "1500", Some(1_500)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(
                server_wait(&headers, now),
                wait.map(Duration::from_millis),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn no_pause_is_longer_than_the_longest() {
        for _ in 0..100 {
            let policy = RetryPolicy {
                max_repeats: 12,
                ..RetryPolicy::default()
            };

            let delays: Vec<_> = policy.delays().collect();

            assert_eq!(delays.len(), 12);
            assert!(delays.iter().all(|delay| *delay <= policy.max_delay));
            assert!(delays.iter().all(|delay| *delay >= policy.first_delay / 2));
        }
    }

    #[test]
    fn a_bad_hour_uses_the_budget_up_and_answers_fill_it() {
        let budget = RetryBudget::new();
        while budget.pay() {}

        (0..RetryBudget::REPEAT).for_each(|_| budget.earn());

        assert!(budget.pay());
        assert!(!budget.pay());
    }
}
