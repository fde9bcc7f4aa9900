//! Operations: what a change does, how far it is, and what came of it.

use std::time::Duration;

use async_trait::async_trait;
use polyvault_core::{
    Error, ErrorKind, Operation, OperationId, Outcome, Poll, Polled, Result, Retry, SecretId,
    SecretInfo, VersionId, VersionInfo, Written,
};

use crate::store::{About, YandexLockbox};

/// An operation that has begun may not be on every replica: so many polls may find nothing.
const EARLY: u32 = 3;

/// The pace where the service tells none.
const INTERVAL: Duration = Duration::from_secs(1);

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Makes a secret, mostly with a version.
    Create,
    /// Makes a version.
    AddVersion,
    /// Changes a secret.
    Secret,
    /// Changes a version.
    Version,
    /// Deletes a secret.
    Delete,
}

impl Effect {
    /// By the type of an operation's metadata.
    pub(crate) fn of_metadata(type_url: &str) -> Option<Self> {
        let (_, name) = type_url.split_once("yandex.cloud.lockbox.v1.")?;
        Some(match name {
            "CreateSecretMetadata" => Self::Create,
            "AddVersionMetadata" => Self::AddVersion,
            "UpdateSecretMetadata" | "ActivateSecretMetadata" | "DeactivateSecretMetadata" => {
                Self::Secret
            }
            "SetCurrentVersionMetadata"
            | "ScheduleVersionDestructionMetadata"
            | "CancelVersionDestructionMetadata" => Self::Version,
            "DeleteSecretMetadata" => Self::Delete,
            _ => return None,
        })
    }
}

/// How far an operation is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) id: OperationId,
    pub(crate) done: bool,
    pub(crate) effect: Option<Effect>,
    pub(crate) secret: Option<SecretId>,
    pub(crate) version: Option<VersionId>,
    /// May be there before it is done: the service takes back what it did.
    pub(crate) failed: Option<Error>,
    pub(crate) told: Told,
    /// How long the service asks to wait before the next poll.
    pub(crate) pace: Option<Duration>,
}

/// The resource that an operation ended with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Secret(Box<SecretInfo>),
    Version(Box<VersionInfo>),
    Nothing,
}

/// What is known of an operation before its first answer.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) about: About,
    /// What it does, where the answer doesn't say.
    pub(crate) effect: Option<Effect>,
    /// The secret, where the answer doesn't say.
    pub(crate) secret: Option<SecretId>,
    /// What earlier steps of the same call have changed, for the error of this one.
    pub(crate) changed: Option<String>,
}

impl Expected {
    /// Adds to an error what is changed already.
    pub(crate) fn blame(&self, error: Error) -> Error {
        let Some(changed) = &self.changed else {
            return error;
        };
        let help = format!("Changed already: {changed}. {}", error.help());
        error.with_help(help)
    }
}

/// Asks the service how far an operation is.
#[derive(Debug)]
pub(crate) struct Poller {
    store: YandexLockbox,
    id: OperationId,
    expected: Expected,
    /// How many polls have found nothing.
    missed: u32,
}

impl Poller {
    pub(crate) fn new(store: YandexLockbox, id: OperationId, expected: Expected) -> Self {
        Self {
            store,
            id,
            expected,
            missed: 0,
        }
    }

    /// `None` while it may not have come to the replica that was asked.
    async fn look(&mut self) -> Result<Option<Progress>> {
        match self.store.progress(&self.expected.about, &self.id).await {
            Err(error) if error.kind() == ErrorKind::NotFound && self.missed < EARLY => {
                self.missed += 1;
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }

    /// The first look of another process.
    pub(crate) async fn find(&mut self) -> Result<Progress> {
        loop {
            match self.look().await {
                Ok(Some(progress)) => return Ok(progress),
                Ok(None) => self.store.clock().sleep(INTERVAL).await,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Err(again(error.kind(), "there is no such operation", &error));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// An operation that can't be asked about says nothing of the secret: never that it is missing.
    fn lost(&self, error: Error) -> Error {
        let error = match error.kind() {
            ErrorKind::NotFound => again(
                ErrorKind::Unexpected,
                "the service has forgotten the operation",
                &error,
            ),
            _ => error,
        };
        error.with_retry(Retry::OutcomeUnknown).with_help(format!(
            "The service may still be at work: resume the operation {:?}, or look at the secret.",
            self.id
        ))
    }
}

#[async_trait]
impl<T> Poll<T> for Poller
where
    T: TryFrom<Outcome> + Send,
    Error: From<T::Error>,
{
    async fn poll(&mut self) -> Result<Polled<T>> {
        let about = self.expected.about.clone();
        let polled = match self.look().await {
            Ok(Some(progress)) if progress.done => {
                let outcome = self.store.outcome(&self.expected, progress).await;
                outcome.and_then(|outcome| Ok(Polled::Done(T::try_from(outcome)?)))
            }
            Ok(progress) => Ok(Polled::Pending(progress.and_then(|progress| progress.pace))),
            Err(error) => Err(self.lost(error)),
        };
        polled.map_err(|error| about.name(self.expected.blame(error)))
    }
}

impl YandexLockbox {
    /// How an operation that is done went, read anew where its own answer doesn't tell.
    pub(crate) async fn outcome(&self, expected: &Expected, progress: Progress) -> Result<Outcome> {
        if let Some(error) = progress.failed {
            return Err(error);
        }
        let effect = progress.effect.or(expected.effect).ok_or_else(foreign)?;
        let secret = progress.secret.or_else(|| expected.secret.clone());
        let secret = || secret.clone().ok_or_else(untold);
        let about = &expected.about;
        Ok(match (effect, progress.told) {
            (Effect::Delete, _) => Outcome::Done,
            (Effect::Secret, Told::Secret(info)) => Outcome::Secret(*info),
            (Effect::Secret, _) => {
                let read = self.read(about, &secret()?).await;
                Outcome::Secret(read.map_err(unread)?)
            }
            (Effect::Version, Told::Version(info)) => Outcome::Version(*info),
            (Effect::Version, _) => {
                let version = progress.version.ok_or_else(untold)?;
                let found = self.find_version(about, &secret()?, &version).await;
                Outcome::Version(found.map_err(unread)?)
            }
            (Effect::Create | Effect::AddVersion, told) => {
                let (secret, version) = match told {
                    Told::Secret(info) => (info.id, info.current),
                    Told::Version(info) => (secret()?, Some(*info)),
                    Told::Nothing => {
                        let secret = secret()?;
                        // It is written: what fails now makes no failure of it.
                        let read = self.read(about, &secret).await.ok();
                        let current = read.and_then(|info| info.current);
                        (secret, current.filter(|info| info.id == progress.version))
                    }
                };
                Outcome::Written(Written {
                    secret,
                    version: version.unwrap_or_else(|| VersionInfo {
                        id: progress.version,
                        ..VersionInfo::default()
                    }),
                    created: effect == Effect::Create,
                })
            }
        })
    }

    /// An operation from its first answer.
    pub(crate) async fn operation_of<T>(
        &self,
        expected: Expected,
        progress: Progress,
    ) -> Result<Operation<T>>
    where
        T: TryFrom<Outcome> + Send + 'static,
        Error: From<T::Error>,
    {
        if progress.done {
            let outcome = self.outcome(&expected, progress).await?;
            return Ok(Operation::done(T::try_from(outcome)?));
        }
        let poller = Poller::new(self.clone(), progress.id.clone(), expected);
        Ok(Operation::pending(progress.id, self.clock(), poller))
    }
}

/// The same error with another kind and message.
pub(crate) fn again(kind: ErrorKind, message: &'static str, error: &Error) -> Error {
    let mut new = Error::new(kind, message);
    if let Some(status) = error.status() {
        new = new.with_status(status);
    }
    if let Some(code) = error.code() {
        new = new.with_code(code);
    }
    if let Some(id) = error.request_id() {
        new = new.with_request_id(id);
    }
    new
}

pub(crate) fn foreign() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "field `id`: not an operation on a secret or a version",
    )
}

/// What fails after the change is no refusal of the change.
pub(crate) fn unread(error: Error) -> Error {
    error.with_retry(Retry::OutcomeUnknown).with_help(READ_BACK)
}

const READ_BACK: &str = "The change is done, and only reading back what came of it failed: \
    describe the secret.";

fn untold() -> Error {
    Error::new(
        ErrorKind::Decode,
        "the operation is done, and the answer doesn't tell which secret or version it was about",
    )
    .with_retry(Retry::OutcomeUnknown)
    .with_help(READ_BACK)
}
