//! What a test can tell the emulator.

use std::time::Duration;

use polyvault_core::transport::SendErrorKind;
use polyvault_wix_secrets::emulator::{Call, Emulator};
use serde_json::{Value, json};

use super::{KEY, SERVICE, ask, code, listed, send, value_of};

#[tokio::test]
async fn a_dropped_write_is_carried_out_and_what_does_not_write_is_spared() {
    let emulator = Emulator::start().await;
    emulator.commit_then_drop(1);
    let secret = json!({"secret": {"name": "db", "value": "v1"}});

    assert!(listed(&emulator).await.is_empty());
    emulator.throttle(1, None);
    assert_eq!(send(&emulator, "POST", "", secret.clone()).await.0, 429);
    emulator.forbid([Call::Create]);
    assert_eq!(send(&emulator, "POST", "", secret.clone()).await.0, 403);
    emulator.permit_all();
    assert!(listed(&emulator).await.is_empty());
    let lost = ask(&emulator, "POST", SERVICE, KEY, secret.clone()).await;
    let (again, _) = send(&emulator, "POST", "", secret).await;

    assert_eq!(lost.unwrap_err().kind(), SendErrorKind::AnswerLost);
    assert_eq!(again, 409);
    assert_eq!(value_of(&emulator, "db").await, (200, json!("v1")));
}

#[tokio::test]
async fn a_lost_write_is_not_carried_out() {
    let emulator = Emulator::start().await;
    emulator.drop_next(1);
    let secret = json!({"secret": {"name": "db", "value": "v1"}});

    assert!(listed(&emulator).await.is_empty());
    let lost = ask(&emulator, "POST", SERVICE, KEY, secret.clone()).await;
    assert!(listed(&emulator).await.is_empty());
    let (again, _) = send(&emulator, "POST", "", secret).await;

    assert_eq!(lost.unwrap_err().kind(), SendErrorKind::AnswerLost);
    assert_eq!(again, 200);
}

#[tokio::test]
async fn somebody_else_makes_the_secret_right_before_the_next_create() {
    let emulator = Emulator::start().await;
    emulator.overtake_next_create("db", "theirs");
    let secret = json!({"secret": {"name": "db", "value": "ours"}});

    assert!(listed(&emulator).await.is_empty());
    let (status, _) = send(&emulator, "POST", "", secret).await;

    assert_eq!(status, 409);
    assert_eq!(value_of(&emulator, "db").await, (200, json!("theirs")));
}

#[tokio::test]
async fn throttling_ends_after_as_many_calls_and_tells_its_wait() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "v1");
    emulator.throttle(1, Some(Duration::from_secs(7)));
    emulator.throttle(1, None);
    emulator.fail_next(500);
    let call = async || {
        ask(&emulator, "GET", SERVICE, KEY, Value::Null)
            .await
            .unwrap()
    };

    let (status, body, headers) = call().await;
    assert_eq!((status, code(&body)), (429, "RESOURCE_EXHAUSTED"));
    assert_eq!(headers["retry-after"], "7");
    let (status, _, headers) = call().await;
    assert_eq!((status, headers.get("retry-after")), (429, None));
    let (status, body, _) = call().await;
    assert_eq!((status, body), (500, Value::Null));
    assert_eq!(call().await.0, 200);
}

#[tokio::test]
async fn forbidden_calls_add_up_until_all_are_permitted() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "v1");
    let list = async || {
        let (status, body) = send(&emulator, "GET", "", Value::Null).await;
        (status, code(&body).to_owned())
    };
    let refused = (403, "PERMISSION_DENIED".to_owned());

    emulator.forbid([Call::List]);
    assert_eq!(list().await, refused);
    assert_eq!(value_of(&emulator, "db").await.0, 200);

    emulator.forbid([Call::GetValue]);
    assert_eq!(list().await, refused);
    assert_eq!(value_of(&emulator, "db").await.0, 403);

    emulator.permit_all();
    assert_eq!(list().await.0, 200);
    assert_eq!(value_of(&emulator, "db").await.0, 200);

    emulator.forbid(Call::ALL);
    assert_eq!(list().await, refused);
    assert_eq!(value_of(&emulator, "db").await.0, 403);
}

#[tokio::test]
async fn a_corrupted_value_is_another_text_of_the_same_length() {
    let emulator = Emulator::start().await;
    emulator.seed("plain", "v1");
    emulator.seed("beyond", "ключ🔑");
    emulator.seed("empty", "");

    assert!(emulator.corrupt("plain"));
    assert!(emulator.corrupt("beyond"));
    assert!(!emulator.corrupt("empty"));
    assert!(!emulator.corrupt("nobody"));

    assert_eq!(value_of(&emulator, "plain").await.1, json!("v0"));
    let (_, beyond) = value_of(&emulator, "beyond").await;
    assert_ne!(beyond, json!("ключ🔑"));
    assert_eq!(beyond.as_str().unwrap().chars().count(), 5);
    assert!(beyond.as_str().unwrap().starts_with("ключ"));
}

#[tokio::test]
async fn the_consistency_header_changes_with_a_write() {
    let emulator = Emulator::start().await;
    let id = emulator.seed("db", "v1");
    emulator.consistency_header(true);
    let mark = async || {
        let answer = ask(&emulator, "GET", SERVICE, KEY, Value::Null)
            .await
            .unwrap();
        answer.2["x-wix-consistent"].clone()
    };

    let before = mark().await;
    assert_eq!(before, mark().await);
    send(&emulator, "DELETE", &format!("/{id}"), Value::Null).await;

    assert_ne!(before, mark().await);
}

#[tokio::test]
async fn faults_mounted_by_a_test_come_first_and_are_counted() {
    let emulator = Emulator::builder().record_requests(false).start().await;
    wiremock::Mock::given(wiremock::matchers::path(SERVICE))
        .respond_with(wiremock::ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(emulator.server())
        .await;

    assert_eq!(send(&emulator, "GET", "", Value::Null).await.0, 503);
    assert_eq!(send(&emulator, "GET", "", Value::Null).await.0, 200);

    assert_eq!(emulator.request_count(), 2);
    assert!(emulator.server().received_requests().await.is_none());
}

#[tokio::test]
async fn an_unknown_instruction_is_an_error() {
    let emulator = Emulator::start().await;

    for step in [
        json!({"sercet": {}}),
        json!({"knob": {"thortle": {"requests": 1}}}),
        json!({"knob": {"throttle": {"requests": 1, "wait": 2}}}),
        json!({"knob": {"throttle": {}}}),
        json!({"knob": {"forbid": ["read"]}}),
        json!({"knob": {"fail_next": 5}}),
        json!({"knob": {"corrupt": "nobody"}}),
        json!({"secret": {"name": "n"}}),
        json!({"secret": {"name": "n", "value": "v", "created_at": "2026-01-01T00:00:00Z"}}),
        json!({"secret": {"name": "n", "value": "v", "createdDate": "yesterday"}}),
        json!({"app_token": "t", "secret": {"name": "n", "value": "v"}}),
        json!("throttle"),
    ] {
        assert!(emulator.given(&step).is_err(), "{step}");
    }
    assert!(listed(&emulator).await.is_empty());
}
