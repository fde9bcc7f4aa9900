//! Signing in as an app.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::ManualClock;
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::ClientOptions;
use polyvault_core::{
    Environment, Error, ErrorKind, GetOptions, SecretStore, SecretStoreExt, Timestamp,
};
use polyvault_testkit::web::{self, Web};
use polyvault_wix_secrets::credential::App;
use polyvault_wix_secrets::emulator::Emulator;
use polyvault_wix_secrets::{PROVIDER, WixSecrets};
use serde_json::{Value, json};

use super::script::SITE;

const HOST: &str = "www.wixapis.com";
const VALUE: &str = "GET www.wixapis.com/_api/cloud-secrets-vault-server/api/v1/secrets/name/db";

fn app() -> App {
    App::new("app-1", "hunter2".into(), "instance-1")
}

fn issued(token: &str) -> http::Response<polyvault_core::transport::Body> {
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": "14400"});
    web::json(200, body)
}

fn value() -> http::Response<polyvault_core::transport::Body> {
    web::json(200, json!({"value": "s3cret"}))
}

fn store(web: &Arc<Web>) -> WixSecrets {
    let builder = WixSecrets::builder(SITE).app(app());
    builder.client_options(web.options()).build().unwrap()
}

async fn read(store: &WixSecrets) -> Result<(), Error> {
    let name = "db".try_into().unwrap();
    store.get(&name, GetOptions::default()).await.map(drop)
}

#[tokio::test]
async fn an_app_posts_json_with_its_instance_and_sends_the_token_bare_and_no_site() {
    let web = Web::new();
    web.answer(HOST, issued("OAUTH2.one")).answer(HOST, value());

    read(&store(&web)).await.unwrap();

    let token = format!("POST {HOST}/oauth2/token -");
    assert_eq!(web.lines(), [token, format!("{VALUE} OAUTH2.one")]);
    let body = String::from_utf8(web.bodies(HOST).remove(0)).unwrap();
    let due = json!({
        "grant_type": "client_credentials", "client_id": "app-1", "client_secret": "hunter2",
        "instance_id": "instance-1",
    });
    let body: Value = body.parse().unwrap();
    assert_eq!(body, due);
    assert_eq!(
        web.header(HOST, "content-type").as_deref(),
        Some("application/json")
    );
}

#[tokio::test]
async fn a_token_is_kept_and_renewed_five_minutes_before_its_end() {
    let web = Web::new();
    web.answer(HOST, issued("OAUTH2.one"))
        .answer(HOST, value())
        .answer(HOST, value());
    web.answer(HOST, issued("OAUTH2.two")).answer(HOST, value());
    let options = web.options();
    let clock = Arc::clone(&options.clock);
    let builder = WixSecrets::builder(SITE).app(app());
    let store = builder.client_options(options).build().unwrap();

    read(&store).await.unwrap();
    clock.sleep(Duration::from_secs(14_400 - 301)).await;
    read(&store).await.unwrap();
    clock.sleep(Duration::from_secs(2)).await;
    read(&store).await.unwrap();

    let sent = web.lines().into_iter();
    let tokens = sent.filter_map(|line| Some(line.split_once("OAUTH2.")?.1.to_owned()));
    assert!(tokens.eq(["one", "one", "two"]));
}

#[tokio::test]
async fn callers_at_once_sign_in_once_and_a_refused_token_is_renewed_once() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let site = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    site.seed("db", "s3cret");
    site.require_app_secret("hunter2");
    let options = ClientOptions {
        clock: Arc::clone(&clock) as _,
        ..ClientOptions::default()
    };
    let builder = WixSecrets::builder(SITE)
        .endpoint(site.endpoint())
        .app(app());
    let store = builder.client_options(options).build().unwrap();

    let reads = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { read(&store).await.unwrap() })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap();
    }
    assert_eq!(site.request_count(), 21);

    site.expire_tokens();
    read(&store).await.unwrap();
    assert_eq!(site.request_count(), 21 + 3);
    // All writes go without the site, also the one that would lose it.
    store.put("db", "n3w").await.unwrap();
    store.delete("db").await.unwrap();
    let all = site.server().received_requests().await.unwrap();
    assert!(
        all.iter()
            .all(|request| !request.headers.contains_key("wix-site-id"))
    );
}

#[tokio::test]
async fn an_app_that_is_refused_says_what_to_check_and_shows_no_secret() {
    let refusal = json!({"error": "invalid_client", "error_description": "hunter2 is wrong"});
    for (status, kind) in [
        (401, ErrorKind::Unauthenticated),
        (400, ErrorKind::Unauthenticated),
        (429, ErrorKind::RateLimited),
        (503, ErrorKind::Unavailable),
    ] {
        let web = Web::new();
        for _ in 0..10 {
            web.answer(HOST, web::json(status, refusal.clone()));
        }
        let store = store(&web);

        let error = read(&store).await.unwrap_err();

        assert_eq!((error.kind(), error.code()), (kind, Some("invalid_client")));
        if kind == ErrorKind::Unauthenticated {
            assert!(error.help().contains("WIX_INSTANCE_ID"), "{}", error.help());
        }
        let shown = format!("{error:?} {error} {store:?} {:?}", app());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn the_token_endpoint_is_at_the_host_of_the_endpoint_unless_said() {
    for (endpoint, token, host) in [
        (
            "https://gateway.example:8443/_api/x",
            None,
            "gateway.example",
        ),
        ("https://gateway.example", None, "gateway.example"),
        (
            "https://gateway.example/_api/x",
            Some("https://login.example/oauth2/token"),
            "login.example",
        ),
    ] {
        let web = Web::new();
        web.answer(host, issued("OAUTH2.one"))
            .answer("gateway.example", value());
        let mut builder = WixSecrets::builder(SITE).endpoint(endpoint).app(app());
        if let Some(token) = token {
            builder = builder.token_endpoint(token);
        }

        read(&builder.client_options(web.options()).build().unwrap())
            .await
            .unwrap();

        assert_eq!(web.lines()[0], format!("POST {host}/oauth2/token -"));
    }
}

#[tokio::test]
async fn by_url_the_environment_tells_who_asks() {
    let open = |web: &Arc<Web>, variables: &[(&str, &str)]| {
        let environment = variables
            .iter()
            .fold(Environment::empty(), |all, (name, value)| {
                all.with(*name, *value)
            });
        let options = OpenOptions {
            environment,
            client: web.options(),
        };
        (PROVIDER.open)(
            &StoreUrl::parse(&format!("wix-secrets://{SITE}")).unwrap(),
            options,
        )
    };
    let app = [
        ("WIX_APP_ID", "app-1"),
        ("WIX_APP_SECRET", "hunter2"),
        ("WIX_INSTANCE_ID", "instance-1"),
    ];
    let web = Web::new();
    web.answer(HOST, issued("OAUTH2.one")).answer(HOST, value());
    open(&web, &app).unwrap().get_text("db").await.unwrap();
    assert!(web.lines()[1].ends_with("OAUTH2.one"));

    let web = Web::new();
    web.answer(HOST, value());
    let both = [&[("WIX_API_KEY", "IST.key")][..], &app].concat();
    open(&web, &both).unwrap().get_text("db").await.unwrap();
    assert_eq!(web.lines(), [format!("{VALUE} IST.key")]);
    assert_eq!(web.header(HOST, "wix-site-id").as_deref(), Some(SITE));

    for (variables, due) in [
        (&[][..], "WIX_APP_ID"),
        (&app[..2], "WIX_INSTANCE_ID is not set"),
        (&app[1..2], "WIX_APP_ID, WIX_INSTANCE_ID is not set"),
    ] {
        let error = open(&Web::new(), variables).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(due), "{error}");
    }
}
