//! Bodies: both schemas, what documents and models differ in, and what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use polyvault_azure_key_vault::events::{Event, EventKind, MAX_BODY, parse};
use polyvault_azure_key_vault::identifier::Hosts;
use polyvault_core::ErrorKind;
use serde_json::{Value, json};

use super::body;

fn refused(body: &[u8]) -> ErrorKind {
    let error = parse(body).unwrap_err();
    assert_eq!(error.provider(), Some("azure-key-vault"));
    let shown = format!("{error} {error:?} {}", error.help());
    assert!(!shown.contains("hunter2"), "{shown}");
    error.kind()
}

fn one(event: &Value) -> Event {
    let mut events = parse(event.to_string().as_bytes()).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

/// An event in the schema of Event Grid, with this data.
fn with_data(data: &Value) -> Event {
    one(&json!([{
        "id": "1", "subject": "n", "eventType": "Microsoft.KeyVault.SecretExpired", "data": data,
    }]))
}

#[test]
fn the_documents_samples_are_read_in_both_schemas_with_their_oddities() {
    for name in ["event-grid-sample", "cloud-events-sample"] {
        let [event] = <[Event; 1]>::try_from(parse(&body(name)).unwrap()).unwrap();

        assert_eq!(event.id, "00eccf70-95a7-4e7c-8299-2eb17ee9ad64");
        let vault = "/subscriptions/{subscription-id}/resourceGroups/sample-rg/providers/Microsoft.KeyVault/vaults/sample-kv";
        assert_eq!(event.vault.as_deref(), Some(vault));
        assert_eq!(event.kind, EventKind::SecretNewVersionCreated);
        let time = event.time.unwrap().to_string();
        assert_eq!(time, "2019-07-25T01:08:33.1036736Z");
        let secret = event.secret.unwrap();
        assert_eq!(secret.vault_name.as_deref(), Some("sample-kv"));
        assert_eq!(secret.name.as_str(), "newsecret");
        let version = "ee059b2bb5bc48398a53b168c6cdcb10";
        assert_eq!(secret.version.as_ref().unwrap().as_str(), version);
        assert_eq!(secret.not_before.unwrap().as_second(), 1_559_081_980);
        assert_eq!(secret.expires_at.unwrap().as_second(), 1_559_082_102);
        let id = secret.identifier(&Hosts::clouds()).unwrap();
        assert_eq!(Some(id.to_string()), secret.id);
    }
}

#[test]
fn one_event_of_the_clients_models_is_read() {
    let events = parse(&body("cloud-event-as-clients-model-it")).unwrap();

    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, EventKind::SecretNearExpiry);
    assert!(events[0].vault.as_ref().unwrap().ends_with("/my-vault"));
    let secret = events[0].secret.as_ref().unwrap();
    assert_eq!(secret.name.as_str(), "db-password");
    assert_eq!(secret.not_before, None);
    assert_eq!(secret.expires_at.unwrap().as_second(), 1_798_000_000);
}

#[test]
fn what_is_not_known_stands_for_nothing_and_is_no_error() {
    let events = parse(&body("event-grid-mixed")).unwrap();

    let other = |name: &str| EventKind::Other(format!("Microsoft.KeyVault.{name}"));
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            EventKind::SecretExpired,
            other("KeyNewVersionCreated"),
            other("CertificateNearExpiry"),
            other("VaultAccessPolicyChanged"),
            EventKind::SecretNewVersionCreated,
        ]
    );
    let secrets: Vec<Option<&str>> = events
        .iter()
        .map(|event| event.secret.as_ref().map(|secret| secret.name.as_str()))
        .collect();
    assert_eq!(secrets, [Some("old"), None, None, None, Some("by-subject")]);
    let old = events[0].secret.as_ref().unwrap();
    assert_eq!((old.version.as_ref(), old.not_before), (None, None));
    assert_eq!(old.expires_at.unwrap().as_second(), 1_763_805_600);
    assert_eq!((events[1].time, events[1].vault.as_deref()), (None, None));
    assert_eq!(parse(b"[]").unwrap(), []);
}

#[test]
fn keys_are_matched_without_case_and_blanks_and_values_are_trimmed() {
    let event = one(&json!([{
        " ID ": " 1 ", "EVENTTYPE": " Microsoft.KeyVault.SecretExpired\n", "Topic\t": " /t ",
        "DATA": {" objectNAME": "\tn ", "ID": null, "id": " i ", "eXp ": " 7 ", "vAULTname": "v"},
    }]));

    assert_eq!(
        (event.id.as_str(), event.vault.as_deref()),
        ("1", Some("/t"))
    );
    assert_eq!(event.kind, EventKind::SecretExpired);
    let secret = event.secret.unwrap();
    assert_eq!(secret.name.as_str(), "n");
    assert_eq!(secret.id.as_deref(), Some("i"), "a null is passed over");
    assert_eq!(secret.vault_name.as_deref(), Some("v"));
    assert_eq!(secret.expires_at.unwrap().as_second(), 7);
}

#[test]
fn times_of_validity_are_texts_numbers_or_nothing() {
    for (told, seconds) in [
        (json!("1559082102"), Some(1_559_082_102)),
        (json!(1_559_082_102), Some(1_559_082_102)),
        (json!(0), Some(0)),
        (json!(null), None),
        (json!(""), None),
        (json!("soon"), None),
        (json!(1.5), None),
        (json!(i64::MAX), None),
        (json!(u64::MAX), None),
        (json!([1]), None),
    ] {
        let event = with_data(&json!({"ObjectName": "n", "NBF": told, "EXP": told}));
        let secret = event.secret.unwrap();
        for time in [secret.not_before, secret.expires_at] {
            assert_eq!(time.map(|time| time.as_second()), seconds, "{told}");
        }
    }
}

#[test]
fn data_in_base64_is_read() {
    let data = json!({"ObjectName": "in-base64", "EXP": 7}).to_string();
    let event = |text: &str| {
        json!({
            "specversion": "1.0", "id": "1", "type": "Microsoft.KeyVault.SecretExpired", "data_base64": text,
        })
    };
    for text in [STANDARD.encode(&data), STANDARD_NO_PAD.encode(&data)] {
        let secret = one(&event(&text)).secret.unwrap();
        assert_eq!(secret.name.as_str(), "in-base64");
    }
    for text in ["hunter2!", &STANDARD.encode("hunter2")] {
        assert_eq!(
            refused(event(text).to_string().as_bytes()),
            ErrorKind::Decode
        );
        // What is not read can't fail.
        let mut key = event(text);
        key["type"] = "Microsoft.KeyVault.KeyExpired".into();
        assert_eq!(one(&key).secret, None);
    }
}

#[test]
fn an_event_without_what_names_it_is_refused() {
    let whole = json!({
        "id": "1", "eventType": "Microsoft.KeyVault.SecretExpired", "subject": "n", "hunter2": "hunter2",
        "data": {"ObjectName": "n"},
    });
    assert!(parse(json!([whole]).to_string().as_bytes()).is_ok());
    let without = |take: &dyn Fn(&mut Value)| {
        let mut event = whole.clone();
        take(&mut event);
        refused(json!([whole, event]).to_string().as_bytes())
    };
    let set = |key: &'static str, value: Value| without(&|event| event[key] = value.clone());
    for value in [
        json!(null),
        json!(""),
        json!(" "),
        json!(7),
        json!({"a": "hunter2"}),
    ] {
        assert_eq!(set("id", value.clone()), ErrorKind::Decode, "{value}");
        assert_eq!(
            set("eventType", value.clone()),
            ErrorKind::Decode,
            "{value}"
        );
    }
    assert_eq!(set("specversion", json!("1.0")), ErrorKind::Decode);
    for name in [
        json!(null),
        json!("hunter2/../x"),
        json!("hunter2 x"),
        json!("n".repeat(128)),
    ] {
        let nameless = without(&|event| {
            event["subject"] = json!(null);
            event["data"] = json!({"ObjectName": name});
        });
        assert_eq!(nameless, ErrorKind::Decode, "{name}");
    }
}

#[test]
fn what_is_no_body_of_events_is_refused_and_not_quoted() {
    let nested = |depth: usize| format!("[{}{}]", "[".repeat(depth), "]".repeat(depth));
    let deep = |depth: usize| {
        let data = nested(depth);
        format!(r#"[{{"id":"1","eventType":"hunter2","data":{data}}}]"#)
    };
    for body in [
        "",
        "hunter2",
        "\"hunter2\"",
        "[\"hunter2\"]",
        "[{\"id\":\"hunter2\"",
        "[[{\"id\":\"hunter2\"}]]",
        "null",
        &deep(100_000),
    ] {
        assert_eq!(refused(body.as_bytes()), ErrorKind::Decode);
    }
    assert_eq!(refused(b"[\"hunter2\xff\"]"), ErrorKind::Decode);
    assert!(parse(deep(50).as_bytes()).is_ok());
    let long = |length: usize| format!("[{}]", " ".repeat(length - 2));
    assert!(parse(long(MAX_BODY).as_bytes()).is_ok());
    assert_eq!(refused(long(MAX_BODY + 1).as_bytes()), ErrorKind::TooLarge);
    let error = parse(b"[\n {]").unwrap_err();
    assert!(error.message().contains("line 2, column 3"), "{error}");
}

#[test]
fn an_events_id_is_read_of_allowed_hosts_only() {
    let event = |id: Value| {
        with_data(&json!({"ObjectName": "n", "Id": id}))
            .secret
            .unwrap()
    };
    for id in [json!("https://evil.example/secrets/n"), json!(null)] {
        let error = event(id).identifier(&Hosts::clouds()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let id = event(json!(" https://my-vault.vault.azure.net/secrets/n "));
    assert!(id.identifier(&Hosts::clouds()).is_ok());
}
