//! Defaults left out and printed, as the golden messages have them.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::emulator::{Emulator, Rendering};
use serde_json::{Value, json};

use crate::raw::{SECRETS, at, get, post, with_db};

/// What the stand-in can't be brought to say.
const LEFT_OUT: [(&str, &str); 2] = [
    ("payload value unset", "an entry that is kept has a value"),
    (
        "error body with LocalizedMessage",
        "it sends no such detail",
    ),
];

#[tokio::test]
async fn messages_are_rendered_as_the_golden_ones_with_defaults_left_out_and_printed() {
    let path = fixture::folder("yandex-lockbox").join("messages/messages.json");
    let file: Value = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let mut compared = 0;

    for message in file["messages"].as_array().unwrap() {
        let (name, kind) = (
            message["name"].as_str().unwrap(),
            message["kind"].as_str().unwrap(),
        );
        if LEFT_OUT.iter().any(|(left, _)| *left == name) || kind.starts_with("operation") {
            continue;
        }
        for (form, rendering) in [("omitted", Rendering::Omitted), ("printed", Rendering::All)] {
            // Before the golden version is destroyed.
            let clock = ManualClock::at("2024-03-27T00:00:00Z".parse().unwrap());
            let emulator = Emulator::builder().clock(Arc::new(clock)).start().await;
            emulator.render(rendering);
            let told = told(&emulator, kind, &message["omitted"]).await;
            assert_eq!(told, message[form], "{name}, {form}");
            compared += 1;
        }
    }
    assert_eq!(compared, 2 * (18 + 10 + 4));
}

#[tokio::test]
async fn a_recorded_answer_prints_two_of_its_defaults() {
    let emulator = Emulator::start().await;
    emulator
        .seed(&json!({"id": "e6q1", "folderId": "b1g", "createdAt": "2026-01-01T00:00:00Z"}))
        .unwrap();

    let secret = get(&emulator, &format!("{SECRETS}/e6q1")).await.body;

    let recorded = json!({
        "id": "e6q1",
        "folderId": "b1g",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "status": "ACTIVE",
        "deletionProtection": false,
    });
    assert_eq!(secret, recorded);
}

#[tokio::test]
async fn an_int64_that_is_given_as_zero_is_a_default() {
    let emulator = with_db().await;
    let specification = json!({"passwordKey": "k", "length": 0, "includeDigits": false});
    let secret = json!({"id": "e6q1", "passwordPayloadSpecification": specification});
    emulator.seed(&secret).unwrap();
    let told = async |rendering| {
        emulator.render(rendering);
        let secret = get(&emulator, &format!("{SECRETS}/e6q1")).await;
        secret.at("/passwordPayloadSpecification").clone()
    };

    let omitted = json!({"passwordKey": "k", "includeDigits": false});
    assert_eq!(told(Rendering::Omitted).await, omitted);
    let all = json!({
        "passwordKey": "k",
        "length": "0",
        "includeDigits": false,
        "includedPunctuation": "",
        "excludedPunctuation": "",
    });
    assert_eq!(told(Rendering::All).await, all);
}

/// What the stand-in says once it holds what `golden` says.
async fn told(emulator: &Emulator, kind: &str, golden: &Value) -> Value {
    let folder = golden["secrets"][0]["folderId"].as_str().unwrap_or("b1g");
    match kind {
        "secret" => {
            emulator.seed(&secret(golden)).unwrap();
            let path = format!("{SECRETS}/{}", golden["id"].as_str().unwrap());
            let mut told = get(emulator, &path).await.body;
            if golden.get("createdAt").is_none() {
                // Every secret of the stand-in has a time.
                told.as_object_mut().unwrap().remove("createdAt").unwrap();
            }
            told
        }
        "secrets" => {
            let mut path = format!("{SECRETS}?folderId={folder}");
            for item in items(golden, "secrets") {
                emulator.seed(&secret(item)).unwrap();
            }
            if golden.get("nextPageToken").is_some() {
                emulator.seed(&json!({"folderId": folder})).unwrap();
                path.push_str("&pageSize=1");
            }
            let mut told = get(emulator, &path).await.body;
            if let Some(token) = golden.get("nextPageToken") {
                let made = std::mem::replace(&mut told["nextPageToken"], token.clone());
                assert!(made.as_str().is_some_and(|made| !made.is_empty()));
            }
            told
        }
        "version" => {
            let one = json!({"versions": [golden]});
            let mut told = versions(emulator, &one).await;
            told["versions"][0].take()
        }
        "versions" => versions(emulator, golden).await,
        "payload" => {
            let mut version = json!({"id": golden["versionId"]});
            if let Some(entries) = golden.get("entries") {
                version["entries"] = entries.clone();
            }
            let secret = json!({"id": "e6q1", "versions": [version]});
            emulator.seed(&secret).unwrap();
            get(emulator, &format!("{SECRETS}/e6q1/payload")).await.body
        }
        "payload_ex" => {
            let entries = golden["entries"].as_object().unwrap().iter();
            let entries = entries.map(|(key, value)| match value.as_str() {
                Some("") => json!({"key": key, "textValue": ""}),
                _ => json!({"key": key, "binaryValue": value}),
            });
            let version =
                json!({"id": golden["versionId"], "entries": entries.collect::<Vec<_>>()});
            let id = golden["secretId"].as_str().unwrap();
            emulator
                .seed(&json!({"id": id, "versions": [version]}))
                .unwrap();
            get(emulator, &format!("{SECRETS}:getEx?secretId={id}"))
                .await
                .body
        }
        "access_bindings" => {
            emulator.seed(&json!({"id": "e6q1"})).unwrap();
            let bindings = json!({"accessBindings": golden["accessBindings"]});
            let path = format!("{SECRETS}/e6q1:setAccessBindings");
            assert_eq!(post(emulator, &path, bindings).await.status, 200);
            get(emulator, &format!("{SECRETS}/e6q1:listAccessBindings"))
                .await
                .body
        }
        "token" => {
            let statement = json!({"jwt": "header.claims.signature"});
            let mut told = post(emulator, "/iam/v1/tokens", statement).await.body;
            // A token and its end are the stand-in's own.
            for own in ["iamToken", "expiresAt"] {
                assert!(told[own].is_string());
                told[own] = golden[own].clone();
            }
            told
        }
        "endpoints" => {
            let mut told = get(emulator, "/endpoints").await.body;
            let made = told["endpoints"].take();
            let made = made.as_array().unwrap();
            // Addresses and order are the stand-in's own, and the golden list leaves its own root out.
            assert_eq!(made.len(), items(golden, "endpoints").len() + 1);
            let known = |golden: &&Value| made.iter().any(|made| made["id"] == golden["id"]);
            told["endpoints"] = items(golden, "endpoints")
                .iter()
                .filter(known)
                .cloned()
                .collect();
            told
        }
        "refusal" => refusal(emulator, golden).await,
        other => panic!("{other}"),
    }
}

async fn versions(emulator: &Emulator, golden: &Value) -> Value {
    let listed = items(golden, "versions");
    let secret = listed
        .first()
        .map_or("e6q1".into(), |v| v["secretId"].clone());
    let versions: Vec<Value> = listed.iter().map(version).collect();
    let secret = json!({"id": secret, "versions": versions});
    let id = emulator.seed(&secret).unwrap();
    get(emulator, &format!("{SECRETS}/{id}/versions"))
        .await
        .body
}

/// Texts and ids are the stand-in's own; the rest is compared.
async fn refusal(emulator: &Emulator, golden: &Value) -> Value {
    let code = u32::try_from(golden["code"].as_u64().unwrap()).unwrap();
    let mut told = if code == 3 {
        get(emulator, &format!("{SECRETS}?folderId=")).await
    } else {
        emulator.fail_next(418, code);
        get(emulator, &at("")).await
    }
    .body;
    for text in [
        "/message",
        "/details/0/requestId",
        "/details/1/requestId",
        "/details/0/fieldViolations/0/field",
        "/details/0/fieldViolations/0/description",
    ] {
        if let (Some(told), Some(golden)) = (told.pointer_mut(text), golden.pointer(text)) {
            assert!(told.is_string());
            *told = golden.clone();
        }
    }
    told
}

/// A golden Secret as a seed.
pub(super) fn secret(golden: &Value) -> Value {
    let mut seed = golden.clone();
    let fields = seed.as_object_mut().unwrap();
    if let Some(current) = fields.remove("currentVersion") {
        fields.insert("versions".into(), json!([version(&current)]));
    }
    if !fields.contains_key("status") {
        fields.insert("status".into(), "STATUS_UNSPECIFIED".into());
    }
    seed
}

/// A golden Version as a seed.
pub(super) fn version(golden: &Value) -> Value {
    let mut seed = golden.clone();
    let fields = seed.as_object_mut().unwrap();
    fields.remove("secretId").unwrap();
    let keys = fields.remove("payloadEntryKeys").unwrap();
    let entries = keys.as_array().unwrap().iter();
    let entries = entries.map(|key| json!({"key": key, "textValue": "v"}));
    fields.insert("entries".into(), entries.collect());
    seed
}

fn items<'g>(golden: &'g Value, field: &str) -> &'g [Value] {
    golden[field].as_array().map_or(&[], Vec::as_slice)
}
