//! Those who give out tokens, and answer with anything else.

use polyvault::yandex_lockbox::emulator::Emulator;
use polyvault_testkit::leak::Mark;
use serde_json::json;

use super::*;

/// A store's URL, what it signs in with, and where.
pub(crate) struct Door {
    pub(crate) url: &'static str,
    pub(crate) variables: Vec<(&'static str, String)>,
    host: &'static str,
    /// How a token is given out there.
    token: &'static str,
}

/// All credentials that ask somebody over HTTP; `secret` is what they prove themselves by.
pub(crate) async fn doors(secret: &str) -> Vec<Door> {
    let text = |text: &str| text.to_owned();
    let app = || {
        vec![
            ("AZURE_TENANT_ID", text("my-tenant")),
            ("AZURE_CLIENT_ID", text("my-client")),
            ("AZURE_CLIENT_SECRET", text(secret)),
        ]
    };
    let machine = vec![("AZURE_TOKEN_CREDENTIALS", text("ManagedIdentityCredential"))];
    let service = vec![
        ("IDENTITY_ENDPOINT", text("http://127.0.0.1:1/msi/token")),
        ("IDENTITY_HEADER", text(secret)),
    ];
    let wix = vec![
        ("WIX_APP_ID", text("my-app")),
        ("WIX_APP_SECRET", text(secret)),
        ("WIX_INSTANCE_ID", text("my-instance")),
    ];
    let key = Emulator::start().await.authorized_key();
    let key = vec![("YC_SERVICE_ACCOUNT_KEY_FILE", key)];
    let metadata = vec![("YC_METADATA_ADDR", text("127.0.0.1:1"))];
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/rustfmt.toml");
    let federated = vec![
        ("POLYVAULT_YANDEX_SERVICE_ACCOUNT_ID", text("my-account")),
        ("POLYVAULT_YANDEX_TOKEN_FILE", text(file)),
    ];
    let [vault, arm, lockbox, site] = STORES.map(|(url, _, _)| url);
    let oauth = "access_token";
    [
        (vault, app(), "https://login.microsoftonline.com/", oauth),
        (arm, app(), "https://login.microsoftonline.com/", oauth),
        (vault, machine, "http://169.254.169.254/", oauth),
        (vault, service, "http://127.0.0.1:1/", oauth),
        (site, wix, "https://www.wixapis.com/oauth2/token", oauth),
        (
            lockbox,
            key,
            "https://iam.api.cloud.yandex.net/",
            "iamToken",
        ),
        (lockbox, metadata, "http://127.0.0.1:1/", oauth),
        (lockbox, federated, "https://auth.yandex.cloud/", oauth),
    ]
    .map(|(url, variables, host, token)| Door {
        url,
        variables,
        host,
        token,
    })
    .into()
}

impl Door {
    pub(crate) fn open(&self, script: &Arc<Script>) -> Arc<dyn SecretStore> {
        let mut environment = Environment::empty();
        for (name, value) in &self.variables {
            environment = environment.with(*name, value.clone());
        }
        let options = OpenOptions {
            environment,
            client: script.options(),
        };
        polyvault::open_with(self.url, options).unwrap()
    }
}

/// What a call comes to where everybody answers so; nobody but the door is asked.
async fn refused(door: &Door, answer: Answer, mark: &Mark) -> Error {
    let script = Script::always(answer);
    let store = door.open(&script);
    let error = store.describe(&"db".try_into().unwrap()).await.unwrap_err();
    assert_eq!(mark.find_in_all(&error), None);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    // What is cut off in the middle is asked for again.
    let asked = script.lines().len();
    assert!((1..=6).contains(&asked), "{}: {asked}, {error}", door.url);
    stays_at_home(&script, door.host);
    error
}

#[tokio::test]
async fn what_holds_no_token_that_can_be_sent_is_a_decode_error_of_the_sign_in() {
    let mark = Mark::new();
    for door in doors(mark.text()).await {
        let token =
            |token: serde_json::Value| json!({ door.token: token, "expires_in": 3599 }).to_string();
        let mut bodies = vec![
            String::new(),
            "<html>hunter2</html>".to_owned(),
            "null".to_owned(),
            "[]".to_owned(),
            "hunter2".to_owned(),
            "[".repeat(100_000),
            format!(r#"{{"{}":"#, door.token).repeat(100_000),
            json!({"error": "invalid_client", "error_description": mark.text()}).to_string(),
            token(json!(null)),
            token(json!(7)),
            token(json!({"hunter2": "hunter2"})),
            token(json!(["hunter2"])),
            token(json!("")),
            token(json!("hunter2\r\nx-evil: 1")),
            token(json!("hunter2\t")),
            token(json!("hunter2 hunter2")),
            token(json!("hunter2\u{0}")),
            token(json!("hunter2\u{e9}")),
            token(json!("hunter2".repeat(1024 * 1024))),
        ];
        if door.token == "access_token" {
            bodies
                .extend(["mac", "pop", "", "N_A"].map(|told| {
                    json!({"access_token": "hunter2", "token_type": told}).to_string()
                }));
            bodies.push(json!({"access_token": "hunter2", "token_type": 7}).to_string());
        }
        for body in bodies {
            let error = refused(&door, answer(200, &body), &mark).await;

            let shown: String = body.chars().take(60).collect();
            assert_eq!(error.kind(), ErrorKind::Decode, "{}: {shown}", door.url);
            // A chain tells it in its own words.
            let chained = error.message().starts_with("no credential gave a token");
            assert!(chained || error.operation() == Some("sign_in"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_sends_elsewhere_is_not_followed_there() {
    let mark = Mark::new();
    for door in doors(mark.text()).await {
        for status in [301, 302, 303, 307, 308] {
            let error = refused(&door, redirect(status), &mark).await;

            assert_eq!(error.status(), Some(status), "{}: {error}", door.url);
        }
    }
}

#[tokio::test]
async fn a_token_whose_life_is_none_or_can_not_be_read_is_asked_for_once_a_call() {
    for door in doors("made-up").await {
        for (field, told) in [
            ("expires_in", json!(-1)),
            ("expires_in", json!(0)),
            ("expires_in", json!(u64::MAX)),
            ("expires_in", json!(i64::MIN)),
            ("expires_in", json!(1e300)),
            ("expires_in", json!("NaN")),
            ("expires_in", json!("soon")),
            ("expires_in", json!(["3599"])),
            ("expires_on", json!(1)),
            ("expires_on", json!(i64::MIN)),
            ("expiresAt", json!("1969-01-01T00:00:00Z")),
            ("expiresAt", json!("-9999-01-01T00:00:00Z")),
            ("expiresAt", json!("soon")),
        ] {
            let body = json!({ door.token: "made-up", field: told }).to_string();
            let script = Script::always(answer(200, body));
            let store = door.open(&script);

            for _ in 0..3 {
                let error = store.describe(&"db".try_into().unwrap()).await.unwrap_err();
                let known = [ErrorKind::Decode, ErrorKind::NotFound].contains(&error.kind());
                assert!(known, "{}: {field} {told}: {error}", door.url);
            }

            let lines = script.lines();
            assert!(lines.len() <= 6, "{}: {field} {told}: {lines:?}", door.url);
        }
    }
}

#[tokio::test]
async fn a_service_that_goes_on_refusing_gets_two_tokens_a_call_and_no_more() {
    for door in doors("made-up").await {
        let issued = json!({ door.token: "made-up", "expires_in": 3599 }).to_string();
        let refuses = answer(401, r#"{"code":16}"#);
        let script = Script::then_always(
            [answer(200, &issued), refuses.clone(), answer(200, issued)],
            refuses,
        );
        let store = door.open(&script);

        let error = store.describe(&"db".try_into().unwrap()).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{}", door.url);
        assert_eq!(script.lines().len(), 4, "{}", door.url);
    }
}

/// A refusal that asks for a token for something else, from somebody else.
fn challenge(resource: &str) -> Answer {
    let mut refused = answer(401, r#"{"code":16}"#);
    let told = format!(
        r#"Bearer authorization="https://evil.example/hunter2", resource="{resource}", scope="{resource}/.default""#
    );
    let headers = refused.as_mut().unwrap().headers_mut();
    headers.insert("www-authenticate", told.parse().unwrap());
    refused
}

const RESOURCES: [&str; 6] = [
    "https://graph.microsoft.com",
    "https://vault.azure.net.evil.example",
    "https://vault.azure.net@evil.example",
    "http://vault.azure.net",
    "https://vault.azure.net/ https://graph.microsoft.com",
    "https://evil.example",
];

#[tokio::test]
async fn a_service_that_asks_for_a_token_for_something_else_is_shown_none_but_its_own() {
    for door in doors("made-up").await {
        for resource in RESOURCES {
            let issued = json!({ door.token: "made-up", "expires_in": 3599 }).to_string();
            let refused = challenge(resource);
            let answers = [answer(200, &issued), refused.clone(), answer(200, issued)];
            let script = Script::then_always(answers, refused);

            let store = door.open(&script);
            let error = store.describe(&"db".try_into().unwrap()).await.unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{}", door.url);
            assert!(script.lines().len() <= 4, "{}", door.url);
            let (_, home, _) = STORES.iter().find(|(url, _, _)| *url == door.url).unwrap();
            for sent in script.sent() {
                // Payloads have an endpoint of their own.
                let to = sent
                    .uri()
                    .to_string()
                    .replace("payload.lockbox.", "lockbox.");
                assert!(to.starts_with(door.host) || to.starts_with(home), "{to}");
                let told = format!("{to} {}", String::from_utf8_lossy(sent.body().as_bytes()));
                let strange = [
                    "hunter2",
                    "evil.example",
                    "graph.microsoft",
                    "http%3A%2F%2Fvault",
                ];
                assert!(!strange.iter().any(|text| told.contains(text)), "{told}");
            }
        }
    }
}

#[tokio::test]
async fn a_vault_of_no_known_cloud_that_asks_for_something_else_gets_no_token_at_all() {
    let [mut door, ..] = <[Door; 8]>::try_from(doors("made-up").await).ok().unwrap();
    door.url = "azure-key-vault://my-vault?endpoint=https://my-vault.vault.cloud.example";
    for resource in RESOURCES {
        let script = Script::always(challenge(resource));

        for error in calls(&*door.open(&script)).await {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{resource}");
        }

        assert_eq!(script.lines().len(), 3, "{resource}");
        stays_at_home(&script, "https://my-vault.vault.cloud.example/");
        let bare = |sent: &http::Request<_>| !sent.headers().contains_key("authorization");
        assert!(script.sent().iter().all(bare), "{resource}");
    }
}
