//! The machine's own account, and workloads that another issuer vouches for.

use polyvault_core::ErrorKind;
use polyvault_core::transport::Endpoint;
use polyvault_yandex_lockbox::credential::{Metadata, WorkloadIdentity};

use super::*;

const METADATA: &str = "169.254.169.254";
const FEDERATION: &str = "auth.yandex.cloud";

fn lives(token: &str, seconds: i64) -> http::Response<polyvault_core::transport::Body> {
    let body = json!({"access_token": token, "expires_in": seconds, "token_type": "Bearer"});
    web::json(200, body)
}

#[tokio::test]
async fn the_machine_is_asked_with_its_header_and_its_token_kept_for_a_minute() {
    let web = Web::new();
    web.answer(METADATA, lives("t1.first", 43_200))
        .answer(METADATA, lives("t1.second", 43_200));
    for _ in 0..3 {
        web.answer(PAYLOAD, payload());
    }
    let options = web.options();
    let clock = std::sync::Arc::clone(&options.clock);
    let builder = YandexLockbox::builder(FOLDER).credential(Metadata::on_machine());
    let store = builder.client_options(options).build().unwrap();

    read(&store).await.unwrap();
    read(&store).await.unwrap();
    clock.sleep(std::time::Duration::from_secs(60)).await;
    read(&store).await.unwrap();

    let path = "/computeMetadata/v1/instance/service-accounts/default/token";
    let secret = format!("GET {PAYLOAD}/lockbox/v1/secrets/e6qs/payload Bearer");
    assert_eq!(
        web.lines(),
        [
            format!("GET {METADATA}{path} -"),
            format!("{secret} t1.first"),
            format!("{secret} t1.first"),
            format!("GET {METADATA}{path} -"),
            format!("{secret} t1.second"),
        ]
    );
    assert_eq!(
        web.header(METADATA, "metadata-flavor"),
        Some("Google".to_owned())
    );
}

#[tokio::test]
async fn a_token_that_ends_within_the_minute_ends_when_it_says() {
    let web = Web::new();
    web.answer(METADATA, lives("t1.first", 20))
        .answer(METADATA, lives("t1.second", 20));
    web.answer(PAYLOAD, payload()).answer(PAYLOAD, payload());
    let options = web.options();
    let clock = std::sync::Arc::clone(&options.clock);
    let builder = YandexLockbox::builder(FOLDER).credential(Metadata::on_machine());
    let store = builder.client_options(options).build().unwrap();

    read(&store).await.unwrap();
    clock.sleep(std::time::Duration::from_secs(20)).await;
    read(&store).await.unwrap();

    assert!(web.lines()[3].ends_with("t1.second"), "{:?}", web.lines());
}

#[tokio::test]
async fn where_no_account_is_attached_the_error_says_so() {
    let at = Endpoint::parse("address", "http://127.0.0.1:6770").unwrap();
    let web = Web::new();
    web.answer("127.0.0.1", web::json(404, json!("no such account")));
    let builder = YandexLockbox::builder(FOLDER).credential(Metadata::at(at.clone()));
    let store = builder.client_options(web.options()).build().unwrap();

    let error = read(&store).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.message().contains("no service account is attached"),
        "{error}"
    );
    assert!(error.help().starts_with("Attach a service account"));
    assert!(web.lines()[0].starts_with("GET 127.0.0.1/computeMetadata/"));
}

#[tokio::test]
async fn a_workloads_token_is_exchanged_and_read_again_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let web = Web::new();
    for token in ["t1.first", "t1.second"] {
        web.answer(FEDERATION, lives(token, 43_200))
            .answer(PAYLOAD, payload());
    }
    let options = web.options();
    let clock = std::sync::Arc::clone(&options.clock);
    let identity = WorkloadIdentity::new("ajeaccount0000000001", &path);
    let builder = YandexLockbox::builder(FOLDER).credential(identity);
    let store = builder.client_options(options).build().unwrap();

    assert_eq!(read(&store).await.unwrap_err().kind(), ErrorKind::Config);
    std::fs::write(&path, " \n").unwrap();
    assert_eq!(read(&store).await.unwrap_err().kind(), ErrorKind::Config);
    std::fs::write(&path, "first.jwt&\n").unwrap();
    read(&store).await.unwrap();
    std::fs::write(&path, "second.jwt").unwrap();
    clock.sleep(std::time::Duration::from_secs(43_200)).await;
    read(&store).await.unwrap();

    assert_eq!(web.lines()[0], format!("POST {FEDERATION}/oauth/token -"));
    let kind = web.header(FEDERATION, "content-type");
    assert_eq!(kind.as_deref(), Some("application/x-www-form-urlencoded"));
    let form = |token: &str| {
        format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
             &requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
             &audience=ajeaccount0000000001&subject_token={token}\
             &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token"
        )
    };
    let bodies = web
        .bodies(FEDERATION)
        .into_iter()
        .map(|body| String::from_utf8(body).unwrap());
    assert!(bodies.eq([form("first.jwt%26"), form("second.jwt")]));
}

#[tokio::test]
async fn what_the_federation_refuses_with_is_told_by_its_word_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "a.jwt").unwrap();
    for (body, code) in [
        (
            json!({"error": "invalid_grant", "error_description": "a.jwt is bad"}),
            Some("invalid_grant"),
        ),
        (json!({"error": "a.jwt is bad"}), None),
        (
            json!({"code": 16, "message": "a.jwt is bad"}),
            Some("UNAUTHENTICATED"),
        ),
        (json!("a.jwt is bad"), None),
    ] {
        let web = Web::new();
        web.answer(FEDERATION, web::json(400, body));
        let identity = WorkloadIdentity::new("ajeaccount0000000001", &path);
        let builder = YandexLockbox::builder(FOLDER).credential(identity);
        let store = builder.client_options(web.options()).build().unwrap();

        let error = read(&store).await.unwrap_err();

        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Unauthenticated, code)
        );
        assert!(!format!("{error:?} {error}").contains("a.jwt"));
    }
}
