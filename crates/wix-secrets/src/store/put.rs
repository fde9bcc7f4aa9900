//! Putting: a list tells the id, then an update or a create; nothing holds the three together.

use polyvault_core::{
    Error, ErrorKind, Payload, PutMode, PutOptions, Result, SecretId, SecretInfo, SecretName,
    SecretRef, VersionInfo, Written,
};

use super::WixSecrets;
use super::encoded::Due;
use crate::{error, request, response};

/// How often a put looks again after another writer was faster.
const ROUNDS: usize = 4;

/// What a write came to.
enum Step {
    Written {
        secret: SecretId,
        created: bool,
    },
    /// The state is another than the list showed: look again.
    Overtaken,
    /// The same, and a create of ours lost its answer: the secret there may be ours.
    MaybeOurs,
}

impl WixSecrets {
    pub(super) async fn put(
        &self,
        secret: &SecretRef,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<Written> {
        let due = &Due::of(payload)?;
        let mut maybe_ours = false;
        for _ in 0..ROUNDS {
            let round = self.round(secret, due, options, maybe_ours).await;
            match round.map_err(|error| unknown_if(maybe_ours, error))? {
                Step::Written { secret, created } => {
                    return Ok(Written {
                        secret,
                        // The service has no versions, and tells nothing of what it wrote.
                        version: VersionInfo::default(),
                        created,
                    });
                }
                Step::Overtaken => {}
                Step::MaybeOurs => maybe_ours = true,
            }
        }
        let error = Error::new(
            ErrorKind::Conflict,
            format!("other writers made or deleted the secret {ROUNDS} times in between"),
        );
        Err(unknown_if(maybe_ours, error))
    }

    async fn round(
        &self,
        secret: &SecretRef,
        due: &Due,
        options: &PutOptions,
        maybe_ours: bool,
    ) -> Result<Step> {
        match (self.look("put", secret).await?, secret) {
            (Some(found), _) if maybe_ours => self.settle(secret, found, due, options).await,
            (Some(_), _) if options.mode == PutMode::Create => Err(options.name_taken()),
            (Some(found), _) => self.rewrite(secret, found, due, options).await,
            (None, SecretRef::Name(name)) if options.mode != PutMode::AddVersion => {
                self.create(secret, name, due, options).await
            }
            (None, _) => Err(super::not_found()),
        }
    }

    async fn create(
        &self,
        secret: &SecretRef,
        name: &SecretName,
        due: &Due,
        options: &PutOptions,
    ) -> Result<Step> {
        let description = due.description(options);
        let description = description.as_deref();
        let request = request::create(&self.config, name.as_str(), &due.value, description)?;
        match self
            .send_tracked(self.call("put", Some(secret), request))
            .await
        {
            (Ok(answer), _) => match response::created(&answer) {
                Ok(id) => Ok(Step::Written {
                    secret: id,
                    created: true,
                }),
                Err(error) => Err(unknown_if(true, error)),
            },
            (Err(error), lost) if error.kind() == ErrorKind::AlreadyExists => match options.mode {
                _ if lost => Ok(Step::MaybeOurs),
                PutMode::Create => Err(options.maybe_own(error)),
                _ => Ok(Step::Overtaken),
            },
            (Err(error), lost) => Err(unknown_if(lost, error)),
        }
    }

    async fn rewrite(
        &self,
        secret: &SecretRef,
        found: SecretInfo,
        due: &Due,
        options: &PutOptions,
    ) -> Result<Step> {
        let description = due.description_over(&found, options, &self.capabilities)?;
        let description = description.as_deref();
        let request = request::put_value(&self.config, &found.id, &due.value, description)?;
        match self
            .send_tracked(self.call("put", Some(secret), request))
            .await
        {
            (Ok(answer), _) => match response::done(&answer) {
                Ok(()) => Ok(Step::Written {
                    secret: found.id,
                    created: false,
                }),
                Err(error) => Err(unknown_if(true, error)),
            },
            (Err(error), _) if error.kind() == ErrorKind::NotFound => Ok(Step::Overtaken),
            (Err(error), lost) => Err(unknown_if(lost, error)),
        }
    }

    /// A create lost its answer and its repeat was refused, and before there was no
    /// secret. The one there now is ours if it is what we asked for.
    async fn settle(
        &self,
        secret: &SecretRef,
        found: SecretInfo,
        due: &Due,
        options: &PutOptions,
    ) -> Result<Step> {
        // Creates go by name, so it is one.
        let payload = match self.stored("put", secret, secret.as_str()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Step::Overtaken),
            read => read?,
        };
        let described = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let same = payload.same_as(&Payload::of(due.value.clone()))
            && described(&found.description) == described(&due.description(options));
        match options.mode {
            _ if same => Ok(Step::Written {
                secret: found.id,
                created: true,
            }),
            PutMode::Create => Err(Error::new(
                ErrorKind::Conflict,
                "no answer to the create came, and the secret that is there now differs from it",
            )),
            _ => self.rewrite(secret, found, due, options).await,
        }
    }
}

/// The error of a put that may have taken place.
fn unknown_if(lost: bool, error: Error) -> Error {
    match lost {
        true => error::ADVICE.unknown("put", error),
        false => error,
    }
}
