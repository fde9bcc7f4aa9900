//! Work that a service goes on with after answering.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, FutureExt as _};

use crate::clock::{Clock, SystemClock};
use crate::model::{SecretInfo, VersionInfo, Written};
use crate::{Error, ErrorKind, OperationId, Result, Retry};

/// The shortest pause between two polls, whatever the policy and the service say.
const SHORTEST: Duration = Duration::from_millis(1);

/// How a poll found an operation.
#[derive(Debug)]
pub enum Polled<T> {
    /// It is done, with this result.
    Done(T),
    /// It goes on; look again after this long where the service told.
    Pending(Option<Duration>),
}

/// Asks a service how far an operation is. Adapters implement it.
///
/// A poll whose future is dropped must lose nothing: the next one asks again.
#[async_trait]
pub trait Poll<T>: Send {
    /// Asks once.
    ///
    /// # Errors
    ///
    /// The service's error, if the operation failed or could not be asked about.
    async fn poll(&mut self) -> Result<Polled<T>>;
}

/// How long and how often to wait for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitPolicy {
    /// Give up after this long; 5 minutes by default.
    pub deadline: Duration,
    /// The pause between two polls where the service tells none; 1 s by default, 1 ms at least.
    pub interval: Duration,
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(300),
            interval: Duration::from_secs(1),
        }
    }
}

/// Work that a service goes on with; or work that is done already.
///
/// Dropping it does not stop the service. Its [`id`](Operation::id) can be saved,
/// and [`resume`](crate::SecretStore::resume)d in another process.
#[must_use = "the service may still be at work: wait for it or keep its id"]
pub struct Operation<T> {
    id: Option<OperationId>,
    state: State<T>,
}

enum State<T> {
    Done(Option<T>),
    Pending {
        clock: Arc<dyn Clock>,
        poller: Box<dyn Poll<T>>,
    },
}

impl<T: Send + 'static> Operation<T> {
    /// Work that was done with the first answer.
    pub fn done(result: T) -> Self {
        Self {
            id: None,
            state: State::Done(Some(result)),
        }
    }

    /// Work that goes on and is asked about through `poller`.
    pub fn pending(id: OperationId, clock: Arc<dyn Clock>, poller: impl Poll<T> + 'static) -> Self {
        Self {
            id: Some(id),
            state: State::Pending {
                clock,
                poller: Box::new(poller),
            },
        }
    }

    /// What names it in another process; `None` where it was done with the first answer.
    #[must_use]
    pub fn id(&self) -> Option<&OperationId> {
        self.id.as_ref()
    }

    /// Asks once how far it is. After it is done, there is nothing left to ask.
    ///
    /// # Errors
    ///
    /// The service's error, if it failed; `Unexpected`, if its result was taken already.
    pub async fn poll(&mut self) -> Result<Polled<T>> {
        match &mut self.state {
            State::Done(result) => result.take().map(Polled::Done).ok_or_else(taken),
            State::Pending { poller, .. } => {
                let polled = poller.poll().await;
                if matches!(polled, Ok(Polled::Done(_))) {
                    self.state = State::Done(None);
                }
                polled
            }
        }
    }

    /// Polls until it is done, at the service's pace where it tells one. The deadline
    /// lies between two polls: one that is under way is not broken off.
    ///
    /// # Errors
    ///
    /// The service's error, if it failed; `Timeout` at the deadline. Where the service may still
    /// be at work, [`Retry::OutcomeUnknown`] and a help that names the id to resume it by.
    pub async fn wait(mut self, policy: WaitPolicy) -> Result<T> {
        let clock = match &self.state {
            State::Done(_) => Arc::new(SystemClock),
            State::Pending { clock, .. } => Arc::clone(clock),
        };
        let start = clock.now();
        loop {
            let told = match self.poll().await {
                Ok(Polled::Done(result)) => return Ok(result),
                Ok(Polled::Pending(told)) => told,
                // What may be tried again is the poll, not the call that began the work.
                Err(error) if matches!(error.retry(), Retry::After(_)) => {
                    return Err(self.left_at_work(error));
                }
                Err(error) => return Err(error),
            };
            let waited = Duration::try_from(clock.now().duration_since(start)).unwrap_or_default();
            let Some(left) = policy.deadline.checked_sub(waited).filter(|d| !d.is_zero()) else {
                let message = format!("the service is still at work after {:?}", policy.deadline);
                return Err(self.left_at_work(Error::new(ErrorKind::Timeout, message)));
            };
            let pace = told.filter(|told| !told.is_zero());
            let pace = pace.unwrap_or(policy.interval).max(SHORTEST);
            clock.sleep(pace.min(left)).await;
        }
    }

    /// Does something with the result, as part of the operation.
    pub fn and_then<U, F, Fut>(self, then: F) -> Operation<U>
    where
        U: Send + 'static,
        F: FnOnce(T) -> Fut + Send + 'static,
        Fut: Future<Output = Result<U>> + Send + 'static,
    {
        let clock: Arc<dyn Clock> = match &self.state {
            State::Done(_) => Arc::new(SystemClock),
            State::Pending { clock, .. } => Arc::clone(clock),
        };
        Operation {
            id: self.id.clone(),
            state: State::Pending {
                clock,
                poller: Box::new(AndThen {
                    first: self,
                    then: Some(then),
                    running: None,
                }),
            },
        }
    }

    fn left_at_work(&self, error: Error) -> Error {
        let error = error.with_retry(Retry::OutcomeUnknown);
        match &self.id {
            Some(id) => error.with_help(format!(
                "The service may still be at work: resume the operation {id:?}, or look at the secret."
            )),
            None => error.with_help("The service may still be at work: look at the secret."),
        }
    }
}

impl<T> fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Done(_) => "done",
            State::Pending { .. } => "pending",
        };
        f.debug_struct("Operation")
            .field("id", &self.id)
            .field("state", &state)
            .finish()
    }
}

struct AndThen<T, U, F> {
    first: Operation<T>,
    then: Option<F>,
    /// Kept between polls, so that a dropped poll doesn't take the result with it.
    running: Option<BoxFuture<'static, Result<U>>>,
}

#[async_trait]
impl<T, U, F, Fut> Poll<U> for AndThen<T, U, F>
where
    T: Send + 'static,
    U: Send + 'static,
    F: FnOnce(T) -> Fut + Send + 'static,
    Fut: Future<Output = Result<U>> + Send + 'static,
{
    async fn poll(&mut self) -> Result<Polled<U>> {
        if self.running.is_none() {
            let result = match self.first.poll().await? {
                Polled::Pending(told) => return Ok(Polled::Pending(told)),
                Polled::Done(result) => result,
            };
            self.running = self.then.take().map(|then| then(result).boxed());
        }
        let Some(running) = &mut self.running else {
            return Err(taken());
        };
        let outcome = running.await;
        self.running = None;
        outcome.map(Polled::Done)
    }
}

fn taken() -> Error {
    Error::new(ErrorKind::Unexpected, "the operation's result was taken")
}

/// The result of a resumed operation, whatever it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// A put is done.
    Written(Written),
    /// A secret was changed or recovered.
    Secret(SecretInfo),
    /// A version was changed.
    Version(VersionInfo),
    /// A delete or a purge is done.
    Done,
}

macro_rules! from_outcome {
    ($($variant:ident => $type:ty),*) => {$(
        impl TryFrom<Outcome> for $type {
            type Error = Error;

            fn try_from(outcome: Outcome) -> Result<Self> {
                match outcome {
                    Outcome::$variant(result) => Ok(result),
                    _ => Err(other_outcome()),
                }
            }
        }
    )*};
}

from_outcome!(Written => Written, Secret => SecretInfo, Version => VersionInfo);

impl TryFrom<Outcome> for () {
    type Error = Error;

    fn try_from(outcome: Outcome) -> Result<Self> {
        match outcome {
            Outcome::Done => Ok(()),
            _ => Err(other_outcome()),
        }
    }
}

fn other_outcome() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "the operation was of another kind than the one asked for",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::clock::ManualClock;

    struct Slow(u32, Option<Duration>);

    #[async_trait]
    impl Poll<&'static str> for Slow {
        async fn poll(&mut self) -> Result<Polled<&'static str>> {
            match self.0 {
                0 => Ok(Polled::Done("result")),
                _ => {
                    self.0 -= 1;
                    Ok(Polled::Pending(self.1))
                }
            }
        }
    }

    fn slow(polls: u32, told: Option<Duration>) -> (Arc<ManualClock>, Operation<&'static str>) {
        let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let id = OperationId::new("op-1").unwrap();
        let operation = Operation::pending(id, Arc::clone(&clock) as _, Slow(polls, told));
        (clock, operation)
    }

    #[tokio::test]
    async fn waits_at_the_pace_that_the_service_tells() {
        let (clock, operation) = slow(3, Some(Duration::from_secs(7)));

        assert_eq!(
            operation.wait(WaitPolicy::default()).await.unwrap(),
            "result"
        );
        assert_eq!(clock.now().as_second(), 21);
    }

    #[tokio::test]
    async fn gives_up_at_the_deadline_and_tells_the_id() {
        let (clock, operation) = slow(u32::MAX, None);

        let policy = WaitPolicy {
            deadline: Duration::from_secs(10),
            interval: Duration::from_secs(4),
        };
        let error = operation.wait(policy).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.retry(), Retry::OutcomeUnknown);
        assert!(error.help().contains("op-1"));
        assert_eq!(clock.now().as_second(), 10);
    }

    #[tokio::test]
    async fn no_pace_of_nothing_makes_a_busy_loop() {
        for told in [None, Some(Duration::ZERO)] {
            let (_, operation) = slow(u32::MAX, told);
            let policy = WaitPolicy {
                deadline: Duration::from_secs(1),
                interval: Duration::ZERO,
            };

            let error = operation.wait(policy).await.unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Timeout);
        }
    }

    #[tokio::test]
    async fn an_operation_that_was_lost_sight_of_is_no_reason_to_begin_another() {
        struct Away(ErrorKind);

        #[async_trait]
        impl Poll<()> for Away {
            async fn poll(&mut self) -> Result<Polled<()>> {
                Err(Error::new(self.0, "the poll failed"))
            }
        }

        for (kind, retry) in [
            (ErrorKind::Unavailable, Retry::OutcomeUnknown),
            (ErrorKind::RateLimited, Retry::OutcomeUnknown),
            (ErrorKind::OperationFailed, Retry::Never),
        ] {
            let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
            let id = OperationId::new("op-1").unwrap();
            let operation = Operation::pending(id, clock, Away(kind));

            let error = operation.wait(WaitPolicy::default()).await.unwrap_err();

            assert_eq!((error.kind(), error.retry()), (kind, retry));
            let told = error.help().contains("op-1");
            assert_eq!(told, retry == Retry::OutcomeUnknown);
        }
    }

    #[tokio::test]
    async fn a_poll_dropped_in_the_second_step_loses_nothing() {
        let (_, operation) = slow(0, None);
        let mut operation = operation.and_then(|text| async move {
            tokio::task::yield_now().await;
            Ok(text.len())
        });

        assert!(operation.poll().now_or_never().is_none());

        assert!(matches!(operation.poll().await.unwrap(), Polled::Done(6)));
        assert!(operation.poll().await.is_err());
    }

    #[tokio::test]
    async fn the_second_step_runs_once_the_first_is_done() {
        let (_, operation) = slow(2, None);
        let mut operation = operation.and_then(|text| async move { Ok(text.len()) });

        assert_eq!(operation.id().unwrap().as_str(), "op-1");
        assert!(matches!(
            operation.poll().await.unwrap(),
            Polled::Pending(_)
        ));
        assert_eq!(operation.wait(WaitPolicy::default()).await.unwrap(), 6);
    }
}
