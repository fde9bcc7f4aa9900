//! Work that a service goes on with after answering.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{Clock, SystemClock};
use crate::model::{SecretInfo, VersionInfo, Written};
use crate::{Error, ErrorKind, OperationId, Result, Retry};

/// How a poll found an operation.
#[derive(Debug)]
pub enum Polled<T> {
    /// It is done, with this result.
    Done(T),
    /// It goes on; look again after this long where the service told.
    Pending(Option<Duration>),
}

/// Asks a service how far an operation is. Adapters implement it.
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
    /// The pause between two polls where the service tells none; 1 s by default.
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
            State::Done(result) => result.take().map(Polled::Done).ok_or_else(|| {
                Error::new(ErrorKind::Unexpected, "the operation's result was taken")
            }),
            State::Pending { poller, .. } => {
                let polled = poller.poll().await;
                if matches!(polled, Ok(Polled::Done(_))) {
                    self.state = State::Done(None);
                }
                polled
            }
        }
    }

    /// Polls until it is done, at the service's pace where it tells one.
    ///
    /// # Errors
    ///
    /// The service's error, if it failed; `Timeout` at the deadline, with the id to resume it by.
    pub async fn wait(mut self, policy: WaitPolicy) -> Result<T> {
        let clock = match &self.state {
            State::Done(_) => Arc::new(SystemClock),
            State::Pending { clock, .. } => Arc::clone(clock),
        };
        let start = clock.now();
        loop {
            let told = match self.poll().await? {
                Polled::Done(result) => return Ok(result),
                Polled::Pending(told) => told,
            };
            let waited = Duration::try_from(clock.now().duration_since(start)).unwrap_or_default();
            let Some(left) = policy.deadline.checked_sub(waited).filter(|d| !d.is_zero()) else {
                return Err(self.overdue(policy.deadline));
            };
            clock.sleep(told.unwrap_or(policy.interval).min(left)).await;
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
                }),
            },
        }
    }

    fn overdue(&self, deadline: Duration) -> Error {
        let error = Error::new(
            ErrorKind::Timeout,
            format!("the service is still at work after {deadline:?}"),
        )
        .with_retry(Retry::After(None));
        match &self.id {
            Some(id) => error.with_help(format!("Resume the operation {id:?} and wait longer.")),
            None => error,
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

struct AndThen<T, F> {
    first: Operation<T>,
    then: Option<F>,
}

#[async_trait]
impl<T, U, F, Fut> Poll<U> for AndThen<T, F>
where
    T: Send + 'static,
    U: Send + 'static,
    F: FnOnce(T) -> Fut + Send + 'static,
    Fut: Future<Output = Result<U>> + Send + 'static,
{
    async fn poll(&mut self) -> Result<Polled<U>> {
        match self.first.poll().await? {
            Polled::Pending(told) => Ok(Polled::Pending(told)),
            Polled::Done(result) => match self.then.take() {
                Some(then) => then(result).await.map(Polled::Done),
                None => Err(Error::new(
                    ErrorKind::Unexpected,
                    "the operation's result was taken",
                )),
            },
        }
    }
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
        assert!(error.help().contains("op-1"));
        assert_eq!(clock.now().as_second(), 10);
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
