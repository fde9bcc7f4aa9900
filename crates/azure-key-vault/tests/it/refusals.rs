//! Every refusal of the fixtures has its kind, code, status and retry.

use std::time::Duration;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_core::ErrorKind::{
    Conflict, Disabled, Forbidden, InTransition, InvalidInput, NotFound, RateLimited, SoftDeleted,
    Unauthenticated, Unavailable,
};
use polyvault_core::{
    Error, ErrorKind, GetOptions, PutOptions, Retry, SecretStoreExt, VersionId, VersionSelector,
};
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_testkit::script::{Script, answer};

use crate::script::{self, store_on};

const NEVER: Retry = Retry::Never;
const LATER: Retry = Retry::After(None);
const IN_7_S: Retry = Retry::After(Some(Duration::from_secs(7)));

/// Whether the adapter sends the fixture's request; if not, a get is answered so.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Same,
    Another,
}
use Asks::{Another, Same};

#[rustfmt::skip]
const TABLE: &[(&str, Asks, ErrorKind, Option<&str>, Retry)] = &[
    ("backup-not-found", Another, NotFound, Some("SecretNotFound"), NEVER),
    ("delete-not-found", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("get-bad-gateway", Same, Unavailable, None, LATER),
    ("get-bad-name", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("get-bad-version", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("get-being-recovered", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("get-current-disabled-older-enabled", Same, Disabled, Some("SecretDisabled"), NEVER),
    ("get-deleted-forbidden", Another, Forbidden, Some("ForbiddenByRbac"), NEVER),
    ("get-deleted-live-name", Another, NotFound, Some("SecretNotFound"), NEVER),
    ("get-deleted-name", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("get-deleted-still-deleting", Another, NotFound, Some("SecretNotFound"), NEVER),
    ("get-disabled", Same, Disabled, Some("SecretDisabled"), NEVER),
    ("get-error-null", Same, Unavailable, None, LATER),
    ("get-forbidden-connection", Same, Forbidden, Some("ForbiddenByConnection"), NEVER),
    ("get-forbidden-firewall", Same, Forbidden, Some("ForbiddenByFirewall"), NEVER),
    ("get-forbidden-policy", Same, Forbidden, Some("ForbiddenByPolicy"), NEVER),
    ("get-forbidden-rbac", Same, Forbidden, Some("ForbiddenByRbac"), NEVER),
    ("get-html-from-a-proxy", Same, Forbidden, None, NEVER),
    ("get-no-api-version", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("get-no-token", Another, Unauthenticated, Some("Unauthorized"), NEVER),
    ("get-no-token-2020", Another, Unauthenticated, Some("Unauthorized"), NEVER),
    ("get-not-found", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("get-throttled-retry-after", Same, RateLimited, Some("Throttled"), IN_7_S),
    ("get-version-not-found", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("get-wrong-token", Same, Unauthenticated, Some("Unauthorized"), NEVER),
    ("list-maxresults-too-large", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("purge-being-deleted", Same, InTransition, Some("ObjectIsBeingDeleted"), LATER),
    ("purge-not-deleted", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("purge-protected", Same, Forbidden, Some("Forbidden"), NEVER),
    ("recover-being-deleted", Same, InTransition, Some("ObjectIsBeingDeleted"), LATER),
    ("recover-not-deleted", Same, NotFound, Some("SecretNotFound"), NEVER),
    ("restore-malformed", Another, InvalidInput, Some("Malformed backup blob"), NEVER),
    ("restore-over-existing", Another, Conflict, Some("Conflict"), NEVER),
    ("set-bad-name", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("set-being-deleted", Same, InTransition, Some("ObjectIsBeingDeleted"), LATER),
    ("set-being-recovered", Same, InTransition, Some("ObjectIsBeingRecovered"), LATER),
    ("set-challenge-probe", Another, Unauthenticated, Some("Unauthorized"), NEVER),
    ("set-forbidden-writes-only", Same, Forbidden, Some("ForbiddenByRbac"), NEVER),
    ("set-just-purged", Same, InTransition, Some("ObjectIsBeingDeleted"), LATER),
    ("set-just-recovered", Same, InTransition, Some("ObjectIsBeingRecovered"), LATER),
    ("set-name-too-long", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("set-no-value", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("set-over-deleted", Same, SoftDeleted, Some("ObjectIsDeletedButRecoverable"), NEVER),
    ("set-throttled", Same, RateLimited, Some("Throttled"), LATER),
    ("set-too-many-tags", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("set-wrong-json", Another, InvalidInput, Some("BadParameter"), NEVER),
    ("update-not-found", Another, NotFound, Some("SecretNotFound"), NEVER),
];

#[tokio::test]
async fn every_refusal_has_its_kind_code_status_and_retry() {
    for (name, asks, kind, code, retry) in TABLE {
        let fixture = script::load(name);
        let script = Script::always(Ok(fixture.http_response().unwrap()));

        let error = match asks {
            Same => refused(&store_on(&script), &fixture).await,
            Another => get(&store_on(&script), "mysecret").await,
        };

        assert_eq!(error.kind(), *kind, "{name}");
        assert_eq!(error.code(), *code, "{name}");
        assert_eq!(error.status(), Some(fixture.response.status), "{name}");
        assert_eq!(error.retry(), *retry, "{name}");
        if *asks == Same {
            for sent in script.sent() {
                script::same_request(&sent, &fixture);
            }
        }
    }
}

#[test]
fn every_refusal_of_the_fixtures_stands_in_the_table() {
    let all = fixture::load("azure-key-vault").unwrap();
    let refusals = all.iter().filter(|fixture| fixture.response.status >= 400);

    let names: Vec<_> = refusals.map(|fixture| fixture.name.as_str()).collect();

    assert_eq!(names, TABLE.iter().map(|row| row.0).collect::<Vec<_>>());
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

async fn get(store: &AzureKeyVault, name: &str) -> Error {
    let read = store.get_with(name, GetOptions::default()).await;
    read.unwrap_err()
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
            let options = PutOptions {
                keep_metadata: false,
                ..PutOptions::default()
            };
            let put = store.put_with(*name, value, options).await;
            put.unwrap_err()
        }
        ("DELETE", ["secrets", name]) => store.delete(*name).await.unwrap_err(),
        ("DELETE", ["deletedsecrets", name]) => store.purge(*name).await.unwrap_err(),
        ("POST", ["deletedsecrets", name, "recover"]) => store.recover(*name).await.unwrap_err(),
        other => panic!("no call sends {other:?}"),
    }
}
