//! Puts and updates: lost answers, bases that are not active, steps that fail in between.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::{
    ErrorKind, GetOptions, InfoPatch, Labels, Payload, PutMode, PutOptions, Retry, SecretRef,
    SecretStoreExt, Timestamp, Value, VersionState, WaitPolicy,
};
use polyvault_core::{SecretId, SecretStore};
use polyvault_yandex_lockbox::YandexLockbox;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::json;

use polyvault_testkit::script::{Script, answer, lost};

use super::script::{store_on, tell_error};

const SECRET: &str = "e6qsecret00000000001";

async fn start() -> (Emulator, YandexLockbox) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(clock).start().await;
    let store = emulator.store();
    (emulator, store)
}

/// Method and path of all requests so far, without ids and queries.
async fn sent(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.server().received_requests().await.unwrap();
    requests.iter().map(route).collect()
}

fn route(request: &wiremock::Request) -> String {
    let path = request.url.path().trim_start_matches("/lockbox/v1");
    let mut parts: Vec<&str> = path.split('/').collect();
    // The third is an id, maybe with a verb behind it.
    if let Some(id) = parts.get_mut(2) {
        *id = id.find(':').and_then(|at| id.get(at..)).unwrap_or("ID");
    }
    format!("{} {}", request.method, parts.join("/"))
}

fn db(status: &str) -> serde_json::Value {
    let destroy_at = (status == "SCHEDULED_FOR_DESTRUCTION").then_some("2099-03-11T08:00:01.204Z");
    json!({"id": SECRET, "name": "db", "versions": [{
        "status": status,
        "destroyAt": destroy_at,
        "entries": [{"key": "user", "textValue": "alice"}, {"key": "value", "textValue": "old"}],
    }]})
}

fn by_id() -> SecretRef {
    SecretId::new(SECRET).unwrap().into()
}

fn labels() -> Option<Labels> {
    Some(Labels::from([("env".into(), "prod".into())]))
}

#[tokio::test]
async fn a_creation_whose_answers_were_lost_makes_one_secret() {
    let (emulator, store) = start().await;
    emulator.commit_then_drop(2);

    let written = store.put("db", "value").await.unwrap();

    assert!(written.created);
    let page = store.list_page(Default::default()).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let sent = sent(&emulator).await;
    let creations = sent.iter().filter(|line| *line == "POST /secrets").count();
    assert_eq!(creations, 3, "{sent:?}");
}

#[tokio::test]
async fn a_put_that_gets_no_answer_at_all_may_have_taken_place() {
    let (emulator, store) = start().await;
    emulator.commit_then_drop(99);

    let error = store.put("db", "value").await.unwrap_err();

    assert_eq!(tell_error(&error), "Unavailable - outcome_unknown");
}

#[tokio::test]
async fn a_repeated_put_under_its_key_tells_again_that_it_made_the_secret() {
    let (_emulator, store) = start().await;
    let options = PutOptions {
        idempotency_key: Some(polyvault_core::IdempotencyKey::random()),
        ..PutOptions::default()
    };
    let first = store
        .put_with("db", "value", options.clone())
        .await
        .unwrap();

    let again = store.put_with("db", "value", options).await.unwrap();

    assert!(first.created);
    assert_eq!(again, first);
}

#[tokio::test]
async fn a_repeated_create_under_its_key_does_not_claim_to_have_done_nothing() {
    let (_emulator, store) = start().await;
    let options = PutOptions {
        mode: PutMode::Create,
        idempotency_key: Some(polyvault_core::IdempotencyKey::random()),
        ..PutOptions::default()
    };
    store
        .put_with("db", "value", options.clone())
        .await
        .unwrap();

    let error = store.put_with("db", "value", options).await.unwrap_err();

    assert_eq!(tell_error(&error), "AlreadyExists - outcome_unknown");
}

#[tokio::test]
async fn a_put_over_a_version_that_is_not_active_holds_what_was_put() {
    for status in ["SCHEDULED_FOR_DESTRUCTION", "DESTROYED"] {
        let (emulator, store) = start().await;
        emulator.seed(&db(status)).unwrap();

        store.put("db", "new").await.unwrap();

        let read = store.get_with("db", GetOptions::default()).await.unwrap();
        assert!(read.payload.same_as(&Payload::text("new")), "{read:?}");
    }
}

#[tokio::test]
async fn keys_that_the_service_carried_over_are_named_and_gone_with_the_next_put() {
    for pending in [0, 2] {
        let (emulator, store) = start().await;
        emulator.seed(&db("SCHEDULED_FOR_DESTRUCTION")).unwrap();
        emulator.carry_scheduled(true);
        emulator.pending_polls(pending);

        let error = store.put("db", "new").await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.message().ends_with("in the entries user"), "{error}");
        assert_eq!(error.operation(), Some("put"));
        store.put("db", "newer").await.unwrap();
        let read = store.get_with("db", GetOptions::default()).await.unwrap();
        assert!(read.payload.same_as(&Payload::text("newer")), "{read:?}");
    }
}

#[tokio::test]
async fn keys_that_the_base_does_not_tell_are_looked_for_in_the_new_version() {
    let secret =
        format!(r#"{{"id":"{SECRET}","currentVersion":{{"id":"e6qv1","status":"ACTIVE"}}}}"#);
    let added = |keys: &str| {
        let body = format!(
            r#"{{"id":"e6qop","done":true,"response":{{
            "@type":"type.googleapis.com/yandex.cloud.lockbox.v1.Version",
            "id":"e6qv2","status":"ACTIVE","payloadEntryKeys":{keys}}}}}"#
        );
        answer(200, body)
    };

    let script = Script::new([answer(200, &secret), added(r#"["value"]"#)]);
    store_on(&script, 0).put(by_id(), "new").await.unwrap();

    let script = Script::new([answer(200, &secret), added(r#"["old","value"]"#)]);
    let error = store_on(&script, 0).put(by_id(), "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("old"), "{error}");
}

#[tokio::test]
async fn a_secret_without_a_version_is_described_not_read_and_put() {
    let (emulator, store) = start().await;
    emulator.seed(&json!({"name": "db"})).unwrap();

    let info = store.describe(&"db".try_into().unwrap()).await.unwrap();
    let read = store.get_text("db").await;
    let written = store.put("db", "value").await.unwrap();

    assert_eq!(info.current, None);
    assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!written.created);
    store.get_text("db").await.unwrap();
}

#[tokio::test]
async fn a_version_that_could_not_be_added_tells_what_was_changed_before_it() {
    let (emulator, store) = start().await;
    emulator.seed(&db("ACTIVE")).unwrap();
    emulator.forbid("Secret.AddVersion").unwrap();
    let options = PutOptions {
        labels: labels(),
        description: Some("main".into()),
        ..PutOptions::default()
    };

    let error = store.put_with("db", "new", options).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Forbidden);
    let help = error.help();
    assert!(
        help.starts_with("Changed already: description, labels."),
        "{help}"
    );
    let info = store.describe(&by_id()).await.unwrap();
    assert_eq!(
        (info.labels, info.description),
        (labels(), Some("main".into()))
    );
}

#[tokio::test]
async fn a_version_whose_operation_fails_later_tells_it_too() {
    let operation = |name: &str, more: &str| {
        let body = format!(
            r#"{{"id":"e6qop","metadata":{{"@type":"t/yandex.cloud.lockbox.v1.{name}Metadata",
            "secretId":"{SECRET}","versionId":"e6qversion"}}{more}}}"#
        );
        answer(200, &body)
    };
    let secret = format!(r#"{{"id":"{SECRET}"}}"#);
    let script = Script::new([
        operation("UpdateSecret", r#","done":true"#),
        answer(200, &secret),
        answer(200, &secret),
        answer(200, "{}"),
        operation("AddVersion", ""),
        operation("AddVersion", r#","done":true,"error":{"code":13}"#),
    ]);
    let options = PutOptions {
        labels: labels(),
        ..PutOptions::default()
    };

    let error = store_on(&script, 0).put_with(by_id(), "new", options).await;

    let error = error.unwrap_err();
    assert_eq!(tell_error(&error), "OperationFailed INTERNAL never");
    assert!(error.help().starts_with("Changed already: labels."));
    assert_eq!(error.secret(), Some(SECRET));
}

#[tokio::test]
async fn an_update_of_fields_and_state_is_two_steps_and_says_how_far_it_came() {
    let (emulator, store) = start().await;
    emulator.seed(&db("ACTIVE")).unwrap();
    emulator.pending_polls(2);
    let patch = |description: &str, enabled| InfoPatch {
        description: Some(description.into()),
        enabled: Some(enabled),
        ..InfoPatch::default()
    };

    let info = store.update(by_id(), patch("off", false)).await.unwrap();
    let before = emulator.request_count();
    emulator.forbid("Secret.Activate").unwrap();
    let error = store.update(by_id(), patch("on", true)).await.unwrap_err();

    assert_eq!(info.state, VersionState::Disabled);
    assert_eq!(info.description.as_deref(), Some("off"));
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.help().starts_with("Changed already: description."));
    let sent = sent(&emulator).await.split_off(before);
    assert_eq!(sent.first().unwrap(), "PATCH /secrets/ID");
    assert_eq!(sent.last().unwrap(), "POST /secrets/:activate");
}

#[tokio::test]
async fn empty_values_are_refused_before_any_request() {
    let (emulator, store) = start().await;
    let payload = Payload::from_entries([("a", Value::text("1")), ("b", Value::text(""))]);

    let error = store.put("db", payload.unwrap()).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(emulator.request_count(), 0);
}

#[tokio::test]
async fn an_answer_to_a_write_that_can_not_be_read_leaves_the_outcome_unknown() {
    let secret = format!(r#"{{"id":"{SECRET}"}}"#);
    for body in [
        "",
        "<html>",
        r#"{"id":"e6qop","done":tr"#,
        "{}",
        "[]",
        "null",
    ] {
        let script = Script::new([answer(200, &secret), answer(200, "{}"), answer(200, body)]);

        let error = store_on(&script, 0)
            .put(by_id(), "value")
            .await
            .unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert_eq!(error.retry(), Retry::OutcomeUnknown, "{body}");
    }
}

#[tokio::test]
async fn a_change_that_is_done_is_read_anew_where_its_resource_is_unreadable() {
    let updated = r#"{"id":"e6qop","done":true,"response":
        {"@type":"type.googleapis.com/yandex.cloud.lockbox.v1.Secret","name":7}}"#;
    let secret = format!(r#"{{"id":"{SECRET}","name":"db","description":"new"}}"#);
    let script = Script::new([answer(200, updated), answer(200, &secret)]);
    let patch = InfoPatch {
        description: Some("new".into()),
        ..InfoPatch::default()
    };

    let info = store_on(&script, 0).update(by_id(), patch).await.unwrap();

    assert_eq!(info.description.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_change_that_is_done_and_can_not_be_read_back_is_no_refusal() {
    let done = r#"{"id":"e6qop","done":true,"response":
        {"@type":"type.googleapis.com/google.protobuf.Empty","value":{}}}"#;
    let denied = || answer(403, r#"{"code":7,"message":"Permission denied"}"#);
    let patch = || InfoPatch {
        description: Some("new".into()),
        ..InfoPatch::default()
    };

    let script = Script::new([answer(200, done), denied()]);
    let error = store_on(&script, 0).update(by_id(), patch()).await;
    let error = error.unwrap_err();
    assert_eq!(
        tell_error(&error),
        "Forbidden PERMISSION_DENIED outcome_unknown"
    );
    assert!(error.help().contains("is done"), "{}", error.help());

    let pending = r#"{"id":"e6qop","done":false}"#;
    let script = Script::new([answer(200, pending), answer(200, done), denied()]);
    let error = store_on(&script, 0).update(by_id(), patch()).await;
    let error = error.unwrap_err();
    assert_eq!(
        tell_error(&error),
        "Forbidden PERMISSION_DENIED outcome_unknown"
    );
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_not_missing() {
    let missing = r#"{"code":5,"message":"Secret not found"}"#;
    let script = Script::new([lost(), answer(404, missing)]);
    let store = store_on(&script, 3);

    let delete = store.begin_delete(&by_id(), Default::default()).await;

    delete.unwrap().wait(WaitPolicy::default()).await.unwrap();
    let keys: Vec<_> = script
        .sent()
        .iter()
        .map(|request| request.headers()["idempotency-key"].clone())
        .collect();
    assert_eq!(keys[0], keys[1]);
}
