//! What the stand-in refuses.

use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use super::raw::{FOLDER, SECRETS, VERSION, at, get, post, send, with_db};

#[tokio::test]
async fn a_version_holds_at_most_64_kb_and_an_entry_at_least() {
    let emulator = with_db().await;
    let fill = |key: &str, size: usize| json!({"key": key, "textValue": "x".repeat(size)});
    let remove = [
        json!({"key": "password"}),
        json!({"key": "user"}),
        json!({"key": "cert"}),
    ];
    let add = async |items: &[Value]| {
        let changes = [&remove[..], items].concat();
        post(
            &emulator,
            &at(":addVersion"),
            json!({"baseVersionId": VERSION, "payloadEntries": changes}),
        )
        .await
        .status
    };

    assert_eq!(add(&[fill("a", 32_768), fill("b", 32_768)]).await, 200);
    assert_eq!(add(&[fill("a", 32_768), fill("b", 32_769)]).await, 400);
    assert_eq!(add(&[fill("a", 65_537)]).await, 400);
    assert_eq!(add(&[]).await, 400);
}

#[tokio::test]
async fn the_body_reader_gives_the_verdicts_of_a_strict_proto3_json_parser() {
    let path = fixture::folder("yandex-lockbox").join("requests/verdicts.json");
    let verdicts: Value = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let verdicts = verdicts.as_array().unwrap();

    for verdict in verdicts {
        let emulator = with_db().await;
        let field = |name: &str| verdict.get(name).unwrap();
        let (method, path) = match field("message").as_str().unwrap() {
            "CreateSecretRequest" => ("POST", SECRETS.to_owned()),
            "UpdateSecretRequest" => ("PATCH", at("")),
            "AddVersionRequest" => ("POST", at(":addVersion")),
            "ScheduleVersionDestructionRequest" => ("POST", at(":scheduleVersionDestruction")),
            "CreateIamTokenRequest" => ("POST", "/iam/v1/tokens".to_owned()),
            other => unreachable!("{other}"),
        };

        let answer = send(&emulator, method, &path, Some(field("body")), None)
            .await
            .unwrap();

        let wanted = match field("accepted").as_bool().unwrap() {
            true => (200, Value::Null),
            false => (400, json!(3)),
        };
        assert_eq!(
            (answer.status, answer.at("/code").clone()),
            wanted,
            "{verdict}"
        );
    }
    assert_eq!(verdicts.len(), 33);
}

#[tokio::test]
async fn a_request_that_breaks_a_limit_is_refused() {
    let emulator = with_db().await;
    let create = |field: &str, value: Value| json!({"folderId": FOLDER, "createVersion": false, field: value});
    let labels = |count: usize| {
        (0..count)
            .map(|n| (format!("k{n}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
    };
    let entry = |key: &str| json!([{"key": key, "textValue": "v"}]);

    for (body, status) in [
        (create("name", "я".repeat(100).into()), 200),
        (create("name", "я".repeat(101).into()), 400),
        (create("description", "d".repeat(1025).into()), 400),
        (create("versionDescription", "d".repeat(257).into()), 400),
        (create("labels", labels(64).into()), 200),
        (create("labels", labels(65).into()), 400),
        (create("labels", json!({"1a": "v"})), 400),
        (create("labels", json!({"a": "V"})), 400),
        (create("labels", json!({"a": "v".repeat(64)})), 400),
        (create("versionPayloadEntries", entry(r"A-z_0./\@")), 200),
        (create("versionPayloadEntries", entry("a b")), 400),
        (create("versionPayloadEntries", entry("")), 400),
        (
            create("versionPayloadEntries", entry(&"k".repeat(257))),
            400,
        ),
        (
            create(
                "passwordPayloadSpecification",
                json!({"passwordKey": "k", "length": "257"}),
            ),
            400,
        ),
        (create("createVersion", true.into()), 400),
        (json!({"name": "no folder"}), 400),
        (
            json!({"folderId": FOLDER, "passwordPayloadSpecification": {"passwordKey": "k", "length": "3"}}),
            400,
        ),
    ] {
        assert_eq!(
            post(&emulator, SECRETS, body.clone()).await.status,
            status,
            "{body}"
        );
    }
    for path in [
        "?folderId=f&folderId=f",
        "?folderId=f&filter=x",
        "?folderId=f&pageToken=x",
        "?folderId=f&pageSize=-1",
    ] {
        assert_eq!(
            get(&emulator, &format!("{SECRETS}{path}")).await.status,
            400,
            "{path}"
        );
    }
    let unmasked = json!({"updateMask": "kmsKeyId"});
    let unmasked = send(&emulator, "PATCH", &at(""), Some(&unmasked), None)
        .await
        .unwrap();
    assert_eq!(unmasked.status, 400);
}

#[tokio::test]
async fn an_error_carries_the_request_id_of_its_header() {
    let emulator = Emulator::builder().token("t1.only.this").start().await;

    let refused = get(&emulator, &at("")).await;

    assert_eq!((refused.status, refused.at("/code")), (401, &json!(16)));
    assert_eq!(
        refused.text("/details/0/requestId"),
        refused.headers.get("x-request-id").unwrap()
    );
    assert!(refused.headers.contains_key("x-server-trace-id"));
}

#[tokio::test]
async fn an_instruction_that_is_not_understood_is_an_error() {
    let emulator = Emulator::start().await;

    for step in [
        json!({"sekret": {}}),
        json!({"knob": {"pending": 1}}),
        json!({"knob": {"pending_polls": -1}}),
        json!({"knob": {"forbid": "Secret.Lisst"}}),
        json!({"secret": {"nmae": "db"}}),
        json!({"call": {"method": "DELETE", "path": "/lockbox/v1/secrets/none"}}),
    ] {
        assert!(emulator.given(&step).is_err(), "{step}");
    }
}

#[tokio::test]
async fn what_is_not_built_is_501_and_what_is_no_method_is_404() {
    let emulator = with_db().await;

    for (verb, path, status) in [
        (
            "GET",
            "/operations/e6qoperation00000001:cancel".to_owned(),
            501,
        ),
        (
            "POST",
            "/operations/e6qoperation00000001:cancel".to_owned(),
            501,
        ),
        ("POST", "/iam/v1/tokens:revoke".to_owned(), 501),
        (
            "POST",
            "/iam/v1/tokens:createForServiceAccount".to_owned(),
            501,
        ),
        ("GET", "/iam/v1/tokens".to_owned(), 404),
        ("GET", at("%3AlistAccessBindings"), 404),
        ("POST", at(":listAccessBindings"), 404),
        ("GET", at("/payloads"), 404),
        ("GET", "/lockbox/v2/secrets".to_owned(), 404),
    ] {
        let answer = send(&emulator, verb, &path, None, None).await.unwrap();
        assert_eq!(answer.status, status, "{verb} {path}");
    }
}
