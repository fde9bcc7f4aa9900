//! A bound on how many requests begin in a time.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

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

/// When the last requests began, so that the next one knows its turn.
#[derive(Debug)]
pub(super) struct Turns {
    rate: Option<Rate>,
    begun: VecDeque<Timestamp>,
}

impl Turns {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            begun: VecDeque::new(),
        }
    }

    /// How long it is until the next turn.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        let Some(rate) = self.rate else {
            return Duration::ZERO;
        };
        // As many as a span takes are between that turn and the next one.
        let most = usize::try_from(rate.requests.max(1)).unwrap_or(usize::MAX);
        let before = self.begun.len().checked_sub(most);
        let free = before.and_then(|at| self.begun.get(at));
        let free = free.map_or(now, |at| later(*at, rate.per));
        between(now, free)
    }

    /// Takes a turn.
    pub(super) fn take(&mut self, now: Timestamp) {
        let Some(rate) = self.rate else {
            return;
        };
        while (self.begun.front()).is_some_and(|at| later(*at, rate.per) <= now) {
            self.begun.pop_front();
        }
        self.begun.push_back(now);
    }
}

/// The time after a while, or the end of time.
pub(super) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// How long it is from one time to a later one.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// The turns of requests that wait for them one after the other.
    fn turn(turns: &mut Turns, asked: Timestamp) -> Timestamp {
        let due = later(asked, turns.wait(asked));
        turns.take(due);
        due
    }

    #[test]
    fn no_span_has_more_turns_than_the_rate() {
        let per = Duration::from_secs(60);
        let mut turns = Turns::new(Some(Rate { requests: 3, per }));
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        // Seconds at which a turn is asked for, and at which it is due.
        for (asked, due) in [
            (0, 0),
            (10, 10),
            (20, 20),
            (20, 60),
            (60, 70),
            (70, 80),
            (80, 120),
            (125, 130),
            (400, 400),
        ] {
            let now = start + Duration::from_secs(asked);
            let due = start + Duration::from_secs(due);
            assert_eq!(turn(&mut turns, now), due, "{asked}");
        }
    }

    #[test]
    fn no_rate_is_too_small_or_too_long() {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut none = Turns::new(Some(Rate {
            requests: 0,
            per: Duration::from_secs(1),
        }));
        none.take(start);
        assert_eq!(none.wait(start), Duration::from_secs(1));
        let mut ages = Turns::new(Some(Rate {
            requests: 1,
            per: Duration::MAX,
        }));
        ages.take(start);
        assert!(ages.wait(start) > Duration::from_secs(60));
        let mut unbound = Turns::new(None);
        assert!((0..1000).all(|_| turn(&mut unbound, start) == start));
    }
}
