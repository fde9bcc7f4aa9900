//! Deleting, recovering and purging, and waiting out what is on its way.

use std::time::Duration;

use http::{Request, Response};
use polyvault_core::transport::{Body, Call, Repeat};
use polyvault_core::{ErrorKind, Operation, Result, SecretInfo};

use super::AzureKeyVault;
use crate::operation::{Begun, DeletePoll, INTERVAL, RecoverPoll};
use crate::response::Deleted;
use crate::{error, request, response};

/// How long a secret may be on its way before its refusals are handed on.
const SETTLE: Duration = Duration::from_secs(60);

impl AzureKeyVault {
    pub(super) async fn delete_named(&self, name: &str) -> Result<Operation<()>> {
        let request = request::delete(&self.config, name)?;
        let deleted = self
            .settled(|| async {
                match self.once("delete", name, &request).await {
                    // A delete is under way, maybe our own whose answer was lost: its end is what is wanted.
                    Err(refused) if error::is_being_deleted(&refused) => Ok(None),
                    outcome => outcome,
                }
            })
            .await?;
        let deleted = match deleted {
            Some(answer) => response::deleted(&answer)
                .map_err(|error| error::ADVICE.unknown("delete", error))?,
            None => Deleted::Kept,
        };
        match deleted {
            Deleted::Gone => Ok(Operation::done(())),
            Deleted::Kept => Ok(Operation::pending(
                Begun::Delete(name.to_owned()).id()?,
                self.client.clock(),
                self.delete_poll(name, false),
            )),
        }
    }

    pub(super) async fn recover_named(&self, name: &str) -> Result<Operation<SecretInfo>> {
        let request = request::recover(&self.config, name)?;
        let answer = self
            .settled(|| self.once("recover", name, &request))
            .await?;
        let told = answer.filter(|answer| !answer.body().is_empty());
        let told = told
            .map(|answer| response::info(&self.config, &answer))
            .transpose()
            .map_err(|error| error::ADVICE.unknown("recover", error))?;
        Ok(Operation::pending(
            Begun::Recover(name.to_owned()).id()?,
            self.client.clock(),
            self.recover_poll(name, told),
        ))
    }

    pub(super) async fn purge_named(&self, name: &str) -> Result<()> {
        let request = request::purge(&self.config, name)?;
        self.settled(|| self.once("purge", name, &request))
            .await
            .map(|_| ())
    }

    pub(super) fn delete_poll(&self, name: &str, resumed: bool) -> DeletePoll {
        DeletePoll {
            config: self.config.clone(),
            client: self.client.clone(),
            name: name.to_owned(),
            resumed,
        }
    }

    pub(super) fn recover_poll(&self, name: &str, told: Option<SecretInfo>) -> RecoverPoll {
        RecoverPoll {
            config: self.config.clone(),
            client: self.client.clone(),
            name: name.to_owned(),
            told,
        }
    }

    /// Tries again while the secret is on its way: a recovered one is not yet
    /// writable, a purged one keeps its name for a while.
    pub(super) async fn settled<T, F, Fut>(&self, attempt: F) -> Result<T>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let clock = self.client.clock();
        let start = clock.now();
        loop {
            match attempt().await {
                Err(error) if error.kind() == ErrorKind::InTransition => {
                    let waited = clock.now().duration_since(start);
                    if waited >= SETTLE.try_into().unwrap_or_default() {
                        return Err(error);
                    }
                    clock.sleep(INTERVAL).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// A change whose repeat finds nothing left to do: `None` if an answer was
    /// lost and it has, so that our own took place.
    async fn once(
        &self,
        operation: &'static str,
        name: &str,
        request: &Request<Body>,
    ) -> Result<Option<Response<Body>>> {
        let call = Call {
            operation,
            secret: Some(name),
            repeat: Repeat::Safe,
            request: request.clone(),
        };
        self.client.send_delete(call).await
    }
}
