//! Access bindings of a secret.

use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use crate::raw::{SECRET, at, get, post, with_db};

fn binding(role: &str, subject: &str) -> Value {
    json!({"roleId": role, "subject": {"id": subject, "type": "serviceAccount"}})
}

fn delta(action: &str, binding: Value) -> Value {
    json!({"action": action, "accessBinding": binding})
}

async fn listed(emulator: &Emulator) -> Vec<Value> {
    let list = get(emulator, &at(":listAccessBindings")).await;
    list.at("/accessBindings")
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[tokio::test]
async fn bindings_are_set_all_at_once_and_changed_one_by_one() {
    let emulator = with_db().await;
    let (viewer, editor) = (
        binding("lockbox.viewer", "aje1"),
        binding("lockbox.editor", "aje1"),
    );
    let other = binding("lockbox.viewer", "aje2");

    assert_eq!(
        get(&emulator, &at(":listAccessBindings")).await.body,
        json!({})
    );
    let all = json!({"accessBindings": [viewer, editor]});
    post(&emulator, &at(":setAccessBindings"), all).await;
    assert_eq!(listed(&emulator).await, [viewer.clone(), editor.clone()]);

    let deltas = json!({"accessBindingDeltas": [
        delta("ADD", other.clone()),
        delta("REMOVE", viewer.clone()),
        // Neither changes anything.
        delta("ADD", editor.clone()),
        delta("REMOVE", viewer),
    ]});
    let updated = post(&emulator, &at(":updateAccessBindings"), deltas).await;
    assert_eq!(updated.status, 200);
    assert_eq!(listed(&emulator).await, [editor, other.clone()]);

    let all = json!({"accessBindings": [other]});
    post(&emulator, &at(":setAccessBindings"), all).await;
    assert_eq!(listed(&emulator).await, [other]);
}

#[tokio::test]
async fn a_change_of_bindings_is_an_operation_with_an_empty_response() {
    let emulator = with_db().await;
    let set = json!({"accessBindings": []});
    let update = json!({"accessBindingDeltas": [delta("ADD", binding("r", "s"))]});

    for (method, body) in [("SetAccessBindings", set), ("UpdateAccessBindings", update)] {
        let path = at(&format!(":{}{}", method[..1].to_lowercase(), &method[1..]));
        let answer = post(&emulator, &path, body).await;

        let metadata = format!("type.googleapis.com/yandex.cloud.access.{method}Metadata");
        assert_eq!(*answer.at("/done"), true);
        assert_eq!(
            *answer.at("/metadata"),
            json!({"@type": metadata, "resourceId": SECRET})
        );
        let empty = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
        assert_eq!(*answer.at("/response"), empty);
    }
    let operations = get(&emulator, &at("/operations")).await;
    let descriptions = ["Set access bindings", "Update access bindings"];
    for (index, description) in descriptions.into_iter().enumerate() {
        assert_eq!(
            operations.text(&format!("/operations/{index}/description")),
            description
        );
    }
}

#[tokio::test]
async fn a_pending_change_of_bindings_shows_nothing_before_it_is_done() {
    let emulator = with_db().await;
    emulator.pending_polls(1);

    let all = json!({"accessBindings": [binding("r", "s")]});
    let begun = post(&emulator, &at(":setAccessBindings"), all).await;
    let before = listed(&emulator).await;
    get(&emulator, &format!("/operations/{}", begun.text("/id"))).await;

    assert!(before.is_empty());
    assert_eq!(listed(&emulator).await, [binding("r", "s")]);
}

#[tokio::test]
async fn bindings_are_listed_in_pages_with_an_empty_one_between() {
    let emulator = with_db().await;
    let all: Vec<Value> = (0..5).map(|n| binding("r", &format!("s{n}"))).collect();
    post(
        &emulator,
        &at(":setAccessBindings"),
        json!({"accessBindings": all}),
    )
    .await;
    emulator.empty_page(true);
    emulator.page_size(2);

    let (mut sizes, mut found) = (Vec::new(), Vec::new());
    let mut path = at(":listAccessBindings");
    loop {
        let page = get(&emulator, &path).await;
        let items = page
            .at("/accessBindings")
            .as_array()
            .cloned()
            .unwrap_or_default();
        sizes.push(items.len());
        found.extend(items);
        let Some(token) = page.at("/nextPageToken").as_str() else {
            break;
        };
        let token = token
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        path = at(&format!(":listAccessBindings?pageToken={token}"));
    }

    assert_eq!(sizes, [2, 0, 2, 1]);
    assert_eq!(found, all);
}

#[tokio::test]
async fn each_method_of_bindings_can_be_forbidden() {
    let emulator = with_db().await;
    for (method, path) in [
        ("Secret.ListAccessBindings", ":listAccessBindings"),
        ("Secret.SetAccessBindings", ":setAccessBindings"),
        ("Secret.UpdateAccessBindings", ":updateAccessBindings"),
    ] {
        emulator.forbid(method).unwrap();
        let answer = match method {
            "Secret.ListAccessBindings" => get(&emulator, &at(path)).await,
            _ => post(&emulator, &at(path), json!({})).await,
        };
        assert_eq!(answer.status, 403, "{method}");
    }
}

#[tokio::test]
async fn a_seed_may_hold_bindings() {
    let emulator = Emulator::start().await;
    let bindings = json!([binding("r", "s")]);
    let secret = json!({"id": SECRET, "accessBindings": bindings});
    emulator.seed(&secret).unwrap();

    assert_eq!(listed(&emulator).await, [binding("r", "s")]);
}
