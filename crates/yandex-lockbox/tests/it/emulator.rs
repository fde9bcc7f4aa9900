//! The stand-in, asked raw.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::ManualClock;
use polyvault_core::transport::{Body, ReqwestTransport, SendErrorKind, Transport};
use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

const SECRETS: &str = "/lockbox/v1/secrets";
const FOLDER: &str = "b1gfolder00000000001";
const SECRET: &str = "e6qsecret00000000001";
const VERSION: &str = "e6qversion0000000001";

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl Answer {
    fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }
}

async fn send(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Result<Answer, SendErrorKind> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", emulator.url()))
        .header("authorization", "Bearer t1.any.token");
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let bytes = body.map(Value::to_string).unwrap_or_default().into_bytes();
    let request = request.body(Body::from_wiped(bytes.into())).unwrap();
    let answer = ReqwestTransport::default()
        .send(request, Duration::from_secs(20))
        .await
        .map_err(|error| error.kind())?;
    let (parts, body) = answer.into_parts();
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: std::str::from_utf8(body.as_bytes())
            .unwrap()
            .parse()
            .unwrap(),
    })
}

async fn get(emulator: &Emulator, path: &str) -> Answer {
    send(emulator, "GET", path, None, None).await.unwrap()
}

async fn post(emulator: &Emulator, path: &str, body: Value) -> Answer {
    send(emulator, "POST", path, Some(&body), None)
        .await
        .unwrap()
}

fn at(suffix: &str) -> String {
    format!("{SECRETS}/{SECRET}{suffix}")
}

fn db() -> Value {
    json!({
        "id": SECRET,
        "folderId": FOLDER,
        "name": "db",
        "versions": [{
            "id": VERSION,
            "entries": [
                {"key": "password", "textValue": "old"},
                {"key": "user", "textValue": "alice"},
                {"key": "cert", "binaryValue": "//79Pg=="},
            ],
        }],
    })
}

async fn with_db() -> Emulator {
    let emulator = Emulator::start().await;
    emulator.seed(&db()).unwrap();
    emulator
}

fn entries(answer: &Answer) -> BTreeSet<(String, String)> {
    let entries = answer.at("/entries").as_array().unwrap();
    let text = |entry: &Value, name: &str| entry.get(name)?.as_str().map(str::to_owned);
    entries
        .iter()
        .map(|entry| {
            let value = text(entry, "textValue").or_else(|| text(entry, "binaryValue"));
            (text(entry, "key").unwrap(), value.unwrap())
        })
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[tokio::test]
async fn a_creation_is_done_at_its_first_poll_and_shows_nothing_before() {
    let emulator = Emulator::start().await;

    let begun = post(
        &emulator,
        SECRETS,
        json!({"folderId": FOLDER, "name": "db", "versionPayloadEntries": [{"key": "k", "textValue": "v"}]}),
    )
    .await;
    let path = format!("{SECRETS}/{}", begun.text("/metadata/secretId"));
    let before = get(&emulator, &path).await;
    let payload_before = get(&emulator, &format!("{path}/payload")).await;
    let done = get(&emulator, &format!("/operations/{}", begun.text("/id"))).await;
    let after = get(&emulator, &path).await;
    let payload = get(&emulator, &format!("{path}/payload")).await;

    assert_eq!(begun.at("/done"), false);
    assert_eq!(before.at("/status"), "CREATING");
    assert_eq!(*before.at("/currentVersion"), Value::Null);
    assert_eq!(
        (payload_before.status, payload_before.at("/code")),
        (400, &json!(9))
    );
    assert_eq!(done.at("/done"), true);
    assert_eq!(after.at("/status"), "ACTIVE");
    assert_eq!(
        after.text("/currentVersion/id"),
        begun.text("/metadata/versionId")
    );
    assert_eq!(entries(&payload), pairs(&[("k", "v")]));
}

#[tokio::test]
async fn a_pending_operation_takes_effect_when_it_is_done_and_not_before() {
    let emulator = with_db().await;
    emulator.pending_polls(2);
    emulator.leading_404s(1);
    emulator.poll_interval(3);

    let body = json!({"payloadEntries": [{"key": "password", "textValue": "new"}]});
    let begun = post(&emulator, &at(":addVersion"), body).await;
    let operation = format!("/operations/{}", begun.text("/id"));
    let unseen = get(&emulator, &operation).await;
    let pending = get(&emulator, &operation).await;
    let versions_before = get(&emulator, &at("/versions")).await;
    let payload_before = get(&emulator, &at("/payload")).await;
    let done = get(&emulator, &operation).await;
    let payload = get(&emulator, &at("/payload")).await;

    assert_eq!(begun.at("/done"), false);
    assert_eq!(begun.headers.get("x-operation-poll-interval").unwrap(), "3");
    assert_eq!((unseen.status, unseen.at("/code")), (404, &json!(5)));
    assert_eq!(pending.at("/done"), false);
    assert_eq!(versions_before.at("/versions").as_array().unwrap().len(), 1);
    assert_eq!(payload_before.at("/versionId"), VERSION);
    assert_eq!(done.at("/done"), true);
    assert_eq!(
        payload.text("/versionId"),
        begun.text("/metadata/versionId")
    );
}

#[tokio::test]
async fn a_list_has_three_pages_with_items_and_an_empty_one_between() {
    let emulator = Emulator::builder().page_size(2).start().await;
    emulator.empty_page(true);
    for name in ["a", "b", "c", "d", "e"] {
        let secret = json!({"folderId": FOLDER, "name": name});
        emulator.seed(&secret).unwrap();
    }
    emulator
        .seed(&json!({"folderId": "b1gother", "name": "f"}))
        .unwrap();

    let mut sizes = Vec::new();
    let mut names = Vec::new();
    let mut path = format!("{SECRETS}?folderId={FOLDER}");
    loop {
        let page = get(&emulator, &path).await;
        let items = page.at("/secrets").as_array().cloned().unwrap_or_default();
        sizes.push(items.len());
        names.extend(items.iter().map(|s| s.get("name").cloned().unwrap()));
        let Some(token) = page.at("/nextPageToken").as_str() else {
            break;
        };
        let token = token
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        path = format!("{SECRETS}?folderId={FOLDER}&pageToken={token}");
    }

    assert_eq!(sizes, [2, 0, 2, 1]);
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn a_new_version_is_its_base_patched() {
    let emulator = with_db().await;

    let changes = json!({"payloadEntries": [
        {"key": "password", "textValue": "new"},
        {"key": "port", "textValue": "5432"},
        {"key": "user"},
        {"key": "cert", "textValue": ""},
    ]});
    let first = post(&emulator, &at(":addVersion"), changes).await;
    let patched = get(&emulator, &at("/payload")).await;
    let on_the_old = json!({"baseVersionId": VERSION, "payloadEntries": [{"key": "cert"}]});
    post(&emulator, &at(":addVersion"), on_the_old).await;
    let from_the_old = get(&emulator, &at("/payload")).await;
    let pinned = get(
        &emulator,
        &at(&format!(
            "/payload?versionId={}",
            first.text("/metadata/versionId")
        )),
    )
    .await;

    assert_eq!(
        *first.at("/response/payloadEntryKeys"),
        json!(["password", "port"])
    );
    assert_eq!(
        entries(&patched),
        pairs(&[("password", "new"), ("port", "5432")])
    );
    assert_eq!(
        entries(&from_the_old),
        pairs(&[("password", "old"), ("user", "alice")])
    );
    assert_eq!(entries(&pinned), entries(&patched));
}

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
async fn the_same_idempotency_key_gives_the_first_operation() {
    let emulator = Emulator::start().await;
    let body = json!({"folderId": FOLDER, "name": "db", "createVersion": false});
    let create = async |key| {
        send(&emulator, "POST", SECRETS, Some(&body), key)
            .await
            .unwrap()
    };
    let (one, other) = (
        Some("1f0e9d8c-7b6a-4d5c-8b3a-291807f6e5d4"),
        Some("2f0e9d8c-7b6a-4d5c-8b3a-291807f6e5d4"),
    );

    let first = create(one).await;
    let again = create(one).await;
    let second = create(other).await;
    let list = get(&emulator, &format!("{SECRETS}?folderId={FOLDER}")).await;

    assert_eq!(again.body, first.body);
    assert_ne!(second.text("/id"), first.text("/id"));
    assert_eq!(list.at("/secrets").as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_failed_operation_is_answered_with_200_and_changes_nothing() {
    let emulator = with_db().await;
    emulator.fail_next_operation(9, "The key is disabled");

    let body = json!({"payloadEntries": [{"key": "password", "textValue": "new"}]});
    let failed = post(&emulator, &at(":addVersion"), body.clone()).await;
    let payload = get(&emulator, &at("/payload")).await;
    let next = post(&emulator, &at(":addVersion"), body).await;

    assert_eq!(failed.status, 200);
    assert_eq!(failed.at("/done"), true);
    assert_eq!(
        *failed.at("/error"),
        json!({"code": 9, "message": "The key is disabled"})
    );
    assert_eq!(*failed.at("/response"), Value::Null);
    assert_eq!(payload.at("/versionId"), VERSION);
    assert_eq!(*next.at("/error"), Value::Null);
}

#[tokio::test]
async fn names_need_not_be_unique_and_a_read_by_name_refuses_twins() {
    let emulator = with_db().await;
    let by_name =
        format!("{SECRETS}:getEx?folderAndName.folderId={FOLDER}&folderAndName.secretName=db");

    let alone = get(&emulator, &by_name).await;
    emulator
        .seed(&json!({"folderId": FOLDER, "name": "db"}))
        .unwrap();
    let twins = get(&emulator, &by_name).await;

    assert_eq!(alone.at("/secretId"), SECRET);
    // base64 of `old`: text is encoded here too.
    assert_eq!(alone.at("/entries/password"), "b2xk");
    assert_eq!((twins.status, twins.at("/code")), (400, &json!(9)));
}

#[tokio::test]
async fn a_dropped_request_is_carried_out() {
    let emulator = with_db().await;
    emulator.commit_then_drop(1);

    let lost = send(&emulator, "DELETE", &at(""), None, None).await;
    let after = get(&emulator, &at("")).await;

    assert_eq!(lost.err(), Some(SendErrorKind::AnswerLost));
    assert_eq!(after.status, 404);
    assert_eq!(emulator.request_count(), 2);
}

#[tokio::test]
async fn a_scheduled_version_is_destroyed_when_its_time_comes_unless_cancelled() {
    let clock = Arc::new(ManualClock::at("2026-03-04T08:00:00Z".parse().unwrap()));
    let emulator = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    emulator.seed(&db()).unwrap();
    let (path, cancel) = (
        at(":scheduleVersionDestruction"),
        at(":cancelVersionDestruction"),
    );
    let version = json!({"versionId": VERSION});
    let status = async || {
        let list = get(&emulator, &at("/versions")).await;
        list.text("/versions/0/status").to_owned()
    };

    let scheduled = post(&emulator, &path, version.clone()).await;
    clock.advance(Duration::from_secs(6 * 24 * 60 * 60));
    post(&emulator, &cancel, version.clone()).await;
    clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
    assert_eq!(status().await, "ACTIVE");
    let period = json!({"versionId": VERSION, "pendingPeriod": "60.5s"});
    post(&emulator, &path, period).await;
    clock.advance(Duration::from_secs(60));
    assert_eq!(status().await, "SCHEDULED_FOR_DESTRUCTION");
    clock.advance(Duration::from_millis(500));
    assert_eq!(status().await, "DESTROYED");
    let too_late = post(&emulator, &cancel, version).await;

    assert_eq!(
        scheduled.at("/metadata/destroyAt"),
        "2026-03-11T08:00:00.000Z"
    );
    assert_eq!(scheduled.at("/createdAt"), "2026-03-04T08:00:00.000000000Z");
    assert_eq!((too_late.status, too_late.at("/code")), (400, &json!(9)));
}

#[tokio::test]
async fn a_version_on_a_scheduled_current_one_starts_from_nothing_or_from_it() {
    for (carry, keys) in [
        (false, json!(["new"])),
        (true, json!(["password", "user", "cert", "new"])),
    ] {
        let emulator = with_db().await;
        emulator.carry_scheduled(carry);
        post(
            &emulator,
            &at(":scheduleVersionDestruction"),
            json!({"versionId": VERSION}),
        )
        .await;

        let body = json!({"payloadEntries": [{"key": "new", "textValue": "v"}]});
        let added = post(&emulator, &at(":addVersion"), body).await;

        assert_eq!(*added.at("/response/payloadEntryKeys"), keys);
    }
}

#[tokio::test]
async fn a_secret_with_a_specification_gets_a_new_password_with_each_version() {
    let emulator = Emulator::start().await;
    emulator.pending_polls(0);
    let specification = json!({"passwordKey": "pin", "length": "8", "includeUppercase": false, "includeLowercase": false, "includePunctuation": true, "includedPunctuation": "#"});

    let made = post(
        &emulator,
        SECRETS,
        json!({"folderId": FOLDER, "passwordPayloadSpecification": specification}),
    )
    .await;
    let path = format!("{SECRETS}/{}", made.text("/metadata/secretId"));
    let first = get(&emulator, &format!("{path}/payload")).await;
    post(&emulator, &format!("{path}:addVersion"), json!({})).await;
    let second = get(&emulator, &format!("{path}/payload")).await;

    let password = first.text("/entries/0/textValue");
    assert_eq!(password.len(), 8);
    assert!(
        password.chars().all(|c| c == '#' || c.is_ascii_digit()),
        "{password}"
    );
    assert!(password.contains('#') && password.contains(|c: char| c.is_ascii_digit()));
    assert_ne!(first.text("/versionId"), second.text("/versionId"));
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
async fn a_corrupted_value_differs_and_the_others_do_not() {
    let emulator = with_db().await;
    let before = entries(&get(&emulator, &at("/payload")).await);

    assert!(emulator.corrupt("db"));
    let after = entries(&get(&emulator, &at("/payload")).await);

    assert_eq!(before.difference(&after).count(), 1);
    assert!(!emulator.corrupt("nothing"));
}

#[tokio::test]
async fn a_mock_of_the_tests_own_comes_before_the_stand_in() {
    let emulator = with_db().await;
    wiremock::Mock::given(wiremock::matchers::method("DELETE"))
        .respond_with(wiremock::ResponseTemplate::new(503).set_body_string("{}"))
        .mount(emulator.server())
        .await;

    let deleted = send(&emulator, "DELETE", &at(""), None, None)
        .await
        .unwrap();

    assert_eq!(deleted.status, 503);
    assert_eq!(get(&emulator, &at("")).await.status, 200);
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
async fn its_debug_text_holds_no_value() {
    let emulator = with_db().await;

    let text = format!("{emulator:?}");

    assert!(!text.contains("old") && !text.contains("alice"), "{text}");
}
