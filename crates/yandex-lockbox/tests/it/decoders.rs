//! No answer makes a decoder panic.

use polyvault_core::{SecretName, SecretRef, VersionId};
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
}
