//! Refusals and failures: tokens, rights, throttling, lost answers, mounted faults.

use std::time::Duration;

use polyvault_azure_key_vault::emulator::{Emulator, Operation};
use polyvault_core::transport::{Body, ReqwestTransport, SendErrorKind, Transport};
use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use super::{get, send, set};

#[tokio::test]
async fn a_request_without_a_token_is_challenged() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v"]).unwrap();
    let url = format!("{}/secrets/db?api-version=2026-04-01", vault.url());

    let without = send("GET", &url, None, None).await.unwrap();
    let with = send("GET", &url, Some("any"), None).await.unwrap();

    assert_eq!(without.error(), (401, "Unauthorized", None));
    assert_eq!(
        without.headers["www-authenticate"],
        "Bearer authorization=\"https://login.windows.net/00000000-0000-0000-0000-000000000000\", \
         resource=\"https://vault.azure.net\""
    );
    assert_eq!(with.status, 200);
}

#[tokio::test]
async fn the_token_and_the_challenge_can_be_told() {
    let vault = Emulator::builder().token("right").start().await;
    vault.challenge("https://login.test/tenant", "https://vault.test");
    let url = format!("{}/secrets?api-version=2026-04-01", vault.url());

    let wrong = send("GET", &url, Some("wrong"), None).await.unwrap();
    let right = send("GET", &url, Some("right"), None).await.unwrap();
    vault.accept_no_token();
    let without = send("GET", &url, None, None).await.unwrap();

    assert_eq!(wrong.error(), (401, "Unauthorized", None));
    assert_eq!(
        wrong.headers["www-authenticate"],
        "Bearer authorization=\"https://login.test/tenant\", resource=\"https://vault.test\""
    );
    assert_eq!((right.status, without.status), (200, 200));
}

#[tokio::test]
async fn throttles_as_many_requests_as_told_and_says_when_only_if_told() {
    let vault = Emulator::start().await;

    vault.throttle(1, None);
    let silent = get(&vault, "/secrets").await;
    vault.throttle(1, Some(Duration::from_secs(7)));
    let telling = get(&vault, "/secrets").await;
    let after = get(&vault, "/secrets").await;

    assert_eq!(silent.error(), (429, "Throttled", None));
    assert_eq!(silent.headers.get("retry-after"), None);
    assert_eq!(telling.headers["retry-after"], "7");
    assert_eq!(after.status, 200);
}

#[tokio::test]
async fn a_lost_write_is_not_carried_out() {
    let vault = Emulator::start().await;
    vault.drop_next(1);
    vault.commit_then_drop(1);
    let url = format!("{}/secrets/db?api-version=2026-04-01", vault.url());
    let put = async || send("PUT", &url, Some("any"), Some(json!({"value": "v"}))).await;

    let read = get(&vault, "/secrets").await;
    let lost = put().await.map(drop);
    let after_lost = vault.versions("db").len();
    let dropped = put().await.map(drop);
    let after_dropped = vault.versions("db").len();
    let next = put().await.unwrap();

    assert_eq!((read.status, next.status), (200, 200));
    assert!(lost.is_err() && dropped.is_err());
    assert_eq!((after_lost, after_dropped), (0, 1));
}

#[tokio::test]
async fn somebody_else_sets_right_before_the_next_set() {
    let vault = Emulator::start().await;
    vault.overtake_next_set("db", "theirs");

    let before = get(&vault, "/secrets/db").await;
    let set = set(&vault, "db", "ours").await;
    let next = super::set(&vault, "db", "ours too").await;

    assert_eq!((before.status, set.status, next.status), (404, 200, 200));
    let values: Vec<_> = vault.versions("db").into_iter().map(|v| v.value).collect();
    assert_eq!(values, ["theirs", "ours", "ours too"]);
}

#[tokio::test]
async fn commits_a_write_and_drops_the_connection() {
    let vault = Emulator::start().await;
    vault.commit_then_drop(1);
    let url = format!("{}/secrets/db?api-version=2026-04-01", vault.url());
    let body = Some(json!({"value": "v"}));

    let challenged = send("PUT", &url, None, body.clone()).await.unwrap();
    let read = get(&vault, "/secrets").await;
    vault.seed("other", ["v"]).unwrap();
    let backup = url.replace("/db?", "/other/backup?");
    let backup = send("POST", &backup, Some("any"), None).await.unwrap();
    Mock::given(path("/secrets/db"))
        .respond_with(ResponseTemplate::new(502))
        .up_to_n_times(1)
        .mount(vault.server())
        .await;
    let mounted = send("PUT", &url, Some("any"), body.clone()).await.unwrap();
    vault.throttle(1, None);
    let throttled = send("PUT", &url, Some("any"), body.clone()).await.unwrap();
    vault.forbid([Operation::SetSecret], "ForbiddenByRbac");
    let forbidden = send("PUT", &url, Some("any"), body.clone()).await.unwrap();
    vault.permit_all();
    assert_eq!(vault.versions("db").len(), 0);
    let lost = send("PUT", &url, Some("any"), body.clone()).await;
    let kept = vault.versions("db").len();
    let next = send("PUT", &url, Some("any"), body).await.unwrap();

    assert_eq!((challenged.status, read.status), (401, 200));
    assert_eq!((backup.status, mounted.status), (200, 502));
    assert_eq!((throttled.status, forbidden.status), (429, 403));
    let lost = lost.err().map(|error| error.kind());
    assert_eq!(lost, Some(SendErrorKind::AnswerLost));
    assert_eq!(kept, 1);
    assert_eq!(next.status, 200);
    assert_eq!(vault.versions("db").len(), 2);
}

#[tokio::test]
async fn forbids_single_operations_until_all_are_permitted() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v"]).unwrap();

    vault.forbid([Operation::GetSecret], "ForbiddenByRbac");
    let read = get(&vault, "/secrets/db").await;
    let list = get(&vault, "/secrets").await;
    vault.forbid(Operation::ALL, "ForbiddenByFirewall");
    let blocked = get(&vault, "/secrets").await;
    vault.permit_all();
    let allowed = get(&vault, "/secrets/db").await;

    assert_eq!(read.error(), (403, "Forbidden", Some("ForbiddenByRbac")));
    assert_eq!(list.status, 200);
    let firewall = (403, "Forbidden", Some("ForbiddenByFirewall"));
    assert_eq!(blocked.error(), firewall);
    assert_eq!(allowed.status, 200);
}

#[tokio::test]
async fn fails_once_for_each_call_in_turn() {
    let vault = Emulator::start().await;
    vault.fail_next(503);
    vault.fail_next(500);

    let statuses = [
        get(&vault, "/secrets").await.status,
        get(&vault, "/secrets").await.status,
        get(&vault, "/secrets").await.status,
    ];

    assert_eq!(statuses, [503, 500, 200]);
}

#[tokio::test]
async fn counts_every_request_also_without_recording_and_behind_a_fault() {
    let vault = Emulator::builder().record_requests(false).start().await;
    let fault = Mock::given(path("/secrets/db")).respond_with(ResponseTemplate::new(418));
    fault.up_to_n_times(1).mount(vault.server()).await;

    let faulty = get(&vault, "/secrets/db").await;
    let honest = get(&vault, "/secrets/db").await;

    assert_eq!((faulty.status, honest.status), (418, 404));
    assert_eq!(vault.request_count(), 2);
    assert!(vault.server().received_requests().await.is_none());
}

#[tokio::test]
async fn refuses_what_the_service_would_not_understand() {
    let vault = Emulator::start().await;
    vault.seed("db", ["v"]).unwrap();
    let bad = (400, "BadParameter", None);
    let url = format!("{}/secrets/db", vault.url());

    let unknown_version = send("GET", &format!("{url}?api-version=7.9"), Some("any"), None).await;
    assert_eq!(unknown_version.unwrap().error(), bad);
    for path in [
        "/secrets/bad_name",
        "/secrets/db/latest",
        "/secrets/db/versions/extra",
        "/keys",
        "/secrets/db?outContentType=text/plain",
        "/secrets?$skiptoken=rubbish",
    ] {
        assert_eq!(get(&vault, path).await.error(), bad, "{path}");
    }
    assert_eq!(set(&vault, &"n".repeat(127), "v").await.status, 200);
    assert_eq!(set(&vault, &"n".repeat(128), "v").await.error(), bad);
    let id = vault.versions("db").remove(0).id;
    let one = super::ask(&vault, "DELETE", &format!("/secrets/db/{id}"), None).await;
    assert_eq!(one.error(), bad);
}

#[tokio::test]
async fn refuses_a_body_that_is_not_said_to_be_json() {
    let vault = Emulator::start().await;
    let url = format!("{}/secrets/db?api-version=2026-04-01", vault.url());
    let request = http::Request::put(url).header("authorization", "Bearer any");
    let body = Body::from_wiped(br#"{"value":"v"}"#.to_vec().into());

    let transport = ReqwestTransport::default();
    let sent = transport.send(request.body(body).unwrap(), Duration::from_secs(20));
    let answer = sent.await.unwrap();

    assert_eq!(answer.status(), 415);
    assert!(vault.versions("db").is_empty());
}

#[tokio::test]
async fn answers_carry_the_services_headers_and_echo_a_request_id_if_asked() {
    let vault = Emulator::start().await;
    let transport = ReqwestTransport::default();
    let url = format!("{}/secrets?api-version=2026-04-01", vault.url());
    let mut echoes = Vec::new();

    for echo in ["true", "false"] {
        let request = http::Request::get(&url)
            .header("authorization", "Bearer any")
            .header("x-ms-client-request-id", "mine")
            .header("x-ms-return-client-request-id", echo)
            .body(Body::from_wiped(Vec::new().into()));
        let sent = transport.send(request.unwrap(), Duration::from_secs(20));
        let headers = sent.await.unwrap().headers().clone();
        for name in [
            "x-ms-request-id",
            "x-ms-keyvault-region",
            "x-ms-keyvault-service-version",
        ] {
            assert!(headers.contains_key(name), "{name}");
        }
        echoes.push(headers.get("x-ms-client-request-id").cloned());
    }

    let echoes: Vec<_> = echoes.iter().flatten().collect();
    assert_eq!(echoes, ["mine"]);
}

#[tokio::test]
async fn an_instruction_it_does_not_know_is_an_error() {
    let vault = Emulator::start().await;

    for step in [
        json!({"knobs": {"delete_polls": 1}}),
        json!({"knob": {"delete_pols": 1}}),
        json!({"secret": {"name": "db", "versions": [{"valeu": "v"}]}}),
        json!({"secret": {"name": "bad_name", "versions": [{"value": "v"}]}}),
        json!({"delete": "nobody"}),
        json!("delete"),
    ] {
        assert!(vault.given(&step).is_err(), "{step}");
    }
}

#[tokio::test]
async fn debug_shows_neither_values_nor_tokens() {
    let builder = Emulator::builder().token("mark-token");
    let before = format!("{builder:?}");
    let vault = builder.start().await;
    vault.seed("db", ["mark-value"]).unwrap();

    let shown = format!("{before}{vault:?}{:?}", vault.versions("db"));

    assert!(!shown.contains("mark-"), "{shown}");
}
