//! The rate at which requests begin, found out from what a service refuses.

use std::mem;
use std::time::Duration;

use jiff::Timestamp;

use super::super::rate::{between, later};

/// What a refusal leaves of the pace.
const DECREASE: f64 = 0.8;
/// In how many seconds a second refusal tells that this was not enough.
const SOON: f64 = 2.0;
/// How far above what went through until then the pace is taken to have been refused: one that is
/// too high costs one more refusal, one that is too low most of a short job.
const ABOVE: f64 = 1.15;
/// How long after the pace was lowered what begins is still of the round before: sooner, too little
/// has come back to tell a service that takes less from one that takes nothing.
const ROUND: Duration = Duration::from_millis(100);
/// In how many seconds the pace is back where it was refused, and in at least how many requests: a
/// refusal costs up to a second where waits are told in whole ones.
const RECOVERY: f64 = 25.0;
const REQUESTS: f64 = 150.0;
/// A pace that has grown so much since a refusal holds nobody back and is given up.
const GIVEN_UP: f64 = 16.0;
/// For how many seconds a search doubles the pace before it is given up: the slowest one has come
/// to thousands of requests a second by then.
const SEARCH: f64 = 12.0;
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
/// longer nothing is refused (CUBIC, RFC 9438, as a rate). Where two refusals are near to each other
/// a service had nothing left at either, so that what went through between them is all that it takes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    course: Option<Course>,
    /// When the next request may begin.
    next: Timestamp,
    /// What went through of late: each one counts less by the second.
    flow: f64,
    flowed: Timestamp,
    /// What went through since the pace was lowered last.
    through: f64,
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
        let Some(refused) = self.refused else {
            return (passed < SEARCH).then_some(self.from * passed.exp2());
        };
        let recovered = passed / RECOVERY.max(REQUESTS / refused);
        let pace = refused + (refused - self.from) * (recovered - 1.0).powi(3);
        (pace < GIVEN_UP * refused).then_some(pace)
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
        self.through += 1.0;
    }

    /// A request that began at `begun` was refused, and nothing begins before `opens`.
    pub(super) fn refused(&mut self, begun: Timestamp, now: Timestamp, opens: Timestamp) {
        // Who waited for a gate has not come late, and does not begin at once with the next one.
        self.next = self.next.max(opens);
        // Where nothing goes through there is nothing to wait for, and each further refusal costs.
        let round = if self.stuck { Duration::ZERO } else { ROUND };
        if (self.lowered).is_some_and(|lowered| begun <= later(lowered, round)) {
            // It began at the pace before, and says nothing about the one of now.
            if let Some(course) = &mut self.course {
                course.since = course.since.max(opens);
            }
            return;
        }
        let through = mem::take(&mut self.through);
        self.stuck = through < 1.0;
        self.lowered = Some(now);
        let (from, refused) = match self.course.and_then(|it| Some((it, it.at(now)?))) {
            None => ((self.flow_at(now) / MEASURED / 2.0).max(SEARCHED), None),
            // A counter of a fixed time takes nothing until it ends, and then as much as before.
            Some((course, pace)) if self.stuck => {
                (pace / 2.0, course.refused.map(|refused| refused.max(pace)))
            }
            Some((course, pace)) => {
                let passed = seconds(course.since, now);
                let refused = match passed < SOON {
                    // One more may have been on its way to be taken.
                    true => (ABOVE * ((through + 1.0) / passed).max(pace / 2.0)).min(pace),
                    false => pace,
                };
                // Nothing grows from where it was refused.
                let refused = refused.max(SLOWEST / DECREASE);
                (DECREASE * refused, Some(refused))
            }
        };
        self.course = Some(Course {
            from: from.max(SLOWEST),
            refused,
            since: now.max(opens),
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
mod tests;
