//! Payloads that are more than one text: the document in the value, the mark in the description.

use std::sync::Arc;

use polyvault_core::{
    Error, ErrorKind, GetOptions, InfoPatch, Payload, PutOptions, SecretStore, SecretStoreExt,
    Value,
};
use polyvault_testkit::script::{Answer, Script, answer};
use polyvault_wix_secrets::{Payloads, WixSecrets};
use serde_json::{Value as Json, json};

use crate::script::{SITE, verbs};

const ID: &str = "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01";
const MARK: &str = "[application/vnd.polyvault.payload+json;version=1]";
/// As the page of the encoding has it.
const DOCUMENT: &str = r#"{"polyvault":1,"crc32":"badc26fd","entries":[{"key":"user","text":"scott"},{"key":"blob","base64":"AAEC"}]}"#;
/// Another, for a writer in between.
const OTHER: &str =
    r#"{"polyvault":1,"crc32":"028e5f73","entries":[{"key":"value","base64":"AAEC"}]}"#;

fn entries() -> Payload {
    let entries = [
        ("user", Value::text("scott")),
        ("blob", Value::binary([0, 1, 2].as_slice())),
    ];
    Payload::from_entries(entries).unwrap()
}

fn value(text: &str) -> Answer {
    answer(200, json!({ "value": text }).to_string())
}

fn listed(description: &str) -> Answer {
    let secret = json!({"id": ID, "name": "db", "description": description});
    answer(200, json!({"secrets": [secret]}).to_string())
}

fn store(script: &Arc<Script>, payloads: Payloads) -> WixSecrets {
    let builder = WixSecrets::builder(SITE).api_key("IST.made-up".into());
    let builder = builder.payloads(payloads).client_options(script.options());
    builder.build().unwrap()
}

/// The body of the last request that was sent.
fn sent(script: &Script) -> Json {
    let sent = script.sent();
    let body = sent.last().unwrap().body().as_bytes().to_vec();
    let body: Json = String::from_utf8(body).unwrap().parse().unwrap();
    body["secret"].clone()
}

fn described(text: &str) -> PutOptions {
    PutOptions {
        description: Some(text.to_owned()),
        ..PutOptions::default()
    }
}

async fn read(payloads: Payloads, answers: Vec<Answer>) -> (Result<Payload, Error>, String) {
    let script = Script::new(answers);
    let store = store(&script, payloads);
    let read = store.get_with("db", GetOptions::default());
    let read = read.await.map(|secret| secret.payload);
    (read, verbs(&script).join(" "))
}

#[tokio::test]
async fn a_put_writes_the_document_and_the_mark_in_one_request() {
    for (there, options, description) in [
        (None, PutOptions::default(), MARK.to_owned()),
        (None, described("mine"), format!("mine {MARK}")),
        (Some("kept"), PutOptions::default(), format!("kept {MARK}")),
        (Some("old"), described("mine"), format!("mine {MARK}")),
        (Some("old"), described(""), MARK.to_owned()),
    ] {
        let list = there.map_or_else(|| answer(200, "{}"), listed);
        let script = Script::new([list, answer(200, json!({ "id": ID }).to_string())]);

        let store = store(&script, Payloads::Encoded);
        store.put_with("db", entries(), options).await.unwrap();

        let mut due = json!({"value": DOCUMENT, "description": description});
        if there.is_none() {
            due["name"] = "db".into();
        }
        assert_eq!(sent(&script), due, "{there:?}");
    }
}

#[tokio::test]
async fn a_text_over_a_document_takes_the_mark_away_and_keeps_the_description() {
    let marked = format!("kept {MARK}");
    for (there, options, due) in [
        (
            marked.as_str(),
            PutOptions::default(),
            json!({"value": "text", "description": "kept"}),
        ),
        (
            MARK,
            PutOptions::default(),
            json!({"value": "text", "description": ""}),
        ),
        (
            &marked,
            described("mine"),
            json!({"value": "text", "description": "mine"}),
        ),
        ("kept", PutOptions::default(), json!({"value": "text"})),
    ] {
        for payloads in [Payloads::Plain, Payloads::Encoded] {
            let script = Script::new([listed(there), answer(200, "{}")]);

            let store = store(&script, payloads);
            store.put_with("db", "text", options.clone()).await.unwrap();

            assert_eq!(sent(&script), due, "{there}");
        }
    }
}

#[tokio::test]
async fn every_store_reads_a_marked_document_and_asks_more_only_for_what_may_be_one() {
    let spaced = DOCUMENT.replacen('{', " { ", 1);
    let plain = |text: &str| Payload::of(Value::text(text));
    for payloads in [Payloads::Plain, Payloads::Encoded] {
        for (text, description, due, requests) in [
            (DOCUMENT, MARK, entries(), 3),
            (&spaced, MARK, entries(), 3),
            (DOCUMENT, "not marked", plain(DOCUMENT), 3),
            ("text", MARK, plain("text"), 1),
            (
                r#"{"polyvault_user":1}"#,
                MARK,
                plain(r#"{"polyvault_user":1}"#),
                1,
            ),
        ] {
            let answers = vec![value(text), listed(description), value(text)];

            let (read, verbs) = read(payloads, answers).await;

            assert!(read.unwrap().same_as(&due), "{text} {description}");
            assert_eq!(verbs.split(' ').count(), requests, "{text} {description}");
        }
    }
}

#[tokio::test]
async fn a_value_that_changed_beside_its_description_is_looked_at_again() {
    let marked = || listed(MARK);
    // An encoded one, over which somebody put a text that looks like one, and the other way about.
    let to_text = vec![
        value(DOCUMENT),
        listed(""),
        value(OTHER),
        listed(""),
        value(OTHER),
    ];
    let (read_text, _) = read(Payloads::Plain, to_text).await;
    assert!(read_text.unwrap().same_as(&Payload::text(OTHER)));

    let to_document = vec![
        value(OTHER),
        marked(),
        value(DOCUMENT),
        marked(),
        value(DOCUMENT),
    ];
    let (read_document, _) = read(Payloads::Plain, to_document).await;
    assert!(read_document.unwrap().same_as(&entries()));

    let to_plain = vec![value(DOCUMENT), listed(""), value("text")];
    let (read_plain, _) = read(Payloads::Plain, to_plain).await;
    assert!(read_plain.unwrap().same_as(&Payload::text("text")));

    let mut never = vec![value(DOCUMENT)];
    for round in 0..4 {
        never.extend([
            marked(),
            value(if round % 2 == 0 { OTHER } else { DOCUMENT }),
        ]);
    }
    let (never, verbs) = read(Payloads::Plain, never).await;
    assert_eq!(never.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(verbs.split(' ').count(), 9);
}

#[tokio::test]
async fn a_marked_value_that_is_broken_or_of_a_later_version_is_no_text() {
    let cut = &DOCUMENT[..DOCUMENT.len() - 2];
    let changed = DOCUMENT.replace("scott", "scotty");
    let later = MARK.replace("version=1", "version=2");
    for (text, description) in [(cut, MARK), (&changed, MARK), (DOCUMENT, &later)] {
        let answers = vec![value(text), listed(description), value(text)];

        let (read, _) = read(Payloads::Plain, answers).await;

        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(!format!("{error:?}{error}").contains("scott"));
    }
}

#[tokio::test]
async fn who_may_not_list_does_not_read_what_may_be_a_document_as_a_text() {
    let answers = vec![value(DOCUMENT), answer(403, "{}")];

    let (read, _) = read(Payloads::Plain, answers).await;

    assert_eq!(read.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn the_description_is_the_users_and_a_change_of_it_keeps_the_mark() {
    let marked = format!("old {MARK}");
    let script = Script::new([
        listed(&marked),
        listed(&marked),
        listed(&marked),
        answer(200, "{}"),
    ]);
    let store = store(&script, Payloads::Plain);

    let told = store.describe(&"db".try_into().unwrap()).await.unwrap();
    assert_eq!(told.description.as_deref(), Some("old"));
    let item = store
        .list_page(Default::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(item.description.as_deref(), Some("old"));
    let patch = InfoPatch {
        description: Some("new".to_owned()),
        ..InfoPatch::default()
    };
    let updated = store.update("db", patch).await.unwrap();

    assert_eq!(updated.description.as_deref(), Some("new"));
    assert_eq!(sent(&script), json!({"description": format!("new {MARK}")}));
}

#[tokio::test]
async fn what_does_not_fit_or_marks_by_hand_is_refused_and_nothing_is_written() {
    let long = "d".repeat(150);
    for (payloads, payload, options, sent) in [
        (Payloads::Plain, entries(), PutOptions::default(), 0),
        (Payloads::Encoded, entries(), described(&long), 0),
        (Payloads::Encoded, entries(), PutOptions::default(), 1),
        (Payloads::Plain, Payload::text("x"), described(MARK), 0),
        (Payloads::Encoded, Payload::text("x"), described(MARK), 0),
    ] {
        let script = Script::new([listed(&long)]);

        let store = store(&script, payloads);
        let refused = store.put_with("db", payload, options).await.unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
        assert_eq!(script.sent().len(), sent, "{refused}");
    }
    let script = Script::new([listed(MARK)]);
    let patch = |text: &str| InfoPatch {
        description: Some(text.to_owned()),
        ..InfoPatch::default()
    };
    let store = store(&script, Payloads::Plain);
    for text in [MARK, long.as_str()] {
        let refused = store.update("db", patch(text)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
    }
    assert_eq!(verbs(&script), ["GET"]);
    let large = Payload::binary(vec![0; 2600]);
    let script = Script::new([]);
    let refused = self::store(&script, Payloads::Encoded)
        .put("db", large)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLarge);
}
