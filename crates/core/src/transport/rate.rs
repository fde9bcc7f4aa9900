//! A bound on how many requests begin in a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

/// The most requests that a service takes in a time, repeats included.
///
/// Requests begin at once while there is room, and wait for their turn then: in no
/// span of this length begin more.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use polyvault_core::transport::{ClientOptions, Rate};
///
/// let rate = Rate { requests: 200, per: Duration::from_secs(60) };
/// let options = ClientOptions { rate: Some(rate), ..ClientOptions::default() };
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many; 0 counts as 1.
    pub requests: u32,
    /// In what time.
    pub per: Duration,
}

/// When the last requests begin, so that each next one knows its turn. Clones of a store share it.
#[derive(Debug)]
pub(super) struct Turns {
    rate: Option<Rate>,
    begun: Mutex<VecDeque<Timestamp>>,
}

impl Turns {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            begun: Mutex::default(),
        }
    }

    /// Takes the next turn, and tells how long it is until then.
    pub(super) fn take(&self, clock: &dyn Clock) -> Duration {
        let Some(rate) = self.rate else {
            return Duration::ZERO;
        };
        let now = clock.now();
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |at: &Timestamp| at.saturating_add(rate.per).unwrap_or(Timestamp::MAX);
        while begun.front().is_some_and(|at| over(at) <= now) {
            begun.pop_front();
        }
        let most = usize::try_from(rate.requests.max(1)).unwrap_or(usize::MAX);
        let free = match begun.len() >= most {
            // As many as a span takes are between that turn and this one.
            true => begun.pop_front().map_or(now, |at| over(&at)),
            false => now,
        };
        begun.push_back(free);
        Duration::try_from(free.duration_since(now)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn no_span_has_more_turns_than_the_rate() {
        let per = Duration::from_secs(60);
        let turns = Turns::new(Some(Rate { requests: 3, per }));
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        // Seconds at which a turn is asked for, and at which it is due.
        for (asked, due) in [
            (0, 0),
            (10, 10),
            (20, 20),
            (20, 60),
            (20, 70),
            (20, 80),
            (20, 120),
            (125, 130),
            (400, 400),
        ] {
            let now = start + Duration::from_secs(asked);
            let wait = turns.take(&ManualClock::at(now));
            assert_eq!(now + wait, start + Duration::from_secs(due), "{asked}");
        }
    }

    #[test]
    fn no_rate_is_too_small_or_too_long() {
        let start = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let none = Turns::new(Some(Rate {
            requests: 0,
            per: Duration::from_secs(1),
        }));
        assert_eq!(none.take(&start), Duration::ZERO);
        assert_eq!(none.take(&start), Duration::from_secs(1));
        let ages = Turns::new(Some(Rate {
            requests: 1,
            per: Duration::MAX,
        }));
        assert_eq!(ages.take(&start), Duration::ZERO);
        assert!(ages.take(&start) > Duration::from_secs(60));
        let unbound = Turns::new(None);
        assert!((0..1000).all(|_| unbound.take(&start).is_zero()));
    }
}
