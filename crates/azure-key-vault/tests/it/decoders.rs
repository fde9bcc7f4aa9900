//! No answer makes a decoder panic.

mod challenge;

use polyvault_core::{SecretName, SecretRef, VersionId};
use polyvault_testkit::bodies::{answers_like, call_all};
use polyvault_testkit::script::{Script, answer};
use proptest::prelude::*;

use polyvault_azure_key_vault::arm::ArmPatch;
use polyvault_azure_key_vault::events::{Receiver, parse};
use polyvault_azure_key_vault::identifier::{Hosts, SecretIdentifier};

use crate::arm;
use crate::script::store_on;

proptest! {
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
}
