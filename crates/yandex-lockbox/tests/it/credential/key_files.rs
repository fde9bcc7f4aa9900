//! Files of authorized keys: they sign as they say, or nobody is asked and nothing of them is shown.

use polyvault_core::ErrorKind;
use polyvault_yandex_lockbox::credential::AuthorizedKey;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Map;

use super::*;

/// What a read comes to with the key of this text, where IAM takes none: the kind, and what IAM was sent.
fn run(text: String) -> (ErrorKind, std::sync::Arc<Web>) {
    let web = Web::new();
    web.answer(IAM, web::json(403, json!({"code": 7})));
    let builder = YandexLockbox::builder(FOLDER).credential(AuthorizedKey::from_json(text.into()));
    let store = builder.client_options(web.options()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();

    let error = runtime.unwrap().block_on(read(&store)).unwrap_err();

    let shown = format!("{error} {error:?} {} {store:?}", error.help());
    assert!(!shown.contains("hunter2"), "{shown}");
    for line in pem().lines() {
        assert!(!shown.contains(line), "{shown}");
    }
    (error.kind(), web)
}

/// A file of these three, in one of the forms that there are.
fn form(how: u8, id: Option<&str>, account: Option<&str>, private: Option<&str>) -> Value {
    let told = |fields: [(&str, Option<&str>); 2]| {
        let fields = fields.into_iter();
        let told = fields.filter_map(|(key, value)| Some((key.to_owned(), json!(value?))));
        told.collect::<Map<_, _>>()
    };
    let account_field = ["service_account_id", "serviceAccountId"][usize::from(how % 2)];
    let public = told([("id", id), (account_field, account)]);
    let mut file = match how % 4 {
        0 | 1 => public,
        _ => Map::from_iter([("key".to_owned(), Value::Object(public))]),
    };
    let private_field = ["private_key", "privateKey"][usize::from(how / 4 % 2)];
    file.extend(told([(private_field, private), ("later", Some("hunter2"))]));
    Value::Object(file)
}

/// The key as it may be spelt.
fn private(how: u8) -> String {
    let pem = pem();
    let (comment, key) = pem.split_once('\n').unwrap();
    match how % 4 {
        0 => pem.clone(),
        1 => key.to_owned(),
        2 => key.replace('\n', "\\n"),
        _ => format!("{comment}\nhunter2\n{key}"),
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!("")),
        Just(json!("hunter2")),
        Just(json!("-----BEGIN hunter2")),
        Just(json!(
            "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"
        )),
        Just(json!(
            "-----BEGIN EC PRIVATE KEY-----\naHVudGVyMg==\n-----END EC PRIVATE KEY-----\n"
        )),
        Just(json!(["hunter2"])),
        Just(json!({"id": "hunter2"})),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_key_of_any_form_signs_as_it_says_and_one_that_lacks_a_part_does_not(
        how in any::<u8>(), spelt in any::<u8>(), (id, account) in (".{1,20}", ".{1,20}"),
        lacks in proptest::option::of(0..3_usize),
    ) {
        let private = private(spelt);
        let part = |at: usize, text| (lacks != Some(at)).then_some(text);
        let file = form(how, part(0, &*id), part(1, &*account), part(2, &*private));

        let (kind, web) = run(file.to_string());

        if lacks.is_some() {
            prop_assert_eq!((kind, web.lines().len()), (ErrorKind::Config, 0));
        } else {
            prop_assert_eq!(kind, ErrorKind::Unauthenticated);
            let (header, claims, _, _) = statements(&web).remove(0);
            prop_assert_eq!((&header["kid"], &claims["iss"]), (&json!(id), &json!(account)));
        }
    }

    #[test]
    fn any_text_signs_or_asks_nobody(
        how in any::<u8>(),
        nodes in vec((select(vec!["id", "key", "service_account_id", "private_key", "userAccountId"]), values()), 0..3),
        key in proptest::option::weighted(0.7, (any::<Index>(), any::<char>())),
        bytes in vec((any::<Index>(), any::<char>()), 0..3),
        cut in proptest::option::weighted(0.2, any::<Index>()),
        plain in proptest::option::weighted(0.1, ".{0,40}"),
    ) {
        let mut private: Vec<char> = private(how).chars().collect();
        if let Some((at, other)) = key {
            *at.get_mut(&mut private) = other;
        }
        let private: String = private.into_iter().collect();
        let mut file = form(how, Some("id"), Some("account"), Some(&private));
        file.as_object_mut().unwrap().extend(nodes.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let mut text: Vec<char> = file.to_string().chars().collect();
        for (at, other) in bytes {
            *at.get_mut(&mut text) = other;
        }
        if let Some(cut) = cut {
            text.truncate(cut.index(text.len()));
        }

        let (kind, web) = run(plain.unwrap_or_else(|| text.into_iter().collect()));

        let outcome = (kind, web.lines().len());
        let known = [(ErrorKind::Config, 0), (ErrorKind::Unauthenticated, 1)];
        prop_assert!(known.contains(&outcome), "{outcome:?}");
    }
}
