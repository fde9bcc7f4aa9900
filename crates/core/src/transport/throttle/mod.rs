//! What holds requests back: one for each endpoint, shared by all clones of a client.

mod pace;

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{AcquireError, Mutex, Semaphore, SemaphorePermit, TryAcquireError};

use self::pace::Pace;
use super::rate::{Rate, Turns, between, later};
use crate::clock::Clock;
use crate::{Error, ErrorKind, Retry};

/// How many requests are under way at first, and after how many answers one more may be: where a
/// service refuses, about as many are refused at once as are under way.
const AT_FIRST: usize = 8;
const ONE_MORE: usize = 8;

/// Holds back the requests to one endpoint.
#[derive(Debug)]
pub(super) struct Throttle {
    permits: Semaphore,
    /// A repeat has a deadline, so only one of the requests that begin is in its way.
    first: Mutex<()>,
    next: Mutex<()>,
    /// The longest pause that the service's word is followed for.
    longest: Duration,
    state: std::sync::Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is missing of the most requests under way.
    reserve: usize,
    answers: usize,
    gate: Option<Gate>,
    pace: Pace,
    turns: Turns,
}

/// A pause that the service asked for.
#[derive(Clone, Copy, Debug)]
struct Gate {
    opens: Timestamp,
    /// When it would open if no pause were too long.
    asked: Timestamp,
    kind: ErrorKind,
}

/// A request that can't begin in its time.
#[derive(Debug)]
pub(super) struct Held {
    kind: ErrorKind,
    wait: Duration,
}

impl From<Held> for Error {
    fn from(held: Held) -> Self {
        Error::new(
            held.kind,
            "nothing was sent: the service asks for a longer pause than requests wait for",
        )
        .with_retry(Retry::After(Some(held.wait)))
    }
}

enum Step {
    Begin,
    Closed(Duration),
    Queue(Duration),
}

impl Throttle {
    pub(super) fn new(max_in_flight: usize, rate: Option<Rate>, longest: Duration) -> Self {
        let most = max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        let at_first = most.min(AT_FIRST);
        Self {
            permits: Semaphore::new(at_first),
            first: Mutex::new(()),
            next: Mutex::new(()),
            longest,
            state: std::sync::Mutex::new(State {
                reserve: most - at_first,
                answers: 0,
                gate: None,
                pace: Pace::default(),
                turns: Turns::new(rate),
            }),
        }
    }

    /// A place among the requests under way, if one is free.
    pub(super) fn try_permit(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.permits.try_acquire()
    }

    /// A place among the requests under way.
    pub(super) async fn permit(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire().await
    }

    /// Whether a request begins at once.
    pub(super) fn try_begin(&self, now: Timestamp) -> bool {
        let Ok(_next) = self.next.try_lock() else {
            return false;
        };
        let begins = matches!(self.step(now, None), Ok(Step::Begin));
        if begins {
            self.take(now);
        }
        begins
    }

    /// Whether a request can begin in its time, as far as is known.
    pub(super) fn check(&self, now: Timestamp, until: Option<Timestamp>) -> Result<(), Held> {
        self.step(now, until).map(drop)
    }

    /// Waits until a request may begin, and gives the time: a first attempt for as long as it
    /// takes, a repeat `until` its deadline. A future that is dropped leaves no gap.
    pub(super) async fn begin(
        &self,
        clock: &dyn Clock,
        until: Option<Timestamp>,
    ) -> Result<Timestamp, Held> {
        loop {
            // Each sleeps for itself, so that no deadline hangs on who is in front.
            if let Step::Closed(wait) = self.step(clock.now(), until)? {
                clock.sleep(wait).await;
                continue;
            }
            let _first = match until {
                None => Some(self.first.lock().await),
                Some(_) => None,
            };
            let _next = self.next.lock().await;
            loop {
                let now = clock.now();
                match self.step(now, until)? {
                    Step::Begin => {
                        self.take(now);
                        return Ok(now);
                    }
                    Step::Closed(_) => break,
                    Step::Queue(wait) => clock.sleep(wait).await,
                }
            }
        }
    }

    /// The service took a request up.
    pub(super) fn went_through(&self, now: Timestamp) {
        let mut state = self.state();
        state.pace.went_through(now);
        state.answers += 1;
        if state.reserve > 0 && state.answers.is_multiple_of(ONE_MORE) {
            state.reserve -= 1;
            self.permits.add_permits(1);
        }
    }

    /// The service refused a request for the rate, or asked for a pause. Tells whether others go
    /// through, so that a repeat adds nothing to the load.
    pub(super) fn refused(
        &self,
        (begun, now): (Timestamp, Timestamp),
        kind: ErrorKind,
        wait: Option<Duration>,
    ) -> bool {
        let mut state = self.state();
        let before = state.gate.map_or(Timestamp::MIN, |gate| gate.opens);
        let opens = wait.map_or(Timestamp::MIN, |wait| later(now, wait.min(self.longest)));
        if let Some(wait) = wait
            && opens >= before
        {
            let asked = later(now, wait);
            state.gate = Some(Gate { opens, asked, kind });
        }
        state.pace.refused(begun, now, opens.max(before));
        !state.pace.is_stuck()
    }

    fn step(&self, now: Timestamp, until: Option<Timestamp>) -> Result<Step, Held> {
        let state = self.state();
        let step = match state.gate {
            Some(gate) if gate.opens > now => {
                let asked = between(now, gate.asked);
                if asked > self.longest {
                    let kind = gate.kind;
                    return Err(Held { kind, wait: asked });
                }
                Step::Closed(between(now, gate.opens))
            }
            _ => match state.pace.wait(now).max(state.turns.wait(now)) {
                Duration::ZERO => Step::Begin,
                wait => Step::Queue(wait),
            },
        };
        match (&step, until) {
            (Step::Closed(wait) | Step::Queue(wait), Some(until)) if later(now, *wait) >= until => {
                Err(Held {
                    kind: ErrorKind::RateLimited,
                    wait: *wait,
                })
            }
            _ => Ok(step),
        }
    }

    fn take(&self, now: Timestamp) {
        let mut state = self.state();
        state.pace.take(now);
        state.turns.take(now);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_millis(millis))
    }

    #[test]
    fn eight_may_be_under_way_and_one_more_after_every_eighth_answer_up_to_the_most() {
        let throttle = Throttle::new(11, None, Duration::from_secs(60));
        let mut free = Vec::new();
        for _ in 0..41 {
            free.push(throttle.permits.available_permits());
            throttle.went_through(at(0));
        }
        let due = (0..41).map(|answers: usize| 8 + (answers / 8).min(3));
        assert!(free.iter().copied().eq(due), "{free:?}");
        let small = Throttle::new(3, None, Duration::from_secs(60));
        assert_eq!(small.permits.available_permits(), 3);
    }

    #[test]
    fn the_gate_is_open_at_its_time() {
        let throttle = Throttle::new(8, None, Duration::from_secs(60));
        let wait = Some(Duration::from_secs(7));
        throttle.refused((at(0), at(10)), ErrorKind::RateLimited, wait);
        assert!(!throttle.try_begin(at(7009)));
        assert!(throttle.try_begin(at(7010)));
    }

    #[test]
    fn a_pause_as_long_as_the_longest_is_waited_for_and_a_longer_one_is_the_callers() {
        for (longest, waits) in [(6999, false), (7000, true)] {
            let throttle = Throttle::new(8, None, Duration::from_millis(longest));
            let wait = Some(Duration::from_secs(7));
            throttle.refused((at(0), at(0)), ErrorKind::RateLimited, wait);
            assert_eq!(throttle.check(at(0), None).is_ok(), waits, "{longest} ms");
        }
    }

    #[test]
    fn a_repeat_does_not_wait_for_a_time_after_its_deadline() {
        let throttle = Throttle::new(8, None, Duration::from_secs(60));
        let wait = Some(Duration::from_secs(7));
        throttle.refused((at(0), at(10)), ErrorKind::Unavailable, wait);

        for (until, in_time) in [
            (Some(7009), false),
            (Some(7010), false),
            (Some(7011), true),
            (None, true),
        ] {
            let held = throttle.check(at(10), until.map(at)).err();
            let held = held.map(|held| (held.kind, held.wait));
            let due = (ErrorKind::RateLimited, Duration::from_secs(7));
            assert_eq!(held, (!in_time).then_some(due), "{until:?}");
        }
    }

    #[test]
    fn refusals_of_one_round_that_tell_no_wait_put_nothing_off() {
        let waits = [[10].as_slice(), &[10, 90]].map(|refused| {
            let throttle = Throttle::new(8, None, Duration::from_secs(60));
            for now in refused {
                throttle.refused((at(0), at(*now)), ErrorKind::RateLimited, None);
            }
            assert!(throttle.try_begin(at(500)) && throttle.try_begin(at(500)));
            throttle.state().pace.wait(at(500))
        });
        assert!(waits[0] > Duration::ZERO);
        assert_eq!(waits[0], waits[1]);
    }
}
