//! The rate at which requests begin, found out from what a service refuses.

use std::mem;
use std::time::Duration;

use jiff::Timestamp;

use super::super::rate::{between, later};

/// What a refusal leaves of the pace.
const DECREASE: f64 = 0.8;
/// In how many seconds a second refusal tells that this was far from enough.
const SOON: f64 = 2.0;
/// In how many seconds the pace is back where it was refused, and in at least how many requests: a
/// refusal costs up to a second where waits are told in whole ones.
const RECOVERY: f64 = 20.0;
const REQUESTS: f64 = 150.0;
/// A pace that has grown so much since a refusal holds nobody back and is given up.
const GIVEN_UP: f64 = 16.0;
/// Over how many seconds the rate of what went through is measured.
const MEASURED: f64 = 0.5;
/// The slowest pace that a search begins with, in requests a second.
const SEARCHED: f64 = 4.0;
/// The slowest pace, in requests a second.
const SLOWEST: f64 = 0.5;
/// How late a request may begin without a loss to those behind it: timers are no more exact.
const SLACK: Duration = Duration::from_millis(10);

/// Requests a second: as many as come until a service refuses one for the rate.
///
/// The first refusals only tell that the pace is too fast, so the search begins low and doubles
/// each second. Once a pace was refused at which requests had gone through, it is known: the pace
/// falls below it by a fixed share, comes back slowly, stays near, and grows the faster the
/// longer nothing is refused (CUBIC, RFC 9438, as a rate).
#[derive(Debug, Default)]
pub(super) struct Pace {
    course: Option<Course>,
    /// When the next request may begin.
    next: Timestamp,
    /// What went through of late: each one counts less by the second.
    flow: f64,
    flowed: Timestamp,
    /// What went through since the pace was lowered last.
    through: u64,
    lowered: Option<Timestamp>,
    stuck: bool,
}

/// How the pace grows after a refusal.
#[derive(Clone, Copy, Debug)]
struct Course {
    from: f64,
    /// The pace that was refused; none while it is searched for.
    refused: Option<f64>,
    since: Timestamp,
}

impl Course {
    fn at(&self, now: Timestamp) -> Option<f64> {
        let passed = seconds(self.since, now);
        let pace = match self.refused {
            None => self.from * passed.exp2(),
            Some(refused) => {
                let recovered = passed / RECOVERY.max(REQUESTS / refused);
                refused + (refused - self.from) * (recovered - 1.0).powi(3)
            }
        };
        (pace < GIVEN_UP * self.from).then_some(pace)
    }
}

impl Pace {
    /// How long it is until a request may begin.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        match self.gap(now) {
            // No longer than a gap, should the clock have been set back.
            Some(gap) => between(now, self.next).min(gap),
            None => Duration::ZERO,
        }
    }

    /// A request begins.
    pub(super) fn take(&mut self, now: Timestamp) {
        if let Some(gap) = self.gap(now) {
            let earliest = now.saturating_sub(SLACK.max(gap)).unwrap_or(now);
            self.next = later(self.next.max(earliest), gap);
        }
    }

    pub(super) fn went_through(&mut self, now: Timestamp) {
        self.flow = self.flow_at(now) + 1.0;
        self.flowed = now;
        self.through += 1;
    }

    /// A request that began at `begun` was refused, and nothing begins before `opens`.
    pub(super) fn refused(&mut self, begun: Timestamp, now: Timestamp, opens: Timestamp) {
        let since = now.max(opens);
        if self.lowered.is_some_and(|lowered| begun <= lowered) {
            // It began at the pace before, and says nothing about the one of now.
            if let Some(course) = &mut self.course {
                course.since = course.since.max(since);
            }
            return;
        }
        self.stuck = mem::take(&mut self.through) == 0;
        self.lowered = Some(now);
        let soon = (self.course).is_some_and(|course| seconds(course.since, now) < SOON);
        let (from, refused) = match self.course.and_then(|course| course.at(now)) {
            None => ((self.flow_at(now) / MEASURED / 2.0).max(SEARCHED), None),
            Some(pace) if self.stuck => (pace / 2.0, None),
            Some(pace) if soon => (pace / 2.0, Some(pace)),
            Some(pace) => (pace * DECREASE, Some(pace)),
        };
        self.course = Some(Course {
            from: from.max(SLOWEST),
            refused,
            since,
        });
    }

    /// Whether nothing went through between the last two times that the pace was lowered.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck
    }

    fn gap(&self, now: Timestamp) -> Option<Duration> {
        let pace = self.course?.at(now)?;
        Some(Duration::from_secs_f64(pace.max(SLOWEST).recip()))
    }

    fn flow_at(&self, now: Timestamp) -> f64 {
        self.flow * (-seconds(self.flowed, now) / MEASURED).exp()
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    between(from, to).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_millis(millis))
    }

    /// Half a second of requests at 100/s, and then a refusal, which is answered at 500 ms.
    fn searching() -> Pace {
        let mut pace = Pace::default();
        for request in 0..50 {
            pace.went_through(at(request * 10));
        }
        assert_eq!(pace.wait(at(500)), Duration::ZERO);
        pace.refused(at(480), at(500), at(500));
        pace
    }

    /// The same, refused again at 400 ms into the search, where something had gone through.
    fn known() -> (Pace, f64) {
        let mut pace = searching();
        pace.went_through(at(800));
        let refused = rate(&pace, 3500);
        pace.refused(at(3480), at(3500), at(3500));
        (pace, refused)
    }

    fn rate(pace: &Pace, millis: u64) -> f64 {
        pace.course
            .and_then(|course| course.at(at(millis)))
            .unwrap_or(f64::INFINITY)
    }

    fn near(one: f64, other: f64) -> bool {
        (one / other - 1.0).abs() < 0.01
    }

    #[test]
    fn the_search_begins_below_what_went_through_and_doubles_each_second() {
        let pace = searching();
        let first = rate(&pace, 500);
        assert!((20.0..50.0).contains(&first), "{first}");
        assert!(near(rate(&pace, 2500), 4.0 * first));
        assert!(rate(&pace, 60_000).is_infinite());
    }

    #[test]
    fn where_nothing_went_through_for_long_the_search_begins_at_its_least() {
        let mut pace = Pace::default();
        pace.refused(at(0), at(10), at(10));
        assert!(near(rate(&pace, 10), SEARCHED));
    }

    #[test]
    fn the_refusals_of_one_round_lower_the_pace_once() {
        let (mut pace, _) = known();
        let before = rate(&pace, 3600);
        for begun in [3400, 3490, 3500] {
            pace.refused(at(begun), at(3520), at(3520));
        }
        assert!(near(rate(&pace, 3600), before));
        pace.refused(at(3501), at(3520), at(3520));
        assert!(rate(&pace, 3520) < 0.7 * before);
    }

    #[test]
    fn a_known_pace_comes_back_in_its_time_and_is_given_up_when_it_has_grown() {
        let (pace, refused) = known();
        assert!(near(rate(&pace, 3500), DECREASE * refused));
        let recovered = 3500 + 20_000;
        assert!(near(rate(&pace, recovered), refused));
        // Ten seconds on either side it is within a fortieth; a minute on it is far beyond.
        assert!(rate(&pace, recovered - 10_000) > 0.97 * refused);
        assert!(rate(&pace, recovered + 10_000) < 1.03 * refused);
        assert!(rate(&pace, recovered + 60_000) > 4.0 * refused);
        assert!(rate(&pace, recovered + 120_000).is_infinite());
    }

    #[test]
    fn a_pace_at_which_nothing_goes_through_is_halved_and_searched_for_anew() {
        let (mut pace, _) = known();
        let before = rate(&pace, 9000);
        pace.refused(at(8900), at(9000), at(9000));
        assert!(pace.is_stuck());
        assert!(near(rate(&pace, 9000), before / 2.0));
        assert!(near(rate(&pace, 10_000), before));
    }

    #[test]
    fn a_second_refusal_at_once_halves_the_pace() {
        let (mut pace, refused) = known();
        pace.went_through(at(3600));
        pace.refused(at(3600), at(4500), at(4500));
        assert!(rate(&pace, 4500) < 0.45 * refused);
        assert!(!pace.is_stuck());
    }

    #[test]
    fn nothing_grows_while_the_gate_is_closed() {
        let mut pace = Pace::default();
        pace.refused(at(0), at(10), at(9000));
        assert!(near(rate(&pace, 9000), SEARCHED));
        pace.refused(at(0), at(20), at(12_000));
        assert!(near(rate(&pace, 12_000), SEARCHED));
    }

    #[test]
    fn requests_begin_at_the_pace_and_a_late_one_delays_no_other() {
        let mut pace = Pace::default();
        pace.refused(at(0), at(10), at(1_000_000));
        // At 4/s the second may follow at once, as the first one could have begun before.
        let due: Vec<_> = (0..4)
            .map(|_| {
                let wait = pace.wait(at(1000));
                pace.take(later(at(1000), wait));
                wait.as_millis()
            })
            .collect();
        assert_eq!(due, [0, 0, 250, 250]);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nobody_for_longer_than_a_gap() {
        let mut pace = Pace::default();
        pace.refused(at(0), at(3_600_000), at(3_600_000));
        pace.take(at(3_600_000));
        pace.take(at(3_600_000));
        assert_eq!(pace.wait(at(1000)), Duration::from_millis(250));
    }
}
