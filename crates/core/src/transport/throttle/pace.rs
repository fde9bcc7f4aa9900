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
