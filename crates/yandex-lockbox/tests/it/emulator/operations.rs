//! Operations that fail, that are asked for twice and that somebody else overtakes.

use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use crate::raw::{Answer, FOLDER, SECRET, SECRETS, VERSION, at, db, get, post, send, with_db};

const ONE: Option<&str> = Some("1f0e9d8c-7b6a-4d5c-8b3a-291807f6e5d4");
const OTHER: Option<&str> = Some("2f0e9d8c-7b6a-4d5c-8b3a-291807f6e5d4");

async fn keyed(emulator: &Emulator, path: &str, body: Value, key: Option<&str>) -> Answer {
    send(emulator, "POST", path, Some(&body), key)
        .await
        .unwrap()
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
async fn what_is_rolled_back_tells_its_error_before_it_is_done() {
    let emulator = with_db().await;
    emulator.roll_back_next_operation(13, "Internal error");
    let error = json!({"code": 13, "message": "Internal error"});

    let body = json!({"payloadEntries": [{"key": "password", "textValue": "new"}]});
    let begun = post(&emulator, &at(":addVersion"), body.clone()).await;
    let done = get(&emulator, &format!("/operations/{}", begun.text("/id"))).await;
    let payload = get(&emulator, &at("/payload")).await;
    let next = post(&emulator, &at(":addVersion"), body).await;

    assert_eq!(
        (begun.at("/done"), begun.at("/error")),
        (&json!(false), &error)
    );
    assert_eq!(
        (done.at("/done"), done.at("/error")),
        (&json!(true), &error)
    );
    assert_eq!(payload.at("/versionId"), VERSION);
    assert_eq!(
        (next.at("/done"), next.at("/error")),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn a_creation_that_is_rolled_back_leaves_nothing_behind() {
    let emulator = Emulator::start().await;
    emulator.pending_polls(2);
    emulator.roll_back_next_operation(8, "Quota");

    let begun = post(&emulator, SECRETS, json!({"folderId": FOLDER})).await;
    let operation = format!("/operations/{}", begun.text("/id"));
    let path = format!("{SECRETS}/{}", begun.text("/metadata/secretId"));
    let pending = get(&emulator, &operation).await;
    let meanwhile = get(&emulator, &path).await;
    let done = get(&emulator, &operation).await;

    assert_eq!(
        (pending.at("/done"), pending.at("/error/code")),
        (&json!(false), &json!(8))
    );
    assert_eq!(meanwhile.at("/status"), "CREATING");
    assert_eq!(done.at("/done"), true);
    assert_eq!(get(&emulator, &path).await.status, 404);
}

#[tokio::test]
async fn the_same_idempotency_key_gives_the_first_operation() {
    let emulator = Emulator::start().await;
    let body = json!({"folderId": FOLDER, "name": "db", "createVersion": false});
    let create = async |key| keyed(&emulator, SECRETS, body.clone(), key).await;

    let first = create(ONE).await;
    let again = create(ONE).await;
    let second = create(OTHER).await;
    let list = get(&emulator, &format!("{SECRETS}?folderId={FOLDER}")).await;

    assert_eq!(again.body, first.body);
    assert_ne!(second.text("/id"), first.text("/id"));
    assert_eq!(list.at("/secrets").as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_idempotency_key_is_kept_for_all_methods_and_after_the_end() {
    let emulator = with_db().await;
    let add = json!({"payloadEntries": [{"key": "password", "textValue": "new"}]});

    let first = keyed(&emulator, &at(":addVersion"), add, ONE).await;
    get(&emulator, &format!("/operations/{}", first.text("/id"))).await;
    let again = keyed(&emulator, &at(":deactivate"), json!({}), ONE).await;

    assert_eq!(first.at("/done"), true);
    assert_eq!(again.body, first.body);
    assert_eq!(get(&emulator, &at("")).await.at("/status"), "ACTIVE");
}

#[tokio::test]
async fn a_call_that_was_refused_leaves_no_idempotency_key() {
    let emulator = with_db().await;
    let missing = json!({"versionId": "e6qnone"});
    let known = json!({"versionId": VERSION});

    let refused = keyed(&emulator, &at(":setCurrentVersion"), missing, ONE).await;
    let carried_out = keyed(&emulator, &at(":setCurrentVersion"), known, ONE).await;

    assert_eq!((refused.status, carried_out.status), (404, 200));
}

#[tokio::test]
async fn a_key_that_comes_with_another_request_is_refused_where_told() {
    let emulator = with_db().await;
    emulator.refuse_reused_keys(true);
    let add = |value: &str| json!({"payloadEntries": [{"key": "k", "textValue": value}]});

    let first = keyed(&emulator, &at(":addVersion"), add("v"), ONE).await;
    let same = keyed(&emulator, &at(":addVersion"), add("v"), ONE).await;
    let others = [
        keyed(&emulator, &at(":addVersion"), add("w"), ONE).await,
        keyed(&emulator, &at(":activate"), json!({}), ONE).await,
    ];

    assert_eq!(same.body, first.body);
    for other in others {
        assert_eq!((other.status, other.at("/code")), (400, &json!(3)));
    }
}

#[tokio::test]
async fn somebody_else_makes_a_secret_right_before_the_next_create() {
    let emulator = Emulator::start().await;
    emulator.overtake_next_create(&db()).unwrap();
    let list = format!("{SECRETS}?folderId={FOLDER}");

    let before = get(&emulator, &list).await;
    let body = json!({"folderId": FOLDER, "name": "db"});
    let made = post(&emulator, SECRETS, body).await;
    let after = get(&emulator, &list).await;

    assert_eq!((made.status, before.at("/secrets/0")), (200, &Value::Null));
    assert_eq!(after.at("/secrets/0/id"), SECRET);
    assert_eq!(after.at("/secrets/1/name"), "db");
}

#[tokio::test]
async fn somebody_else_adds_a_version_right_before_the_next_one_is() {
    let emulator = with_db().await;
    let theirs = json!({"payloadEntries": [{"key": "port", "textValue": "5432"}]});
    emulator.overtake_next_add_version(&theirs).unwrap();
    emulator.fail_next_operation(13, "Internal error");
    let ours = json!({"payloadEntries": [{"key": "user", "textValue": "bob"}]});

    let failed = post(&emulator, &at(":addVersion"), ours.clone()).await;
    let between = get(&emulator, &at("/versions")).await;
    let added = post(&emulator, &at(":addVersion"), ours).await;

    // What was said of the next operation was not said of theirs.
    assert_eq!(failed.at("/error/code"), 13);
    assert_eq!(between.at("/versions").as_array().unwrap().len(), 2);
    let keys = json!(["password", "user", "cert", "port"]);
    assert_eq!(*between.at("/versions/1/payloadEntryKeys"), keys);
    assert_eq!(*added.at("/response/payloadEntryKeys"), keys);
    assert_eq!(
        get(&emulator, &at("/versions"))
            .await
            .at("/versions")
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn an_overtaker_is_told_in_instructions_too_and_takes_no_ids() {
    let emulator = Emulator::start().await;
    let made = json!({"name": "db", "folderId": FOLDER});
    let added = json!({"payloadEntries": [{"key": "k", "textValue": "theirs"}]});
    for step in [
        json!({"secret": db()}),
        json!({"knob": {"overtake_next_create": made}}),
        json!({"knob": {"overtake_next_add_version": added}}),
        json!({"ids": ["e6qversion0000000002", "e6qoperation00000002"]}),
    ] {
        emulator.given(&step).unwrap();
    }

    let body = json!({"payloadEntries": [{"key": "k", "textValue": "ours"}]});
    let answer = post(&emulator, &at(":addVersion"), body).await;
    post(&emulator, SECRETS, json!({"folderId": FOLDER})).await;
    let listed = get(&emulator, &format!("{SECRETS}?folderId={FOLDER}")).await;
    let history = get(&emulator, &at("/operations")).await;
    let versions = get(&emulator, &at("/versions")).await;

    assert_eq!(answer.at("/id"), "e6qoperation00000002");
    assert_eq!(answer.at("/metadata/versionId"), "e6qversion0000000002");
    assert_eq!(listed.at("/secrets").as_array().unwrap().len(), 3);
    assert_eq!(history.at("/operations").as_array().unwrap().len(), 2);
    assert_ne!(history.at("/operations/0/id"), answer.at("/id"));
    assert_ne!(versions.at("/versions/1/id"), "e6qversion0000000002");
    assert_eq!(versions.at("/versions/2/id"), "e6qversion0000000002");
    let bad = json!({"payloadEntries": [{"key": "a b"}]});
    assert!(emulator.overtake_next_add_version(&bad).is_err());
}

#[tokio::test]
async fn a_secret_has_a_thousand_versions_at_most_and_destroyed_ones_are_not_counted() {
    let emulator = Emulator::start().await;
    let version =
        |status: &str| json!({"status": status, "entries": [{"key": "k", "textValue": "v"}]});
    let mut versions = vec![version("ACTIVE"); 999];
    versions.push(version("DESTROYED"));
    versions.push(version("ACTIVE"));
    emulator
        .seed(&json!({"id": SECRET, "versions": versions[1..]}))
        .unwrap();

    let last = post(&emulator, &at(":addVersion"), json!({})).await;
    let beyond = post(&emulator, &at(":addVersion"), json!({})).await;

    assert_eq!(last.status, 200);
    assert_eq!((beyond.status, beyond.at("/code")), (429, &json!(8)));
}

#[tokio::test]
async fn an_inactive_secret_takes_a_version_and_shows_no_payload() {
    let emulator = with_db().await;
    post(&emulator, &at(":deactivate"), json!({})).await;

    let added = post(&emulator, &at(":addVersion"), json!({})).await;
    let payload = get(&emulator, &at("/payload")).await;

    assert_eq!(
        (added.at("/done"), added.at("/error")),
        (&json!(true), &Value::Null)
    );
    assert_eq!((payload.status, payload.at("/code")), (400, &json!(9)));
}
