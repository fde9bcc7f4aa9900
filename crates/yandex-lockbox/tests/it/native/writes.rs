//! What creating, changing and versions take, field by field.

use std::time::Duration;

use polyvault_core::{
    Edit, ErrorKind, Labels, Payload, PutOptions, SecretId, SecretRef, SecretStore, Value,
    VersionChange, VersionId,
};
use polyvault_testkit::script::{Script, answer, body_of};
use polyvault_yandex_lockbox::{
    CreateSecret, FirstVersion, PasswordSpecification, PayloadPatch, UpdateSecret, YandexLockbox,
};
use serde_json::json;

use crate::script::{FOLDER, store_on};

fn secret() -> SecretRef {
    SecretId::new("e6qs").unwrap().into()
}

fn labels() -> Labels {
    Labels::from([
        ("env".into(), "prod".into()),
        ("tier".into(), String::new()),
    ])
}

fn rules() -> PasswordSpecification {
    PasswordSpecification {
        entry_key: "pin".into(),
        length: Some(20),
        uppercase: Some(false),
        lowercase: Some(true),
        digits: None,
        punctuation: Some(true),
        included_punctuation: None,
        excluded_punctuation: Some("'\"".into()),
    }
}

/// The body that a write sends.
async fn sent(write: impl AsyncFnOnce(&YandexLockbox)) -> serde_json::Value {
    let script = Script::always(answer(200, r#"{"id":"e6qop"}"#));
    write(&store_on(&script, 0)).await;
    body_of(script.sent().last().unwrap()).unwrap()
}

async fn created(new: CreateSecret) -> serde_json::Value {
    sent(async |store| drop(store.begin_create(new).await.unwrap())).await
}

#[tokio::test]
async fn every_field_of_a_creation_is_sent() {
    let entries = [
        ("cert", Value::binary(&[0xff, 0xfe, 0xfd, 0x3e][..])),
        ("user", Value::text("alice")),
    ];
    let all = CreateSecret {
        name: Some("db".parse().unwrap()),
        description: Some("main database".into()),
        labels: labels(),
        kms_key: Some("abjkey".into()),
        deletion_protection: true,
        first_version: FirstVersion::Payload(Payload::from_entries(entries).unwrap()),
        version_description: Some("first".into()),
        create_version: Some(true),
        idempotency_key: None,
    };
    let due = json!({
        "folderId": FOLDER, "name": "db", "description": "main database",
        "labels": {"env": "prod", "tier": ""}, "kmsKeyId": "abjkey", "versionDescription": "first",
        "versionPayloadEntries": [
            {"key": "cert", "binaryValue": "//79Pg=="}, {"key": "user", "textValue": "alice"},
        ],
        "deletionProtection": true, "createVersion": true,
    });

    assert_eq!(created(all).await, due);
}

#[tokio::test]
async fn a_version_is_made_or_not_as_is_said() {
    let with = |create_version, first_version| CreateSecret {
        create_version,
        first_version,
        ..CreateSecret::default()
    };
    let password = || FirstVersion::Password(rules());
    let told = |create| {
        let mut due = json!({"folderId": FOLDER, "passwordPayloadSpecification": password_of()});
        if let Some(create) = create {
            due["createVersion"] = serde_json::Value::Bool(create);
        }
        due
    };
    for create in [None, Some(true), Some(false)] {
        assert_eq!(created(with(create, password())).await, told(create));
    }
    let due = json!({"folderId": FOLDER});
    assert_eq!(created(with(None, FirstVersion::None)).await, due);
    let due = json!({"folderId": FOLDER, "createVersion": false});
    assert_eq!(created(with(Some(false), FirstVersion::None)).await, due);
}

fn password_of() -> serde_json::Value {
    json!({
        "passwordKey": "pin", "length": "20", "includeUppercase": false, "includeLowercase": true,
        "includePunctuation": true, "excludedPunctuation": "'\"",
    })
}

#[tokio::test]
async fn what_is_empty_is_not_sent() {
    let empty = CreateSecret {
        description: Some(String::new()),
        kms_key: Some(String::new()),
        version_description: Some(String::new()),
        ..CreateSecret::named("db".parse().unwrap())
    };

    assert_eq!(
        created(empty).await,
        json!({"folderId": FOLDER, "name": "db"})
    );
}

#[tokio::test]
async fn every_field_of_a_change_is_sent_or_cleared() {
    let change = async |change: UpdateSecret| {
        sent(async |store| drop(store.begin_update_secret(&secret(), change).await.unwrap())).await
    };
    let mask = "name,description,labels,deletionProtection,passwordPayloadSpecification";
    let set = UpdateSecret {
        name: Edit::Set("db-main".parse().unwrap()),
        description: Edit::Set("main".into()),
        labels: Edit::Set(labels()),
        deletion_protection: Some(false),
        password: Edit::Set(rules()),
        idempotency_key: None,
    };
    let due = json!({
        "updateMask": mask, "name": "db-main", "description": "main",
        "labels": {"env": "prod", "tier": ""}, "deletionProtection": false,
        "passwordPayloadSpecification": password_of(),
    });
    assert_eq!(change(set).await, due);

    let clear = UpdateSecret {
        name: Edit::Clear,
        description: Edit::Clear,
        labels: Edit::Clear,
        deletion_protection: Some(false),
        password: Edit::Clear,
        idempotency_key: None,
    };
    assert_eq!(
        change(clear).await,
        json!({"updateMask": mask, "deletionProtection": false})
    );
}

#[tokio::test]
async fn every_field_of_a_patch_is_sent() {
    let patch = PayloadPatch {
        base: Some(VersionId::new("e6qv").unwrap()),
        set: Some(Payload::from_entries([("user", Value::text("bob"))]).unwrap()),
        remove: ["a".to_owned(), "b".to_owned()].into(),
        description: Some("rotated".into()),
        idempotency_key: PutOptions::default().idempotency_key,
    };
    let body = sent(async |store| drop(store.begin_patch(&secret(), patch).await.unwrap())).await;

    let due = json!({
        "baseVersionId": "e6qv", "description": "rotated",
        "payloadEntries": [{"key": "user", "textValue": "bob"}, {"key": "a"}, {"key": "b"}],
    });
    assert_eq!(body, due);
}

#[tokio::test]
async fn a_delay_has_its_suffix_and_the_digits_of_a_protobuf_duration() {
    for (after, due) in [
        (Duration::ZERO, "0s"),
        (Duration::from_secs(604_800), "604800s"),
        (Duration::from_millis(86_400_500), "86400.500s"),
        (Duration::from_micros(1_000_250), "1.000250s"),
        (Duration::new(1, 7), "1.000000007s"),
        (Duration::from_secs(315_576_000_000), "315576000000s"),
    ] {
        let change = VersionChange::Destroy { after: Some(after) };
        let version = VersionId::new("e6qv").unwrap();
        let body = sent(async |store| {
            drop(
                store
                    .begin_update_version(&secret(), &version, change)
                    .await
                    .unwrap(),
            );
        })
        .await;
        assert_eq!(body, json!({"versionId": "e6qv", "pendingPeriod": due}));
    }
}

#[tokio::test]
async fn an_installation_that_can_not_make_a_version_current_is_told_from_a_version_that_is_none() {
    let missing = || answer(404, r#"{"code":5,"message":"Not found"}"#);
    let listed = || answer(200, r#"{"versions":[{"id":"e6qv","status":"ACTIVE"}]}"#);
    let unknown = || answer(501, r#"{"code":12}"#);
    let denied = || answer(403, r#"{"code":7}"#);
    for (answers, kind, helps) in [
        (vec![unknown()], ErrorKind::Unsupported, true),
        (vec![missing(), listed()], ErrorKind::Unsupported, true),
        (
            vec![missing(), answer(200, "{}")],
            ErrorKind::NotFound,
            false,
        ),
        (vec![missing(), denied()], ErrorKind::NotFound, false),
        (vec![denied()], ErrorKind::Forbidden, false),
    ] {
        let script = Script::new(answers);
        let version = VersionId::new("e6qv").unwrap();
        let change = VersionChange::MakeCurrent;

        let store = store_on(&script, 0);
        let refused = store
            .begin_update_version(&secret(), &version, change)
            .await;

        let error = refused.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.help().contains("`patch`"), helps, "{}", error.help());
    }
}
