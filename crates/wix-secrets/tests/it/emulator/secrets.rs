//! The five calls.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::ManualClock;
use polyvault_wix_secrets::emulator::Emulator;
use serde_json::{Value, json};

use super::{code, listed, send, value_of};

#[tokio::test]
async fn an_update_leaves_out_what_it_does_not_name_and_moves_the_date() {
    let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
    let emulator = Emulator::builder()
        .clock(Arc::<ManualClock>::clone(&clock))
        .start()
        .await;
    let secret = json!({"secret": {"name": "db", "value": "v1", "description": "text"}});
    let (status, body) = send(&emulator, "POST", "", secret).await;
    assert_eq!(status, 200);
    let id = body["id"].as_str().unwrap().to_owned();

    clock.advance(Duration::from_millis(1500));
    let patch = json!({"id": "another", "secret": {"value": "v2", "name": null}});
    let answer = send(&emulator, "PATCH", &format!("/{id}"), patch).await;

    assert_eq!(answer, (200, json!({})));
    assert_eq!(value_of(&emulator, "db").await, (200, json!("v2")));
    assert_eq!(
        listed(&emulator).await,
        [json!({
            "id": id,
            "name": "db",
            "description": "text",
            "createdDate": "2026-01-01T00:00:00.000Z",
            "updatedDate": "2026-01-01T00:00:01.500Z",
        })]
    );
}

#[tokio::test]
async fn an_empty_description_clears_it() {
    let emulator = Emulator::start().await;
    let step = json!({"secret": {"id": "i", "name": "db", "value": "v", "description": "text"}});
    emulator.given(&step).unwrap();

    let patch = json!({"secret": {"description": ""}});
    assert_eq!(send(&emulator, "PATCH", "/i", patch).await.0, 200);

    assert!(listed(&emulator).await[0].get("description").is_none());
}

#[tokio::test]
async fn a_rename_keeps_the_id_and_frees_the_old_name() {
    let emulator = Emulator::start().await;
    let id = emulator.seed("old", "v1");

    let patch = json!({"secret": {"name": "new"}});
    let answer = send(&emulator, "PATCH", &format!("/{id}"), patch).await;

    assert_eq!(answer, (200, json!({})));
    assert_eq!(value_of(&emulator, "new").await, (200, json!("v1")));
    assert_eq!(value_of(&emulator, "old").await.0, 404);
    assert_eq!(listed(&emulator).await[0]["id"], json!(id));
}

#[tokio::test]
async fn a_taken_name_is_refused_and_nothing_changes() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "v1");
    let other = emulator.seed("other", "v1");

    let create = json!({"secret": {"name": "db", "value": "v2"}});
    let (status, body) = send(&emulator, "POST", "", create).await;
    assert_eq!((status, code(&body)), (409, "ALREADY_EXISTS"));
    let rename = json!({"secret": {"name": "db", "value": "v2"}});
    let (status, body) = send(&emulator, "PATCH", &format!("/{other}"), rename).await;
    assert_eq!((status, code(&body)), (409, "ALREADY_EXISTS"));
    let own_name = json!({"secret": {"name": "other"}});
    assert_eq!(
        send(&emulator, "PATCH", &format!("/{other}"), own_name)
            .await
            .0,
        200
    );

    assert_eq!(value_of(&emulator, "db").await, (200, json!("v1")));
    assert_eq!(value_of(&emulator, "other").await, (200, json!("v1")));
    assert_eq!(listed(&emulator).await.len(), 2);
}

#[tokio::test]
async fn limits_hold_at_their_edges() {
    let emulator = Emulator::start().await;
    let create = async |name: String, value: String, description: String| {
        let secret = json!({"secret": {"name": name, "value": value, "description": description}});
        send(&emulator, "POST", "", secret).await
    };
    let x = |n: usize| "x".repeat(n);

    assert_eq!(create(x(50), x(3500), x(200)).await.0, 200);
    assert_eq!(create("a_+=-@#$Z9".into(), x(1), x(0)).await.0, 200);
    assert_eq!(create("wi-x".into(), "🔑".repeat(1750), x(0)).await.0, 200);
    for (name, value, description, field) in [
        (x(51), x(1), x(0), "secret.name"),
        (x(0), x(1), x(0), "secret.name"),
        ("wIxed".into(), x(1), x(0), "secret.name"),
        ("a b".into(), x(1), x(0), "secret.name"),
        ("a.b".into(), x(1), x(0), "secret.name"),
        ("é".into(), x(1), x(0), "secret.name"),
        ("n".into(), x(3501), x(0), "secret.value"),
        ("n".into(), "🔑".repeat(1751), x(0), "secret.value"),
        ("n".into(), x(0), x(0), "secret.value"),
        ("n".into(), x(1), x(201), "secret.description"),
    ] {
        let (status, body) = create(name, value, description).await;
        let violations = &body["details"]["validationError"]["fieldViolations"];
        assert_eq!(status, 400, "{field}");
        assert_eq!(violations[0]["field"], json!(field));
        assert_eq!(violations.as_array().unwrap().len(), 1);
    }
    assert_eq!(listed(&emulator).await.len(), 3);
}

#[tokio::test]
async fn an_escaped_hash_reads_the_secret_with_the_hash() {
    let emulator = Emulator::start().await;
    emulator.seed("a", "wrong");
    emulator.seed("a#b", "right");
    emulator.seed("a+b", "plus");

    assert_eq!(value_of(&emulator, "a%23b").await, (200, json!("right")));
    assert_eq!(value_of(&emulator, "a+b").await, (200, json!("plus")));
}

#[tokio::test]
async fn a_deleted_secret_is_gone_and_a_second_delete_finds_none() {
    let emulator = Emulator::start().await;
    let id = emulator.seed("db", "v1");
    let path = format!("/{id}");

    let first = send(&emulator, "DELETE", &path, Value::Null).await;
    let (second, body) = send(&emulator, "DELETE", &path, Value::Null).await;

    assert_eq!(first, (200, json!({})));
    assert_eq!((second, code(&body)), (404, "NOT_FOUND"));
    assert_eq!(value_of(&emulator, "db").await.0, 404);
    assert!(listed(&emulator).await.is_empty());
}

#[tokio::test]
async fn a_list_never_holds_a_value() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "MARKED-VALUE");

    let (_, body) = send(&emulator, "GET", "", Value::Null).await;

    assert!(body.to_string().contains("db"));
    assert!(!body.to_string().contains("MARKED-VALUE"));
    assert!(!format!("{emulator:?}").contains("MARKED-VALUE"));
}
