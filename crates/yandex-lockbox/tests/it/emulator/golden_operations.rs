//! Operations as the golden messages have them, in both forms.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::ManualClock;
use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::emulator::{Emulator, Rendering};
use serde_json::{Value, json};

use super::rendering::{secret, version};
use crate::raw::{SECRETS, get, send};

/// What the stand-in says otherwise.
const LEFT_OUT: [(&str, &str); 4] = [
    (
        "op update done, Empty response",
        "a stored Empty has a value beside its type, as in the sample of the documentation",
    ),
    ("op delete done", "the recorded answer has no status"),
    ("op deactivate done", "the golden secret is ACTIVE"),
    ("op failed", "the stand-in's error has no details"),
];

/// From when an operation began to when it was done, in the golden messages.
const TOOK: Duration = Duration::from_nanos(463_000_000 - 848_334);

#[tokio::test]
async fn operations_are_rendered_as_the_golden_ones_with_defaults_left_out_and_printed() {
    let path = fixture::folder("yandex-lockbox").join("messages/messages.json");
    let file: Value = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let mut compared = 0;

    for message in file["messages"].as_array().unwrap() {
        let name = message["name"].as_str().unwrap();
        if message["kind"] != "operation" || LEFT_OUT.iter().any(|(left, _)| *left == name) {
            continue;
        }
        for (form, rendering) in [("omitted", Rendering::Omitted), ("printed", Rendering::All)] {
            let golden = &message[form];
            let mut told = told(&message["omitted"], rendering).await;
            for own in ["modifiedAt", "createdBy"] {
                assert!(told[own].is_string());
                told[own] = golden[own].clone();
            }
            assert_eq!(told, *golden, "{name}, {form}");
            compared += 1;
        }
    }
    assert_eq!(compared, 2 * 12);
}

async fn told(golden: &Value, rendering: Rendering) -> Value {
    let clock = Arc::new(ManualClock::at(
        "2024-03-26T07:59:22.709848334Z".parse().unwrap(),
    ));
    let builder = Emulator::builder().clock(Arc::clone(&clock) as _);
    let emulator = builder.start().await;
    emulator.render(rendering);
    let (verb, custom, body) = request(&emulator, golden);
    let mut path = SECRETS.to_owned();
    if golden["description"] != "Create secret" {
        let id = ["secretId", "resourceId"].map(|name| golden["metadata"][name].as_str());
        path = format!(
            "{SECRETS}/{}{custom}",
            id.into_iter().flatten().next().unwrap()
        );
    }
    // Ids are handed out in this order.
    let made = golden["description"] == "Create secret";
    let adds = made || golden["description"] == "Add version";
    let ids = [(made, "secretId"), (adds, "versionId")]
        .map(|(new, name)| golden["metadata"].get(name).filter(|_| new));
    let ids: Vec<&Value> = ids.into_iter().flatten().chain([&golden["id"]]).collect();
    emulator.given(&json!({"ids": ids})).unwrap();

    let begun = send(&emulator, verb, &path, Some(&body), None)
        .await
        .unwrap();
    if golden.get("done").is_none() || begun.at("/done") == true {
        return begun.body;
    }
    clock.advance(TOOK);
    get(&emulator, &format!("/operations/{}", begun.text("/id")))
        .await
        .body
}

/// What leads to the operation: verb, custom method and body, once its secret is in place.
fn request(emulator: &Emulator, golden: &Value) -> (&'static str, &'static str, Value) {
    let (metadata, response) = (&golden["metadata"], &golden["response"]);
    let mut response = response.clone();
    let typed = response
        .as_object_mut()
        .and_then(|fields| fields.remove("@type"));
    let is = |name: &str| {
        typed
            .as_ref()
            .is_some_and(|typed| typed.as_str().unwrap().ends_with(name))
    };
    let mut seed = json!({"id": metadata["secretId"]});
    if is(".Secret") {
        seed = secret(&response);
    }
    if is(".Version") {
        seed["versions"] = json!([version(&response)]);
    }
    let one = json!({"versionId": metadata["versionId"]});
    let entries = json!([{"key": "password", "textValue": "v"}, {"key": "user", "textValue": "v"}]);
    let binding = json!({"roleId": "r", "subject": {"id": "s", "type": "t"}});
    let request = match golden["description"].as_str().unwrap() {
        "Create secret" => {
            let mut body = json!({"folderId": "b1gfolder0000000001"});
            for name in [
                "name",
                "description",
                "labels",
                "kmsKeyId",
                "deletionProtection",
            ] {
                body[name] = response[name].clone();
            }
            body["versionDescription"] = response["currentVersion"]["description"].clone();
            if metadata.get("versionId").is_some() {
                body["versionPayloadEntries"] = entries;
            }
            return ("POST", "", body);
        }
        "Update secret" => {
            let body = json!({"updateMask": "description", "description": response["description"]});
            ("PATCH", "", body)
        }
        "Activate secret" => ("POST", ":activate", json!({})),
        "Add version" => {
            emulator.pending_polls(1);
            if let Some(message) = golden["error"]["message"].as_str() {
                emulator.roll_back_next_operation(13, message);
            }
            seed["versions"] = json!([]);
            ("POST", ":addVersion", json!({"payloadEntries": entries}))
        }
        "Set current version" => ("POST", ":setCurrentVersion", one),
        "Schedule version destruction" => {
            seed["versions"][0]["status"] = "ACTIVE".into();
            let body =
                json!({"versionId": metadata["versionId"], "pendingPeriod": "606851.931151666s"});
            ("POST", ":scheduleVersionDestruction", body)
        }
        "Cancel version destruction" => {
            seed["versions"][0]["status"] = "SCHEDULED_FOR_DESTRUCTION".into();
            seed["versions"][0]["destroyAt"] = "2024-04-02T08:33:34.641Z".into();
            ("POST", ":cancelVersionDestruction", one)
        }
        "Set access bindings" => {
            seed["id"] = metadata["resourceId"].clone();
            (
                "POST",
                ":setAccessBindings",
                json!({"accessBindings": [binding]}),
            )
        }
        "Update access bindings" => {
            seed["id"] = metadata["resourceId"].clone();
            let delta = json!({"action": 1, "accessBinding": binding});
            (
                "POST",
                ":updateAccessBindings",
                json!({"accessBindingDeltas": [delta]}),
            )
        }
        other => panic!("{other}"),
    };
    emulator.seed(&seed).unwrap();
    request
}
