//! What `open` takes from the environment.

use std::sync::Arc;

use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::{Environment, Error, ErrorKind, SecretStoreExt};
use polyvault_yandex_lockbox::PROVIDER;

use super::*;

fn open(web: &Arc<Web>, variables: &[(&str, &str)]) -> Result<Arc<dyn SecretStore>, Error> {
    let environment = variables
        .iter()
        .fold(Environment::empty(), |environment, (name, value)| {
            environment.with(*name, *value)
        });
    let options = OpenOptions {
        environment,
        client: web.options(),
    };
    let url = format!("yandex-lockbox://{FOLDER}");
    (PROVIDER.open)(&StoreUrl::parse(&url).unwrap(), options)
}

/// The first host that is asked, and the token that the payload is asked for with.
async fn asked(variables: &[(&str, &str)]) -> (String, String) {
    let web = Web::new();
    let lives = || web::token("t1.issued");
    web.answer(IAM, issued("t1.issued"));
    web.answer("auth.yandex.cloud", lives());
    web.answer("169.254.169.254", lives())
        .answer("127.0.0.1", lives());
    web.answer(PAYLOAD, payload());
    let store = open(&web, variables).unwrap();
    store
        .get_text(SecretId::new("e6qs").unwrap())
        .await
        .unwrap();
    let lines = web.lines();
    let host = lines[0].split([' ', '/']).nth(1).unwrap().to_owned();
    (
        host,
        lines.last().unwrap().rsplit_once(' ').unwrap().1.to_owned(),
    )
}

#[tokio::test]
async fn each_variable_has_its_credential_and_the_first_that_is_set_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "a.jwt").unwrap();
    let token = token.to_str().unwrap();
    let path = folder.path().join("key.json");
    std::fs::write(&path, file().to_string()).unwrap();
    let (path, text) = (path.to_str().unwrap(), format!("\n {}", file()));
    let account = "POLYVAULT_YANDEX_SERVICE_ACCOUNT_ID";
    let all = [
        ("YC_IAM_TOKEN", "t1.one"),
        ("YC_TOKEN", "t1.two"),
        ("YC_SERVICE_ACCOUNT_KEY_FILE", path),
        (account, "ajeaccount"),
        ("POLYVAULT_YANDEX_TOKEN_FILE", token),
        ("YC_METADATA_ADDR", "127.0.0.1:6770"),
    ];
    let is = |found: (String, String), host: &str, token: &str| {
        assert_eq!((found.0.as_str(), found.1.as_str()), (host, token));
    };

    is(asked(&all).await, PAYLOAD, "t1.one");
    is(asked(&all[1..]).await, PAYLOAD, "t1.two");
    is(asked(&all[2..]).await, IAM, "t1.issued");
    is(asked(&all[3..]).await, "auth.yandex.cloud", "t1.issued");
    is(asked(&all[5..]).await, "127.0.0.1", "t1.issued");
    let key = [("YC_SERVICE_ACCOUNT_KEY_FILE", text.as_str())];
    is(asked(&key).await, IAM, "t1.issued");
    for address in [
        "169.254.169.254",
        "169.254.169.254:80",
        "http://169.254.169.254",
    ] {
        let found = asked(&[("YC_METADATA_ADDR", address)]).await;
        is(found, "169.254.169.254", "t1.issued");
    }
}

#[tokio::test]
async fn what_is_set_wrongly_is_told_when_the_store_is_opened() {
    for (variables, due) in [
        (&[][..], "YC_SERVICE_ACCOUNT_KEY_FILE"),
        (&[("YC_TOKEN", "y0_hunter2")], "an OAuth token"),
        (&[("YC_TOKEN", "AQAAhunter2")], "an OAuth token"),
        (
            &[("POLYVAULT_YANDEX_TOKEN_FILE", "/x")],
            "POLYVAULT_YANDEX_SERVICE_ACCOUNT_ID is not set",
        ),
        (
            &[("POLYVAULT_YANDEX_SERVICE_ACCOUNT_ID", "aje")],
            "POLYVAULT_YANDEX_TOKEN_FILE is not set",
        ),
        (
            &[("YC_METADATA_ADDR", "http://metadata.example")],
            "YC_METADATA_ADDR",
        ),
    ] {
        let error = open(&Web::new(), variables).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{due}");
        assert!(error.message().contains(due), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
