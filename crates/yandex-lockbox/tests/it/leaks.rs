//! A value shows nowhere, whatever the service does with it.

use polyvault_core::{
    Error, GetOptions, PageRequest, Payload, Result, SecretId, SecretRef, SecretStore,
    SecretStoreExt, Value,
};
use polyvault_testkit::leak::{Mark, assert_absent};
use polyvault_testkit::script::{Answer, Script, answer};
use polyvault_yandex_lockbox::{CreateSecret, FirstVersion, PayloadPatch};
use serde_json::json;

use super::script::store_on;

/// Answers that hold the value where it may be, and where nobody would look for it.
fn echoes(mark: &Mark) -> Vec<Answer> {
    let text = mark.text();
    let entries = json!([{"key": "value", "textValue": text}]);
    let refusal = json!({"code": 3, "message": text, "details": [
        {"@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "a b", "description": text}]},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "message": text},
    ]});
    let failed = json!({"id": "e6qop", "done": true, "error": {"code": 9, "message": text}});
    vec![
        answer(
            200,
            json!({"versionId": "e6qv", "entries": entries}).to_string(),
        ),
        answer(
            200,
            json!({"secretId": "e6qs", "entries": {"value": text}}).to_string(),
        ),
        answer(
            200,
            json!({"entries": [{"key": "value", "textValue": [text]}]}).to_string(),
        ),
        answer(
            200,
            json!({"id": [text], "secrets": text, "versions": text}).to_string(),
        ),
        answer(
            200,
            format!("{{\"entries\":[{{\"key\":\"value\",\"textValue\":\"{text}"),
        ),
        answer(200, failed.to_string()),
        answer(200, text),
        answer(400, refusal.to_string()),
        answer(400, text),
        answer(503, format!("<html>{text}</html>")),
    ]
}

fn clean<T: std::fmt::Debug>(mark: &Mark, outcome: Result<T>) -> usize {
    assert_absent(mark, "an outcome", &outcome);
    let Err(error): Result<T, Error> = outcome else {
        return 0;
    };
    assert_eq!(mark.find_in_all(&error), None);
    assert_eq!(mark.find_in(error.help()), None);
    assert!(std::error::Error::source(&error).is_none());
    1
}

#[tokio::test]
async fn a_marked_value_never_shows() {
    let mark = Mark::new();
    let secret = SecretRef::from(SecretId::new("e6qs").unwrap());
    let mut errors = 0;
    for echo in echoes(&mark) {
        // A refusal of a read may tell the service's words: the request held nothing to be echoed.
        let reads = echo.as_ref().unwrap().status() == 200;
        let known = json!({"id": "e6qs", "currentVersion": {"id": "e6qv", "status": "ACTIVE",
            "payloadEntryKeys": ["value"]}});
        let known = answer(200, known.to_string());
        let looked = Script::then_always([known], echo.clone());
        let script = Script::always(echo);
        let store = store_on(&script, 0);
        let payload = Payload::from_entries([
            ("value", Value::text(mark.text())),
            ("blob", Value::binary(mark.text().as_bytes())),
        ]);
        let payload = payload.unwrap();
        let new = CreateSecret {
            first_version: FirstVersion::Payload(payload.clone()),
            ..CreateSecret::default()
        };
        let patch = PayloadPatch {
            set: Some(payload.clone()),
            ..PayloadPatch::default()
        };
        assert_absent(&mark, "CreateSecret", &new);
        assert_absent(&mark, "PayloadPatch", &patch);

        let put = store_on(&looked, 0).put(secret.clone(), payload).await;
        errors += clean(&mark, put);
        errors += clean(&mark, store.begin_create(new).await);
        errors += clean(&mark, store.begin_patch(&secret, patch).await);
        if reads {
            errors += clean(&mark, store.get(&secret, GetOptions::default()).await);
            errors += clean(&mark, store.get_ex(&secret, &Default::default()).await);
            errors += clean(&mark, store.list_page(PageRequest::default()).await);
        }
        assert_absent(&mark, "the store", &store);
        let urls = script.lines().join(" ");
        assert_eq!(mark.find_in(&urls), None);
    }
    assert!(errors > 30, "{errors}");
}
