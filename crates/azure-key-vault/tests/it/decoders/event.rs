//! Events: what a delivery tells comes out, however it spells its keys; what is none is refused and not quoted.

use polyvault_azure_key_vault::events::{EventKind, parse};
use polyvault_core::{ErrorKind, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const KINDS: [(&str, EventKind); 3] = [
    (
        "Microsoft.KeyVault.SecretNewVersionCreated",
        EventKind::SecretNewVersionCreated,
    ),
    (
        "Microsoft.KeyVault.SecretNearExpiry",
        EventKind::SecretNearExpiry,
    ),
    ("Microsoft.KeyVault.SecretExpired", EventKind::SecretExpired),
];

/// An object whose keys are spelt otherwise: `how` has a number for each.
fn spelt(fields: Vec<(&str, Value)>, how: &[u8]) -> Value {
    let spell = |(at, (key, value)): (usize, (&str, Value))| {
        let key = match how[at % how.len()] % 4 {
            0 => key.to_ascii_lowercase(),
            1 => key.to_ascii_uppercase(),
            2 => format!(" {key}\t"),
            _ => key.to_owned(),
        };
        (key, value)
    };
    Value::Object(
        fields
            .into_iter()
            .enumerate()
            .map(spell)
            .collect::<Map<_, _>>(),
    )
}

/// Times within the years 1 to 9999.
fn seconds() -> impl Strategy<Value = i64> {
    -62_135_596_800..=253_402_207_200_i64
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_event_tells_comes_out(
        (kind, cloud, in_text) in (select(KINDS.to_vec()), any::<bool>(), any::<bool>()),
        (id, vault, name) in ("[!-~]{1,20}", "[!-~]{1,20}", "[0-9a-zA-Z-]{1,127}"),
        version in proptest::option::of("[0-9a-fA-F]{32}"),
        (from, until) in (seconds(), seconds()),
        how in proptest::collection::vec(any::<u8>(), 12),
    ) {
        let time = |seconds: i64| match in_text {
            true => json!(seconds.to_string()),
            false => json!(seconds),
        };
        let data = spelt(vec![
            ("Id", json!(id)), ("VaultName", json!(vault)), ("ObjectName", json!(name)),
            ("Version", json!(version)), ("NBF", time(from)), ("EXP", time(until)),
        ], &how);
        let event = match cloud {
            true => vec![
                ("specversion", json!("1.0")), ("id", json!(id)), ("source", json!(vault)),
                ("type", json!(kind.0)), ("data", data),
            ],
            false => vec![
                ("id", json!(id)), ("topic", json!(vault)), ("eventType", json!(kind.0)), ("data", data),
            ],
        };
        let event = spelt(event, &how);
        for body in [event.to_string(), json!([event, event]).to_string()] {
            for told in parse(body.as_bytes()).unwrap() {
                prop_assert_eq!((&told.id, &told.vault), (&id, &Some(vault.clone())));
                prop_assert_eq!(&told.kind, &kind.1);
                let secret = told.secret.unwrap();
                prop_assert_eq!(secret.name.as_str(), &name);
                prop_assert_eq!((&secret.id, &secret.vault_name), (&Some(id.clone()), &Some(vault.clone())));
                let lower = version.as_ref().map(|version| version.to_ascii_lowercase());
                prop_assert_eq!(secret.version.map(|version| version.to_string()), lower);
                prop_assert_eq!(secret.not_before, Timestamp::from_second(from).ok());
                prop_assert_eq!(secret.expires_at, Timestamp::from_second(until).ok());
            }
        }
    }

    #[test]
    fn what_is_nearly_an_event_is_one_or_refused_and_not_quoted(
        first in select(KINDS.to_vec()), nodes in proptest::collection::vec((select(vec![
            "id", "ID", "topic", "subject", "eventType", "type", "specversion", "data", "data_base64", "hunter2",
        ]), values()), 0..4),
        data in proptest::collection::vec((select(vec![
            "ObjectName", "objectname", "Version", "NBF", "EXP", "Id", "VaultName", "hunter2",
        ]), values()), 0..6),
        around in select(vec!["", "[", "[[", "{\"hunter2\":"]),
    ) {
        let object = |fields: Vec<(&str, Value)>| -> Map<String, Value> {
            fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        };
        let mut event = object(vec![("id", json!("1")), ("type", json!(first.0)), ("specversion", json!("1.0"))]);
        event.extend(object(nodes));
        if event.get("data").is_some_and(Value::is_object) {
            event.insert("data".to_owned(), Value::Object(object(data)));
        }
        let ends = around.chars().filter_map(|c| match c {
            '[' => Some(']'),
            '{' => Some('}'),
            _ => None,
        });
        let body = format!("{around}{}{}", Value::Object(event), ends.collect::<String>());
        if let Err(error) = parse(body.as_bytes()) {
            prop_assert_eq!(error.kind(), ErrorKind::Decode);
            let shown = format!("{error} {error:?} {}", error.help());
            prop_assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let kind = select(KINDS.to_vec()).prop_map(|(kind, _)| json!(kind));
    prop_oneof![
        2 => kind,
        1 => Just(json!({})),
        1 => Just(json!("db")),
        1 => Just(json!("hunter2")),
        1 => Just(json!("aHVudGVyMg==")),
        1 => Just(json!("eyJPYmplY3ROYW1lIjoiaHVudGVyMiEifQ==")),
        1 => Just(json!(["hunter2"])),
        1 => Just(json!(null)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => ".{0,12}".prop_map(Value::from),
    ]
}
