//! Answers of 2xx that are not what they should be.

use polyvault_core::ErrorKind::Decode;
use polyvault_core::{
    DeleteOptions, GetOptions, InfoPatch, PageRequest, Retry, SecretStore, SecretStoreExt,
    VersionChange, VersionId, VersionPatch,
};
use polyvault_testkit::script::{Script, answer};
use serde_json::json as object;

use super::{at_once, labels, secret};
use crate::script::{json, store_on};

const ID: &str = "https://myvault.vault.azure.net/secrets/db/00000000000000000000000000000000";

/// Bodies that are no answer, each with a text in it that no error may show.
fn rubbish() -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("cut off", format!(r#"{{"id":"{ID}","value":"hunter2"#)),
        ("HTML", "<html><body>hunter2</body></html>".into()),
        ("a list", r#"["hunter2"]"#.into()),
        ("a text", r#""hunter2""#.into()),
        (
            "of another type",
            r#"{"id":7,"value":"hunter2","attributes":"hunter2"}"#.into(),
        ),
    ]
}

#[tokio::test]
async fn a_read_of_rubbish_is_a_decode_error_with_a_place_and_without_its_text() {
    for (what, body) in rubbish() {
        let script = Script::always(answer(200, body));
        let (store, db) = (store_on(&script), secret("db"));
        let page = PageRequest::default;

        let errors = [
            store.get(&db, GetOptions::default()).await.map(drop),
            store.describe(&db).await.map(drop),
            store.list_page(page()).await.map(drop),
            store.list_versions_page(&db, page()).await.map(drop),
            store.list_deleted_page(page()).await.map(drop),
        ];

        for error in errors.map(Result::unwrap_err) {
            assert_eq!(error.kind(), Decode, "{what}");
            assert_eq!(error.retry(), Retry::Never, "{what}");
            assert!(error.message().contains("(line "), "{what}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{what}");
            assert!(error.operation().is_some(), "{what}");
        }
    }
}

#[tokio::test]
async fn a_change_answered_with_rubbish_may_have_taken_place() {
    for (what, body) in rubbish() {
        let script = Script::always(answer(200, body));
        let (store, db) = (store_on(&script), secret("db"));
        let patch = InfoPatch {
            labels: Some(labels("team", "blue")),
            ..InfoPatch::default()
        };
        let change = VersionChange::Update(VersionPatch {
            enabled: Some(true),
            ..VersionPatch::default()
        });
        let version = VersionId::new("0".repeat(32)).unwrap();

        let mut outcomes = vec![
            store.put_with("db", "v", at_once()).await.map(drop),
            store.update("db", patch).await.map(drop),
            store.update_version("db", &version, change).await.map(drop),
        ];
        if what != "empty" {
            let options = DeleteOptions::default();
            outcomes.push(store.begin_delete(&db, options).await.map(drop));
            outcomes.push(store.begin_recover(&db).await.map(drop));
        }

        for error in outcomes.into_iter().map(Result::unwrap_err) {
            assert_eq!(error.kind(), Decode, "{what}");
            assert_eq!(error.retry(), Retry::OutcomeUnknown, "{what}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{what}");
        }
    }
}

#[tokio::test]
async fn where_no_body_is_needed_an_empty_one_is_success() {
    for status in [200, 202, 204] {
        let script = Script::always(answer(status, ""));
        let (store, db) = (store_on(&script), secret("db"));

        store.delete("db").await.unwrap();
        store.purge("db").await.unwrap();
        let begun = store.begin_recover(&db).await.unwrap();

        assert!(begun.id().is_some(), "{status}");
    }
}

#[tokio::test]
async fn what_is_missing_is_a_decode_error_and_never_empty() {
    let db = secret("db");
    for body in [
        object!({}),
        object!({ "value": null, "id": ID }),
        object!({ "id": ID }),
        object!({ "value": "v" }),
        object!({ "value": 7, "id": ID }),
        object!({ "value": "v", "id": "https://myvault.vault.azure.net/keys/db/1" }),
    ] {
        let script = Script::new([json(body.clone())]);

        let read = store_on(&script).get(&db, GetOptions::default()).await;

        assert_eq!(read.unwrap_err().kind(), Decode, "{body}");
    }
    for body in [object!({}), object!({ "value": [{}] })] {
        let script = Script::new([json(body.clone())]);

        let listed = store_on(&script).list_page(PageRequest::default()).await;

        assert_eq!(listed.unwrap_err().kind(), Decode, "{body}");
    }
}

#[tokio::test]
async fn a_list_that_is_null_has_nothing_in_it() {
    let script = Script::new([json(object!({ "value": null, "nextLink": null }))]);

    let listed = store_on(&script).list_page(PageRequest::default()).await;

    assert!(listed.unwrap().items.is_empty());
}

#[tokio::test]
async fn unknown_fields_nulls_and_unknown_words_are_tolerated() {
    let body = object!({
        "value": "v",
        "id": ID,
        "contentType": null,
        "attributes": {
            "enabled": null, "nbf": null, "exp": null, "created": null, "updated": null,
            "recoveryLevel": "SomethingNew", "recoverableDays": null, "new": [1]
        },
        "tags": { "team": null },
        "kid": null,
        "managed": null,
        "previousVersion": "x",
        "new": { "deep": [] }
    });
    let script = Script::new([json(body)]);
    let (store, db) = (store_on(&script), secret("db"));

    let read = store.get(&db, GetOptions::default()).await.unwrap();

    assert_eq!(read.payload.single().unwrap().expose_text().unwrap(), "v");
    assert_eq!(read.info.unwrap().labels, Some(labels("team", "")));
    let bare = Script::new([json(
        object!({ "value": "v", "id": ID, "attributes": null, "tags": null }),
    )]);
    assert!(store_on(&bare).describe(&db).await.is_ok());
}

#[tokio::test]
async fn escaped_values_come_back_as_they_were() {
    let body = format!(r#"{{"value":"a\u00e9\n\"\\\ud83d\ude00\u0000","id":"{ID}"}}"#);

    let store = store_on(&Script::new([answer(200, body)]));
    let read = store
        .get(&secret("db"), GetOptions::default())
        .await
        .unwrap();

    let value = read.payload.single().unwrap();
    assert_eq!(value.expose_text().unwrap(), "aé\n\"\\😀\0");
}
