//! Every answer of the table of refusals becomes its error: kind, retry, code, status, help.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use polyvault_azure_key_vault::{AzureKeyVault, Backup};
use polyvault_core::ErrorKind::{
    Conflict, Forbidden, InvalidInput, NotFound, RateLimited, Unauthenticated, Unavailable,
};
use polyvault_core::transport::{ClientOptions, RetryPolicy};
use polyvault_core::{
    Error, ErrorKind, GetOptions, InfoPatch, PageRequest, PutOptions, SecretRef, SecretStore,
    SecretStoreExt, VersionChange, VersionId, VersionPatch, VersionSelector,
};
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_testkit::refusals;
use polyvault_testkit::script::{Script, answer};

use crate::script::{self, store_on};

#[tokio::test]
async fn every_refusal_of_the_table_becomes_its_error() {
    let rows = refusals::load("azure-key-vault").unwrap();
    for row in &rows {
        assert_eq!(row.nth, 1, "no call here needs an answer before");
        let script = Script::always(Ok(row.answer()));
        let store = store_on_once(&script);

        let error = match (&row.fixture, &row.unsent) {
            (Some(fixture), None) => refused(&store, fixture).await,
            _ => call(&store, &row.operation).await,
        };

        assert_eq!(row.check(&error), Ok(()), "{}", row.what);
        if let (Some(fixture), None) = (&row.fixture, &row.unsent) {
            for sent in script.sent() {
                script::same_request(&sent, fixture);
            }
        }
    }
    println!("{} answers on the wire", rows.len());
}

#[test]
fn every_refusal_of_the_fixtures_stands_in_the_table() {
    let all = fixture::load("azure-key-vault").unwrap();
    // Those of the control plane are another store's.
    let refusals = all
        .iter()
        .filter(|fixture| fixture.response.status >= 400 && !fixture.name.starts_with("arm-"));
    let rows = refusals::load("azure-key-vault").unwrap();

    let names: Vec<_> = refusals.map(|fixture| &fixture.name).collect();

    let named = rows.iter().filter_map(|row| row.fixture.as_ref());
    assert_eq!(
        names,
        named.map(|fixture| &fixture.name).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_refusal_goes_by_its_status_whatever_its_body() {
    let bodies = [
        "",
        "<html><body>403</body></html>",
        "null",
        "[]",
        r#"{"error":"#,
        r#"{"error":{"code":7}}"#,
        r#"{"error":{"code":null,"message":null,"innererror":null}}"#,
        r#"{"error":{"code":"SecretNotFound"}}"#,
        r#"{"value":"x"}"#,
    ];
    for (status, kind) in [
        (301, ErrorKind::Unexpected),
        (400, InvalidInput),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (408, ErrorKind::Timeout),
        (409, Conflict),
        (413, ErrorKind::TooLarge),
        (418, ErrorKind::Unexpected),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
        (599, Unavailable),
    ] {
        for body in bodies {
            let script = Script::always(answer(status, body));

            let error = get(&store_on(&script), "mysecret").await;

            assert_eq!(error.kind(), kind, "{status} {body}");
            assert_eq!(error.status(), Some(status), "{body}");
        }
    }
}

#[tokio::test]
async fn an_error_tells_who_refused_what_and_the_request() {
    let mut response = script::load("get-forbidden-rbac").http_response().unwrap();
    let id = "00000000-1111-2222-3333-444444444444".parse().unwrap();
    response.headers_mut().insert("x-ms-request-id", id);

    let error = get(&store_on(&Script::new([Ok(response)])), "mysecret").await;

    assert_eq!(error.provider(), Some("azure-key-vault"));
    assert_eq!(error.operation(), Some("get"));
    assert_eq!(error.secret(), Some("mysecret"));
    assert_eq!(
        error.request_id(),
        Some("00000000-1111-2222-3333-444444444444")
    );
}

#[tokio::test]
async fn a_refused_token_is_told_the_resource_that_is_asked_for() {
    let fixture = script::load("get-wrong-token");
    let script = Script::new([Ok(fixture.http_response().unwrap())]);

    let error = get(&store_on(&script), "mysecret").await;

    let (tenant, resource) = (
        "https://login.windows.net/11111111-1111-1111-1111-111111111111",
        "https://vault.azure.net",
    );
    assert!(error.help().contains(tenant), "{}", error.help());
    assert!(error.help().contains(resource), "{}", error.help());
}

#[tokio::test]
async fn what_is_too_long_for_a_code_is_not_kept() {
    let code = "made-up-secret ".repeat(9);
    let body = serde_json::json!({ "error": { "code": code } });

    let error = get(
        &store_on(&Script::new([answer(403, body.to_string())])),
        "mysecret",
    )
    .await;

    assert_eq!(error.code(), None);
}

/// A store that repeats nothing.
fn store_on_once(script: &Arc<Script>) -> AzureKeyVault {
    let options = ClientOptions {
        retry: RetryPolicy {
            max_repeats: 0,
            ..RetryPolicy::default()
        },
        ..script.options()
    };
    AzureKeyVault::builder("myvault")
        .token("made-up-token".into())
        .client_options(options)
        .build()
        .unwrap()
}

/// The error of a call of which the first request is answered so.
async fn call(store: &AzureKeyVault, operation: &str) -> Error {
    let secret = SecretRef::try_from("mysecret").unwrap();
    let version = VersionId::new("0123456789abcdef0123456789abcdef").unwrap();
    let off = InfoPatch {
        enabled: Some(false),
        ..InfoPatch::default()
    };
    let change = VersionChange::Update(VersionPatch {
        enabled: Some(false),
        ..VersionPatch::default()
    });
    let page = PageRequest::default;
    match operation {
        "get" => get(store, "mysecret").await,
        "describe" => store.describe(&secret).await.unwrap_err(),
        "list" => store.list_page(page()).await.unwrap_err(),
        "list_versions" => {
            let listed = store.list_versions_page(&secret, page()).await;
            listed.unwrap_err()
        }
        "list_deleted" => store.list_deleted_page(page()).await.unwrap_err(),
        "put" => put(store, "mysecret", "value").await,
        "update" => store.update("mysecret", off).await.unwrap_err(),
        "update_version" => {
            let begun = store.begin_update_version(&secret, &version, change).await;
            begun.unwrap_err()
        }
        "delete" => store.delete("mysecret").await.unwrap_err(),
        "recover" => store.recover("mysecret").await.unwrap_err(),
        "purge" => store.purge("mysecret").await.unwrap_err(),
        "get_deleted" => store.get_deleted(&secret).await.unwrap_err(),
        "backup" => store.backup(&secret).await.unwrap_err(),
        "restore" => restore(store, b"made up").await,
        other => panic!("no call {other}"),
    }
}

async fn put(store: &AzureKeyVault, name: &str, value: &str) -> Error {
    let options = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    store.put_with(name, value, options).await.unwrap_err()
}

async fn get(store: &AzureKeyVault, name: &str) -> Error {
    let read = store.get_with(name, GetOptions::default()).await;
    read.unwrap_err()
}

async fn restore(store: &AzureKeyVault, blob: &[u8]) -> Error {
    let backup = Backup::from_bytes(blob);
    store.restore(&backup).await.unwrap_err()
}

/// The error of the call that sends the fixture's request.
async fn refused(store: &AzureKeyVault, fixture: &Fixture) -> Error {
    let request = &fixture.request;
    let path = request.path.split('?').next().unwrap();
    let segments: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["secrets", name]) => get(store, name).await,
        ("GET", ["secrets", name, version]) => {
            let version = VersionSelector::from(VersionId::new(*version).unwrap());
            store.get_with(*name, version.into()).await.unwrap_err()
        }
        ("PUT", ["secrets", name]) => {
            let value = request.body.as_ref().unwrap()["value"].as_str().unwrap();
            put(store, name, value).await
        }
        ("POST", ["secrets", "restore"]) => {
            let blob = request.body.as_ref().unwrap()["value"].as_str().unwrap();
            restore(store, &URL_SAFE_NO_PAD.decode(blob).unwrap()).await
        }
        ("POST", ["secrets", name, "backup"]) => {
            let secret = SecretRef::try_from(*name).unwrap();
            store.backup(&secret).await.unwrap_err()
        }
        ("GET", ["deletedsecrets", name]) => {
            let secret = SecretRef::try_from(*name).unwrap();
            store.get_deleted(&secret).await.unwrap_err()
        }
        ("DELETE", ["secrets", name]) => store.delete(*name).await.unwrap_err(),
        ("DELETE", ["deletedsecrets", name]) => store.purge(*name).await.unwrap_err(),
        ("POST", ["deletedsecrets", name, "recover"]) => store.recover(*name).await.unwrap_err(),
        other => panic!("no call sends {other:?}"),
    }
}
