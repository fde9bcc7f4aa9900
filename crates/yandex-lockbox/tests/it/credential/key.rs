//! Authorized keys: the statement, the forms of the file, and what is refused.

use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use polyvault_core::transport::ClientOptions;
use polyvault_core::{ErrorKind, Retry};
use polyvault_yandex_lockbox::credential::AuthorizedKey;

use super::*;

fn key(file: &Value) -> AuthorizedKey {
    AuthorizedKey::from_json(file.to_string().into())
}

fn store(web: &std::sync::Arc<Web>, key: AuthorizedKey) -> YandexLockbox {
    let builder = YandexLockbox::builder(FOLDER).credential(key);
    builder.client_options(web.options()).build().unwrap()
}

#[tokio::test]
async fn a_key_signs_a_statement_that_its_own_half_proves() {
    let web = Web::new();
    web.answer(IAM, issued("t1.issued"))
        .answer(PAYLOAD, payload());

    read(&store(&web, key(&file()))).await.unwrap();

    assert_eq!(
        web.lines(),
        [
            format!("POST {IAM}/iam/v1/tokens -"),
            format!("GET {PAYLOAD}/lockbox/v1/secrets/e6qs/payload Bearer t1.issued"),
        ]
    );
    let (header, claims, signed, signature) = statements(&web).remove(0);
    let due = json!({"typ": "JWT", "alg": "PS256", "kid": "ajekey00000000000001"});
    assert_eq!(header, due);
    let due = json!({
        "iss": "ajeaccount0000000001", "aud": "https://iam.api.cloud.yandex.net/iam/v1/tokens",
        "iat": NOW - 60, "exp": NOW - 60 + 3600,
    });
    assert_eq!(claims, due);
    let public = KEY.public_key().as_ref();
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public);
    public.verify(signed.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn every_form_of_a_key_is_taken() {
    let plain = file();
    let with = |private: String| {
        let mut other = plain.clone();
        other["private_key"] = private.into();
        other
    };
    let second = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    let of_the_api = json!({
        "key": {"id": "ajekey00000000000001", "serviceAccountId": "ajeaccount0000000001"},
        "privateKey": pem(),
    });
    let camel = json!({
        "id": "ajekey00000000000001", "serviceAccountId": "ajeaccount0000000001", "privateKey": pem(),
    });
    for (what, file) in [
        ("with its first line", plain.clone()),
        ("without it, as older ones", with(second(&pem()))),
        (
            "with `\\n` in place of ends of lines",
            with(pem().replace('\n', "\\n")),
        ),
        (
            "with the ends of lines of Windows",
            with(pem().replace('\n', "\r\n")),
        ),
        ("as the API answers it", of_the_api),
        ("in camel case", camel),
    ] {
        let web = Web::new();
        web.answer(IAM, issued("t1.issued"))
            .answer(PAYLOAD, payload());

        read(&store(&web, key(&file)))
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));

        let (header, claims, ..) = statements(&web).remove(0);
        assert_eq!(header["kid"], "ajekey00000000000001", "{what}");
        assert_eq!(claims["iss"], "ajeaccount0000000001", "{what}");
    }
    let escaped = plain
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    let web = Web::new();
    web.answer(IAM, issued("t1.issued"))
        .answer(PAYLOAD, payload());
    let key = AuthorizedKey::from_json(escaped.into());
    read(&store(&web, key)).await.unwrap();
}

#[tokio::test]
async fn what_is_no_key_is_refused_before_any_request_and_never_quoted() {
    let without = |field: &str| {
        let mut file = file();
        file.as_object_mut().unwrap().remove(field);
        file.to_string()
    };
    let of_a_user = {
        let mut file = file();
        file.as_object_mut().unwrap().remove("service_account_id");
        file["user_account_id"] = "ajeuser".into();
        file.to_string()
    };
    let bad_key = |text: &str| {
        let mut file = file();
        file["private_key"] = text.into();
        file.to_string()
    };
    for (text, due) in [
        (without("id"), "lacks `id`"),
        (without("private_key"), "lacks `id` or `private_key`"),
        (without("service_account_id"), "lacks `service_account_id`"),
        (of_a_user, "a user's"),
        (bad_key("hunter2"), "no private key in PEM"),
        (
            bad_key("-----BEGIN PRIVATE KEY-----\nhunter2\n"),
            "not an RSA key",
        ),
        (
            file().to_string().replacen('{', "", 1),
            "not the JSON of a key",
        ),
        ("hunter2".to_owned(), "not the JSON of a key"),
    ] {
        let web = Web::new();
        let store = store(&web, AuthorizedKey::from_json(text.into()));

        let error = read(&store).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{due}");
        assert!(error.message().contains(due), "{error}");
        let shown = format!("{error:?} {error} {store:?}");
        for secret in ["hunter2", "BEGIN", "PLEASE"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(web.lines().is_empty());
    }
}

#[tokio::test]
async fn a_file_is_read_again_for_each_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let web = Web::new();
    let options = web.options();
    let clock = std::sync::Arc::clone(&options.clock);
    let store = YandexLockbox::builder(FOLDER)
        .credential(AuthorizedKey::from_file(&path))
        .client_options(options)
        .build()
        .unwrap();
    for token in ["t1.first", "t1.second"] {
        web.answer(IAM, issued(token)).answer(PAYLOAD, payload());
        web.answer(PAYLOAD, payload());
    }

    let missing = read(&store).await.unwrap_err();
    std::fs::write(&path, file().to_string()).unwrap();
    read(&store).await.unwrap();
    let mut other = file();
    other["id"] = "ajekey00000000000002".into();
    std::fs::write(&path, other.to_string()).unwrap();
    read(&store).await.unwrap(); // the token is kept
    clock
        .sleep(std::time::Duration::from_secs(12 * 3600 - 299))
        .await;
    read(&store).await.unwrap(); // and renewed five minutes before its end

    assert_eq!(missing.kind(), ErrorKind::Config);
    assert!(missing.message().contains("can't be read"), "{missing}");
    let keys = statements(&web)
        .into_iter()
        .map(|(header, ..)| header["kid"].clone());
    assert!(keys.eq(["ajekey00000000000001", "ajekey00000000000002"]));
    let sent = web
        .lines()
        .into_iter()
        .filter_map(|line| Some(line.split_once("Bearer ")?.1.to_owned()));
    assert!(sent.eq(["t1.first", "t1.first", "t1.second"]));
}

#[tokio::test]
async fn a_refused_key_says_what_to_check() {
    let status = |code: i64| {
        json!({"code": code, "message": "JWT hunter2 is bad", "details": [
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "r-1"},
        ]})
    };
    for (http, code, kind, retry) in [
        (401, 16, ErrorKind::Unauthenticated, Retry::Never),
        (400, 3, ErrorKind::Unauthenticated, Retry::Never),
        (403, 7, ErrorKind::Unauthenticated, Retry::Never),
        (404, 5, ErrorKind::Unauthenticated, Retry::Never),
        (429, 8, ErrorKind::RateLimited, Retry::After(None)),
        (503, 14, ErrorKind::Unavailable, Retry::After(None)),
    ] {
        let web = Web::new();
        for _ in 0..10 {
            web.answer(IAM, web::json(http, status(code)));
        }

        let error = read(&store(&web, key(&file()))).await.unwrap_err();

        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.request_id(), Some("r-1"));
        assert_eq!(
            std::mem::discriminant(&error.retry()),
            std::mem::discriminant(&retry)
        );
        assert!(
            !format!("{error:?} {error}").contains("hunter2"),
            "{error:?}"
        );
        if kind == ErrorKind::Unauthenticated {
            assert_eq!(web.lines().len(), 1);
            assert!(error.help().contains("yc iam key list"), "{}", error.help());
        }
    }
    let web = Web::new();
    web.answer(
        IAM,
        web::json(200, json!({"expiresAt": "2026-11-22T22:00:00Z"})),
    );
    let error = read(&store(&web, key(&file()))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn the_same_token_again_after_a_401_ends_in_an_error() {
    let refused = || web::json(401, json!({"code": 16, "message": "The token is invalid"}));
    let web = Web::new();
    for _ in 0..5 {
        web.answer(IAM, issued("t1.same"))
            .answer(PAYLOAD, refused());
    }

    let error = read(&store(&web, key(&file()))).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let asked = web.lines().iter().filter(|line| line.contains(IAM)).count();
    assert!((2..=3).contains(&asked), "{:?}", web.lines());
}

#[tokio::test]
async fn callers_of_all_folders_sign_in_once() {
    let web = Web::new();
    web.answer(IAM, issued("t1.issued"));
    for _ in 0..50 {
        web.answer(PAYLOAD, payload());
    }
    let options = ClientOptions {
        max_in_flight: 64,
        ..web.options()
    };
    let builder = YandexLockbox::builder(FOLDER).credential(key(&file()));
    let one = builder.client_options(options).build().unwrap();
    let other = one.in_folder("b1gfolder00000000002").unwrap();

    let calls = (0..50).map(|at| {
        let store = if at % 2 == 0 {
            one.clone()
        } else {
            other.clone()
        };
        tokio::spawn(async move { read(&store).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }

    let asked = web.lines().iter().filter(|line| line.contains(IAM)).count();
    assert_eq!(asked, 1);
    assert_eq!(other.to_string(), "yandex-lockbox://b1gfolder00000000002");
    assert_eq!(one.in_folder("a/b").unwrap_err().kind(), ErrorKind::Config);
}
