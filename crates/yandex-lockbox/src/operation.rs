//! Operations: what a change does, how far it is, and what came of it.

use std::time::Duration;

use async_trait::async_trait;
use polyvault_core::{
    Error, ErrorKind, Operation, OperationId, Outcome, Poll, Polled, Result, Retry, SecretId,
    VersionInfo, Written,
};

use crate::properties::{
    OperationKind, OperationProperties, OperationResponse, PasswordSpecification,
};
use crate::store::{About, YandexLockbox};

/// An operation that has begun may not be on every replica: so many polls may find nothing.
const EARLY: u32 = 3;

/// The pace where the service tells none.
const INTERVAL: Duration = Duration::from_secs(1);

/// What an operation does, as far as its result goes.
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
    /// Deletes a secret, or changes who may use it: there is nothing to show.
    Nothing,
}

impl Effect {
    pub(crate) fn of(kind: &OperationKind) -> Option<Self> {
        Some(match kind {
            OperationKind::CreateSecret => Self::Create,
            OperationKind::AddVersion => Self::AddVersion,
            OperationKind::UpdateSecret
            | OperationKind::ActivateSecret
            | OperationKind::DeactivateSecret => Self::Secret,
            OperationKind::SetCurrentVersion
            | OperationKind::ScheduleVersionDestruction
            | OperationKind::CancelVersionDestruction => Self::Version,
            OperationKind::DeleteSecret
            | OperationKind::SetAccessBindings
            | OperationKind::UpdateAccessBindings => Self::Nothing,
            OperationKind::Other(_) => return None,
        })
    }
}

/// How far an operation is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) told: OperationProperties,
    /// How long the service asks to wait before the next poll.
    pub(crate) pace: Option<Duration>,
}

impl Progress {
    pub(crate) fn effect(&self) -> Option<Effect> {
        self.told.kind.as_ref().and_then(Effect::of)
    }
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
    /// The rules that the password of the new version is to be of.
    pub(crate) rules: Option<PasswordSpecification>,
}

impl Expected {
    /// Nothing but the call: the operation's own answers say the rest.
    pub(crate) fn of(about: &About, effect: Option<Effect>) -> Self {
        Self {
            about: about.clone(),
            effect,
            secret: None,
            changed: None,
            rules: None,
        }
    }

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
            Ok(Some(progress)) if progress.told.done => {
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
        let effect = progress.effect().or(expected.effect);
        let told = progress.told;
        if let Some(error) = told.error {
            return Err(error);
        }
        let effect = effect.ok_or_else(foreign)?;
        let secret = told.secret.or_else(|| expected.secret.clone());
        let secret = || secret.clone().ok_or_else(untold);
        let about = &expected.about;
        Ok(match (effect, told.response) {
            (Effect::Nothing, _) => Outcome::Done,
            (Effect::Secret, OperationResponse::Secret(told)) => Outcome::Secret(told.info),
            (Effect::Secret, _) => {
                let read = self.read(about, &secret()?).await;
                Outcome::Secret(read.map_err(unread)?.info)
            }
            (Effect::Version, OperationResponse::Version(told)) => Outcome::Version(told.info),
            (Effect::Version, _) => {
                let version = told.version.ok_or_else(untold)?;
                let found = self.find_version(about, &secret()?, &version).await;
                Outcome::Version(found.map_err(unread)?)
            }
            (Effect::Create | Effect::AddVersion, response) => {
                let (secret, version) = match response {
                    OperationResponse::Secret(told) => (told.info.id, told.current),
                    OperationResponse::Version(told) => (secret()?, Some(*told)),
                    _ => {
                        let secret = secret()?;
                        // It is written: what fails now makes no failure of it.
                        let read = self.read(about, &secret).await.ok();
                        let current = read.and_then(|told| told.current);
                        (secret, current.filter(|made| made.info.id == told.version))
                    }
                };
                if let (Some(rules), Some(made)) = (&expected.rules, &version)
                    && made.password.as_ref().is_some_and(|by| !by.same_as(rules))
                {
                    return Err(other_rules());
                }
                Outcome::Written(Written {
                    secret,
                    version: version.map_or_else(
                        || VersionInfo {
                            id: told.version,
                            ..VersionInfo::default()
                        },
                        |made| made.info,
                    ),
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
        if progress.told.done {
            let outcome = self.outcome(&expected, progress).await?;
            return Ok(Operation::done(T::try_from(outcome)?));
        }
        let id = progress.told.id;
        let poller = Poller::new(self.clone(), id.clone(), expected);
        Ok(Operation::pending(id, self.clock(), poller))
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

/// A version that was made by somebody else's rules, or is a copy: not what was asked for.
fn other_rules() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "a version was added, and its password was not generated by the rules that were asked for",
    )
    .with_help(
        "Somebody changed the rules at the same time. Put again, if theirs are not to stand.",
    )
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
