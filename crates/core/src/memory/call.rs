//! One call: what is checked before it, and what may go wrong after.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::MemoryStore;
use super::state::{Among, State};
use crate::capabilities::LostPut;
use crate::operation::{Operation, Outcome, Poll, Polled};
use crate::{Error, ErrorKind, OperationId, PutOptions, Result, Retry, SecretRef};

/// A write that has begun, and what came of it.
pub(super) struct Begun {
    operation: &'static str,
    secret: SecretRef,
    outcome: Result<Outcome>,
}

impl MemoryStore {
    /// One call: the shared checks first, then what the caller may do, then the work.
    pub(super) fn call<T>(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
        checked: Result<()>,
        work: impl FnOnce(&mut State, Timestamp) -> Result<T>,
    ) -> Result<T> {
        checked
            .and_then(|()| {
                let now = self.now();
                let mut state = self.lock();
                state.admit(operation, secret)?;
                work(&mut state, now)
            })
            .map_err(|error| self.blame(error, operation, secret))
    }

    /// A [`call`](Self::call) that writes, with what may go wrong after it was accepted.
    /// `seen` says whether looking at the store shows that it took place, or that it did not.
    pub(super) fn begin<T>(
        &self,
        operation: &'static str,
        secret: &SecretRef,
        checked: Result<()>,
        seen: bool,
        work: impl FnOnce(&mut State, Timestamp) -> Result<Outcome>,
    ) -> Result<Operation<T>>
    where
        T: TryFrom<Outcome> + Send + 'static,
        Error: From<T::Error>,
    {
        let service = self.service();
        let confirms = seen && service.can.lost_put == LostPut::Confirmed;
        let outcome = self.call(operation, Some(secret), checked, |state, now| {
            if std::mem::take(&mut state.fail_next) {
                return Ok(Err(made_to_fail()));
            }
            if std::mem::take(&mut state.lose_request) {
                return Err(lost());
            }
            if operation == "put"
                && let Some((secret, payload)) = state.overtaker.take()
            {
                state.put(&secret, payload, &PutOptions::default(), now)?;
            }
            let outcome = work(state, now)?;
            if std::mem::take(&mut state.lose_next) && !confirms {
                return Err(lost());
            }
            Ok(Ok(service.outcome(operation, outcome)))
        })?;
        let outcome = outcome.map_err(|error| self.blame(error, operation, Some(secret)));
        if service.can.resume && service.manner.long.contains(&operation) {
            let id: OperationId = self.lock().new_id()?;
            let begun = Begun {
                operation,
                secret: secret.clone(),
                outcome,
            };
            self.lock().operations.insert(id.clone(), begun);
            return Ok(self.under_way(id, false));
        }
        Ok(match outcome {
            Ok(outcome) => Operation::done(T::try_from(outcome)?),
            Err(failure) => Operation::done(()).and_then(|()| async { Err(failure) }),
        })
    }

    /// The operation of this id, from its beginning or `again` from anywhere.
    pub(super) fn under_way<T>(&self, id: OperationId, again: bool) -> Operation<T>
    where
        T: TryFrom<Outcome> + Send + 'static,
        Error: From<T::Error>,
    {
        let poller = Ending {
            store: self.clone(),
            id: id.clone(),
            again,
        };
        Operation::pending(id, Arc::clone(&self.shared.clock), poller)
    }

    pub(super) fn blame(
        &self,
        error: Error,
        operation: &'static str,
        secret: Option<&SecretRef>,
    ) -> Error {
        let provider = self.service().can.provider;
        error.about(provider, operation, secret.map(SecretRef::as_str))
    }
}

/// Tells how an operation ended; it has by the first poll.
struct Ending {
    store: MemoryStore,
    id: OperationId,
    again: bool,
}

#[async_trait]
impl<T> Poll<T> for Ending
where
    T: TryFrom<Outcome> + Send,
    Error: From<T::Error>,
{
    async fn poll(&mut self) -> Result<Polled<T>> {
        let state = self.store.lock();
        let begun = state
            .operations
            .get(&self.id)
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, "the store has lost the operation"))?;
        let recovers = state.service.can.recover && begun.operation == "delete";
        if self.again && recovers && state.find(&begun.secret, Among::Live).is_ok() {
            let error = Error::new(
                ErrorKind::Conflict,
                "the secret is there again: it was recovered or made anew",
            );
            return Err(self
                .store
                .blame(error, begun.operation, Some(&begun.secret)));
        }
        match &begun.outcome {
            Ok(outcome) => Ok(Polled::Done(outcome.clone().try_into()?)),
            Err(failure) => Err(failure.clone()),
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Timeout, "the answer was lost")
        .with_retry(Retry::OutcomeUnknown)
        .with_help("It may have taken place: look at the secret before you repeat it.")
}

fn made_to_fail() -> Error {
    Error::new(ErrorKind::OperationFailed, "the operation was made to fail")
        .with_code("MADE_TO_FAIL")
}
