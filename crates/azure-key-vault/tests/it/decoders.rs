//! No answer makes a decoder panic.

mod certificate;
mod challenge;
mod event;

use polyvault_core::{ErrorKind, OperationId, SecretName, SecretRef, SecretStore, VersionId};
use polyvault_testkit::bodies::{answers_like, call_all};
use polyvault_testkit::script::{Script, answer};
use proptest::prelude::*;

use polyvault_azure_key_vault::arm::ArmPatch;
use polyvault_azure_key_vault::events::{Receiver, parse};
use polyvault_azure_key_vault::identifier::{Hosts, SecretIdentifier};

use crate::arm;
use crate::script::store_on;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_makes_a_call_panic((status, body) in answers_like("azure-key-vault")) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let version = VersionId::new("0123456789abcdef0123456789abcdef").unwrap();
        let secret = SecretRef::from(SecretName::new("db").unwrap());
        runtime.block_on(async {
            let script = Script::always(answer(status, body));
            call_all(&store_on(&script), &secret, &version).await;
            let arm = arm::store_on(&script);
            call_all(&arm, &secret, &version).await;
            let _ = arm.patch(secret, ArmPatch { enabled: Some(true), ..ArmPatch::default() }).await.is_ok();
        });
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,80}", path in "[a-zA-Z0-9/.%:@?#-]{0,40}", bytes in any::<Vec<u8>>()) {
        for text in [text, format!("https://my-vault.vault.azure.net/{path}"), format!("https:{path}")] {
            let _ = SecretIdentifier::parse(&text, &Hosts::clouds()).is_ok();
            let reference = format!(r#"{{"uri":"{path}"}}"#);
            let read = SecretIdentifier::from_app_configuration(&text, &reference, &Hosts::clouds());
            let _ = read.is_ok();
        }
        let _ = parse(&bytes).is_ok();
        let receiver = Receiver::authenticated_elsewhere().subscription("s");
        for kind in ["SubscriptionValidation", "Notification", "SubscriptionDeletion"] {
            let request = http::Request::post("/events").header("aeg-event-type", kind);
            let request = request.header("aeg-subscription-name", "s").body(bytes.clone()).unwrap();
            let _ = receiver.receive(&request).is_ok();
        }
    }

    #[test]
    fn an_operation_id_is_of_one_secret_or_refused(text in operation_ids()) {
        let Ok(id) = OperationId::new(text.clone()) else {
            return Ok(());
        };
        let of = |kind: &str| {
            let name = text.strip_prefix(kind)?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            ((1..=127).contains(&name.len()) && name.chars().all(plain)).then_some(name)
        };
        let path = match (of("delete:"), of("recover:")) {
            (Some(name), _) => Some(format!("deletedsecrets/{name}")),
            (_, Some(name)) => Some(format!("secrets/{name}")),
            _ => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let script = Script::always(answer(200, r#"{"id":"https://v/secrets/db","value":"x"}"#));
            match (store_on(&script).resume(&id).await, path) {
                (Ok(mut operation), Some(path)) => {
                    operation.poll().await.unwrap();
                    let url = format!("GET https://myvault.vault.azure.net/{path}?api-version=2026-04-01");
                    assert_eq!(script.lines(), [url]);
                }
                (Err(error), None) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidInput);
                    assert_eq!(script.lines().len(), 0);
                }
                (resumed, path) => panic!("{text:?}: {resumed:?}, {path:?}"),
            }
        });
    }
}

fn operation_ids() -> impl Strategy<Value = String> {
    let pieces = [
        ":", "db", "-", "..", "/", "%2f", "?", "#", "@x", " ", "\u{e9}",
    ];
    let pieces = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..4);
    let kind = proptest::sample::select(vec!["delete:", "recover:", "delete", "Delete:", "purge:"]);
    prop_oneof![
        "(delete|recover):[0-9a-zA-Z-]{1,128}",
        (kind, pieces).prop_map(|(kind, pieces)| format!("{kind}{}", pieces.concat())),
        ".{0,40}",
    ]
}
