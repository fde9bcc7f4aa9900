//! The hosts of an installation: which are found, and who is sent what.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::transport::ClientOptions;
use polyvault_core::{ErrorKind, SecretStoreExt};
use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::credential::AuthorizedKey;
use polyvault_yandex_lockbox::emulator::Emulator;

use super::*;

const ROOT: &str = "api.yandexcloud.kz";

fn key() -> AuthorizedKey {
    AuthorizedKey::from_json(file().to_string().into())
}

fn told(ids: &[&str], next: Option<&str>) -> http::Response<polyvault_core::transport::Body> {
    let endpoints = ids.iter().map(|id| {
        let host = match *id {
            "lockbox-payload" => "payload.lockbox",
            id => id,
        };
        json!({"id": id, "address": format!("{host}.{ROOT}:443")})
    });
    let endpoints: Vec<Value> = endpoints.collect();
    web::json(200, json!({"endpoints": endpoints, "nextPageToken": next}))
}

#[tokio::test]
async fn a_token_goes_to_the_three_hosts_of_secrets_and_to_no_issuer() {
    let web = Web::new();
    let begun = json!({"id": "e6qop", "metadata": {
        "@type": "type.googleapis.com/yandex.cloud.lockbox.v1.DeactivateSecretMetadata",
        "secretId": "e6qs",
    }});
    let mut done = begun.clone();
    done["done"] = true.into();
    let operation = "operation.api.cloud.yandex.net";
    web.answer(IAM, issued("t1.issued"))
        .answer(LOCKBOX, web::json(200, begun))
        .answer(operation, web::json(200, done))
        .answer(LOCKBOX, web::json(200, json!({"id": "e6qs"})))
        .answer(PAYLOAD, payload());
    let builder = YandexLockbox::builder(FOLDER).credential(key());
    let store = builder.client_options(web.options()).build().unwrap();
    let off = polyvault_core::InfoPatch {
        enabled: Some(false),
        ..Default::default()
    };

    store.update(by_id(), off).await.unwrap();
    read(&store).await.unwrap();

    let lines = web.lines();
    let credential = |line: &String| line.rsplit_once(' ').unwrap().1 == "-";
    let bare: Vec<&String> = lines.iter().filter(|line| credential(line)).collect();
    assert_eq!(bare, [&format!("POST {IAM}/iam/v1/tokens -")]);
    assert_eq!(lines.len(), 5);
    for host in [LOCKBOX, PAYLOAD, operation] {
        let bodies = web.bodies(host);
        assert!(
            bodies
                .iter()
                .all(|body| !String::from_utf8_lossy(body).contains("jwt"))
        );
    }
}

#[tokio::test]
async fn another_installation_is_found_page_by_page_and_signed_in_to() {
    let web = Web::new();
    web.answer(ROOT, told(&["compute", "lockbox"], Some("t/1")))
        .answer(ROOT, told(&[], Some("t2")))
        .answer(ROOT, told(&["lockbox-payload", "iam", "operation"], None));
    web.answer("iam.api.yandexcloud.kz", issued("t1.issued"));
    web.answer("payload.lockbox.api.yandexcloud.kz", payload());

    let builder = YandexLockbox::builder(FOLDER).credential(key());
    let builder = builder.client_options(web.options());
    let builder = builder
        .discover("https://api.yandexcloud.kz")
        .await
        .unwrap();
    read(&builder.build().unwrap()).await.unwrap();

    let lines = web.lines();
    assert_eq!(
        lines[..3],
        [(); 3].map(|()| format!("GET {ROOT}/endpoints -"))
    );
    assert_eq!(lines[3], "POST iam.api.yandexcloud.kz/iam/v1/tokens -");
    assert!(
        lines[4].starts_with("GET payload.lockbox.api.yandexcloud.kz/"),
        "{lines:?}"
    );
    let (_, claims, ..) = statement(&web.bodies("iam.api.yandexcloud.kz")[0]);
    assert_eq!(
        claims["aud"],
        "https://iam.api.yandexcloud.kz/iam/v1/tokens"
    );
}

#[tokio::test]
async fn a_list_of_services_whose_pages_repeat_or_never_end_is_an_error() {
    let all = ["lockbox", "lockbox-payload", "iam", "operation"];
    for (ids, pages) in [(&all[..], 10_000), (&[], 1_000)] {
        for repeats in [true, false] {
            let web = Web::new();
            for count in 0..=pages {
                let token = if repeats { 0 } else { count };
                web.answer(ROOT, told(ids, Some(&token.to_string())));
            }

            let builder = YandexLockbox::builder(FOLDER).client_options(web.options());
            let found = builder.discover("https://api.yandexcloud.kz").await;

            assert_eq!(found.map(drop).unwrap_err().kind(), ErrorKind::Unexpected);
            let most = if repeats { 2 } else { pages };
            assert_eq!(web.lines().len(), most);
        }
    }
}

#[tokio::test]
async fn the_fixture_and_the_message_name_the_public_hosts() {
    let messages = fixture::folder("yandex-lockbox").join("messages/messages.json");
    let messages: Value = std::fs::read_to_string(messages).unwrap().parse().unwrap();
    let mut messages = messages["messages"].as_array().unwrap().iter();
    let message = messages
        .find(|message| message["kind"] == "endpoints")
        .unwrap();
    for body in [&message["omitted"], &message["printed"]] {
        let root = "api.cloud.yandex.net";
        let web = Web::new();
        web.answer(root, web::json(200, body.clone()))
            .answer(PAYLOAD, payload());

        let builder = YandexLockbox::builder(FOLDER).token("t1.made-up".into());
        let builder = builder.client_options(web.options());
        let builder = builder
            .discover("https://api.cloud.yandex.net")
            .await
            .unwrap();

        read(&builder.build().unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn the_message_of_a_token_reads_in_both_forms() {
    let messages = fixture::folder("yandex-lockbox").join("messages/messages.json");
    let messages: Value = std::fs::read_to_string(messages).unwrap().parse().unwrap();
    let mut messages = messages["messages"].as_array().unwrap().iter();
    let message = messages.find(|message| message["kind"] == "token").unwrap();
    for body in [&message["omitted"], &message["printed"]] {
        let web = Web::new();
        // It ended long ago by the clock of the test, and is sent all the same: it is new.
        web.answer(IAM, web::json(200, body.clone()))
            .answer(PAYLOAD, payload());
        let builder = YandexLockbox::builder(FOLDER).credential(key());
        let store = builder.client_options(web.options()).build().unwrap();

        read(&store).await.unwrap();

        assert!(web.lines()[1].ends_with("Bearer t1.made-up.token"));
    }
}

#[tokio::test]
async fn an_installation_that_does_not_tell_all_hosts_is_refused() {
    for (ids, missing) in [
        (&["lockbox", "operation", "iam"][..], "`lockbox-payload`"),
        (&["lockbox", "lockbox-payload", "operation"], "`iam`"),
        (&[], "`lockbox`"),
    ] {
        let web = Web::new();
        web.answer(ROOT, told(ids, None));
        let builder = YandexLockbox::builder(FOLDER).client_options(web.options());

        let error = builder
            .discover("https://api.yandexcloud.kz")
            .await
            .unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(missing), "{error}");
    }
    let away = YandexLockbox::builder(FOLDER).client_options(Web::new().options());
    let error = away
        .discover("http://api.yandexcloud.kz")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn an_endpoint_that_is_set_stays_and_the_audience_follows_the_iam() {
    let public = "https://iam.api.cloud.yandex.net/iam/v1/tokens";
    for (iam, audience, due) in [
        (None, None, public),
        (Some("http://127.0.0.1:6771"), None, public),
        (
            Some("https://iam.example"),
            None,
            "https://iam.example/iam/v1/tokens",
        ),
        (
            Some("https://iam.example:443"),
            None,
            "https://iam.example/iam/v1/tokens",
        ),
        (
            Some("https://iam.example:8443/x/"),
            None,
            "https://iam.example:8443/x/iam/v1/tokens",
        ),
        (Some("https://iam.example"), Some("somebody"), "somebody"),
    ] {
        let host = match iam {
            None => IAM,
            Some(url) if url.contains("127.0.0.1") => "127.0.0.1",
            Some(_) => "iam.example",
        };
        let web = Web::new();
        web.answer(host, issued("t1.issued"))
            .answer(PAYLOAD, payload());
        let mut builder = YandexLockbox::builder(FOLDER).credential(key());
        if let Some(iam) = iam {
            builder = builder.iam_endpoint(iam);
        }
        if let Some(audience) = audience {
            builder = builder.audience(audience);
        }

        read(&builder.client_options(web.options()).build().unwrap())
            .await
            .unwrap();

        let (_, claims, ..) = statement(&web.bodies(host)[0]);
        assert_eq!(claims["aud"], due, "{iam:?}");
    }
}

#[tokio::test]
async fn a_stand_in_on_four_ports_is_found_and_signed_in_to_with_its_key() {
    let clock = Arc::new(ManualClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
    let lockbox = Emulator::builder().clock(Arc::clone(&clock) as _);
    let lockbox = lockbox.four_ports().require_sign_in().start().await;
    let key = lockbox.authorized_key();
    let builder = YandexLockbox::builder("b1gemulatorfolder001")
        .credential(AuthorizedKey::from_json(key.into()))
        .client_options(ClientOptions {
            clock: Arc::clone(&clock) as _,
            ..ClientOptions::default()
        });

    let builder = builder.discover(&lockbox.url()).await.unwrap();
    let store = builder.build().unwrap();
    store.put("db", "first").await.unwrap();
    store.get_text("db").await.unwrap();
    assert_eq!(lockbox.sign_ins(), 1);

    lockbox.revoke_tokens();
    store.put("db", "second").await.unwrap();
    assert_eq!(lockbox.sign_ins(), 2);
    assert_eq!(store.history("db").await.unwrap().len(), 2);
}
