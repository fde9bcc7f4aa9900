//! Any webhook: an event that tells what it was sent, or a typed error, and never a value.

use polyvault_core::SecretId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// The platform's texts of JSON within texts of JSON, nearly as they are.
fn nodes() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(json!(null)),
        2 => Just(json!("")),
        1 => Just(json!("{}")),
        1 => Just(json!("hunter2")),
        1 => Just(json!("{\"name\":\"hunter2")),
        1 => Just(json!("{\"entityId\":7,\"value\":\"hunter2\"}")),
        2 => Just(json!({"entityAsJson": "{\"name\":\"hunter2"})),
        1 => Just(json!({"entityAsJson": "[\"hunter2\"]"})),
        1 => Just(json!("\u{0}")),
        1 => Just(json!(["hunter2"])),
        1 => Just(json!({"hunter2": "hunter2"})),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => ".{0,12}".prop_map(Value::from),
    ]
}

fn changed(value: Value, at: &str, node: Option<&Value>) -> Value {
    let mut fields = value;
    if let (Some(object), Some(node)) = (fields.as_object_mut(), node) {
        object.insert(at.to_owned(), node.clone());
    }
    fields
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_tells_what_it_was_sent(
        kind in select(vec![
            ("secret_created", EventKind::Created),
            ("secret_updated", EventKind::Updated),
            ("secret_deleted", EventKind::Deleted),
        ]),
        (id, name) in ("[^\\p{Cc}]{1,20}", proptest::option::of("[^\\p{Cc}]{1,20}")),
        second in -62_135_596_800..253_402_207_200_i64,
        sequence in proptest::option::of(any::<u32>()), in_text in any::<bool>(), created in any::<bool>(),
    ) {
        let at = Timestamp::from_second(second).unwrap();
        let entity = json!({"name": name, "value": "hunter2"}).to_string();
        let (event, field) = match created {
            true => ("createdEvent", "entityAsJson"),
            false => ("updatedEvent", "currentEntityAsJson"),
        };
        let told = sequence.map(|told| match in_text {
            true => json!(told.to_string()),
            false => json!(told),
        });
        let mut envelope = json!({
            "entityId": id, "eventTime": at.to_string(), "entityEventSequence": told,
        });
        envelope[event] = json!({ field: entity });
        let body = signed_by(&KEY, &claims(kind.0, &envelope, INSTANCE));

        let told = webhooks().0.verify(&body).unwrap();

        prop_assert_eq!(told.kind, kind.1);
        prop_assert_eq!(&told.secret, &SecretId::new(id).unwrap());
        prop_assert_eq!(told.name.as_ref().map(|name| name.as_str()), name.as_deref());
        prop_assert_eq!(told.at, Some(at));
        prop_assert_eq!(&told.sequence, &sequence.map(|told| told.to_string()));
        let shown = format!("{told:?}");
        prop_assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_signed_and_no_event_is_a_typed_error_that_quotes_nothing(
        outer in proptest::option::weighted(0.15, (select(vec!["data", "iat", "exp", "aud"]), nodes())),
        inner in proptest::option::weighted(0.15, (select(vec!["data", "instanceId", "eventType"]), nodes())),
        envelope in proptest::option::weighted(0.8, (select(vec![
            "entityId", "eventTime", "entityEventSequence", "createdEvent", "updatedEvent",
        ]), nodes())),
        cut in proptest::option::weighted(0.2, any::<Index>()),
    ) {
        let change = |value, by: &Option<(&'static str, Value)>| match by {
            Some((at, node)) => changed(value, at, Some(node)),
            None => value,
        };
        let mut envelope = change(created(), &envelope).to_string();
        if let Some(cut) = cut {
            let cut = cut.index(envelope.len());
            envelope = envelope.chars().take(cut).collect();
        }
        let data = json!({
            "data": envelope, "instanceId": INSTANCE, "eventType": "wix.velo.secrets_vault.v1.secret_created",
        });
        let data = change(data, &inner).to_string();
        let claims = change(json!({"data": data, "iat": NOW, "exp": NOW + 3600}), &outer);
        let body = signed_by(&KEY, &claims);

        if let Err(error) = webhooks().0.verify(&body) {
            let kinds = [ErrorKind::Unauthenticated, ErrorKind::Decode, ErrorKind::Unsupported];
            prop_assert!(kinds.contains(&error.kind()), "{error}");
            let shown = format!("{error} {error:?} {}", error.help());
            prop_assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn what_is_not_signed_is_refused(
        text in prop_oneof![".{0,60}", "[A-Za-z0-9_=-]{0,20}(\\.[A-Za-z0-9_=-]{0,20}){0,4}"],
        changes in vec((any::<Index>(), "[!-~]"), 1..4),
        drop in any::<bool>(),
    ) {
        static GOOD: LazyLock<String> = LazyLock::new(|| {
            signed_by(&KEY, &claims("secret_created", &created(), INSTANCE))
        });
        let mut changed: Vec<String> = GOOD.chars().map(String::from).collect();
        for (at, other) in changes {
            *at.get_mut(&mut changed) = if drop { String::new() } else { other };
        }
        for body in [text, changed.concat()] {
            if body != *GOOD {
                prop_assert_eq!(refused(&body), ErrorKind::Unauthenticated, "{}", body);
            }
        }
    }

    #[test]
    fn any_text_is_a_key_or_refused_and_not_quoted(
        label in select(vec!["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "PRIVATE KEY", ""]),
        text in prop_oneof!["hunter2.{0,20}", "[A-Za-z0-9+/=\n]{0,80}hunter2"],
        whole in any::<bool>(),
    ) {
        let pem = match whole {
            true => format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n"),
            false => text,
        };
        let error = Webhooks::new(&pem, INSTANCE).unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::Config);
        let shown = format!("{error} {error:?} {}", error.help());
        prop_assert!(!shown.contains("hunter2"), "{shown}");
    }
}
