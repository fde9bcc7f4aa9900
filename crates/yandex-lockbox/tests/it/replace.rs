//! Replacing means replacing: whoever writes in between, and whatever the current version is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::{Body, ClientOptions, ReqwestTransport, SendError, Transport};
use polyvault_core::{
    Error, ErrorKind, GetOptions, Payload, SecretRef, SecretStore, SecretStoreExt, Timestamp,
    Value, VersionChange, VersionId, VersionState, WaitPolicy, Written,
};
use polyvault_yandex_lockbox::emulator::Emulator;
use polyvault_yandex_lockbox::{PayloadPatch, YandexLockbox};
use serde_json::json;

type Writing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is written, and by which store.
type Writer = (fn(YandexLockbox) -> Writing, YandexLockbox);

/// Lets somebody else write right before the first request that adds a version.
struct InBetween {
    inner: ReqwestTransport,
    writer: Mutex<Option<Writer>>,
}

impl fmt::Debug for InBetween {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InBetween")
    }
}

#[async_trait]
impl Transport for InBetween {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        if request.uri().path().ends_with(":addVersion") {
            let writer = self.writer.lock().unwrap().take();
            if let Some((write, store)) = writer {
                write(store).await;
            }
        }
        self.inner.send(request, timeout).await
    }
}

const OLD: &str = "e6qversion0000000001";
const NEW: &str = "e6qversion0000000002";

fn db() -> SecretRef {
    "db".try_into().unwrap()
}

fn entries<const N: usize>(entries: [(&str, &str); N]) -> Payload {
    Payload::from_entries(entries.map(|(key, text)| (key, Value::text(text)))).unwrap()
}

fn wanted() -> Payload {
    entries([("user", "carol"), ("port", "5432")])
}

/// A secret `db` of two versions, of these states.
async fn start(old: &str, new: &str) -> Emulator {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(clock).start().await;
    let version = |id: &str, status: &str, keys: &[&str]| {
        let entries = keys.iter().map(|key| json!({"key": key, "textValue": "x"}));
        json!({
            "id": id,
            "status": status,
            "destroyAt": "2099-01-01T00:00:00Z",
            "entries": entries.collect::<Vec<_>>(),
        })
    };
    let versions = [
        version(OLD, old, &["user", "host", "password"]),
        version(NEW, new, &["user", "token"]),
    ];
    let secret = json!({"name": "db", "versions": versions});
    emulator.seed(&secret).unwrap();
    emulator
}

/// A put with somebody else's write between its look and its version.
async fn put(emulator: &Emulator, writer: fn(YandexLockbox) -> Writing) -> Result<Written, Error> {
    let transport = InBetween {
        inner: ReqwestTransport::default(),
        writer: Mutex::new(Some((writer, emulator.store()))),
    };
    let options = ClientOptions {
        transport: Some(Arc::new(transport)),
        ..ClientOptions::default()
    };
    let store = emulator.store_with(options);
    store.put("db", wanted()).await
}

async fn versions(emulator: &Emulator) -> usize {
    emulator.store().history("db").await.unwrap().len()
}

async fn current(emulator: &Emulator) -> Payload {
    let read = emulator.store().get(&db(), GetOptions::default()).await;
    read.unwrap().payload
}

async fn change(store: &YandexLockbox, version: &str, change: VersionChange) {
    let version = VersionId::new(version).unwrap();
    let begun = store.begin_update_version(&db(), &version, change).await;
    begun.unwrap().wait(WaitPolicy::default()).await.unwrap();
}

#[tokio::test]
async fn a_writer_in_between_leaves_nothing_in_the_version() {
    /// What is written, and how many versions that makes.
    type Case = (&'static str, fn(YandexLockbox) -> Writing, usize);
    let cases: [Case; 6] = [
        ("nothing", |_| Box::pin(async {}), 0),
        (
            "a version with another key",
            |store| {
                Box::pin(async move {
                    let patch = PayloadPatch {
                        set: Some(entries([("theirs", "x")])),
                        ..PayloadPatch::default()
                    };
                    store.patch(&db(), patch).await.unwrap();
                })
            },
            1,
        ),
        (
            "a version without a key",
            |store| {
                Box::pin(async move {
                    let patch = PayloadPatch {
                        remove: ["token".to_owned()].into(),
                        ..PayloadPatch::default()
                    };
                    store.patch(&db(), patch).await.unwrap();
                })
            },
            1,
        ),
        (
            "two versions of other keys",
            |store| {
                Box::pin(async move {
                    store.put("db", entries([("a", "1")])).await.unwrap();
                    store.put("db", entries([("b", "2")])).await.unwrap();
                })
            },
            2,
        ),
        (
            "another version made current",
            |store| Box::pin(async move { change(&store, OLD, VersionChange::MakeCurrent).await }),
            0,
        ),
        (
            "another version scheduled",
            |store| {
                Box::pin(async move {
                    change(&store, OLD, VersionChange::Destroy { after: None }).await;
                })
            },
            0,
        ),
    ];
    for (what, writer, theirs) in cases {
        let emulator = start("ACTIVE", "ACTIVE").await;

        put(&emulator, writer).await.unwrap();

        assert!(current(&emulator).await.same_as(&wanted()), "{what}");
        assert_eq!(versions(&emulator).await, 2 + theirs + 1, "{what}");
    }
}

#[tokio::test]
async fn a_base_that_is_gone_in_between_adds_nothing_and_the_next_put_replaces() {
    let emulator = start("ACTIVE", "ACTIVE").await;

    let refused = put(&emulator, |store| {
        Box::pin(async move { change(&store, NEW, VersionChange::Destroy { after: None }).await })
    });

    assert_eq!(
        refused.await.unwrap_err().kind(),
        ErrorKind::FailedPrecondition
    );
    assert_eq!(versions(&emulator).await, 2);
    emulator.store().put("db", wanted()).await.unwrap();
    assert!(current(&emulator).await.same_as(&wanted()));
}

#[tokio::test]
async fn any_active_version_is_the_base_where_the_current_one_is_not() {
    for status in ["SCHEDULED_FOR_DESTRUCTION", "DESTROYED", "ARCHIVED"] {
        for carried in [false, true] {
            let emulator = start("ACTIVE", status).await;
            // Without a base the service might start from the one that is scheduled.
            emulator.carry_scheduled(carried);

            emulator.store().put("db", wanted()).await.unwrap();

            assert!(current(&emulator).await.same_as(&wanted()), "{status}");
            assert_eq!(versions(&emulator).await, 3, "{status}");
            let sent = emulator.server().received_requests().await.unwrap();
            let body: serde_json::Value = sent
                .iter()
                .rfind(|request| request.url.path().ends_with(":addVersion"))
                .unwrap()
                .body_json()
                .unwrap();
            assert_eq!(body["baseVersionId"], OLD, "{status}");
        }
    }
}

#[tokio::test]
async fn without_any_active_version_the_keys_of_the_new_one_are_looked_at() {
    let scheduled = "SCHEDULED_FOR_DESTRUCTION";
    let emulator = start(scheduled, scheduled).await;
    emulator.store().put("db", wanted()).await.unwrap();
    assert!(current(&emulator).await.same_as(&wanted()));

    let emulator = start(scheduled, scheduled).await;
    emulator.carry_scheduled(true);
    let error = emulator.store().put("db", wanted()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().ends_with("in the entries token"), "{error}");
}

#[tokio::test]
async fn a_writer_of_the_first_version_in_between_is_told_not_merged() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(clock).start().await;
    emulator.seed(&json!({"name": "db"})).unwrap();

    let error = put(&emulator, |store| {
        Box::pin(async move {
            store.put("db", entries([("theirs", "x")])).await.unwrap();
        })
    });

    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error.message().ends_with("in the entries theirs"),
        "{error}"
    );
    emulator.store().put("db", wanted()).await.unwrap();
    assert!(current(&emulator).await.same_as(&wanted()));
}

#[tokio::test]
async fn a_patch_carries_over_what_it_does_not_mention() {
    let emulator = start("ACTIVE", "ACTIVE").await;
    let store = emulator.store();
    let patch = |set: Option<Payload>, remove: &[&str], base: Option<&str>| PayloadPatch {
        set,
        remove: remove.iter().map(|key| (*key).to_owned()).collect(),
        base: base.map(|id| VersionId::new(id).unwrap()),
        description: Some("patched".into()),
        ..PayloadPatch::default()
    };

    let changed = patch(Some(entries([("port", "1")])), &["token"], None);
    let written = store.patch(&db(), changed).await.unwrap();
    assert!(
        current(&emulator)
            .await
            .same_as(&entries([("user", "x"), ("port", "1")]))
    );
    assert_eq!(written.version.description.as_deref(), Some("patched"));

    store
        .patch(&db(), patch(None, &["host"], Some(OLD)))
        .await
        .unwrap();
    assert!(
        current(&emulator)
            .await
            .same_as(&entries([("user", "x"), ("password", "x")]))
    );

    let copy = store
        .patch(&db(), patch(None, &[], Some(NEW)))
        .await
        .unwrap();
    assert!(
        current(&emulator)
            .await
            .same_as(&entries([("user", "x"), ("token", "x")]))
    );
    assert_eq!(copy.version.state, VersionState::Enabled);
    assert!(copy.version.id != Some(VersionId::new(NEW).unwrap()));
}

#[tokio::test]
async fn an_empty_value_is_refused_with_the_reason_in_a_put_and_in_a_patch() {
    let emulator = start("ACTIVE", "ACTIVE").await;
    let empty = || entries([("user", "")]);

    let put = emulator.store().put("db", empty()).await.unwrap_err();
    let patch = PayloadPatch {
        set: Some(empty()),
        ..PayloadPatch::default()
    };
    let patched = emulator.store().patch(&db(), patch).await.unwrap_err();

    for error in [put, patched] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("entry \"user\""), "{error}");
        assert!(error.help().contains("removal"), "{}", error.help());
    }
    assert_eq!(emulator.request_count(), 0);
}
