//! A payload on its way to the wire and back is the same payload.

use polyvault_core::transport::json;
use polyvault_core::{
    GetOptions, Payload, SecretId, SecretRef, SecretStore, SecretStoreExt, Value,
};
use polyvault_testkit::script::{Script, answer, body_of};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;

use super::script::store_on;

/// Entries that the service can hold: none of them is empty.
fn entries() -> impl Strategy<Value = Vec<(String, bool, Vec<u8>)>> {
    let text = any::<String>().prop_map(|text| (true, text.into_bytes()));
    let binary = vec(any::<u8>(), 1..300).prop_map(|bytes| (false, bytes));
    let value = prop_oneof![text, binary];
    let value = value.prop_filter("no empty value", |(_, bytes)| !bytes.is_empty());
    let entries = btree_map("[-_./\\\\@0-9a-zA-Z]{1,40}", value, 1..8);
    entries.prop_map(|entries| {
        let entries = entries.into_iter();
        entries
            .map(|(key, (text, bytes))| (key, text, bytes))
            .collect()
    })
}

fn payload(entries: &[(String, bool, Vec<u8>)]) -> Payload {
    let entries = entries.iter().map(|(key, text, bytes)| {
        let value = match text {
            true => Value::text(String::from_utf8(bytes.clone()).unwrap()),
            false => Value::binary(bytes.clone()),
        };
        (key.clone(), value)
    });
    Payload::from_entries(entries).unwrap()
}

fn by_id() -> SecretRef {
    SecretId::new("e6qs").unwrap().into()
}

/// The entries as a put sends them, for a new secret and for a version.
async fn sent(payload: &Payload) -> [serde_json::Value; 2] {
    let begun = json!({"id": "e6qop", "done": true, "metadata": {
        "@type": "type.googleapis.com/yandex.cloud.lockbox.v1.CreateSecretMetadata", "secretId": "e6qs",
    }});
    let secret = json!({"id": "e6qs"}).to_string();
    let created = Script::new([
        answer(200, "{}"),
        answer(200, begun.to_string()),
        answer(200, &secret),
    ]);
    store_on(&created, 0).put("db", payload).await.unwrap();
    let base = json!({"id": "e6qs", "currentVersion": {"id": "e6qv", "status": "ACTIVE",
        "payloadEntryKeys": ["stale key of none"]}});
    let added = [
        answer(200, base.to_string()),
        answer(200, begun.to_string()),
        answer(200, &secret),
    ];
    let added = Script::new(added);
    store_on(&added, 0).put(by_id(), payload).await.unwrap();
    let create = body_of(&created.sent()[1]).unwrap();
    let mut add = body_of(&added.sent()[1]).unwrap();
    let removed = add["payloadEntries"].as_array_mut().unwrap().pop().unwrap();
    assert_eq!(removed, json!({"key": "stale key of none"}));
    [
        create["versionPayloadEntries"].clone(),
        add["payloadEntries"].clone(),
    ]
}

/// What a read of these entries gives.
async fn read(entries: &serde_json::Value) -> Payload {
    let body = json!({"versionId": "e6qv", "entries": entries}).to_string();
    let script = Script::new([answer(200, body)]);
    let store = store_on(&script, 0);
    store
        .get(&by_id(), GetOptions::default())
        .await
        .unwrap()
        .payload
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_put_is_read(entries in entries()) {
        let given = payload(&entries);

        let sent = run(sent(&given));

        for on_the_wire in sent {
            let back = run(read(&on_the_wire));
            prop_assert!(back.same_as(&given));
            for (key, text, _) in &entries {
                prop_assert_eq!(back.get(key).unwrap().is_text(), *text);
            }
        }
    }

    #[test]
    fn a_payload_by_name_holds_the_same_bytes(entries in entries()) {
        let given = payload(&entries);
        let fields = entries.iter().map(|(key, _, bytes)| {
            let body = json::encode(&json::PlainBase64(&Value::binary(bytes.clone()))).unwrap();
            let text: String = json::decode(body.as_bytes()).unwrap();
            (key.clone(), serde_json::Value::from(text))
        });
        let fields: serde_json::Map<_, _> = fields.collect();
        let body = json!({"secretId": "e6qs", "entries": fields}).to_string();
        let script = Script::new([answer(200, body)]);

        let back = run(store_on(&script, 0).get_ex(&by_id(), &Default::default())).unwrap();

        prop_assert!(back.payload.same_as(&given));
    }
}
