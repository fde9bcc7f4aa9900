//! Paths and credentials.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::ManualClock;
use polyvault_wix_secrets::emulator::Emulator;
use serde_json::{Value, json};

use super::{KEY, SERVICE, ask, code};

#[tokio::test]
async fn both_paths_lead_to_the_same_secrets() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "v1");

    for path in [SERVICE, "/api/v1/secrets"] {
        let (status, body, headers) = ask(
            &emulator,
            "GET",
            &format!("{path}/name/db"),
            KEY,
            Value::Null,
        )
        .await
        .unwrap();

        assert_eq!((status, body), (200, json!({"value": "v1"})), "{path}");
        assert!(headers.contains_key("x-wix-request-id"));
    }
    assert_eq!(
        format!("{}/api/v1/secrets", emulator.endpoint()),
        emulator.url() + SERVICE
    );
    assert_eq!(emulator.request_count(), 2);
}

#[tokio::test]
async fn paths_beside_the_routes_lead_nowhere() {
    let emulator = Emulator::start().await;
    let id = emulator.seed("db", "v1");

    for (method, path) in [
        ("GET", format!("{SERVICE}/{id}")),
        ("GET", format!("{SERVICE}/name/")),
        ("GET", format!("{SERVICE}/")),
        ("DELETE", format!("{SERVICE}/")),
        ("DELETE", format!("{SERVICE}x/{id}")),
        ("GET", "/api/v2/secrets".to_owned()),
    ] {
        let (status, body, _) = ask(&emulator, method, &path, KEY, Value::Null)
            .await
            .unwrap();
        assert_eq!(status, 404, "{method} {path}");
        assert_eq!(code(&body), "", "{method} {path}");
    }
}

#[tokio::test]
async fn an_api_key_is_sent_raw_and_with_a_site() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "v1");
    let refused = |code: &str| (401, code.to_owned());

    assert_eq!(status_with(&emulator, KEY).await.0, 200);
    assert_eq!(
        status_with(&emulator, &[("wix-site-id", "site")]).await,
        refused("UNAUTHENTICATED")
    );
    assert_eq!(
        status_with(
            &emulator,
            &[("authorization", "Bearer k"), ("wix-site-id", "site")]
        )
        .await,
        refused("UNAUTHENTICATED")
    );
    assert_eq!(
        status_with(&emulator, &[("authorization", "IST.key")]).await,
        refused("UNAUTHORIZED")
    );
}

#[tokio::test]
async fn a_set_key_and_site_are_the_only_ones_taken() {
    let emulator = Emulator::builder()
        .api_key("right")
        .site("mine")
        .start()
        .await;
    emulator.seed("db", "v1");
    let with =
        |key: &'static str, site: &'static str| [("authorization", key), ("wix-site-id", site)];

    assert_eq!(status_with(&emulator, &with("right", "mine")).await.0, 200);
    assert_eq!(status_with(&emulator, &with("wrong", "mine")).await.0, 401);
    assert_eq!(status_with(&emulator, &with("right", "other")).await.0, 403);
}

#[tokio::test]
async fn an_app_token_needs_no_site_and_ends_after_four_hours() {
    let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
    let emulator = Emulator::builder()
        .api_key("some key")
        .clock(Arc::<ManualClock>::clone(&clock))
        .start()
        .await;
    let id = emulator.seed("db", "v1");
    let token = token(&emulator).await;
    let app = [("authorization", token.as_str())];

    assert_eq!(status_with(&emulator, &app).await.0, 200);

    let with_site = [app[0], ("wix-site-id", "site")];
    assert_eq!(status_with(&emulator, &with_site).await.0, 200);
    let patch = json!({"secret": {"value": "v2"}});
    let path = format!("{SERVICE}/{id}");
    let (status, body, _) = ask(&emulator, "PATCH", &path, &with_site, patch)
        .await
        .unwrap();
    assert_eq!((status, code(&body)), (401, "UNAUTHORIZED"));

    clock.advance(Duration::from_secs(14_399));
    assert_eq!(status_with(&emulator, &app).await.0, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        status_with(&emulator, &app).await,
        (401, "UNAUTHENTICATED".to_owned())
    );
}

async fn token(emulator: &Emulator) -> String {
    let request = json!({
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": "app-secret",
        "instance_id": "instance",
    });
    let (status, body, _) = ask(emulator, "POST", "/oauth2/token", &[], request)
        .await
        .unwrap();
    assert_eq!((status, &body["expires_in"]), (200, &json!(14_400)));
    body["access_token"].as_str().unwrap().to_owned()
}

async fn status_with(emulator: &Emulator, headers: &[(&str, &str)]) -> (u16, String) {
    let path = format!("{SERVICE}/name/db");
    let (status, body, _) = ask(emulator, "GET", &path, headers, Value::Null)
        .await
        .unwrap();
    (status, code(&body).to_owned())
}
