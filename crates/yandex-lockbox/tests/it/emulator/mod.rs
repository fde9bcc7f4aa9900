//! The stand-in, asked raw.

mod bindings;
mod golden_operations;
mod limits;
mod operations;
mod passwords;
mod ports;
mod rendering;
mod sign_in;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::ManualClock;
use polyvault_core::transport::SendErrorKind;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use crate::raw::{Answer, FOLDER, SECRET, SECRETS, VERSION, at, db, get, post, send, with_db};

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
async fn a_creation_that_nobody_polls_is_done_by_itself() {
    let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
    let emulator = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    let body =
        json!({"folderId": FOLDER, "versionPayloadEntries": [{"key": "k", "textValue": "v"}]});
    let begun = post(&emulator, SECRETS, body).await;
    let path = format!("{SECRETS}/{}", begun.text("/metadata/secretId"));

    clock.advance(Duration::from_secs(4));
    assert_eq!(get(&emulator, &path).await.at("/status"), "CREATING");

    clock.advance(Duration::from_secs(1));
    assert_eq!(get(&emulator, &path).await.at("/status"), "ACTIVE");
}

#[tokio::test]
async fn a_parameter_goes_by_both_names_of_its_field() {
    let emulator = with_db().await;
    for name in ["versionId", "version_id"] {
        let answer = get(&emulator, &at(&format!("/payload?{name}={VERSION}"))).await;
        assert_eq!(answer.status, 200, "{name}");
    }
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
async fn a_dropped_write_is_carried_out_and_what_does_not_write_is_spared() {
    let emulator = with_db().await;
    emulator.commit_then_drop(1);
    let delete = async || send(&emulator, "DELETE", &at(""), None, None).await;

    let read = get(&emulator, &at("")).await;
    let token = post(&emulator, "/iam/v1/tokens", json!({"jwt": "j"})).await;
    emulator.throttle(1, None);
    let throttled = delete().await.unwrap();
    emulator.fail_next(503, 14);
    let failed = delete().await.unwrap();
    emulator.forbid("Secret.Delete").unwrap();
    let forbidden = delete().await.unwrap();
    emulator.permit_all();
    let lost = delete().await;
    let after = get(&emulator, &at("")).await;
    let again = delete().await.unwrap();

    assert_eq!((read.status, token.status), (200, 200));
    assert_eq!((throttled.status, failed.status), (429, 503));
    assert_eq!(forbidden.status, 403);
    assert_eq!(lost.err(), Some(SendErrorKind::AnswerLost));
    assert_eq!((after.status, again.status), (404, 404));
    assert_eq!(emulator.request_count(), 8);
}

#[tokio::test]
async fn a_lost_write_is_not_carried_out() {
    let emulator = with_db().await;
    emulator.drop_next(1);
    let delete = async || send(&emulator, "DELETE", &at(""), None, None).await;

    let lost = delete().await;
    let after = get(&emulator, &at("")).await;
    let again = delete().await.unwrap();

    assert_eq!(lost.err(), Some(SendErrorKind::AnswerLost));
    assert_eq!((after.status, again.status), (200, 200));
}

#[tokio::test]
async fn forbidden_methods_add_up_until_all_are_permitted() {
    let emulator = with_db().await;
    let statuses = async || {
        let (secret, payload) = (at(""), at("/payload"));
        (
            get(&emulator, &secret).await.status,
            get(&emulator, &payload).await.status,
        )
    };

    emulator.forbid("Secret.Get").unwrap();
    assert_eq!(statuses().await, (403, 200));
    emulator.forbid("Payload.Get").unwrap();
    assert_eq!(statuses().await, (403, 403));
    emulator.permit_all();
    assert_eq!(statuses().await, (200, 200));
    emulator.forbid("all").unwrap();
    assert_eq!(statuses().await, (403, 403));
    assert!(emulator.forbid("Secret.Read").is_err());
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
async fn a_corrupted_value_differs_and_the_others_do_not() {
    let emulator = with_db().await;
    let before = entries(&get(&emulator, &at("/payload")).await);

    assert!(emulator.corrupt("db"));
    let after = entries(&get(&emulator, &at("/payload")).await);

    assert_eq!(before.difference(&after).count(), 1);
    assert!(!emulator.corrupt("nothing"));
}

#[tokio::test]
async fn a_mock_of_the_tests_own_comes_before_the_stand_in_and_is_counted() {
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
    assert_eq!(emulator.request_count(), 2);
}

#[tokio::test]
async fn its_debug_text_holds_no_value() {
    let emulator = with_db().await;

    let text = format!("{emulator:?}");

    assert!(!text.contains("old") && !text.contains("alice"), "{text}");
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
