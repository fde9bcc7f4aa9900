//! What is this store's own.

use std::time::Duration;

use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::{
    Environment, ErrorKind, GetOptions, InfoPatch, PageRequest, Payload, Retry, SecretId,
    SecretName, SecretRef, SecretStore, SecretStoreExt,
};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Script, answer, lost};
use polyvault_wix_secrets::emulator::{Call, Emulator};
use polyvault_wix_secrets::{PROVIDER, WixSecrets};

use crate::script::store_on;

fn id(text: &str) -> SecretId {
    SecretId::new(text).unwrap()
}

async fn text_of(store: &WixSecrets, secret: impl Into<SecretRef>) -> String {
    let secret = store.get_with(secret.into(), GetOptions::default()).await;
    let payload = secret.unwrap().payload;
    payload.single().unwrap().expose_text().unwrap().to_owned()
}

#[tokio::test]
async fn an_id_is_looked_up_for_the_name_that_reads_it() {
    let emulator = Emulator::start().await;
    let store = emulator.store();
    let first = id(&emulator.seed("a", "of-a"));
    let hash = id(&emulator.seed("a#b", "of-a-hash-b"));
    // A name in the form of an id is a name.
    emulator.seed(first.as_str(), "of-a-name");

    assert_eq!(text_of(&store, &first).await, "of-a");
    assert_eq!(text_of(&store, &hash).await, "of-a-hash-b");
    let name = SecretName::new(first.as_str()).unwrap();
    assert_eq!(text_of(&store, &name).await, "of-a-name");
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_changes_nothing() {
    let emulator = Emulator::start().await;
    let store = emulator.store();
    emulator.seed("a", "of-a");

    // The name of another secret, and what would climb out of the route.
    for text in [
        "a",
        "name",
        "../secrets",
        "8c7d6e5f-4b3a-4291-8f0e-1d2c3b4a5f02",
    ] {
        let unknown = SecretRef::from(id(text));
        let update = InfoPatch {
            description: Some("x".into()),
            ..InfoPatch::default()
        };
        for error in [
            store
                .get(&unknown, GetOptions::default())
                .await
                .unwrap_err(),
            store.describe(&unknown).await.unwrap_err(),
            store.put(&unknown, "x").await.unwrap_err(),
            store.update(&unknown, update).await.unwrap_err(),
            store.delete(&unknown).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert_eq!(error.secret(), Some(text));
        }
    }
    assert_eq!(text_of(&store, SecretName::new("a").unwrap()).await, "of-a");
}

#[tokio::test]
async fn twins_that_should_not_be_there_are_ambiguous() {
    let emulator = Emulator::start().await;
    let store = emulator.store();
    let ids = [emulator.seed("db", "one"), emulator.seed("db", "two")];
    let name = SecretRef::try_from("db").unwrap();
    let update = InfoPatch {
        description: Some("x".into()),
        ..InfoPatch::default()
    };

    for error in [
        store.describe(&name).await.unwrap_err(),
        store.put(&name, "x").await.unwrap_err(),
        store.update(&name, update).await.unwrap_err(),
        store.delete(&name).await.unwrap_err(),
        // Its name would read either of the two.
        store
            .get_with(id(&ids[1]), GetOptions::default())
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        assert!(ids.iter().all(|id| error.message().contains(id)), "{error}");
    }
    store.delete(id(&ids[0])).await.unwrap();
    assert_eq!(text_of(&store, name).await, "two");
}

#[tokio::test]
async fn a_rename_keeps_the_id_and_the_value() {
    let emulator = Emulator::start().await;
    let store = emulator.store();
    let written = store.put("old", "value").await.unwrap();
    let patch = InfoPatch {
        name: Some(SecretName::new("new").unwrap()),
        description: Some("main database".into()),
        ..InfoPatch::default()
    };

    let told = store.update(&written.secret, patch).await.unwrap();

    let listed = store.describe(&"new".try_into().unwrap()).await.unwrap();
    assert_eq!(told.id, written.secret);
    assert_eq!(listed.id, written.secret);
    assert_eq!(told.name, listed.name);
    assert_eq!(told.description, listed.description);
    assert_eq!(text_of(&store, &written.secret).await, "value");
    let gone = store
        .describe(&"old".try_into().unwrap())
        .await
        .unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_value_is_counted_in_utf_16_units() {
    let emulator = Emulator::start().await;
    let store = emulator.store();

    for (fits, too_large) in [
        ("x".repeat(3500), "x".repeat(3501)),
        ("é".repeat(3500), "é".repeat(3501)),
        ("🔑".repeat(1750), "🔑".repeat(1750) + "x"),
    ] {
        store.put("db", fits.as_str()).await.unwrap();
        let before = emulator.request_count();
        let error = store.put("db", too_large).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.message().contains("3501 UTF-16 units"), "{error}");
        assert_eq!(emulator.request_count(), before);
        assert_eq!(text_of(&store, SecretName::new("db").unwrap()).await, fits);
    }
}

#[tokio::test]
async fn unfit_names_are_never_sent() {
    let emulator = Emulator::start().await;
    let store = emulator.store();

    for name in [
        "a/b",
        "a b",
        "..",
        "a%41",
        "a?b",
        "é",
        "wix",
        "WiXx",
        &"x".repeat(51),
    ] {
        let error = store.put(name, "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
        let error = store.get_text(name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
    }
    let rename = InfoPatch {
        name: Some(SecretName::new("wix-x").unwrap()),
        ..InfoPatch::default()
    };
    let error = store.update("db", rename).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(emulator.request_count(), 0);

    for name in ["a_+=-@#$1", "awix", "wi", &"x".repeat(50)] {
        store.put(name, name).await.unwrap();
        assert_eq!(text_of(&store, SecretName::new(name).unwrap()).await, name);
    }
}

#[tokio::test]
async fn a_value_that_the_answer_lacks_is_no_empty_secret() {
    for body in [
        "{}",
        r#"{"value":null}"#,
        r#"{"value":""}"#,
        r#"{"value":7}"#,
        r#"{"secret":{"value":"x"}}"#,
        r#""x""#,
        r#"{"value":"x"#,
        "<html></html>",
        "",
    ] {
        let script = Script::new([answer(200, body)]);

        let error = store_on(&script, None, 0).get_text("db").await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert_eq!(error.operation(), Some("get"));
    }
}

#[tokio::test]
async fn a_list_that_is_none_is_no_empty_site() {
    for body in [
        "",
        "[]",
        "<html></html>",
        r#"{"secrets":{}}"#,
        r#"{"secrets":[{"name":"a"}]}"#,
    ] {
        let script = Script::new([answer(200, body)]);

        let listed = store_on(&script, None, 0)
            .list_page(PageRequest::default())
            .await;

        assert_eq!(listed.unwrap_err().kind(), ErrorKind::Decode, "{body}");
    }
    for body in ["{}", r#"{"secrets":null}"#, r#"{"secrets":[],"next":"x"}"#] {
        let script = Script::new([answer(200, body)]);
        let listed = store_on(&script, None, 0)
            .list_page(PageRequest::default())
            .await;
        assert!(listed.unwrap().items.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn a_date_in_another_form_is_not_told_and_loses_nothing() {
    let body = r#"{"secrets":[
        {"id":"i1","name":"a","createdDate":"yesterday","updatedDate":1590473806000,"more":[{}]},
        {"id":"i2","name":"b","createdDate":"2020-05-26T08:16:46+02:00"}]}"#;
    let script = Script::new([answer(200, body)]);

    let page = store_on(&script, None, 0)
        .list_page(PageRequest::default())
        .await
        .unwrap();

    assert_eq!(page.items[0].created_at, None);
    assert_eq!(page.items[0].updated_at, None);
    let told = page.items[1].created_at.unwrap();
    assert_eq!(told.to_string(), "2020-05-26T06:16:46Z");
}

#[tokio::test]
async fn a_description_that_is_empty_is_none() {
    let body = r#"{"secrets":[{"id":"i1","name":"a","description":""}]}"#;
    let script = Script::new([answer(200, body)]);

    let info = store_on(&script, None, 0)
        .describe(&SecretRef::try_from("a").unwrap())
        .await
        .unwrap();

    assert_eq!(info.description, None);
}

#[tokio::test]
async fn a_delete_whose_repeat_finds_nothing_was_our_own() {
    let list = r#"{"secrets":[{"id":"i1","name":"db"}]}"#;

    let script = Script::new([answer(200, list), lost(), answer(404, "{}")]);
    store_on(&script, None, 1).delete("db").await.unwrap();

    let script = Script::new([answer(200, list), answer(404, "{}")]);
    let error = store_on(&script, None, 1).delete("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let script = Script::new([answer(200, list), answer(204, "")]);
    store_on(&script, None, 1).delete("db").await.unwrap();
}

#[tokio::test]
async fn the_newest_consistency_mark_goes_with_every_later_request() {
    let emulator = Emulator::start().await;
    emulator.consistency_header(true);
    let store = emulator.store();

    store.put("db", "one").await.unwrap();
    store.put("db", "two").await.unwrap();
    store.clone().delete("db").await.unwrap();
    store.list_page(PageRequest::default()).await.unwrap();

    let requests = emulator.server().received_requests().await.unwrap();
    let marks: Vec<_> = requests
        .iter()
        .map(|request| Some(request.headers.get("x-wix-consistent")?.to_str().unwrap()))
        .collect();
    let due = [
        "write-0", "write-1", "write-1", "write-2", "write-2", "write-3",
    ];
    assert_eq!(marks[0], None);
    assert_eq!(marks[1..], due.map(Some));
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended() {
    let emulator = Emulator::start().await;
    let store = emulator.store();
    let mut seeded: Vec<String> = (0..5)
        .map(|i| emulator.seed(&format!("s{i}"), "v"))
        .collect();
    seeded.sort();
    let mut request = PageRequest {
        size: Some(2),
        token: None,
    };

    let mut pages = Vec::new();
    loop {
        let page = store.list_page(request.clone()).await.unwrap();
        let ids: Vec<String> = page.items.iter().map(|info| info.id.to_string()).collect();
        // What a page ended with may be gone by the next one.
        store
            .delete(page.items.last().unwrap().id.clone())
            .await
            .unwrap();
        pages.push(ids);
        match page.next {
            Some(token) => request.token = Some(token),
            None => break,
        }
    }

    assert_eq!(pages, [&seeded[..2], &seeded[2..4], &seeded[4..]]);
}

#[tokio::test]
async fn a_throttled_call_tells_how_long_to_wait() {
    for (told, due) in [(None, 60), (Some(90), 90)] {
        let emulator = Emulator::start().await;
        emulator.throttle(1, told.map(Duration::from_secs));
        let retry = polyvault_core::transport::RetryPolicy {
            max_repeats: 0,
            ..Default::default()
        };
        let store = emulator.store_with(polyvault_core::transport::ClientOptions {
            retry,
            ..Default::default()
        });

        let error = store.get_text("db").await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry(), Retry::After(Some(Duration::from_secs(due))));
    }
}

#[tokio::test]
async fn a_wrong_route_is_told_apart_from_a_missing_secret() {
    let emulator = Emulator::start().await;
    let store = |endpoint: String| {
        WixSecrets::builder("site")
            .endpoint(endpoint)
            .api_key("IST.key".into())
            .build()
            .unwrap()
    };

    let missing = store(emulator.endpoint()).get_text("db").await.unwrap_err();
    let wrong = store(emulator.endpoint() + "/api/v1/secrets");
    let wrong = wrong.get_text("db").await.unwrap_err();

    assert_eq!(
        (missing.kind(), missing.code()),
        (ErrorKind::NotFound, Some("NOT_FOUND"))
    );
    assert!(!missing.help().contains("endpoint"), "{}", missing.help());
    assert_eq!(wrong.kind(), ErrorKind::NotFound);
    assert!(
        wrong.message().contains("the route may be wrong"),
        "{wrong}"
    );
    assert!(
        wrong.help().contains("Check the endpoint"),
        "{}",
        wrong.help()
    );
}

#[tokio::test]
async fn a_key_without_its_site_is_told_what_to_check() {
    let body = r#"{"message":"No Metasite Context in identity.",
        "details":{"applicationError":{"code":"UNAUTHORIZED"}}}"#;
    let script = Script::new([answer(401, body)]);

    let error = store_on(&script, None, 0).get_text("db").await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("No Metasite Context"), "{error}");
    assert!(error.help().contains("site's id"), "{}", error.help());
}

#[tokio::test]
async fn no_value_and_no_key_shows_in_errors_and_debug() {
    let mark = Mark::new();
    let echo = format!(
        r#"{{"message":"{0} is bad","details":{{"validationError":{{"fieldViolations":
        [{{"field":"secret.value {0}","description":"{0}","violatedRule":"{0} long"}}]}}}}}}"#,
        mark.text()
    );
    let list = r#"{"secrets":[{"id":"i1","name":"db"}]}"#;
    let broken = format!(r#"{{"value":["{}"]}}"#, mark.text());
    for script in [
        Script::new([answer(200, "{}"), answer(400, &echo)]),
        Script::new([answer(200, list), answer(400, &echo)]),
        Script::new([answer(200, list), answer(200, "{}")]),
    ] {
        let store = store_on(&script, None, 0);
        if let Err(error) = store.put("db", mark.text()).await {
            assert_eq!(mark.find_in_all(&error), None);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(mark.find_in_debug(&script.sent()), None);
        assert!(!format!("{store:?} {store} {:?}", script.sent()).contains("IST."));
    }
    let error = store_on(&Script::new([answer(200, &broken)]), None, 0)
        .get_text("db")
        .await;
    assert_eq!(mark.find_in_all(&error.unwrap_err()), None);
}

#[tokio::test]
async fn a_read_by_name_needs_no_list() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "value");
    emulator.forbid([Call::List]);
    let store = emulator.store();

    let secret = store
        .get(&"db".try_into().unwrap(), GetOptions::default())
        .await
        .unwrap();

    assert!(secret.payload.same_as(&Payload::text("value")));
    assert_eq!(secret.name.unwrap().as_str(), "db");
    assert_eq!(emulator.request_count(), 1);
}

#[tokio::test]
async fn a_store_opens_by_its_url() {
    let emulator = Emulator::builder()
        .api_key("IST.k")
        .site("site-1")
        .start()
        .await;
    emulator.seed("db", "value");
    let environment = Environment::empty().with("WIX_API_KEY", "IST.k");
    let open = |text: &str, environment: &Environment| {
        let options = OpenOptions {
            environment: environment.clone(),
            ..OpenOptions::default()
        };
        (PROVIDER.open)(&StoreUrl::parse(text).unwrap(), options)
    };
    let url = format!("wix-secrets://site-1?endpoint={}", emulator.endpoint());

    let store = open(&url, &environment).unwrap();
    assert_eq!(store.to_string(), "wix-secrets://site-1");
    assert!(store.get_text("db").await.is_ok());
    assert!(emulator.store().get_text("db").await.is_ok());

    let no_key = open("wix-secrets://site-1", &Environment::empty()).unwrap_err();
    assert!(no_key.message().contains("WIX_API_KEY"), "{no_key}");
    for wrong in [
        "wix-secrets://",
        "wix-secrets://site/1",
        "wix-secrets://site-1?endpoint=http://wixapis.com",
        "wix-secrets://site-1?token_endpoint=http://www.wixapis.com",
        "wix-secrets://site-1?names=all",
        "wix-secrets://site-1?api_key=IST.k",
    ] {
        let error = open(wrong, &environment).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
    }
}
