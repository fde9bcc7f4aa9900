//! Faults of deletes, and of what brings back what was deleted.

use polyvault_core::*;

use super::bug::{Bug, bug, rows};
use super::plain::Plain;

rows![
    DeleteOfTheGoneIsDone,
    DeleteIsDoneTooEarly,
    LostDeleteIsMissing,
    RepeatOfOurDeleteIsMissing,
    DeletesTheProtected,
    RecoverLosesVersions,
    RecoverIsDoneTooEarly,
    PurgeLeavesIt,
    PurgesTheLiving,
    RecoversTheLiving,
    PutRecoversUnasked,
    PutPurgesInsteadOfRecovering,
    PutRecoversInsteadOfPurging,
];

bug!(
    DeleteOfTheGoneIsDone,
    deleting_what_is_gone_is_not_found,
    begin_delete,
    async |plain, secret, options| match plain.begin_delete(secret, options).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Operation::done(())),
        delete => delete,
    }
);

// The service goes on with it, and the first read still gives the value.
bug!(
    DeleteIsDoneTooEarly,
    deleting_what_is_gone_is_not_found,
    begin_delete,
    async |plain, secret, options| {
        let delete = plain.begin_delete(secret, options).await?;
        let name = secret.as_str().to_owned();
        plain.memo().insert(name, "still there".into());
        Ok(delete)
    },
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options.clone()).await;
        let early = plain.memo().remove(secret.as_str()).is_some();
        match read {
            Err(error) if early && error.kind() == ErrorKind::NotFound => {
                plain.memory.recover(secret).await?;
                let read = plain.get(secret, options).await;
                plain.memory.delete(secret).await?;
                read
            }
            read => read,
        }
    }
);

// It repeats by itself, and takes the answer to the repeat for that to the call.
bug!(
    LostDeleteIsMissing,
    a_delete_whose_answer_was_lost_is_not_taken_for_missing,
    begin_delete,
    async |plain, secret, options| match plain.begin_delete(secret, options).await {
        Err(error) if error.retry() == Retry::OutcomeUnknown => {
            let idempotency_key = None;
            plain
                .begin_delete(secret, DeleteOptions { idempotency_key })
                .await
        }
        delete => delete,
    }
);

bug!(
    RepeatOfOurDeleteIsMissing,
    a_delete_whose_answer_was_lost_is_not_taken_for_missing,
    begin_delete,
    async |plain, secret, _options| plain.begin_delete(secret, DeleteOptions::default()).await
);

// The protection is taken off first, as a helpful tool would.
bug!(
    DeletesTheProtected,
    a_protected_secret_is_not_deleted,
    begin_delete,
    async |plain, secret, options| {
        let delete = plain.begin_delete(secret, options.clone()).await;
        if !matches!(&delete, Err(error) if error.kind() == ErrorKind::FailedPrecondition) {
            return delete;
        }
        let off = InfoPatch {
            deletion_protection: Some(false),
            ..InfoPatch::default()
        };
        plain.memory.update(secret, off).await?;
        plain.begin_delete(secret, options).await
    }
);

bug!(
    RecoverLosesVersions,
    a_recovered_secret_is_as_before,
    begin_recover,
    async |plain, secret| {
        let recover = plain.begin_recover(secret).await?;
        recover.wait(WaitPolicy::default()).await?;
        let memory = &plain.memory;
        let read = memory.get(secret, GetOptions::default()).await?;
        memory.delete(secret).await?;
        memory.purge(secret).await?;
        memory.put(secret, read.payload).await?;
        Ok(Operation::done(memory.describe(secret).await?))
    }
);

// The service goes on with it, and the first read does not find it.
bug!(
    RecoverIsDoneTooEarly,
    a_recovered_secret_is_as_before,
    begin_recover,
    async |plain, secret| {
        let recover = plain.begin_recover(secret).await?;
        let name = secret.as_str().to_owned();
        plain.memo().insert(name, "not there yet".into());
        Ok(recover)
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
    PurgeLeavesIt,
    a_purged_secret_is_gone,
    begin_purge,
    async |plain, secret| match plain.memory.recover(secret).await {
        Ok(_) => plain.begin_delete(secret, DeleteOptions::default()).await,
        Err(_) => plain.begin_purge(secret).await,
    }
);

bug!(
    PurgesTheLiving,
    what_is_not_deleted_is_neither_recovered_nor_purged,
    begin_purge,
    async |plain, secret| {
        if plain.memory.describe(secret).await.is_ok() {
            plain.memory.delete(secret).await?;
        }
        plain.begin_purge(secret).await
    }
);

bug!(
    RecoversTheLiving,
    what_is_not_deleted_is_neither_recovered_nor_purged,
    begin_recover,
    async |plain, secret| match plain.memory.describe(secret).await {
        Ok(info) => Ok(Operation::done(info)),
        Err(_) => plain.begin_recover(secret).await,
    }
);

/// The put, with another answer to what is deleted.
async fn put_over(
    plain: &Plain,
    secret: &SecretRef,
    value: PutValue,
    options: PutOptions,
    (from, to): (OnSoftDeleted, OnSoftDeleted),
) -> Result<Operation<Written>> {
    let on_soft_deleted = match options.on_soft_deleted {
        asked if asked == from => to,
        asked => asked,
    };
    let options = PutOptions {
        on_soft_deleted,
        ..options
    };
    plain.begin_put(secret, value, options).await
}

bug!(
    PutRecoversUnasked,
    a_put_over_a_deleted_secret_is_refused,
    begin_put,
    async |plain, secret, value, options| {
        let change = (OnSoftDeleted::Fail, OnSoftDeleted::Recover);
        put_over(plain, secret, value, options, change).await
    }
);

bug!(
    PutPurgesInsteadOfRecovering,
    a_put_over_a_deleted_secret_recovers_it_if_told,
    begin_put,
    async |plain, secret, value, options| {
        let change = (OnSoftDeleted::Recover, OnSoftDeleted::Purge);
        put_over(plain, secret, value, options, change).await
    }
);

bug!(
    PutRecoversInsteadOfPurging,
    a_put_over_a_deleted_secret_purges_it_if_told,
    begin_put,
    async |plain, secret, value, options| {
        let change = (OnSoftDeleted::Purge, OnSoftDeleted::Recover);
        put_over(plain, secret, value, options, change).await
    }
);
