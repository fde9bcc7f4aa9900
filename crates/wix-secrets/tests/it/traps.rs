//! The fifteen mistakes that the service's wire invites, one test each.

use polyvault_core::capabilities::Versions;
use polyvault_core::{
    Error, ErrorKind, GetOptions, InfoPatch, SecretName, SecretStore, SecretStoreExt, VersionId,
    VersionSelector,
};
use polyvault_testkit::script::{Script, answer, body_of, lost};
use polyvault_testkit::web::{self, Web};
use polyvault_wix_secrets::credential::App;
use polyvault_wix_secrets::emulator::Emulator;
use polyvault_wix_secrets::{Names, WixSecrets};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, ResponseTemplate};

use crate::script::{KEY, SITE, store_on, verbs};

const A: &str = "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01";
const B: &str = "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7b02";

fn listed(secrets: Value) -> polyvault_testkit::script::Answer {
    answer(200, json!({ "secrets": secrets }).to_string())
}

fn patch(description: &str) -> InfoPatch {
    InfoPatch {
        description: Some(description.to_owned()),
        ..InfoPatch::default()
    }
}

/// The error of a read that is answered so.
async fn refused(status: u16, body: &str) -> Error {
    let script = Script::always(answer(status, body));
    let store = store_on(&script, None, 0);
    store.get_text("db").await.unwrap_err()
}

/// The URLs that were asked for, without the service's own.
fn paths(script: &Script) -> Vec<String> {
    const BASE: &str = "https://www.wixapis.com/_api/cloud-secrets-vault-server/api/v1/secrets";
    let sent = script.sent();
    let uris = sent.iter().map(|request| request.uri().to_string());
    uris.map(|uri| uri.strip_prefix(BASE).unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn trap_1_the_gateways_path_stands_before_the_services_own() {
    let script = Script::new([answer(200, r#"{"value":"x"}"#)]);

    store_on(&script, None, 0).get_text("db").await.unwrap();

    assert_eq!(paths(&script), ["/name/db"]);
}

#[tokio::test]
async fn trap_2_the_wire_has_no_underscores() {
    let script = Script::new([listed(json!([{"_id": A, "name": "db"}]))]);
    let (store, db) = (store_on(&script, None, 0), "db".try_into().unwrap());
    assert_eq!(
        store.describe(&db).await.unwrap_err().kind(),
        ErrorKind::Decode
    );

    let date = "2020-05-26T06:16:46.000Z";
    let item =
        json!({"id": A, "name": "db", "createdDate": date, "_createdDate": "1999-01-01T00:00:00Z"});
    let script = Script::new([listed(json!([item]))]);
    let store = store_on(&script, None, 0);
    assert_eq!(
        store.describe(&db).await.unwrap().created_at,
        date.parse().ok()
    );
}

#[tokio::test]
async fn trap_3_no_bearer_stands_before_the_key() {
    let script = Script::new([answer(200, r#"{"value":"x"}"#)]);

    store_on(&script, None, 0).get_text("db").await.unwrap();

    assert_eq!(script.sent()[0].headers()["authorization"], KEY);
}

#[tokio::test]
async fn trap_4_a_token_is_asked_for_in_json_with_the_instance() {
    const HOST: &str = "www.wixapis.com";
    let web = Web::new();
    let token = json!({"access_token": "OAUTH2.one", "token_type": "Bearer", "expires_in": 14400});
    web.answer(HOST, web::json(200, token));
    web.answer(HOST, web::json(200, json!({"value": "x"})));
    let app = App::new("app-1", "hunter2".into(), "instance-1");
    let builder = WixSecrets::builder(SITE).app(app);
    let store = builder.client_options(web.options()).build().unwrap();

    store.get_text("db").await.unwrap();

    let body = String::from_utf8(web.bodies(HOST).remove(0)).unwrap();
    let body: Value = body.parse().unwrap();
    assert_eq!(body["instance_id"], "instance-1");
    assert_eq!(body["grant_type"], "client_credentials");
}

#[tokio::test]
async fn trap_5_no_name_reaches_another_route_or_the_secret_before_its_hash() {
    let script = Script::new([
        answer(200, r#"{"value":"x"}"#),
        answer(200, r#"{"value":"x"}"#),
    ]);
    let store = store_on(&script, None, 0);

    for odd in ["..", ".", "a/b", "a?b", "a%41", "a b"] {
        let refused = store.get_text(odd).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{odd}");
    }
    assert!(SecretName::new("").is_err());
    assert!(script.sent().is_empty());
    store.get_text("a#b").await.unwrap();
    store.get_text("a+=@$-_").await.unwrap();
    assert_eq!(paths(&script), ["/name/a%23b", "/name/a+=@$-_"]);
}

#[tokio::test]
async fn trap_6_an_update_says_only_what_changes_and_never_nothing() {
    let item = json!([{"id": A, "name": "db", "createdDate": "2020-05-26T06:16:46.000Z"}]);
    let script = Script::new([listed(item), answer(200, "{}")]);
    let store = store_on(&script, None, 0);

    let nothing = store.update("db", InfoPatch::default()).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::InvalidInput);
    assert!(script.sent().is_empty());
    store.update("db", patch("new")).await.unwrap();

    let sent = script.sent();
    assert_eq!(
        body_of(&sent[1]),
        Some(json!({"secret": {"description": "new"}}))
    );
}

#[tokio::test]
async fn trap_7_an_answer_without_a_body_is_done_and_the_emulator_gives_one() {
    for done in [(204, ""), (200, ""), (201, "{}")] {
        let script = Script::new([
            listed(json!([{"id": A, "name": "db"}])),
            answer(done.0, done.1),
            listed(json!([{"id": A, "name": "db"}])),
            answer(done.0, done.1),
        ]);
        let store = store_on(&script, None, 0);
        store.update("db", patch("new")).await.unwrap();
        store.delete("db").await.unwrap();
    }
    let emulator = Emulator::start().await;
    let store = emulator.store();
    store.put("db", "one").await.unwrap();
    let id = store.describe(&"db".try_into().unwrap()).await.unwrap().id;
    for (method, body) in [
        ("PATCH", json!({"secret": {"value": "two"}})),
        ("DELETE", Value::Null),
    ] {
        let done = crate::emulator::send(&emulator, method, &format!("/{id}"), body).await;
        assert_eq!(done, (200, json!({})), "{method}");
    }
}

#[tokio::test]
async fn trap_8_a_name_in_the_shape_of_an_id_is_a_name() {
    let both = || listed(json!([{"id": A, "name": "db"}, {"id": B, "name": A}]));
    let script = Script::new([both(), answer(200, "{}"), both(), answer(200, "{}")]);
    let store = store_on(&script, None, 0);

    store.put(A, "x").await.unwrap();
    store.delete(A).await.unwrap();

    assert_eq!(paths(&script), ["", &format!("/{B}"), "", &format!("/{B}")]);
}

#[tokio::test]
async fn trap_9_a_create_that_lost_its_answer_is_looked_at() {
    let taken = || {
        answer(
            409,
            r#"{"details":{"applicationError":{"code":"ALREADY_EXISTS"}}}"#,
        )
    };
    for (there, verbs_due) in [
        ("mine", "GET POST POST GET GET"),
        ("theirs", "GET POST POST GET GET PATCH"),
    ] {
        let script = Script::new([
            answer(200, "{}"),
            lost(),
            taken(),
            listed(json!([{"id": A, "name": "db"}])),
            answer(200, json!({ "value": there }).to_string()),
            answer(200, "{}"),
        ]);

        let written = store_on(&script, None, 2).put("db", "mine").await.unwrap();

        assert_eq!(written.created, there == "mine");
        assert_eq!(verbs(&script).join(" "), verbs_due);
    }
}

#[tokio::test]
async fn trap_10_a_date_is_no_version_and_nothing_is_promised_that_is_not_there() {
    let script = Script::new([
        listed(json!([{"id": A, "name": "db", "updatedDate": "2021-03-01T10:00:00Z"}])),
        answer(200, "{}"),
    ]);
    let store = store_on(&script, None, 0);
    assert_eq!(store.capabilities().versions, Versions::None);
    assert!(!store.capabilities().recover);

    let pinned = VersionSelector::from(VersionId::new("2021-03-01T10:00:00Z").unwrap());
    let read = store.get_with("db", GetOptions::from(pinned)).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Unsupported);
    let gone = store.recover("db").await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Unsupported);
    assert!(script.sent().is_empty());
    let written = store.put("db", "x").await.unwrap();
    assert!(written.version.id.is_none() && written.version.updated_at.is_none());
}

#[tokio::test]
async fn trap_11_no_answer_and_no_name_shows_where_it_must_not() {
    for (status, body) in [
        (200, r#"{"value":"hunter2"#),
        (200, r#"{"value":["hunter2"]}"#),
        (
            400,
            r#"{"message":"x","details":{"secret":{"value":"hunter2"}}}"#,
        ),
        (500, "hunter2"),
    ] {
        let error = refused(status, body).await;
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{status}"
        );
    }
    let script = Script::new([
        listed(json!([])),
        answer(400, r#"{"message":"\"hunter2\" is no value"}"#),
    ]);
    let error = store_on(&script, None, 0)
        .put("db", "hunter2")
        .await
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let queries = script.sent();
    assert!(queries.iter().all(|sent| sent.uri().query().is_none()));
    assert!(!format!("{:?}", script.sent()).contains("hunter2"));
}

#[tokio::test]
async fn trap_12_a_redirect_is_not_followed() {
    let (here, elsewhere) = (Emulator::start().await, Emulator::start().await);
    elsewhere.seed("db", "not this");
    let away = ResponseTemplate::new(302).insert_header("location", elsewhere.endpoint());
    let mock = Mock::given(any()).respond_with(away).with_priority(1);
    here.server().register(mock).await;

    let error = here.store().get_text("db").await.unwrap_err();

    assert_eq!(error.status(), Some(302), "{error}");
    assert_eq!(elsewhere.request_count(), 0);
}

#[tokio::test]
async fn trap_13_a_refusal_in_any_shape_has_the_kind_of_its_status() {
    for body in [
        "",
        "{}",
        "<html>",
        r#"{"message":null,"details":null}"#,
        r#"{"details":{}}"#,
        r#"{"details":{"applicationError":{"code":7}}}"#,
        r#"{"details":{"applicationError":null,"validationError":null}}"#,
        r#"{"message":{"a":1},"details":[1]}"#,
    ] {
        for (status, kind) in [
            (400, ErrorKind::InvalidInput),
            (401, ErrorKind::Unauthenticated),
            (403, ErrorKind::Forbidden),
            (404, ErrorKind::NotFound),
            (429, ErrorKind::RateLimited),
            (500, ErrorKind::Unavailable),
            (503, ErrorKind::Unavailable),
        ] {
            assert_eq!(refused(status, body).await.kind(), kind, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn trap_14_a_key_names_its_site_only_and_an_app_no_site() {
    let script = Script::new([answer(200, r#"{"value":"x"}"#)]);
    store_on(&script, None, 0).get_text("db").await.unwrap();
    let sent = script.sent();
    assert_eq!(sent[0].headers()["wix-site-id"], SITE);
    assert!(!sent[0].headers().contains_key("wix-account-id"));

    let site = Web::new();
    let token = json!({"access_token": "OAUTH2.one", "expires_in": 14400});
    site.answer("token.example", web::json(200, token));
    site.answer("www.wixapis.com", web::json(200, json!({"value": "x"})));
    let app = App::new("app-1", "hunter2".into(), "instance-1");
    let builder = WixSecrets::builder(SITE).app(app);
    // Of each host, the headers of the first request are told.
    let builder = builder.token_endpoint("https://token.example/oauth2/token");
    let store = builder.client_options(site.options()).build().unwrap();
    store.get_text("db").await.unwrap();
    assert!(site.header("www.wixapis.com", "authorization").is_some());
    for header in ["wix-site-id", "wix-account-id"] {
        assert!(site.header("www.wixapis.com", header).is_none(), "{header}");
    }
}

#[tokio::test]
async fn trap_15_a_name_that_only_another_provider_takes_is_refused_before_it_is_sent() {
    let script = Script::new([]);
    let options = script.options();
    let dashboard = WixSecrets::builder(SITE).api_key(KEY.into());
    let dashboard = dashboard.names(Names::Dashboard).client_options(options);
    let (api, dashboard) = (store_on(&script, None, 0), dashboard.build().unwrap());
    for (store, name) in [
        (&api, "a".repeat(51)),
        (&api, "with.dot".to_owned()),
        (&api, "wix-key".to_owned()),
        (&api, "WiX-key".to_owned()),
        (&dashboard, "a".repeat(41)),
        (&dashboard, "a=b".to_owned()),
    ] {
        let refused = store.put(name.as_str(), "x").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{name}");
    }
    assert!(script.sent().is_empty());
}
