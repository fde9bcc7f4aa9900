//! Operations as they are told, in lists and by themselves.

use polyvault_core::{OperationId, Outcome, PageRequest, SecretId, SecretRef, SecretStore};
use polyvault_testkit::script::{Script, answer};
use polyvault_yandex_lockbox::{OperationKind, OperationResponse};
use serde_json::json;

use crate::script::store_on;

fn secret() -> SecretRef {
    SecretId::new("e6qs").unwrap().into()
}

fn operation() -> OperationId {
    OperationId::new("e6qop").unwrap()
}

#[tokio::test]
async fn everything_that_is_told_of_an_operation_is_there() {
    let body = json!({
        "id": "e6qop", "description": "Schedule version destruction",
        "createdAt": "2024-03-26T07:38:42.189024661Z", "createdBy": "ajeuser",
        "modifiedAt": "2024-03-26T07:38:43Z", "done": true,
        "metadata": {
            "@type": "type.googleapis.com/yandex.cloud.lockbox.v1.ScheduleVersionDestructionMetadata",
            "secretId": "e6qs", "versionId": "e6qv", "destroyAt": "2024-04-02T07:38:42.189Z",
            "more": 1,
        },
        "response": {
            "@type": "type.googleapis.com/yandex.cloud.lockbox.v1.Version", "id": "e6qv",
            "secretId": "e6qs", "status": "SCHEDULED_FOR_DESTRUCTION",
        },
    });
    let script = Script::new([answer(200, body.to_string())]);

    let told = store_on(&script, 0).operation(&operation()).await.unwrap();

    assert_eq!(told.id.as_str(), "e6qop");
    assert_eq!(
        told.description.as_deref(),
        Some("Schedule version destruction")
    );
    let times = [told.created_at, told.modified_at, told.destroy_at];
    let times = times.map(|time| time.unwrap().to_string());
    assert_eq!(
        times,
        [
            "2024-03-26T07:38:42.189024661Z",
            "2024-03-26T07:38:43Z",
            "2024-04-02T07:38:42.189Z"
        ]
    );
    assert_eq!(told.created_by.as_deref(), Some("ajeuser"));
    assert_eq!(told.kind, Some(OperationKind::ScheduleVersionDestruction));
    assert_eq!(told.secret.unwrap().as_str(), "e6qs");
    assert_eq!(told.version.unwrap().as_str(), "e6qv");
    assert!(told.done && told.error.is_none());
    let OperationResponse::Version(version) = told.response else {
        panic!("{:?}", told.response)
    };
    assert_eq!(version.secret.unwrap().as_str(), "e6qs");
}

#[tokio::test]
async fn an_error_is_told_before_the_end_and_what_is_new_is_no_failure() {
    let failing = json!({"id": "e6qop", "error": {"code": 9}});
    let newer = json!({"id": "e6qop", "done": true, "response": {"@type": "t/yandex.cloud.Newer"},
        "metadata": {"@type": "t/yandex.cloud.NewerMetadata", "secretId": 7}});
    let odd = json!({"id": "e6qop", "response": {"@type": "t/yandex.cloud.lockbox.v1.Secret"},
        "metadata": {"@type": "t/yandex.cloud.lockbox.v1.NewerMetadata"}});
    let bare = json!({"id": "e6qop"});
    let told = async |body: serde_json::Value| {
        let script = Script::new([answer(200, body.to_string())]);
        store_on(&script, 0).operation(&operation()).await
    };

    let failing = told(failing).await.unwrap();
    assert!(!failing.done);
    assert_eq!(failing.error.unwrap().code(), Some("FAILED_PRECONDITION"));
    assert!(told(newer).await.is_err(), "an id that is no text");
    let odd = told(odd).await.unwrap();
    let name = "yandex.cloud.lockbox.v1.NewerMetadata".to_owned();
    assert_eq!(odd.kind, Some(OperationKind::Other(name)));
    let unread = OperationResponse::Other("yandex.cloud.lockbox.v1.Secret".to_owned());
    assert_eq!(odd.response, unread);
    let bare = told(bare).await.unwrap();
    assert_eq!((bare.kind, bare.response), (None, OperationResponse::None));
}

#[tokio::test]
async fn a_list_of_operations_goes_on_past_an_empty_page() {
    let page = |ids: &[&str], next: Option<&str>| {
        let operations: Vec<_> = ids
            .iter()
            .map(|id| json!({"id": id, "done": true}))
            .collect();
        answer(
            200,
            json!({"operations": operations, "nextPageToken": next}).to_string(),
        )
    };
    let script = Script::new([
        page(&["a"], Some("t/1")),
        page(&[], Some("t2")),
        page(&["b"], None),
    ]);
    let store = store_on(&script, 0);
    let (mut found, mut next) = (Vec::new(), PageRequest::default());
    loop {
        let page = store.list_operations_page(&secret(), next).await.unwrap();
        found.extend(page.items.into_iter().map(|told| told.id.to_string()));
        let Some(token) = page.next else { break };
        next = PageRequest {
            size: None,
            token: Some(token),
        };
    }

    assert_eq!(found, ["a", "b"]);
    let lines = script.lines();
    let url = "GET https://lockbox.api.cloud.yandex.net/lockbox/v1/secrets/e6qs/operations";
    assert_eq!(lines[0], url);
    assert_eq!(lines[1], format!("{url}?pageToken=t%2F1"));
}

#[tokio::test]
async fn a_list_of_access_bindings_goes_on_past_an_empty_page() {
    let page = |roles: &[&str], next: Option<&str>| {
        let subject = json!({"id": "aje", "type": "userAccount"});
        let bindings = roles
            .iter()
            .map(|role| json!({"roleId": role, "subject": subject}));
        let bindings: Vec<_> = bindings.collect();
        answer(
            200,
            json!({"accessBindings": bindings, "nextPageToken": next}).to_string(),
        )
    };
    let script = Script::new([
        page(&["a"], Some("t/1")),
        page(&[], Some("t2")),
        page(&["b"], None),
    ]);
    let store = store_on(&script, 0);
    let (mut found, mut next) = (Vec::new(), PageRequest::default());
    loop {
        let page = store
            .list_access_bindings_page(&secret(), next)
            .await
            .unwrap();
        found.extend(page.items.into_iter().map(|binding| binding.role));
        let Some(token) = page.next else { break };
        next = PageRequest {
            size: None,
            token: Some(token),
        };
    }

    assert_eq!(found, ["a", "b"]);
}

#[tokio::test]
async fn changed_access_is_taken_up_by_its_id_in_another_process() {
    let body = |done: bool| {
        json!({"id": "e6qop", "done": done, "metadata": {
            "@type": "type.googleapis.com/yandex.cloud.access.SetAccessBindingsMetadata",
            "resourceId": "e6qs",
        }})
    };
    let script = Script::new([
        answer(200, body(false).to_string()),
        answer(200, body(true).to_string()),
    ]);

    let resumed = store_on(&script, 0).resume(&operation()).await.unwrap();

    let outcome = resumed.wait(Default::default()).await.unwrap();
    assert!(matches!(outcome, Outcome::Done));
}
