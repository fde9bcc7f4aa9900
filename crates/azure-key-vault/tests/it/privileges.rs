//! What each call needs: its permissions and its requests, counted at the emulator.

use std::collections::BTreeSet;

use polyvault_azure_key_vault::emulator::{Emulator, Operation, Version};
use polyvault_azure_key_vault::{AzureKeyVault, ReadOptions};
use polyvault_core::{
    DeleteOptions, Error, ErrorKind, GetOptions, InfoPatch, Labels, OnSoftDeleted, PageRequest,
    PutMode, PutOptions, SecretRef, SecretStore, SecretStoreExt, VersionChange, VersionId,
    VersionPatch, VersionSelector,
};
use wiremock::Request;
use wiremock::http::Method;

use crate::manual_clock;
use Operation::{
    BackupSecret, DeleteSecret, GetDeletedSecret, GetDeletedSecrets, GetSecret, GetSecretVersions,
    GetSecrets, PurgeDeletedSecret, RecoverDeletedSecret, RestoreSecret, SetSecret, UpdateSecret,
};

const OLD: &str = "00000000000000000000000000000001";

/// A call, and the requests that it takes, in order.
struct Row {
    call: &'static str,
    requests: &'static [Operation],
    /// What it does without where it may not.
    optional: &'static [Operation],
}

const fn row(call: &'static str, requests: &'static [Operation]) -> Row {
    Row {
        call,
        requests,
        optional: &[],
    }
}

/// What is asked for until it is over; a wait repeats its last request every two seconds.
const fn waiting(
    call: &'static str,
    requests: &'static [Operation],
    optional: &'static [Operation],
) -> Row {
    Row {
        call,
        requests,
        optional,
    }
}

const ROWS: &[Row] = &[
    row("`get`", &[GetSecret]),
    row("`get` of a version", &[GetSecret]),
    row("`describe`", &[GetSecret]),
    row(
        "`describe` of a disabled secret",
        &[GetSecret, GetSecretVersions],
    ),
    row("`list`, a page", &[GetSecrets]),
    row("`list_versions`, a page", &[GetSecretVersions]),
    row("`list_deleted`, a page", &[GetDeletedSecrets]),
    row("`put`", &[GetSecret, SetSecret]),
    row("`put` with labels and content type", &[SetSecret]),
    row("`put` with `keep_metadata = false`", &[SetSecret]),
    row("`put`, mode `Create`", &[GetSecretVersions, SetSecret]),
    row("`put`, mode `AddVersion`", &[GetSecret, SetSecret]),
    waiting(
        "`put` over a deleted secret, `Recover`",
        &[
            GetSecret,
            SetSecret,
            RecoverDeletedSecret,
            GetSecret,
            GetSecret,
            SetSecret,
        ],
        &[],
    ),
    row(
        "`put` over a deleted secret, `Purge`",
        &[
            GetSecret,
            SetSecret,
            PurgeDeletedSecret,
            GetSecret,
            SetSecret,
        ],
    ),
    row("`update`", &[UpdateSecret]),
    row("`update_version`", &[UpdateSecret]),
    row(
        "`update_version` with a content type",
        &[GetSecret, UpdateSecret],
    ),
    row(
        "`update_version`, `MakeCurrent`",
        &[GetSecret, GetSecret, SetSecret],
    ),
    row("`begin_delete`", &[DeleteSecret]),
    waiting(
        "`delete`",
        &[DeleteSecret, GetDeletedSecret],
        &[GetDeletedSecret],
    ),
    row("`begin_recover`", &[RecoverDeletedSecret]),
    waiting(
        "`recover`",
        &[RecoverDeletedSecret, GetSecret],
        &[GetSecret],
    ),
    row("`purge`", &[PurgeDeletedSecret]),
    row("`properties`", &[GetSecret]),
    row("`read`", &[GetSecret]),
    row("`update_properties`", &[UpdateSecret]),
    row(
        "`update_properties` with a content type",
        &[GetSecret, UpdateSecret],
    ),
    row("`list_properties_page`", &[GetSecrets]),
    row("`list_version_properties_page`", &[GetSecretVersions]),
    row("`list_deleted_properties_page`", &[GetDeletedSecrets]),
    row("`get_deleted`", &[GetDeletedSecret]),
    row("`backup`", &[BackupSecret]),
    row("`restore`", &[RestoreSecret]),
];

/// <https://learn.microsoft.com/rest/api/keyvault/secrets>: each operation says which it requires.
fn permission(operation: Operation) -> &'static str {
    match operation {
        GetSecret | GetDeletedSecret => "get",
        SetSecret | UpdateSecret => "set",
        GetSecrets | GetSecretVersions | GetDeletedSecrets => "list",
        DeleteSecret => "delete",
        RecoverDeletedSecret => "recover",
        PurgeDeletedSecret => "purge",
        BackupSecret => "backup",
        RestoreSecret => "restore",
        _ => panic!("{operation:?} is of the control plane"),
    }
}

/// A live secret `db`, a disabled one `off`, a deleted one `gone`, and a store.
async fn vault() -> (Emulator, AzureKeyVault) {
    let vault = Emulator::builder().clock(manual_clock()).start().await;
    let old = Version {
        id: OLD.to_owned(),
        ..Version::from("old")
    };
    let disabled = Version {
        enabled: false,
        ..Version::from("off")
    };
    vault.seed("db", [old, Version::from("new")]).unwrap();
    vault.seed("off", [disabled]).unwrap();
    vault.seed("gone", ["gone"]).unwrap();
    vault.given(&serde_json::json!({"delete": "gone"})).unwrap();
    let store = vault.store();
    (vault, store)
}

fn put(mode: PutMode, on_soft_deleted: OnSoftDeleted) -> PutOptions {
    PutOptions {
        on_soft_deleted,
        ..PutOptions::from(mode)
    }
}

async fn call(vault: &Emulator, store: &AzureKeyVault, call: &str) -> Result<(), Error> {
    let secret = |name: &str| SecretRef::try_from(name).unwrap();
    let db = secret("db");
    let page = PageRequest::default;
    let old = VersionId::new(OLD).unwrap();
    let patch = VersionPatch {
        enabled: Some(true),
        ..VersionPatch::default()
    };
    let typed = VersionPatch {
        content_type: Some("text/plain".to_owned()),
        ..VersionPatch::default()
    };
    let both = PutOptions {
        labels: Some(Labels::default()),
        content_type: Some("text/plain".to_owned()),
        ..PutOptions::default()
    };
    let none = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    let fail = OnSoftDeleted::Fail;
    match call {
        "`get`" => store.get(&db, GetOptions::default()).await.map(drop),
        "`get` of a version" => store
            .get(&db, VersionSelector::from(old).into())
            .await
            .map(drop),
        "`describe`" => store.describe(&db).await.map(drop),
        "`describe` of a disabled secret" => store.describe(&secret("off")).await.map(drop),
        "`list`, a page" => store.list_page(page()).await.map(drop),
        "`list_versions`, a page" => store.list_versions_page(&db, page()).await.map(drop),
        "`list_deleted`, a page" => store.list_deleted_page(page()).await.map(drop),
        "`put`" => store.put("db", "x").await.map(drop),
        "`put` with labels and content type" => store.put_with("db", "x", both).await.map(drop),
        "`put` with `keep_metadata = false`" => store.put_with("db", "x", none).await.map(drop),
        "`put`, mode `Create`" => {
            let options = put(PutMode::Create, fail);
            store.put_with("new", "x", options).await.map(drop)
        }
        "`put`, mode `AddVersion`" => {
            let options = put(PutMode::AddVersion, fail);
            store.put_with("db", "x", options).await.map(drop)
        }
        "`put` over a deleted secret, `Recover`" => {
            let options = put(PutMode::Upsert, OnSoftDeleted::Recover);
            store.put_with("gone", "x", options).await.map(drop)
        }
        "`put` over a deleted secret, `Purge`" => {
            let options = put(PutMode::Upsert, OnSoftDeleted::Purge);
            store.put_with("gone", "x", options).await.map(drop)
        }
        "`update`" => {
            let patch = InfoPatch {
                enabled: Some(true),
                ..InfoPatch::default()
            };
            store.update("db", patch).await.map(drop)
        }
        "`update_version`" => {
            let change = VersionChange::Update(patch);
            store
                .begin_update_version(&db, &old, change)
                .await
                .map(drop)
        }
        "`update_version` with a content type" => {
            let change = VersionChange::Update(typed);
            let begun = store.begin_update_version(&db, &old, change).await;
            begun.map(drop)
        }
        "`update_version`, `MakeCurrent`" => {
            let change = VersionChange::MakeCurrent;
            let begun = store.begin_update_version(&db, &old, change).await;
            begun.map(drop)
        }
        "`update_properties` with a content type" => {
            let current = VersionSelector::Current;
            store
                .update_properties(&db, &current, typed)
                .await
                .map(drop)
        }
        "`begin_delete`" => store
            .begin_delete(&db, DeleteOptions::default())
            .await
            .map(drop),
        "`delete`" => store.delete("db").await,
        "`begin_recover`" => store.begin_recover(&secret("gone")).await.map(drop),
        "`recover`" => store.recover("gone").await.map(drop),
        "`purge`" => store.purge("gone").await,
        "`properties`" => store
            .properties(&db, &VersionSelector::Current)
            .await
            .map(drop),
        "`read`" => store.read(&db, &ReadOptions::default()).await.map(drop),
        "`update_properties`" => store
            .update_properties(&db, &VersionSelector::from(old), patch)
            .await
            .map(drop),
        "`list_properties_page`" => store.list_properties_page(page()).await.map(drop),
        "`list_version_properties_page`" => store
            .list_version_properties_page(&db, page())
            .await
            .map(drop),
        "`list_deleted_properties_page`" => {
            store.list_deleted_properties_page(page()).await.map(drop)
        }
        "`get_deleted`" => store.get_deleted(&secret("gone")).await.map(drop),
        "`backup`" => store.backup(&db).await.map(drop),
        "`restore`" => {
            // Made where nothing is forbidden, and not counted.
            let elsewhere = Emulator::start().await;
            elsewhere.seed("restored", ["x"]).unwrap();
            let backup = elsewhere.store().backup(&secret("restored")).await.unwrap();
            assert_eq!(vault.request_count(), 0);
            store.restore(&backup).await.map(drop)
        }
        other => panic!("no call {other}"),
    }
}

fn operation(request: &Request) -> Operation {
    let path: Vec<&str> = request.url.path().split('/').skip(1).collect();
    match (&request.method, path.as_slice()) {
        (&Method::GET, ["secrets"]) => GetSecrets,
        (&Method::GET, ["deletedsecrets"]) => GetDeletedSecrets,
        (&Method::POST, ["secrets", "restore"]) => RestoreSecret,
        (&Method::PUT, ["secrets", _]) => SetSecret,
        (&Method::DELETE, ["secrets", _]) => DeleteSecret,
        (&Method::GET, ["secrets", _, "versions"]) => GetSecretVersions,
        (&Method::POST, ["secrets", _, "backup"]) => BackupSecret,
        (&Method::GET, ["secrets", _] | ["secrets", _, _]) => GetSecret,
        (&Method::PATCH, ["secrets", ..]) => UpdateSecret,
        (&Method::GET, ["deletedsecrets", _]) => GetDeletedSecret,
        (&Method::DELETE, ["deletedsecrets", _]) => PurgeDeletedSecret,
        (&Method::POST, ["deletedsecrets", _, "recover"]) => RecoverDeletedSecret,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_call_takes_these_requests_and_no_more() {
    for row in ROWS {
        let (vault, store) = vault().await;

        call(&vault, &store, row.call).await.unwrap();

        let sent = vault.server().received_requests().await.unwrap();
        let sent: Vec<Operation> = sent.iter().map(operation).collect();
        assert_eq!(sent, row.requests, "{}", row.call);
    }
}

#[tokio::test]
async fn each_call_goes_through_with_its_permissions_alone() {
    for row in ROWS {
        let (vault, store) = vault().await;
        let needed = |one: &Operation| row.requests.contains(one) && !row.optional.contains(one);
        let others = Operation::ALL.into_iter().filter(|one| !needed(one));
        vault.forbid(others, "ForbiddenByRbac");

        let outcome = call(&vault, &store, row.call).await;

        assert!(outcome.is_ok(), "{}: {outcome:?}", row.call);
    }
}

#[tokio::test]
async fn each_call_is_forbidden_without_one_of_its_permissions() {
    for row in ROWS {
        for one in row
            .requests
            .iter()
            .filter(|one| !row.optional.contains(one))
        {
            let (vault, store) = vault().await;
            vault.forbid([*one], "ForbiddenByRbac");

            let error = call(&vault, &store, row.call).await.unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Forbidden, "{}: {one:?}", row.call);
        }
    }
}

#[test]
fn the_readme_has_the_table() {
    let mut table =
        "| call | permissions | requests, each a transaction |\n|---|---|---|\n".to_owned();
    for row in ROWS {
        let needed = row
            .requests
            .iter()
            .filter(|one| !row.optional.contains(one));
        let mut permissions: Vec<&str> = Vec::new();
        for name in needed.map(|one| permission(*one)) {
            if !permissions.contains(&name) {
                permissions.push(name);
            }
        }
        let requests: Vec<String> = row.requests.iter().map(|one| format!("{one:?}")).collect();
        let number = requests.len();
        let optional: BTreeSet<&str> = row.optional.iter().map(|one| permission(*one)).collect();
        let optional = optional
            .into_iter()
            .next()
            .map(|one| format!(" (and {one} to see it end)"));
        table += &format!(
            "| {} | {}{} | {number}: {} |\n",
            row.call,
            permissions.join(", "),
            optional.unwrap_or_default(),
            requests.join(", ")
        );
    }
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table), "the README lacks this:\n{table}");
}
