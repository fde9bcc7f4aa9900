//! Generated passwords.

use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use crate::raw::{Answer, FOLDER, SECRETS, get, post, send};

/// The field that turns it on, and which characters are of it.
type Class = (&'static str, fn(char) -> bool);

const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// A stand-in, the path of a secret that has this specification, and the answer that made it.
async fn made(specification: Value) -> (Emulator, String, Answer) {
    let emulator = Emulator::start().await;
    emulator.pending_polls(0);
    let body = json!({"folderId": FOLDER, "passwordPayloadSpecification": specification});
    let made = post(&emulator, SECRETS, body).await;
    let id = made.at("/metadata/secretId").as_str().unwrap_or_default();
    let path = format!("{SECRETS}/{id}");
    (emulator, path, made)
}

async fn password(emulator: &Emulator, path: &str) -> String {
    let payload = get(emulator, &format!("{path}/payload")).await;
    payload.text("/entries/0/textValue").to_owned()
}

#[tokio::test]
async fn a_password_has_a_character_of_each_class_that_is_on_and_none_of_the_others() {
    let classes: [Class; 4] = [
        ("includeUppercase", |c| c.is_ascii_uppercase()),
        ("includeLowercase", |c| c.is_ascii_lowercase()),
        ("includeDigits", |c| c.is_ascii_digit()),
        ("includePunctuation", |c| PUNCTUATION.contains(c)),
    ];
    for on in 1..16_usize {
        let mut specification = json!({"passwordKey": "k", "length": "4"});
        for (index, (name, _)) in classes.iter().enumerate() {
            // What is not said is on.
            if on & (1 << index) == 0 {
                specification[*name] = false.into();
            }
        }
        let (emulator, path, _) = made(specification).await;
        let password = password(&emulator, &path).await;

        assert_eq!(password.chars().count(), 4);
        for (index, (name, is)) in classes.iter().enumerate() {
            let expected = on & (1 << index) != 0;
            assert_eq!(password.chars().any(is), expected, "{name} in {password}");
        }
    }
}

#[tokio::test]
async fn punctuation_is_what_is_included_or_what_is_not_excluded() {
    let only = json!({"passwordKey": "k", "length": 64, "includedPunctuation": "#-"});
    let (emulator, path, _) = made(only).await;
    let password_of_only = password(&emulator, &path).await;
    let most: String = PUNCTUATION.chars().filter(|c| *c != '~').collect();
    let all_but_one = json!({"passwordKey": "k", "length": 64, "excludedPunctuation": most});
    let (emulator, path, _) = made(all_but_one).await;
    let password_of_rest = password(&emulator, &path).await;

    let marks = |text: &str, allowed: &str| {
        let mut marks = text
            .chars()
            .filter(|c| !c.is_ascii_alphanumeric())
            .peekable();
        marks.peek().is_some() && marks.all(|c| allowed.contains(c))
    };
    assert!(marks(&password_of_only, "#-"), "{password_of_only}");
    assert!(marks(&password_of_rest, "~"), "{password_of_rest}");
}

#[tokio::test]
async fn a_specification_that_contradicts_itself_is_refused() {
    let at = |field: &str| format!("passwordPayloadSpecification{field}");
    let off = json!({
        "includeUppercase": false,
        "includeLowercase": false,
        "includeDigits": false,
        "includePunctuation": false,
    });
    for (fields, field) in [
        (
            json!({"includedPunctuation": "#", "excludedPunctuation": "-"}),
            at(""),
        ),
        (
            json!({"includedPunctuation": "#a"}),
            at(".includedPunctuation"),
        ),
        (
            json!({"excludedPunctuation": "a"}),
            at(".excludedPunctuation"),
        ),
        (
            json!({"excludedPunctuation": PUNCTUATION}),
            at(".excludedPunctuation"),
        ),
        (json!({"length": "3"}), at(".length")),
        (off, at("")),
    ] {
        let mut specification = fields;
        specification["passwordKey"] = "k".into();
        let (emulator, _, made) = made(specification.clone()).await;
        let body = json!({"updateMask": "passwordPayloadSpecification", "passwordPayloadSpecification": specification});
        emulator.seed(&json!({"id": "e6q1"})).unwrap();
        let path = format!("{SECRETS}/e6q1");
        let updated = send(&emulator, "PATCH", &path, Some(&body), None).await;

        for answer in [made, updated.unwrap()] {
            let violated = answer.at("/details/0/fieldViolations/0/field");
            assert_eq!(
                (answer.status, violated),
                (400, &field.clone().into()),
                "{specification}"
            );
        }
    }
}

#[tokio::test]
async fn only_a_version_whose_password_was_made_shows_the_specification_of_that_time() {
    let first = json!({"passwordKey": "k", "length": "8"});
    let (emulator, path, _) = made(first.clone()).await;
    let second = json!({"passwordKey": "k", "length": "9"});
    let body = json!({"updateMask": "passwordPayloadSpecification", "passwordPayloadSpecification": second});
    send(&emulator, "PATCH", &path, Some(&body), None)
        .await
        .unwrap();
    let add = format!("{path}:addVersion");
    let given = json!({"payloadEntries": [{"key": "k", "textValue": "v"}]});

    post(&emulator, &add, given).await;
    assert_eq!(password(&emulator, &path).await, "v");
    // Nothing of a base is needed.
    post(&emulator, &add, json!({})).await;
    assert_eq!(password(&emulator, &path).await.len(), 9);

    let versions = get(&emulator, &format!("{path}/versions")).await;
    let shown = versions.at("/versions").as_array().unwrap();
    let shown: Vec<&Value> = shown
        .iter()
        .map(|version| &version["passwordPayloadSpecification"])
        .collect();
    assert_eq!(shown, [&first, &Value::Null, &second]);
    assert_eq!(emulator.generated_passwords(), 2);
}

#[tokio::test]
async fn a_version_with_a_base_and_no_entries_is_generated_or_copied() {
    for (copies, generated) in [(false, 2), (true, 1)] {
        let (emulator, path, made) = made(json!({"passwordKey": "k"})).await;
        emulator.copy_with_base(copies);
        let before = password(&emulator, &path).await;

        let base = json!({"baseVersionId": made.text("/metadata/versionId")});
        let added = post(&emulator, &format!("{path}:addVersion"), base).await;

        assert_eq!(added.status, 200);
        assert_eq!(password(&emulator, &path).await == before, copies);
        assert_eq!(emulator.generated_passwords(), generated);
    }
}

#[tokio::test]
async fn a_seeded_version_has_the_specification_that_it_is_given_and_not_its_secrets() {
    let emulator = Emulator::start().await;
    let (of_secret, of_version) = (json!({"passwordKey": "k"}), json!({"passwordKey": "old"}));
    let entries = json!([{"key": "k", "textValue": "v"}]);
    let secret = json!({
        "id": "e6q1",
        "passwordPayloadSpecification": of_secret,
        "versions": [
            {"entries": entries, "passwordPayloadSpecification": of_version},
            {"entries": entries},
        ],
    });
    emulator.seed(&secret).unwrap();

    let versions = get(&emulator, &format!("{SECRETS}/e6q1/versions")).await;

    let shown =
        |index: usize| versions.at(&format!("/versions/{index}/passwordPayloadSpecification"));
    assert_eq!((shown(0), shown(1)), (&of_version, &Value::Null));
    assert_eq!(emulator.generated_passwords(), 1);
}
