//! What each call needs: its roles and its requests, counted at the emulator.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::transport::ClientOptions;
use polyvault_core::{
    DeleteOptions, Edit, Error, ErrorKind, GetOptions, InfoPatch, Labels, OperationId, PageRequest,
    PasswordSpec, PutMode, PutOptions, SecretRef, SecretStore, SecretStoreExt, Timestamp,
    VersionChange, VersionId, VersionSelector,
};
use polyvault_yandex_lockbox::emulator::Emulator;
use polyvault_yandex_lockbox::{
    AccessBinding, AccessChange, CreateSecret, Names, PayloadPatch, Subject, UpdateSecret,
    YandexLockbox,
};
use serde_json::json;

const FOLDER: &str = "b1gemulatorfolder001";
const OLD: &str = "e6qversion0000000001";

/// A call, and the requests that it takes, in order.
type Row = (&'static str, &'static [&'static str]);

/// Secrets are given by their ids; by name, `Secret.List` comes first (see the first rows).
const ROWS: &[Row] = &[
    ("`get`", &["Payload.Get"]),
    ("`get` by name", &["Secret.List", "Payload.Get"]),
    ("`get` by name, `Names::ByPayload`", &["Payload.GetEx"]),
    ("`get_ex`", &["Payload.GetEx"]),
    ("`describe`, `properties`", &["Secret.Get"]),
    ("`list`, `list_properties_page`, a page", &["Secret.List"]),
    (
        "`list_versions`, `list_version_properties_page`, a page",
        &["Secret.ListVersions"],
    ),
    ("`list_operations_page`", &["Secret.ListOperations"]),
    ("`operation`", &["Operation.Get"]),
    (
        "`put` by name of a new secret",
        &["Secret.List", "Secret.Create"],
    ),
    ("`put`", &["Secret.Get", "Secret.AddVersion"]),
    (
        "`put` with labels",
        &["Secret.Update", "Secret.Get", "Secret.AddVersion"],
    ),
    (
        "`put` where the current version is not active",
        &["Secret.Get", "Secret.ListVersions", "Secret.AddVersion"],
    ),
    (
        "`put` of a password that the service generates",
        &["Secret.Get", "Secret.Update", "Secret.AddVersion"],
    ),
    ("`begin_patch`", &["Secret.AddVersion"]),
    (
        "`begin_patch` of nothing, which copies",
        &["Secret.Get", "Secret.AddVersion"],
    ),
    ("`begin_create`", &["Secret.Create"]),
    ("`begin_update`, `begin_update_secret`", &["Secret.Update"]),
    ("`begin_update`, enabled", &["Secret.Activate"]),
    ("`begin_update`, disabled", &["Secret.Deactivate"]),
    (
        "`begin_update_version`, `MakeCurrent`",
        &["Secret.SetCurrentVersion"],
    ),
    (
        "`begin_update_version`, `Destroy`",
        &["Secret.ScheduleVersionDestruction"],
    ),
    (
        "`begin_update_version`, `CancelDestruction`",
        &["Secret.CancelVersionDestruction"],
    ),
    ("`begin_delete`", &["Secret.Delete"]),
    (
        "`list_access_bindings_page`",
        &["Secret.ListAccessBindings"],
    ),
    ("`begin_set_access_bindings`", &["Secret.SetAccessBindings"]),
    (
        "`begin_update_access_bindings`",
        &["Secret.UpdateAccessBindings"],
    ),
];

/// The narrowest role that allows a method: <https://yandex.cloud/docs/lockbox/security/>. An editor
/// may view, but reads no values; of who may poll an operation no page tells: who began it may.
fn role(method: &str) -> &'static str {
    match method {
        "Payload.Get" | "Payload.GetEx" => "lockbox.payloadViewer",
        "Secret.Get" | "Secret.List" | "Secret.ListVersions" | "Secret.ListOperations" => {
            "lockbox.viewer"
        }
        "Operation.Get" => "–",
        access if access.ends_with("AccessBindings") => "lockbox.admin",
        _ => "lockbox.editor",
    }
}

/// Secrets `db`, of two versions; `idle`, whose current version is about to be destroyed; `pin`, of one key.
async fn folder() -> (Emulator, YandexLockbox) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(clock).start().await;
    emulator.pending_polls(0);
    let entries = json!([{"key": "value", "textValue": "x"}]);
    let scheduled = json!({
        "status": "SCHEDULED_FOR_DESTRUCTION", "destroyAt": "2099-01-01T00:00:00Z", "entries": entries,
    });
    let old = json!({"id": OLD, "entries": entries});
    for (id, versions) in [
        ("e6qdb", json!([old, {"entries": entries}])),
        ("e6qidle", json!([{"entries": entries}, scheduled])),
        (
            "e6qdoomed",
            json!([{"id": OLD, "status": "SCHEDULED_FOR_DESTRUCTION",
            "destroyAt": "2099-01-01T00:00:00Z", "entries": entries}, {"entries": entries}]),
        ),
    ] {
        let name = id.trim_start_matches("e6q");
        let secret = json!({"id": id, "name": name, "versions": versions});
        emulator.seed(&secret).unwrap();
    }
    let call = json!({"method": "POST", "path": "/lockbox/v1/secrets/e6qdb:activate"});
    emulator.given(&json!({"ids": ["e6qoperation"]})).unwrap();
    emulator.given(&json!({"call": call})).unwrap();
    let store = emulator.store();
    (emulator, store)
}

async fn call(emulator: &Emulator, store: &YandexLockbox, call: &str) -> Result<(), Error> {
    let by_id = |id: &str| SecretRef::from(polyvault_core::SecretId::new(id).unwrap());
    let (db, page) = (by_id("e6qdb"), PageRequest::default);
    let old = VersionId::new(OLD).unwrap();
    let enabled = |enabled| InfoPatch {
        enabled: Some(enabled),
        ..InfoPatch::default()
    };
    let change = async |secret: SecretRef, change| {
        let begun = store.begin_update_version(&secret, &old, change).await;
        begun.map(drop)
    };
    match call {
        "`get`" => store.get(&db, GetOptions::default()).await.map(drop),
        "`get` by name" => store.get_text("db").await.map(drop),
        "`get` by name, `Names::ByPayload`" => {
            let store = YandexLockbox::builder(FOLDER).endpoint(emulator.url());
            let store = store
                .token("t1.made-up.token".into())
                .names(Names::ByPayload);
            let store = store.client_options(ClientOptions::default()).build()?;
            store.get_text("db").await.map(drop)
        }
        "`get_ex`" => store.get_ex(&db, &VersionSelector::Current).await.map(drop),
        "`describe`, `properties`" => store.describe(&db).await.map(drop),
        "`list`, `list_properties_page`, a page" => store.list_page(page()).await.map(drop),
        "`list_versions`, `list_version_properties_page`, a page" => {
            store.list_versions_page(&db, page()).await.map(drop)
        }
        "`list_operations_page`" => store.list_operations_page(&db, page()).await.map(drop),
        "`operation`" => {
            let id = OperationId::new("e6qoperation").unwrap();
            store.operation(&id).await.map(drop)
        }
        "`put` by name of a new secret" => store.put("new", "x").await.map(drop),
        "`put`" => store.put(db, "x").await.map(drop),
        "`put` with labels" => {
            let labelled = PutOptions {
                labels: Some(Labels::default()),
                ..PutOptions::from(PutMode::AddVersion)
            };
            store.put_with(db, "x", labelled).await.map(drop)
        }
        "`put` where the current version is not active" => {
            store.put(by_id("e6qidle"), "x").await.map(drop)
        }
        "`put` of a password that the service generates" => {
            store.put(db, PasswordSpec::default()).await.map(drop)
        }
        "`begin_patch`" => {
            let patch = PayloadPatch {
                set: Some(polyvault_core::Payload::text("x")),
                ..PayloadPatch::default()
            };
            store.begin_patch(&db, patch).await.map(drop)
        }
        "`begin_patch` of nothing, which copies" => {
            let begun = store.begin_patch(&db, PayloadPatch::default()).await;
            begun.map(drop)
        }
        "`begin_create`" => {
            let new = CreateSecret::named("new".parse()?);
            store.begin_create(new).await.map(drop)
        }
        "`begin_update`, `begin_update_secret`" => {
            let change = UpdateSecret {
                description: Edit::Clear,
                ..UpdateSecret::default()
            };
            store.begin_update_secret(&db, change).await.map(drop)
        }
        "`begin_update`, enabled" => store.begin_update(&db, enabled(true)).await.map(drop),
        "`begin_update`, disabled" => store.begin_update(&db, enabled(false)).await.map(drop),
        "`begin_update_version`, `MakeCurrent`" => change(db, VersionChange::MakeCurrent).await,
        "`begin_update_version`, `Destroy`" => {
            change(db, VersionChange::Destroy { after: None }).await
        }
        "`begin_update_version`, `CancelDestruction`" => {
            change(by_id("e6qdoomed"), VersionChange::CancelDestruction).await
        }
        "`begin_delete`" => {
            let begun = store.begin_delete(&db, DeleteOptions::default()).await;
            begun.map(drop)
        }
        "`list_access_bindings_page`" => {
            store.list_access_bindings_page(&db, page()).await.map(drop)
        }
        "`begin_set_access_bindings`" => store.begin_set_access_bindings(&db, []).await.map(drop),
        "`begin_update_access_bindings`" => {
            let reader = AccessBinding {
                role: "lockbox.viewer".into(),
                subject: Subject::service_account("aje"),
            };
            let changes = [AccessChange::Add(reader)];
            let begun = store.begin_update_access_bindings(&db, changes).await;
            begun.map(drop)
        }
        other => panic!("no call {other}"),
    }
}

/// The method of a request, by the names of the emulator.
fn method(request: &wiremock::Request) -> String {
    let path: Vec<&str> = request.url.path().split('/').skip(1).collect();
    let verb = request.method.as_str();
    match (verb, path.as_slice()) {
        ("GET", ["operations", _]) => "Operation.Get".into(),
        ("GET", ["lockbox", "v1", "secrets:getEx"]) => "Payload.GetEx".into(),
        ("GET", [.., "payload"]) => "Payload.Get".into(),
        ("GET", [.., "secrets", _, "versions"]) => "Secret.ListVersions".into(),
        ("GET", [.., "secrets", _, "operations"]) => "Secret.ListOperations".into(),
        ("GET", [.., "secrets"]) => "Secret.List".into(),
        ("POST", [.., "secrets"]) => "Secret.Create".into(),
        (verb, [.., "secrets", last]) => match (verb, last.split_once(':')) {
            (_, Some((_, custom))) => {
                let (first, rest) = custom.split_at(1);
                format!("Secret.{}{rest}", first.to_ascii_uppercase())
            }
            ("PATCH", None) => "Secret.Update".into(),
            ("DELETE", None) => "Secret.Delete".into(),
            _ => "Secret.Get".into(),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_call_takes_these_requests_and_no_more() {
    for (what, requests) in ROWS {
        let (emulator, store) = folder().await;

        call(&emulator, &store, what).await.unwrap();

        let sent = emulator.server().received_requests().await.unwrap();
        let sent: Vec<String> = sent.iter().map(method).collect();
        assert_eq!(sent, *requests, "{what}");
    }
}

#[tokio::test]
async fn each_call_goes_through_with_its_methods_alone() {
    for (what, requests) in ROWS {
        let (emulator, store) = folder().await;
        let all = ROWS.iter().flat_map(|row| row.1);
        for other in all.filter(|method| !requests.contains(method)) {
            emulator.forbid(other).unwrap();
        }

        let outcome = call(&emulator, &store, what).await;

        assert!(outcome.is_ok(), "{what}: {outcome:?}");
    }
}

#[tokio::test]
async fn each_call_is_forbidden_without_one_of_its_methods() {
    for (what, requests) in ROWS {
        for one in *requests {
            let (emulator, store) = folder().await;
            emulator.forbid(one).unwrap();

            let error = call(&emulator, &store, what).await.unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Forbidden, "{what}: {one}");
        }
    }
}

#[test]
fn the_readme_has_the_table() {
    let mut table = "| call | roles | requests |\n|---|---|---|\n".to_owned();
    for (what, requests) in ROWS {
        let mut roles: Vec<&str> = Vec::new();
        for role in requests.iter().map(|method| role(method)) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        if roles.contains(&"lockbox.editor") {
            roles.retain(|role| *role != "lockbox.viewer");
        }
        let (roles, number) = (roles.join(", "), requests.len());
        table += &format!("| {what} | {roles} | {number}: {} |\n", requests.join(", "));
    }
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table), "the README lacks this:\n{table}");
}
