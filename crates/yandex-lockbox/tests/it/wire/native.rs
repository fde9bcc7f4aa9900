//! The same for what only this service has.

use polyvault_core::{
    Edit, PageRequest, PasswordSpec, Payload, Punctuation, PutOptions, Result, SecretId, SecretRef,
    SecretStore, Value, VersionChange, VersionId, VersionSelector,
};
use polyvault_yandex_lockbox::{
    AccessBinding, AccessChange, CreateSecret, FirstVersion, OperationProperties,
    PasswordSpecification, PayloadPatch, Subject, UpdateSecret, YandexLockbox,
};

use super::exchanges::{Exchange, exchange, key};
use super::{Ask, SECRET, tell_operation, tell_page, tell_secret, tell_version, tell_written};

/// Fixtures of which a call that no other store has sends the request exactly so.
pub(super) const NATIVE: &[Exchange] = &[
    exchange(
        "access-bindings-list",
        Ask::Native(|store| Box::pin(list_bindings(store, None))),
        "lockbox.payloadViewer serviceAccount ajeaccount0000000001; \
        lockbox.viewer system allAuthenticatedUsers | end",
    ),
    exchange(
        "access-bindings-list-first-page",
        Ask::Native(|store| Box::pin(list_bindings(store, Some(1)))),
        "lockbox.payloadViewer serviceAccount ajeaccount0000000001 | +/9wMQ==",
    ),
    exchange(
        "access-bindings-set",
        Ask::Native(|store| {
            Box::pin(async move {
                let both = [reader(), everybody()];
                let begun = store.begin_set_access_bindings(&by_id()?, both).await?;
                tell_operation(begun, |()| "done".into()).await
            })
        }),
        "done",
    ),
    exchange(
        "access-bindings-update",
        Ask::Native(|store| {
            Box::pin(async move {
                let both = [
                    AccessChange::Add(reader()),
                    AccessChange::Remove(everybody()),
                ];
                let begun = store.begin_update_access_bindings(&by_id()?, both).await?;
                tell_operation(begun, |()| "done".into()).await
            })
        }),
        "done",
    ),
    exchange(
        "payload-get-ex-by-id",
        Ask::Native(|store| {
            Box::pin(async move {
                let first = VersionSelector::Exact(version(1)?);
                tell_read(store, by_id()?, first).await
            })
        }),
        "e6qsecret00000000001 e6qversion0000000001 password=text user=text",
    ),
    exchange(
        "payload-get-ex-by-name",
        Ask::Native(|store| {
            Box::pin(async move { tell_read(store, "db & co".try_into()?, current()).await })
        }),
        "e6qsecret00000000001 e6qversion0000000001 cert=binary user=text",
    ),
    exchange(
        "payload-get-ex-missing",
        Ask::Native(|store| {
            Box::pin(async move { tell_read(store, "nothing".try_into()?, current()).await })
        }),
        "NotFound NOT_FOUND never",
    ),
    // Twins are told by the list, where the caller may list.
    exchange(
        "payload-get-ex-twins",
        Ask::Native(|store| {
            Box::pin(async move { tell_read(store, "db".try_into()?, current()).await })
        }),
        "FailedPrecondition FAILED_PRECONDITION never",
    )
    .then("error-permission-denied"),
    exchange(
        "secret-create-already-exists",
        Ask::Native(|store| Box::pin(create_without_version(store))),
        "AlreadyExists ALREADY_EXISTS never",
    ),
    exchange(
        "secret-create-generated-password",
        Ask::Native(|store| {
            Box::pin(async move {
                let rules = PasswordSpecification {
                    entry_key: "password".into(),
                    length: Some(24),
                    punctuation: Some(false),
                    ..PasswordSpecification::default()
                };
                let new = CreateSecret {
                    first_version: FirstVersion::Password(rules),
                    idempotency_key: Some(key()),
                    ..CreateSecret::named("db".parse()?)
                };
                let begun = store.begin_create(new).await?;
                tell_operation(begun, |written| tell_written(&written)).await
            })
        }),
        "e6qsecret00000000001 created e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - \
        password",
    ),
    exchange(
        "secret-create-without-version",
        Ask::Native(|store| Box::pin(create_without_version(store))),
        "e6qsecret00000000001 created - enabled - - - -",
    ),
    exchange(
        "secret-list-operations",
        Ask::Native(|store| {
            Box::pin(async move {
                let page = PageRequest {
                    size: Some(10),
                    token: None,
                };
                let page = store.list_operations_page(&by_id()?, page).await?;
                Ok(tell_page(&page, tell_details))
            })
        }),
        "e6qoperation00000001 Some(DeactivateSecret) e6qsecret00000000001 done Empty | end",
    ),
    exchange(
        "secret-update-resets-what-is-not-sent",
        Ask::Native(|store| {
            Box::pin(async move {
                let change = UpdateSecret {
                    description: Edit::Clear,
                    labels: Edit::Clear,
                    ..UpdateSecret::default()
                };
                let begun = store.begin_update_secret(&by_id()?, change).await?;
                tell_operation(begun, |info| tell_secret(&info)).await
            })
        }),
        "e6qsecret00000000001 db - {} enabled 2026-03-02T09:15:04.117Z false [e6qversion0000000001 \
        enabled 2026-03-02T09:15:04.388Z - - password,user]",
    ),
    exchange(
        "secret-update-clears-password-specification",
        Ask::Native(|store| Box::pin(update_password(store, Edit::Clear))),
        "e6qsecret00000000001 db - {} enabled 2026-03-02T09:15:04.117Z false [e6qversion0000000001 \
        enabled 2026-03-02T09:15:04.388Z - - password]",
    ),
    exchange(
        "secret-update-password-specification",
        Ask::Native(|store| Box::pin(update_password(store, Edit::Set((&rules()).into())))),
        "e6qsecret00000000001 db - {} enabled 2026-03-02T09:15:04.117Z false [e6qversion0000000001 \
        enabled 2026-03-02T09:15:04.388Z - - password]",
    ),
    exchange(
        "version-add-base-not-active",
        Ask::Native(|store| {
            Box::pin(async move {
                let entries = [("password", "correct horse"), ("user", "alice")];
                let entries = entries.map(|(key, text)| (key, Value::text(text)));
                let patch = PayloadPatch {
                    set: Some(Payload::from_entries(entries)?),
                    ..of_first()?
                };
                tell_patch(store, patch).await
            })
        }),
        "FailedPrecondition FAILED_PRECONDITION never",
    ),
    exchange(
        "version-add-copy",
        Ask::Native(|store| Box::pin(async move { tell_patch(store, of_first()?).await })),
        "e6qsecret00000000001 added e6qversion0000000002 enabled 2026-03-03T11:42:57.902Z - - \
        password,user",
    )
    .after(&[r#"{"id":"e6qsecret00000000001"}"#]),
    exchange(
        "version-add-generated",
        Ask::Native(|store| {
            Box::pin(async move {
                let options = PutOptions {
                    idempotency_key: Some(key()),
                    ..PutOptions::default()
                };
                let put = store.begin_put(&by_id()?, rules().into(), options).await?;
                tell_operation(put, |written| tell_written(&written)).await
            })
        }),
        "e6qsecret00000000001 added e6qversion0000000002 enabled 2026-03-03T11:42:57.902Z - - password",
    )
    .after(&[WITH_RULES]),
    exchange(
        "version-cancel-destruction",
        Ask::Native(|store| Box::pin(change(store, VersionChange::CancelDestruction))),
        "e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user",
    ),
    exchange(
        "version-schedule-destroyed",
        Ask::Native(|store| Box::pin(change(store, VersionChange::Destroy { after: None }))),
        "FailedPrecondition FAILED_PRECONDITION never",
    ),
    exchange(
        "version-schedule-destruction",
        Ask::Native(|store| {
            let after = Some(std::time::Duration::from_secs(604_800));
            Box::pin(change(store, VersionChange::Destroy { after }))
        }),
        "e6qversion0000000001 pending_destruction 2026-03-02T09:15:04.388Z 2026-03-11T08:00:01.204Z \
        - password,user",
    ),
    exchange(
        "version-set-current",
        Ask::Native(|store| Box::pin(change(store, VersionChange::MakeCurrent))),
        "e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user",
    ),
    exchange(
        "version-set-current-unavailable",
        Ask::Native(|store| Box::pin(change(store, VersionChange::MakeCurrent))),
        "Unsupported UNIMPLEMENTED never",
    ),
];

const WITH_RULES: &str = r#"{"id":"e6qsecret00000000001","passwordPayloadSpecification":
    {"passwordKey":"password","length":"36","excludedPunctuation":"'\""}}"#;

fn rules() -> PasswordSpec {
    PasswordSpec {
        entry_key: "password".into(),
        punctuation: Punctuation::Except("\"'".into()),
        ..PasswordSpec::default()
    }
}

fn reader() -> AccessBinding {
    AccessBinding {
        role: "lockbox.payloadViewer".into(),
        subject: Subject::service_account("ajeaccount0000000001"),
    }
}

fn everybody() -> AccessBinding {
    AccessBinding {
        role: "lockbox.viewer".into(),
        subject: Subject {
            id: "allAuthenticatedUsers".into(),
            kind: "system".into(),
        },
    }
}

async fn list_bindings(store: YandexLockbox, size: Option<u32>) -> Result<String> {
    let page = PageRequest { size, token: None };
    let page = store.list_access_bindings_page(&by_id()?, page).await?;
    Ok(tell_page(&page, |binding| {
        let subject = &binding.subject;
        format!("{} {} {}", binding.role, subject.kind, subject.id)
    }))
}

async fn update_password(
    store: YandexLockbox,
    password: Edit<PasswordSpecification>,
) -> Result<String> {
    let change = UpdateSecret {
        password,
        ..UpdateSecret::default()
    };
    let begun = store.begin_update_secret(&by_id()?, change).await?;
    tell_operation(begun, |info| tell_secret(&info)).await
}

fn by_id() -> Result<SecretRef> {
    Ok(SecretId::new(SECRET)?.into())
}

fn version(number: u8) -> Result<VersionId> {
    VersionId::new(format!("e6qversion000000000{number}"))
}

fn current() -> VersionSelector {
    VersionSelector::Current
}

async fn tell_read(
    store: YandexLockbox,
    secret: SecretRef,
    version: VersionSelector,
) -> Result<String> {
    let read = store.get_ex(&secret, &version).await?;
    let entries = read
        .payload
        .iter()
        .map(|(key, value)| format!(" {key}={}", if value.is_text() { "text" } else { "binary" }));
    let entries: String = entries.collect();
    Ok(format!(
        "{} {}{entries}",
        read.id.unwrap(),
        read.version.unwrap()
    ))
}

async fn create_without_version(store: YandexLockbox) -> Result<String> {
    let new = CreateSecret {
        create_version: Some(false),
        idempotency_key: Some(key()),
        ..CreateSecret::named("db".parse()?)
    };
    let begun = store.begin_create(new).await?;
    tell_operation(begun, |written| tell_written(&written)).await
}

fn of_first() -> Result<PayloadPatch> {
    Ok(PayloadPatch {
        base: Some(version(1)?),
        idempotency_key: Some(key()),
        ..PayloadPatch::default()
    })
}

async fn tell_patch(store: YandexLockbox, patch: PayloadPatch) -> Result<String> {
    let begun = store.begin_patch(&by_id()?, patch).await?;
    tell_operation(begun, |written| tell_written(&written)).await
}

async fn change(store: YandexLockbox, change: VersionChange) -> Result<String> {
    let begun = store
        .begin_update_version(&by_id()?, &version(1)?, change)
        .await?;
    tell_operation(begun, |info| tell_version(&info)).await
}

/// `ID KIND SECRET done|pending RESPONSE`
fn tell_details(told: &OperationProperties) -> String {
    let secret = told.secret.as_ref().map_or("-", SecretId::as_str);
    let done = if told.done { "done" } else { "pending" };
    format!(
        "{} {:?} {secret} {done} {:?}",
        told.id, told.kind, told.response
    )
}
