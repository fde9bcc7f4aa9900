//! Work that a service goes on with after answering.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, FutureExt as _};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::clock::{Clock, SystemClock};
use crate::model::{SecretInfo, VersionInfo, Written};
use crate::observability::{TARGET, millis, since, within};
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
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use polyvault_core::{Poll, Polled, Result};
///
/// /// An import that a service works on for three looks.
/// struct Import(u32);
///
/// #[async_trait]
/// impl Poll<u32> for Import {
///     async fn poll(&mut self) -> Result<Polled<u32>> {
///         self.0 += 1;
///         Ok(if self.0 == 3 { Polled::Done(self.0) } else { Polled::Pending(None) })
///     }
/// }
/// ```
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
///
/// # Example
///
/// ```
/// use polyvault_core::{Operation, Polled, WaitPolicy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let mut done = Operation::done(1);
/// assert!(matches!(done.poll().await?, Polled::Done(1)));
///
/// let chained = Operation::done(1).and_then(|one| async move { Ok(one + 1) });
/// assert_eq!(chained.id(), None);
/// assert_eq!(chained.wait(WaitPolicy::default()).await?, 2);
/// # Ok(())
/// # }
/// ```
#[must_use = "the service may still be at work: wait for it or keep its id"]
pub struct Operation<T> {
    id: Option<OperationId>,
    state: State<T>,
    /// The call that began it.
    span: Span,
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
            span: Span::none(),
        }
    }

    /// Work that goes on and is asked about through `poller`.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use async_trait::async_trait;
    /// use polyvault_core::clock::ManualClock;
    /// use polyvault_core::{Operation, OperationId, Poll, Polled, Result, WaitPolicy};
    ///
    /// struct Soon(bool);
    ///
    /// #[async_trait]
    /// impl Poll<&'static str> for Soon {
    ///     async fn poll(&mut self) -> Result<Polled<&'static str>> {
    ///         match std::mem::replace(&mut self.0, true) {
    ///             true => Ok(Polled::Done("written")),
    ///             false => Ok(Polled::Pending(Some(Duration::from_secs(5)))),
    ///         }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time")));
    /// let operation = Operation::pending(OperationId::new("op-1")?, clock, Soon(false));
    /// assert_eq!(operation.wait(WaitPolicy::default()).await?, "written");
    /// # Ok(())
    /// # }
    /// ```
    pub fn pending(id: OperationId, clock: Arc<dyn Clock>, poller: impl Poll<T> + 'static) -> Self {
        Self {
            id: Some(id),
            state: State::Pending {
                clock,
                poller: Box::new(poller),
            },
            span: Span::none(),
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
        let span = self.span.clone();
        self.ask().instrument(span).await
    }

    async fn ask(&mut self) -> Result<Polled<T>> {
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
        let clock = match self.state {
            State::Done(result) => return result.ok_or_else(taken),
            State::Pending { ref clock, .. } => Arc::clone(clock),
        };
        let id = self.id.as_ref().map(OperationId::as_str);
        let span = self.span.in_scope(|| {
            tracing::debug_span!(
                target: TARGET,
                "polyvault.wait",
                polyvault.operation_id = id,
                polyvault.polls = Empty,
                polyvault.elapsed_ms = Empty,
                error.type = Empty,
                otel.status_code = Empty,
            )
        });
        let mut polls = 0_u64;
        let ended = self.ended(policy, &*clock, &mut polls);
        let outcome = within(&span, &*clock, ended).await;
        span.record("polyvault.polls", polls);
        outcome
    }

    async fn ended(&mut self, policy: WaitPolicy, clock: &dyn Clock, polls: &mut u64) -> Result<T> {
        let start = clock.now();
        loop {
            *polls += 1;
            let told = match self.ask().await {
                Ok(Polled::Done(result)) => return Ok(result),
                Ok(Polled::Pending(told)) => told,
                Err(error) if is_of_the_poll(&error) => return Err(self.left_at_work(error)),
                Err(error) => return Err(error),
            };
            let waited = since(start, clock);
            let Some(left) = policy.deadline.checked_sub(waited).filter(|d| !d.is_zero()) else {
                let message = format!("the service is still at work after {:?}", policy.deadline);
                return Err(self.left_at_work(Error::new(ErrorKind::Timeout, message)));
            };
            let pace = told.filter(|told| !told.is_zero());
            let pace = pace.unwrap_or(policy.interval).max(SHORTEST).min(left);
            tracing::debug!(
                target: TARGET,
                { polyvault.delay_ms = millis(pace) },
                "still at work"
            );
            clock.sleep(pace).await;
        }
    }

    /// Makes the polls part of the span of the call, which `done` tells the result.
    pub(crate) fn traced(self, span: Span, done: impl Fn(&Span, &T) + Send + 'static) -> Self {
        let state = match self.state {
            State::Done(result) => {
                if let Some(result) = &result {
                    done(&span, result);
                }
                State::Done(result)
            }
            State::Pending { clock, poller } => State::Pending {
                clock,
                poller: Box::new(Traced {
                    poller,
                    span: span.clone(),
                    done,
                }),
            },
        };
        Self {
            id: self.id,
            state,
            span,
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
            span: self.span.clone(),
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

struct Traced<T, F> {
    poller: Box<dyn Poll<T>>,
    span: Span,
    done: F,
}

#[async_trait]
impl<T: Send, F: Fn(&Span, &T) + Send> Poll<T> for Traced<T, F> {
    async fn poll(&mut self) -> Result<Polled<T>> {
        let polled = self.poller.poll().await?;
        if let Polled::Done(result) = &polled {
            (self.done)(&self.span, result);
        }
        Ok(polled)
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
            let result = match self.first.ask().await? {
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

/// Whether the poll failed and not the work: to try again, or to repair, is the poll, and not the call
/// that began the work.
fn is_of_the_poll(error: &Error) -> bool {
    matches!(error.retry(), Retry::After(_))
        || matches!(error.kind(), ErrorKind::Decode | ErrorKind::Unauthenticated)
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
