//! No answer makes a decoder panic.

use polyvault_core::{
    ErrorKind, OperationId, Polled, SecretName, SecretRef, SecretStore, VersionId,
};
use polyvault_testkit::bodies::{answers_like, call_all};
use polyvault_testkit::script::{Script, answer};
use proptest::prelude::*;

use crate::script::store_on;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_makes_a_call_panic((status, body) in answers_like("yandex-lockbox")) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let version = VersionId::new("e6q0000000000000v001").unwrap();
        let secret = SecretRef::from(SecretName::new("db").unwrap());
        runtime.block_on(async {
            let script = Script::always(answer(status, body));
            call_all(&store_on(&script, 1), &secret, &version).await;
        });
    }

    #[test]
    fn an_operation_id_is_one_segment_of_a_path_or_refused(text in operation_ids()) {
        let Ok(id) = OperationId::new(text.clone()) else {
            return Ok(());
        };
        let done = r#"{"id":"op","done":true,"metadata":{"@type":
            "type.googleapis.com/yandex.cloud.lockbox.v1.DeleteSecretMetadata","secretId":"e6qs"}}"#;
        let script = Script::always(answer(200, done));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

        match runtime.block_on(store_on(&script, 0).resume(&id)) {
            Ok(mut operation) => {
                prop_assert!(matches!(runtime.block_on(operation.poll()), Ok(Polled::Done(_))));
                let lines = script.lines();
                let segment = lines[0].strip_prefix("GET https://operation.api.cloud.yandex.net/operations/");
                prop_assert!(segment.is_some_and(|text| !text.contains(['/', '?', '#'])), "{lines:?}");
                prop_assert_eq!(unescaped(segment.unwrap()), text.as_bytes());
                prop_assert_eq!(lines.len(), 1);
                // What no escaping keeps in its place: every client of HTTP takes it out.
                prop_assert!(![".", ".."].contains(&&*text));
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
                prop_assert!([".", ".."].contains(&&*text), "{text}");
                prop_assert_eq!(script.lines().len(), 0);
            }
        }
    }
}

fn operation_ids() -> impl Strategy<Value = String> {
    let pieces = [
        ".",
        "..",
        "/",
        "\\",
        "%2f",
        "%",
        "?",
        "#",
        "@x",
        ":",
        "//evil.example",
        " ",
        "\u{e9}",
        "e6q",
    ];
    let pieces = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..4);
    prop_oneof![pieces.prop_map(|pieces| pieces.concat()), ".{0,40}"]
}

/// By RFC 3986, section 2.1.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    bytes
}
