//! Passwords that the service generates, and when it must not.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::{
    ErrorKind, GetOptions, IdempotencyKey, Labels, PasswordSpec, Payload, Punctuation, PutOptions,
    SecretId, SecretRef, SecretStore, SecretStoreExt, Timestamp, Value as Secret,
};
use polyvault_testkit::script::{Script, answer, body_of};
use polyvault_yandex_lockbox::emulator::Emulator;
use polyvault_yandex_lockbox::{PasswordSpecification, PayloadPatch};
use serde_json::{Value, json};

use super::script::store_on;

fn db() -> SecretRef {
    "db".try_into().unwrap()
}

fn pin() -> PasswordSpec {
    PasswordSpec {
        entry_key: "pin".into(),
        length: 20,
        punctuation: Punctuation::None,
        ..PasswordSpec::default()
    }
}

/// As the service keeps the rules of `pin`.
fn told() -> Value {
    json!({
        "passwordKey": "pin", "length": "20", "includeUppercase": true, "includeLowercase": true,
        "includeDigits": true, "includePunctuation": false,
    })
}

async fn start(secret: Option<Value>) -> Emulator {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(clock).start().await;
    if let Some(secret) = secret {
        emulator.seed(&secret).unwrap();
    }
    emulator
}

fn secret(keys: &[&str], rules: Option<Value>) -> Value {
    let entries = keys
        .iter()
        .map(|key| json!({"key": key, "textValue": "old"}));
    let entries: Vec<Value> = entries.collect();
    let mut secret = json!({"name": "db", "versions": [{"entries": entries}]});
    if let Some(rules) = rules {
        secret["passwordPayloadSpecification"] = rules;
    }
    secret
}

/// Verb, last part of the path and body of each request but polls and lists.
async fn sent(emulator: &Emulator) -> Vec<(String, Value)> {
    let all = emulator.server().received_requests().await.unwrap();
    let told = all.iter().filter_map(|request| {
        let path = request.url.path();
        if path.starts_with("/operations") || request.url.query().is_some() {
            return None;
        }
        let verb = path.split_once(':').map(|(_, verb)| format!(":{verb}"));
        let line = format!("{}{}", request.method, verb.unwrap_or_default());
        Some((line, request.body_json().unwrap_or_default()))
    });
    told.collect()
}

async fn read(emulator: &Emulator) -> Payload {
    let read = emulator.store().get(&db(), GetOptions::default()).await;
    read.unwrap().payload
}

fn follows(payload: &Payload) -> bool {
    let text = payload.get("pin").unwrap().expose_text().unwrap();
    payload.len() == 1 && text.len() == 20 && text.chars().all(|c| c.is_ascii_alphanumeric())
}

#[tokio::test]
async fn a_new_secret_is_created_with_the_rules() {
    let emulator = start(None).await;

    let written = emulator.store().put("db", pin()).await.unwrap();

    assert!(written.created);
    let body = json!({
        "folderId": "b1gemulatorfolder001", "name": "db", "passwordPayloadSpecification": told(),
    });
    assert_eq!(sent(&emulator).await, [("POST".to_owned(), body)]);
    assert_eq!(emulator.generated_passwords(), 1);
    assert!(follows(&read(&emulator).await));
}

#[tokio::test]
async fn the_next_password_is_a_version_without_entries() {
    let emulator = start(Some(secret(&["pin"], Some(told())))).await;

    emulator.store().put("db", pin()).await.unwrap();

    let due = [
        ("GET".to_owned(), Value::Null),
        ("POST:addVersion".to_owned(), json!({})),
    ];
    assert_eq!(sent(&emulator).await, due);
    assert!(follows(&read(&emulator).await));
}

#[tokio::test]
async fn rules_that_differ_or_are_not_there_are_set_first() {
    let longer = json!({"passwordKey": "pin", "length": "21", "includePunctuation": false});
    let untold = json!({"passwordKey": "pin", "includePunctuation": false});
    for rules in [None, Some(longer), Some(untold)] {
        let emulator = start(Some(secret(&["pin"], rules))).await;

        emulator.store().put("db", pin()).await.unwrap();

        let change = json!({
            "updateMask": "passwordPayloadSpecification", "passwordPayloadSpecification": told(),
        });
        let due = [
            ("GET".to_owned(), Value::Null),
            ("PATCH".to_owned(), change),
            ("POST:addVersion".to_owned(), json!({})),
        ];
        assert_eq!(sent(&emulator).await, due);
        assert!(follows(&read(&emulator).await));
    }
}

#[tokio::test]
async fn a_secret_without_a_version_gets_its_first_from_the_service() {
    let emulator = start(Some(json!({"name": "db"}))).await;

    emulator.store().put("db", pin()).await.unwrap();

    assert_eq!(emulator.generated_passwords(), 1);
    assert!(follows(&read(&emulator).await));
}

#[tokio::test]
async fn beside_other_keys_the_password_is_made_here_and_they_are_gone() {
    for rules in [None, Some(told())] {
        let emulator = start(Some(secret(&["pin", "user"], rules))).await;

        emulator.store().put("db", pin()).await.unwrap();

        let sent = sent(&emulator).await;
        assert!(follows(&read(&emulator).await));
        let (_, body) = sent.last().unwrap();
        assert_eq!(
            body["payloadEntries"].as_array().unwrap().len(),
            2,
            "{body}"
        );
        assert!(sent.iter().all(|(line, _)| line != "PATCH"));
    }
}

#[tokio::test]
async fn a_lost_answer_generates_no_second_password() {
    for lost in [Emulator::commit_then_drop, Emulator::drop_next] {
        let emulator = start(Some(secret(&["pin"], Some(told())))).await;
        let key = PutOptions {
            idempotency_key: Some(IdempotencyKey::random()),
            ..PutOptions::default()
        };
        lost(&emulator, 1);

        let written = emulator
            .store()
            .put_with("db", pin(), key.clone())
            .await
            .unwrap();
        let again = emulator.store().put_with("db", pin(), key).await.unwrap();

        assert_eq!(written, again);
        assert_eq!(emulator.store().history("db").await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn what_was_changed_before_the_password_is_told() {
    let emulator = start(Some(secret(&["pin"], None))).await;
    emulator.forbid("Secret.AddVersion").unwrap();
    let labelled = PutOptions {
        labels: Some(Labels::from([("env".into(), "prod".into())])),
        ..PutOptions::default()
    };

    let error = emulator.store().put_with("db", pin(), labelled).await;

    let error = error.unwrap_err();
    let begin = "Changed already: labels, passwordPayloadSpecification. ";
    assert!(error.help().starts_with(begin), "{}", error.help());
}

#[tokio::test]
async fn keys_that_a_writer_in_between_added_are_told() {
    let added = |version: Value| {
        answer(
            200,
            json!({"id": "e6qop", "done": true, "response": version}).to_string(),
        )
    };
    let secret = json!({"id": "e6qs", "passwordPayloadSpecification": told(), "currentVersion": {
        "id": "e6qv1", "status": "ACTIVE", "payloadEntryKeys": ["pin"],
    }});
    let version = |keys: &[&str], rules: Value| {
        added(json!({
            "@type": "type.googleapis.com/yandex.cloud.lockbox.v1.Version",
            "id": "e6qv2", "status": "ACTIVE", "payloadEntryKeys": keys,
            "passwordPayloadSpecification": rules,
        }))
    };
    let shorter = json!({"passwordKey": "pin", "length": "19", "includePunctuation": false});
    let untold = Value::Null;
    for (made, due) in [
        (version(&["pin"], told()), None),
        (version(&["pin"], untold), None),
        (
            version(&["pin", "theirs"], told()),
            Some("in the entries theirs"),
        ),
        (
            version(&["pin"], shorter),
            Some("the rules that were asked for"),
        ),
    ] {
        let script = Script::new([answer(200, secret.to_string()), made]);
        let by_id = SecretId::new("e6qs").unwrap();

        let put = store_on(&script, 0).put(by_id, pin()).await;

        match due {
            None => drop(put.unwrap()),
            Some(due) => {
                let error = put.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Conflict);
                assert!(error.message().ends_with(due), "{error}");
            }
        }
        assert_eq!(body_of(&script.sent()[1]), Some(json!({})));
    }
}

#[tokio::test]
async fn rules_that_no_password_can_follow_reach_nobody() {
    let emulator = start(None).await;
    let base = PasswordSpec::default;
    let cases = [
        (
            PasswordSpec {
                length: 257,
                ..base()
            },
            "field `length`",
        ),
        (
            PasswordSpec {
                length: 3,
                ..base()
            },
            "field `length`",
        ),
        (
            PasswordSpec {
                entry_key: "a key".into(),
                ..base()
            },
            "\"a key\"",
        ),
        (
            PasswordSpec {
                punctuation: Punctuation::Only("é".into()),
                ..base()
            },
            "field `punctuation`",
        ),
    ];
    for (spec, due) in cases {
        let error = emulator.store().put("db", spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(due), "{error}");
    }
    assert_eq!(emulator.request_count(), 0);
}

#[tokio::test]
async fn a_copy_that_could_generate_a_password_is_refused() {
    let emulator = start(Some(secret(&["pin"], Some(told())))).await;

    let error = emulator.store().patch(&db(), PayloadPatch::default()).await;

    assert_eq!(error.unwrap_err().kind(), ErrorKind::FailedPrecondition);
    assert_eq!(emulator.store().history("db").await.unwrap().len(), 1);
    let one = Payload::from_entries([("user", Secret::text("x"))]).unwrap();
    let patch = PayloadPatch {
        set: Some(one),
        ..PayloadPatch::default()
    };
    emulator.store().patch(&db(), patch).await.unwrap();
}

#[test]
fn the_rules_go_over_whole_and_punctuation_once_each() {
    let rules = |punctuation| {
        let spec = PasswordSpec {
            punctuation,
            ..PasswordSpec::default()
        };
        let rules = PasswordSpecification::from(&spec);
        assert_eq!(rules.length, Some(36));
        (
            rules.punctuation,
            rules.included_punctuation,
            rules.excluded_punctuation,
        )
    };
    let only = Punctuation::Only("--_".repeat(30));
    let except = Punctuation::Except("\"'\"é".into());
    let nothing = Punctuation::Except("é".into());

    assert_eq!(rules(Punctuation::Any), (Some(true), None, None));
    assert_eq!(rules(Punctuation::None), (Some(false), None, None));
    assert_eq!(rules(only), (Some(true), Some("-_".into()), None));
    assert_eq!(rules(except), (Some(true), None, Some("\"'".into())));
    assert_eq!(rules(nothing), (Some(true), None, None));
}

#[test]
fn rules_are_the_same_where_the_passwords_are() {
    let one = PasswordSpecification::from(&pin());
    let rules = |change: fn(&mut PasswordSpecification)| {
        let mut other = one.clone();
        change(&mut other);
        one.same_as(&other)
    };
    assert!(rules(|other| other.uppercase = None));
    assert!(rules(|other| other.included_punctuation = Some("-".into())));
    assert!(!rules(|other| other.digits = Some(false)));
    assert!(!rules(|other| other.punctuation = None));
    assert!(!rules(|other| other.length = None));
    assert!(!rules(|other| other.entry_key = "other".into()));
    let only = |these: &str| PasswordSpecification {
        punctuation: None,
        included_punctuation: Some(these.into()),
        ..one.clone()
    };
    assert!(only("-_").same_as(&only("_-")));
    assert!(!only("-_").same_as(&only("-")));
    let all_but = PasswordSpecification {
        punctuation: None,
        excluded_punctuation: Some("!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~".into()),
        ..one.clone()
    };
    assert!(only("-_").same_as(&all_but));
}

/// As the rules of a length come in JSON: a text, and none where the service has nothing but its default.
#[tokio::test]
async fn a_length_that_is_told_as_none_is_none() {
    for (told, length) in [
        (json!("20"), Some(20)),
        (json!(20), Some(20)),
        (json!("0"), None),
        (json!(0), None),
        (json!(null), None),
        (json!("long"), None),
        (json!("65536"), None),
    ] {
        let rules = json!({"passwordKey": "password", "length": told});
        let body = json!({"id": "e6qsecret00000000001", "passwordPayloadSpecification": rules});
        let script = Script::new([answer(200, body.to_string())]);
        let id = SecretRef::from(SecretId::new("e6qsecret00000000001").unwrap());

        let read = store_on(&script, 0).properties(&id).await.unwrap();

        assert_eq!(read.password.unwrap().length, length, "{told}");
    }
}
