//! What is this store's own: names, operations, answers of other shapes, URLs.

use std::sync::Arc;

use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::{
    Environment, ErrorKind, GetOptions, OperationId, PageRequest, PutOptions, Result, Retry,
    SecretId, SecretInfo, SecretRef, SecretStore, SecretStoreExt, Timestamp, VersionId,
    VersionSelector, VersionState, WaitPolicy, Written,
};
use polyvault_testkit::script::{Script, answer};
use polyvault_yandex_lockbox::PROVIDER;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::json;

use super::script::{FOLDER, store_on, tell_error};

const LOCKBOX: &str = "https://lockbox.api.cloud.yandex.net/lockbox/v1/secrets";
const PAYLOAD: &str = "https://payload.lockbox.api.cloud.yandex.net/lockbox/v1/secrets";

fn id(text: &str) -> SecretRef {
    SecretId::new(text).unwrap().into()
}

fn open(url: &str, environment: &Environment) -> Result<Arc<dyn SecretStore>> {
    let options = OpenOptions {
        environment: environment.clone(),
        ..OpenOptions::default()
    };
    (PROVIDER.open)(&StoreUrl::parse(url)?, options)
}

async fn start() -> (Emulator, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    (emulator, clock)
}

#[tokio::test]
async fn a_name_is_looked_up_to_the_end_of_the_folder() {
    let script = Script::new([
        answer(
            200,
            r#"{"secrets":[{"id":"e6qa","name":"db"}],"nextPageToken":"a/+="}"#,
        ),
        answer(200, r#"{"nextPageToken":"b"}"#),
        answer(
            200,
            r#"{"secrets":[{"id":"e6qb","name":"DB"},{"id":"e6qc"},{"id":"e6qd","name":"db"}]}"#,
        ),
    ]);

    let error = store_on(&script, 0).get_text("db").await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(
        error
            .message()
            .contains("2 secrets of this name: e6qa, e6qd"),
        "{error}"
    );
    let first = format!("GET {LOCKBOX}?folderId={FOLDER}&pageSize=1000");
    let further = |token| format!("{first}&pageToken={token}");
    assert_eq!(
        script.lines(),
        [first.clone(), further("a%2F%2B%3D"), further("b")]
    );
}

#[tokio::test]
async fn a_list_that_goes_round_ends_in_an_error() {
    let page = r#"{"nextPageToken":"a"}"#;
    let script = Script::new([answer(200, page), answer(200, page)]);

    let error = store_on(&script, 0).get_text("db").await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unexpected);
}

#[tokio::test]
async fn no_id_reaches_another_route() {
    for (text, escaped) in [
        ("e6q:activate", "e6q%3Aactivate"),
        ("../../operations/x", "..%2F..%2Foperations%2Fx"),
        ("a?b#c", "a%3Fb%23c"),
    ] {
        let denied = || answer(403, r#"{"code":7}"#);
        let script = Script::new([denied(), denied(), denied()]);
        let store = store_on(&script, 0);
        let version = VersionSelector::Exact(VersionId::new(text).unwrap());

        store.describe(&id(text)).await.unwrap_err();
        store.get(&id(text), version.into()).await.unwrap_err();
        store.delete(id(text)).await.unwrap_err();

        assert_eq!(
            script.lines(),
            [
                format!("GET {LOCKBOX}/{escaped}"),
                format!("GET {PAYLOAD}/{escaped}/payload?versionId={escaped}"),
                format!("DELETE {LOCKBOX}/{escaped}"),
            ]
        );
    }
    for text in [".", ".."] {
        let script = Script::new([]);
        let error = store_on(&script, 0).describe(&id(text)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let operation = OperationId::new(text).unwrap();
        let error = store_on(&script, 0).resume(&operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_neither_missing_nor_empty() {
    for body in [
        "",
        "<html>",
        "[]",
        "null",
        r#"{"entries":{"k":"hunter2"}}"#,
        r#"{"entries":[{"key":"k","textValue":7004}]}"#,
        r#"{"entries":[{"key":"k","textValue":"hunter2"},{"key":"k","textValue":"hunter2"}]}"#,
        r#"{"entries":[{"textValue":"hunter2"}]}"#,
        r#"{"entries":[{"key":"k","binaryValue":"hunter2!"}]}"#,
        r#"{"entries":[{"key":"k","textValue":"hunter2"#,
    ] {
        let script = Script::new([answer(200, body)]);

        let error = store_on(&script, 0)
            .get(&id("e6q"), GetOptions::default())
            .await;

        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
    for body in [
        "",
        "<html>",
        "[]",
        r#"{"secrets":[{"name":"db"}]}"#,
        r#"{"secrets":{}}"#,
    ] {
        let script = Script::new([answer(200, body)]);
        let error = store_on(&script, 0).list_page(PageRequest::default()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Decode, "{body}");
    }
}

#[tokio::test]
async fn a_status_without_a_name_ends_no_list() {
    let body = r#"{"secrets":[{"id":"e6q1","status":7},{"id":"e6q2","status":"ACTIVE",
        "currentVersion":{"id":"e6qv","status":9}}]}"#;
    let script = Script::new([answer(200, body)]);

    let page = store_on(&script, 0).list_page(PageRequest::default()).await;

    let items = page.unwrap().items;
    assert_eq!(items[0].state, VersionState::Unknown("7".into()));
    assert_eq!(items[1].state, VersionState::Enabled);
    let current = items[1].current.as_ref().unwrap();
    assert_eq!(current.state, VersionState::Unknown("9".into()));
}

#[tokio::test]
async fn a_time_in_another_form_is_not_told_and_ends_no_list() {
    let body = r#"{"secrets":[
        {"id":"e6q1","createdAt":"yesterday","currentVersion":{"id":"e6qv","destroyAt":"9999-12-31T23:59:59Z"}},
        {"id":"e6q2","createdAt":"2024-03-26T07:38:41.908+00:00"}]}"#;
    let script = Script::new([answer(200, body)]);

    let page = store_on(&script, 0).list_page(PageRequest::default()).await;

    let items = page.unwrap().items;
    assert_eq!(items[0].created_at, None);
    assert_eq!(items[0].current.as_ref().unwrap().destroy_at, None);
    let told = items[1].created_at.unwrap();
    assert_eq!(told.to_string(), "2024-03-26T07:38:41.908Z");
}

#[tokio::test]
async fn a_404_that_is_not_the_services_own_points_at_the_endpoint() {
    let own = r#"{"code":5,"message":"Secret not found"}"#;
    for (body, points) in [("<html>not here</html>", true), ("", true), (own, false)] {
        let script = Script::new([answer(404, body)]);

        let error = store_on(&script, 0).describe(&id("s")).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.help().contains("endpoints"), points, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_services_words_only_where_no_value_was_sent() {
    let refusal = r#"{"code":3,"message":"bad hunter2","details":[{"@type":"x","fieldViolations":[
        {"field":"version_payload_entries[0].key","description":"hunter2"}]}]}"#;
    let script = Script::new([
        answer(400, refusal),
        answer(200, "{}"),
        answer(400, refusal),
    ]);
    let store = store_on(&script, 0);

    let read = store.describe(&id("e6q")).await.unwrap_err();
    let written = store.put("db", "hunter2").await.unwrap_err();

    assert!(
        read.message().ends_with("the service says: bad hunter2"),
        "{read}"
    );
    assert!(!format!("{written:?}").contains("hunter2"), "{written:?}");
    assert!(
        written.message().contains("version_payload_entries[0].key"),
        "{written}"
    );
}

#[tokio::test]
async fn an_operation_is_polled_at_the_pace_that_the_service_tells() {
    let (emulator, clock) = start().await;
    emulator.pending_polls(4);
    emulator.leading_404s(3);
    emulator.poll_interval(7);

    emulator.store().put("db", "value").await.unwrap();

    // Three polls that find nothing are a second apart, three that are pending as told.
    let waited = clock.now().as_second();
    assert_eq!(waited, 3 + 3 * 7);
}

#[tokio::test]
async fn an_operation_that_is_forgotten_is_not_a_missing_secret() {
    let (emulator, _) = start().await;
    emulator.leading_404s(4);

    let error = emulator.store().put("db", "value").await.unwrap_err();

    assert_eq!(tell_error(&error), "Unexpected NOT_FOUND outcome_unknown");
    assert!(
        error.help().contains("resume the operation"),
        "{}",
        error.help()
    );
}

#[tokio::test]
async fn operations_are_taken_up_by_another_store() {
    let (emulator, _) = start().await;
    emulator.pending_polls(2);
    emulator.leading_404s(2);
    let store = emulator.store();
    let other = emulator.store();
    let wait = WaitPolicy::default;

    let name = SecretRef::try_from("db").unwrap();
    let put = store.begin_put(&name, "value".into(), PutOptions::default());
    let put = put.await.unwrap();
    let written: Written = other.resume_as(put.id().unwrap(), wait()).await.unwrap();
    let secret = SecretRef::from(&written.secret);
    let patch = polyvault_core::InfoPatch {
        enabled: Some(false),
        ..Default::default()
    };
    let update = store.begin_update(&secret, patch).await.unwrap();
    let info: SecretInfo = other.resume_as(update.id().unwrap(), wait()).await.unwrap();
    let delete = store
        .begin_delete(&secret, Default::default())
        .await
        .unwrap();
    other
        .resume_as::<()>(delete.id().unwrap(), wait())
        .await
        .unwrap();

    assert!(written.created);
    assert_eq!(info.state.as_str(), "disabled");
    let gone = store.describe(&secret).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    // What was done stays known, by its kind.
    let again = other.resume_as::<()>(put.id().unwrap(), wait()).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn an_operation_that_nobody_began_is_not_found_after_the_replicas_had_time() {
    let (emulator, clock) = start().await;
    let unknown = OperationId::new("e6qnothing").unwrap();

    let error = emulator.store().resume(&unknown).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.retry(), Retry::Never);
    assert_eq!(
        clock.now().duration_since(Timestamp::UNIX_EPOCH).as_secs(),
        3
    );
}

#[tokio::test]
async fn a_version_that_an_operation_changed_is_found_in_the_list() {
    let operation = r#"{"id":"e6qop","done":true,"metadata":{
        "@type":"type.googleapis.com/yandex.cloud.lockbox.v1.SetCurrentVersionMetadata",
        "secretId":"e6qsecret","versionId":"e6qb"}}"#;
    let script = Script::new([
        answer(200, operation),
        answer(
            200,
            r#"{"versions":[{"id":"e6qa","status":"ACTIVE"}],"nextPageToken":"n"}"#,
        ),
        answer(200, r#"{"versions":[{"id":"e6qb","status":"ACTIVE"}]}"#),
    ]);
    let store = store_on(&script, 0);
    let operation = OperationId::new("e6qop").unwrap();

    let version = store.resume_as::<polyvault_core::VersionInfo>(&operation, WaitPolicy::default());

    assert_eq!(version.await.unwrap().id.unwrap().as_str(), "e6qb");
}

#[tokio::test]
async fn a_store_is_opened_by_its_url() {
    let (emulator, _) = start().await;
    emulator
        .seed(&json!({"name": "db", "folderId": FOLDER, "versions": [
        {"entries": [{"key": "value", "textValue": "s3cret"}]}]}))
        .unwrap();
    let url = format!("yandex-lockbox://{FOLDER}?endpoint={}", emulator.url());
    let environment = Environment::empty().with("YC_TOKEN", "t1.made-up");

    let store = open(&url, &environment).unwrap();

    assert_eq!(store.to_string(), format!("yandex-lockbox://{FOLDER}"));
    store.get_text("db").await.unwrap();
}

#[test]
fn a_url_is_refused_with_the_field_that_is_wrong() {
    let environment = Environment::empty().with("YC_IAM_TOKEN", "t1.made-up");
    for (url, field) in [
        ("yandex-lockbox://", "folder"),
        ("yandex-lockbox://a/b", "folder"),
        ("yandex-lockbox://b1g?iam=https://a.b", "iam"),
        (
            "yandex-lockbox://b1g?iam_endpoint=http://a.b",
            "iam_endpoint",
        ),
        (
            "yandex-lockbox://b1g?federation_endpoint=a.b",
            "federation_endpoint",
        ),
        ("yandex-lockbox://b1g?endpoint=http://a.b", "endpoint"),
        (
            "yandex-lockbox://b1g?payload_endpoint=x",
            "payload_endpoint",
        ),
        (
            "yandex-lockbox://b1g?operation_endpoint=https://u:p@a.b",
            "operation_endpoint",
        ),
    ] {
        let error = open(url, &environment).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(field), "{error}");
    }
    let error = open("yandex-lockbox://b1g", &Environment::empty()).unwrap_err();
    assert!(
        error.message().contains("YC_IAM_TOKEN, YC_TOKEN"),
        "{error}"
    );
}

#[tokio::test]
async fn the_iam_token_goes_before_the_other_one() {
    let emulator = Emulator::builder()
        .token("t1.first")
        .folder(FOLDER)
        .start()
        .await;
    let url = format!("yandex-lockbox://{FOLDER}?endpoint={}", emulator.url());
    let environment = Environment::empty()
        .with("YC_TOKEN", "t1.second")
        .with("YC_IAM_TOKEN", "t1.first");

    let store = open(&url, &environment).unwrap();

    store.list_page(PageRequest::default()).await.unwrap();
    assert!(!format!("{store:?}").contains("t1."));
}

#[tokio::test]
async fn each_endpoint_gets_its_own_requests() {
    let (secrets, payloads) = (start().await.0, start().await.0);
    secrets
        .seed(&json!({"id": "e6q", "name": "db", "folderId": FOLDER}))
        .unwrap();
    payloads
        .seed(
            &json!({"id": "e6q", "versions": [{"entries": [{"key": "value", "textValue": "v"}]}]}),
        )
        .unwrap();
    let url = format!(
        "yandex-lockbox://{FOLDER}?endpoint={}&payload_endpoint={}",
        secrets.url(),
        payloads.url()
    );
    let environment = Environment::empty().with("YC_TOKEN", "t1.made-up");
    let store = open(&url, &environment).unwrap();

    store.get_text("db").await.unwrap();

    assert_eq!((secrets.request_count(), payloads.request_count()), (1, 1));
}
