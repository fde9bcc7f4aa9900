//! Each write once, whenever the connection died and whoever repeats it.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::{
    DeleteOptions, Edit, IdempotencyKey, InfoPatch, Page, PageRequest, PasswordSpec, Payload,
    PutOptions, Result, SecretId, SecretRef, SecretStore, Timestamp, VersionChange, VersionId,
    WaitPolicy,
};
use polyvault_yandex_lockbox::emulator::Emulator;
use polyvault_yandex_lockbox::{
    AccessBinding, AccessChange, CreateSecret, OperationKind, PayloadPatch, Subject, UpdateSecret,
    YandexLockbox,
};
use serde_json::json;

const OLD: &str = "e6qversion0000000001";

/// A write, the kind of the operation that it begins, and whether it takes a caller's key.
type Row = (&'static str, OperationKind, bool);

fn rows() -> Vec<Row> {
    vec![
        ("create", OperationKind::CreateSecret, true),
        ("put", OperationKind::AddVersion, true),
        ("put generated", OperationKind::AddVersion, true),
        ("patch", OperationKind::AddVersion, true),
        ("update", OperationKind::UpdateSecret, true),
        ("deactivate", OperationKind::DeactivateSecret, false),
        ("make current", OperationKind::SetCurrentVersion, false),
        ("destroy", OperationKind::ScheduleVersionDestruction, false),
        ("set access", OperationKind::SetAccessBindings, false),
        ("update access", OperationKind::UpdateAccessBindings, false),
    ]
}

fn db() -> SecretRef {
    SecretId::new("e6qdb").unwrap().into()
}

async fn start() -> Emulator {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(clock).start().await;
    emulator.pending_polls(1);
    let entries = json!([{"key": "value", "textValue": "x"}]);
    let versions = json!([{"id": OLD, "entries": entries}, {"entries": entries}]);
    let secret = json!({"id": "e6qdb", "name": "db", "versions": versions});
    emulator.seed(&secret).unwrap();
    emulator
}

async fn write(store: &YandexLockbox, what: &str, key: Option<IdempotencyKey>) -> Result<()> {
    let wait = WaitPolicy::default;
    let options = PutOptions {
        idempotency_key: key,
        ..PutOptions::default()
    };
    let version = VersionId::new(OLD).unwrap();
    let change = async |change| {
        let begun = store.begin_update_version(&db(), &version, change).await?;
        begun.wait(wait()).await.map(drop)
    };
    let reader = AccessBinding {
        role: "lockbox.viewer".into(),
        subject: Subject::service_account("aje"),
    };
    match what {
        "create" => {
            let new = CreateSecret {
                idempotency_key: key,
                ..CreateSecret::named("new".parse()?)
            };
            store.begin_create(new).await?.wait(wait()).await.map(drop)
        }
        "put" => {
            let put = store.begin_put(&db(), "y".into(), options).await?;
            put.wait(wait()).await.map(drop)
        }
        "put generated" => {
            let spec = PasswordSpec::default().into();
            let put = store.begin_put(&db(), spec, options).await?;
            put.wait(wait()).await.map(drop)
        }
        "patch" => {
            let patch = PayloadPatch {
                set: Some(Payload::text("y")),
                idempotency_key: key,
                ..PayloadPatch::default()
            };
            store.patch(&db(), patch).await.map(drop)
        }
        "update" => {
            let change = UpdateSecret {
                description: Edit::Set("main".into()),
                idempotency_key: key,
                ..UpdateSecret::default()
            };
            let begun = store.begin_update_secret(&db(), change).await?;
            begun.wait(wait()).await.map(drop)
        }
        "deactivate" => {
            let off = InfoPatch {
                enabled: Some(false),
                ..InfoPatch::default()
            };
            let begun = store.begin_update(&db(), off).await?;
            begun.wait(wait()).await.map(drop)
        }
        "make current" => change(VersionChange::MakeCurrent).await,
        "destroy" => change(VersionChange::Destroy { after: None }).await,
        "set access" => {
            let begun = store.begin_set_access_bindings(&db(), [reader]).await?;
            begun.wait(wait()).await
        }
        "update access" => {
            let added = [AccessChange::Add(reader)];
            let begun = store.begin_update_access_bindings(&db(), added).await?;
            begun.wait(wait()).await
        }
        other => panic!("no write {other}"),
    }
}

/// How many operations of a kind the service has carried out, on all secrets.
async fn done(store: &YandexLockbox, kind: &OperationKind) -> usize {
    let secrets = store.list_properties_page(PageRequest::default()).await;
    let mut count = 0;
    for secret in secrets.unwrap().items {
        let id = SecretRef::from(secret.info.id);
        let listed = store.list_operations_page(&id, PageRequest::default());
        let Page { items, .. } = listed.await.unwrap();
        count += items
            .iter()
            .filter(|told| told.kind.as_ref() == Some(kind))
            .count();
    }
    count
}

#[tokio::test]
async fn a_lost_answer_never_makes_a_twin_whichever_half_was_lost() {
    for (what, kind, _) in rows() {
        for lost in [Emulator::commit_then_drop, Emulator::drop_next] {
            for times in 1..=3 {
                let emulator = start().await;
                lost(&emulator, times);
                let store = emulator.store();

                write(&store, what, None).await.unwrap();

                assert_eq!(done(&store, &kind).await, 1, "{what} {times}");
            }
        }
    }
}

#[tokio::test]
async fn a_callers_key_is_the_same_write_in_another_process() {
    for (what, kind, keyed) in rows() {
        if !keyed {
            continue;
        }
        let emulator = start().await;
        let key = Some(IdempotencyKey::random());

        for _ in 0..3 {
            write(&emulator.store(), what, key).await.unwrap();
        }

        assert_eq!(done(&emulator.store(), &kind).await, 1, "{what}");
    }
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done_once() {
    for lost in [Emulator::commit_then_drop, Emulator::drop_next] {
        let emulator = start().await;
        lost(&emulator, 1);
        let store = emulator.store();

        let begun = store.begin_delete(&db(), DeleteOptions::default()).await;

        begun.unwrap().wait(WaitPolicy::default()).await.unwrap();
        assert!(store.properties(&db()).await.is_err());
    }
}
