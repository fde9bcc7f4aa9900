//! Faults of what a put makes, tells and repeats.

use polyvault_core::*;

use super::bug::{Bug, bug, but, rows};
use super::plain::Plain;

rows![
    TellsCreateAsUpdate,
    CreateIsUpsert,
    CreateChangesTheExisting,
    CreateLooksFirst,
    CreatesWhereItMayNotLook,
    CreateIsDoneTooEarly,
    AddVersionMakesASecret,
    TellsEveryPutAsCreate,
    RepeatsALostPut,
    TellsALostPutAsFailed,
    DropsTheKeyOfAPut,
    MakesATwinOnARepeat,
    FailedOperationIsDone,
    FailedOperationHasNoCode,
];

bug!(
    TellsCreateAsUpdate,
    create_makes_a_secret,
    begin_put,
    async |plain, secret, value, options| {
        let update = options.mode == PutMode::Create;
        let put = plain.begin_put(secret, value, options).await?;
        Ok(but(put, move |written| Written {
            created: written.created && !update,
            ..written
        }))
    }
);

bug!(
    CreateIsUpsert,
    create_on_an_existing_name_changes_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let mode = match options.mode {
            PutMode::Create => PutMode::Upsert,
            mode => mode,
        };
        let options = PutOptions { mode, ..options };
        plain.begin_put(secret, value, options).await
    }
);

// The service answers that it exists once it has taken the value.
bug!(
    CreateChangesTheExisting,
    create_on_an_existing_name_changes_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let put = plain.begin_put(secret, (&payload).into(), options).await;
        if let Err(error) = &put
            && error.kind() == ErrorKind::AlreadyExists
        {
            plain.memory.put(secret, payload).await?;
        }
        put
    }
);

bug!(
    CreateLooksFirst,
    one_of_two_creates_at_once_wins,
    begin_put,
    async |plain, secret, value, options| {
        if options.mode != PutMode::Create || plain.memory.describe(secret).await.is_ok() {
            return plain.begin_put(secret, value, options).await;
        }
        tokio::task::yield_now().await;
        let mode = match plain.describe(secret).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => PutMode::Create,
            _ => PutMode::Upsert,
        };
        let options = PutOptions { mode, ..options };
        plain.begin_put(secret, value, options).await
    }
);

// What it may not see is not there.
bug!(
    CreatesWhereItMayNotLook,
    forbidden_never_reads_as_missing,
    begin_put,
    async |plain, secret, value, options| {
        let hidden = match plain.memory.describe(secret).await {
            Err(error) => error.kind() == ErrorKind::Forbidden,
            Ok(_) => false,
        };
        if options.mode != PutMode::Create || !hidden {
            return plain.begin_put(secret, value, options).await;
        }
        let faults = plain.memory.faults();
        let twin = faults.make_twin(secret.as_str(), value.into_payload()?)?;
        Ok(Operation::done(Written {
            secret: twin,
            version: VersionInfo::default(),
            created: true,
        }))
    }
);

// The service goes on with it, and the first read does not find it.
bug!(
    CreateIsDoneTooEarly,
    create_makes_a_secret,
    begin_put,
    async |plain, secret, value, options| {
        let creates = options.mode == PutMode::Create;
        let put = plain.begin_put(secret, value, options).await?;
        if creates {
            let name = secret.as_str().to_owned();
            plain.memo().insert(name, "not there yet".into());
        }
        Ok(put)
    },
    get,
    async |plain, secret, options| {
        let early = plain.memo().remove(secret.as_str()).is_some();
        match early {
            true => Err(Error::new(ErrorKind::NotFound, "there is no such secret")),
            false => plain.get(secret, options).await,
        }
    }
);

bug!(
    AddVersionMakesASecret,
    add_version_needs_a_secret,
    begin_put,
    async |plain, secret, value, options| {
        let mode = match options.mode {
            PutMode::AddVersion => PutMode::Upsert,
            mode => mode,
        };
        let options = PutOptions { mode, ..options };
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    TellsEveryPutAsCreate,
    a_put_tells_what_it_made,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await?;
        Ok(but(put, |written| Written {
            created: true,
            ..written
        }))
    }
);

bug!(
    RepeatsALostPut,
    a_put_whose_answer_was_lost_is_made_once,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let put = plain.begin_put(secret, (&payload).into(), options.clone());
        match put.await {
            Err(error) if error.retry() == Retry::OutcomeUnknown => {
                let idempotency_key = None;
                let options = PutOptions {
                    idempotency_key,
                    ..options
                };
                plain.begin_put(secret, payload.into(), options).await
            }
            put => put,
        }
    }
);

bug!(
    TellsALostPutAsFailed,
    a_put_whose_answer_was_lost_is_made_once,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await;
        put.map_err(|error| error.with_retry(Retry::Never))
    }
);

bug!(
    DropsTheKeyOfAPut,
    a_repeat_of_a_put_under_its_key_is_the_same_put,
    begin_put,
    async |plain, secret, value, options| {
        let idempotency_key = None;
        let options = PutOptions {
            idempotency_key,
            ..options
        };
        plain.begin_put(secret, value, options).await
    }
);

// A service that takes two secrets of a name, and a key that is not sent with creates.
bug!(
    MakesATwinOnARepeat,
    a_repeat_of_a_first_put_under_its_key_makes_no_second_secret,
    begin_put,
    async |plain, secret, value, options| {
        let key = options.idempotency_key.map(|key| key.to_string());
        let payload = value.into_payload()?;
        let put = plain.begin_put(secret, (&payload).into(), options).await?;
        let written = put.wait(WaitPolicy::default()).await?;
        if let Some(key) = key.filter(|_| written.created)
            && plain.memo().insert(key, String::new()).is_some()
        {
            plain.memory.faults().make_twin(secret.as_str(), payload)?;
        }
        Ok(Operation::done(written))
    }
);

// HTTP 200, and the error stands in the body.
bug!(
    FailedOperationIsDone,
    an_operation_that_fails_is_an_error_with_a_code,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await?;
        match put.wait(WaitPolicy::default()).await {
            Err(error) if error.kind() == ErrorKind::OperationFailed => {
                Ok(Operation::done(Written {
                    secret: plain.memory.describe(secret).await?.id,
                    version: VersionInfo::default(),
                    created: false,
                }))
            }
            written => Ok(Operation::done(written?)),
        }
    }
);

bug!(
    FailedOperationHasNoCode,
    an_operation_that_fails_is_an_error_with_a_code,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await?;
        match put.wait(WaitPolicy::default()).await {
            Err(error) if error.kind() == ErrorKind::OperationFailed => Err(Error::new(
                ErrorKind::OperationFailed,
                "the operation failed",
            )),
            written => Ok(Operation::done(written?)),
        }
    }
);
