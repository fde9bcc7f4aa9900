//! Every recorded exchange, made by the store: what it sends and what it makes of the answer.

use polyvault_core::{
    DeleteOptions, Error, ErrorKind, GetOptions, InfoPatch, PageRequest, PutMode, PutOptions,
    SecretInfo, SecretName, SecretRef, SecretStore, SecretStoreExt, WaitPolicy,
};
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_testkit::script::{Script, answer, body_of};
use polyvault_wix_secrets::WixSecrets;

use crate::script::store_on;

/// A call of the store.
#[derive(Clone, Copy)]
enum Ask {
    List,
    Get(&'static str),
    /// Name, value, description.
    Create(&'static str, &'static str, Option<&'static str>),
    AddVersion(&'static str),
    Describe(&'static str),
    Rename(&'static str),
    Delete,
}
use Ask::{AddVersion, Create, Delete, Describe, Get, List, Rename};

/// What comes of it.
#[derive(Clone, Copy)]
enum Due {
    /// What the store tells, as `tell` writes it.
    Done(&'static str),
    /// The kind, and the service's code.
    Refused(ErrorKind, Option<&'static str>),
}
use Due::{Done, Refused};

use ErrorKind::{
    AlreadyExists, Forbidden, InvalidInput, NotFound, RateLimited, Unauthenticated, Unavailable,
};

type Row = (&'static str, Ask, Due);

const DB: &str = "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password main database \
                  2020-05-26T06:16:46Z 2021-03-01T10:00:00.5Z";
const DENIED: Due = Refused(Forbidden, Some("PERMISSION_DENIED"));

/// Exchanges of which the store sends the request exactly so.
const EXCHANGES: &[Row] = &[
    (
        "create-plain",
        Create("db-password", "v1-secret", Some("main database")),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 created"),
    ),
    (
        "create-no-description",
        Create("db-password", "v1-secret", Some("")),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 created"),
    ),
    (
        "create-name-taken",
        Create("db-password", "v1-secret", None),
        Refused(AlreadyExists, Some("ALREADY_EXISTS")),
    ),
    (
        "create-throttled",
        Create("db-password", "v1-secret", None),
        Refused(RateLimited, Some("RESOURCE_EXHAUSTED")),
    ),
    ("delete-plain", Delete, Done("")),
    (
        "delete-missing",
        Delete,
        Refused(NotFound, Some("NOT_FOUND")),
    ),
    ("delete-forbidden", Delete, DENIED),
    ("get-value-plain", Get("db-password"), Done("v1-secret")),
    (
        "get-value-text",
        Get("db-password"),
        Done("two \"lines\" \\ /\nhéllo – 秘密 🔑"),
    ),
    ("get-value-hash", Get("a#b"), Done("of-a-hash-b")),
    ("get-value-raw-signs", Get("a+b=c@d$e-f_1"), Done("odd")),
    (
        "get-value-missing",
        Get("nobody"),
        Refused(NotFound, Some("NOT_FOUND")),
    ),
    (
        "get-value-missing-own-code",
        Get("nobody"),
        Refused(NotFound, Some("SECRET_NOT_FOUND")),
    ),
    (
        "get-value-no-route",
        Get("db-password"),
        Refused(NotFound, None),
    ),
    ("get-value-forbidden", Get("nobody"), DENIED),
    (
        "get-value-fault",
        Get("db-password"),
        Refused(Unavailable, None),
    ),
    (
        "list-two",
        List,
        Done(
            "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password main database \
        2020-05-26T06:16:46Z 2021-03-01T10:00:00.5Z\n\
        8c7d6e5f-4b3a-4291-8f0e-1d2c3b4a5f02 mail-key mail relay \
        2020-05-26T06:16:46Z 2021-03-01T10:00:00.5Z",
        ),
    ),
    ("list-bare-path", List, Done(DB)),
    ("list-consistency", List, Done(DB)),
    ("list-empty", List, Done("")),
    ("list-empty-object", List, Done("")),
    (
        "list-no-description",
        List,
        Done(
            "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password - \
        2020-05-26T06:16:46Z 2021-03-01T10:00:00.5Z",
        ),
    ),
    (
        "list-null-fields",
        List,
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password - - -"),
    ),
    ("list-forbidden", List, DENIED),
    ("list-other-site", List, DENIED),
    (
        "list-wrong-key",
        List,
        Refused(Unauthenticated, Some("UNAUTHENTICATED")),
    ),
    (
        "list-throttled",
        List,
        Refused(RateLimited, Some("RESOURCE_EXHAUSTED")),
    ),
    (
        "list-throttled-wait",
        List,
        Refused(RateLimited, Some("RESOURCE_EXHAUSTED")),
    ),
    ("list-gateway-html", List, Refused(Unavailable, None)),
    (
        "update-value",
        AddVersion("v2-secret"),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 rewritten"),
    ),
    (
        "update-missing",
        AddVersion("v2-secret"),
        Refused(NotFound, None),
    ),
    (
        "update-unavailable",
        AddVersion("v2-secret"),
        Refused(Unavailable, None),
    ),
    (
        "update-description",
        Describe("second text"),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password second text - -"),
    ),
    (
        "update-clears-description",
        Describe(""),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password - - -"),
    ),
    (
        "update-rename",
        Rename("db-password-2"),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 db-password-2 main database - -"),
    ),
    (
        "update-rename-taken",
        Rename("mail-key"),
        Refused(AlreadyExists, Some("ALREADY_EXISTS")),
    ),
];

/// Answers to requests that the store sends otherwise, or refuses to send.
const ANSWERS: &[Row] = &[
    (
        "create-name-charset",
        Create("x", "v", None),
        Refused(InvalidInput, Some("FORMAT")),
    ),
    (
        "create-name-wix",
        Create("x", "v", None),
        Refused(InvalidInput, Some("FORMAT")),
    ),
    (
        "create-name-too-long",
        Create("x", "v", None),
        Refused(InvalidInput, Some("MAX_LENGTH")),
    ),
    (
        "create-no-name",
        Create("x", "v", None),
        Refused(InvalidInput, Some("REQUIRED_FIELD")),
    ),
    (
        "create-several-violations",
        Create("x", "v", None),
        Refused(InvalidInput, Some("MAX_LENGTH")),
    ),
    (
        "create-value-empty",
        Create("x", "v", None),
        Refused(InvalidInput, Some("MIN_LENGTH")),
    ),
    (
        "create-value-too-long",
        Create("x", "v", None),
        Refused(InvalidInput, Some("MAX_LENGTH")),
    ),
    (
        "update-value-too-long",
        AddVersion("v"),
        Refused(InvalidInput, Some("MAX_LENGTH")),
    ),
    (
        "update-id-in-body",
        AddVersion("v2-secret"),
        Done("3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01 rewritten"),
    ),
    (
        "update-app-token-with-site",
        AddVersion("v"),
        Refused(Unauthenticated, Some("UNAUTHORIZED")),
    ),
    ("delete-query-copy", Delete, Done("")),
    (
        "get-value-query-copy",
        Get("db-password"),
        Done("v1-secret"),
    ),
    (
        "get-value-bearer",
        Get("db-password"),
        Refused(Unauthenticated, Some("UNAUTHENTICATED")),
    ),
    ("get-value-app-token", Get("db-password"), Done("v1-secret")),
    ("list-app-token", List, Done(DB)),
    (
        "list-expired-token",
        List,
        Refused(Unauthenticated, Some("UNAUTHENTICATED")),
    ),
    (
        "list-no-credential",
        List,
        Refused(Unauthenticated, Some("UNAUTHENTICATED")),
    ),
    (
        "list-no-site",
        List,
        Refused(Unauthenticated, Some("UNAUTHORIZED")),
    ),
];

/// Exchanges with the token endpoint, which needs the sign-in of apps.
const NOT_YET: &[&str] = &[
    "token-issued",
    "token-no-instance",
    "token-wrong-grant",
    "token-wrong-secret",
];

#[tokio::test]
async fn every_fixture_is_sent_and_read_as_recorded() {
    for fixture in fixture::load("wix-secrets").unwrap() {
        let row = |rows: &[Row]| rows.iter().find(|row| row.0 == fixture.name).copied();
        match (row(EXCHANGES), row(ANSWERS)) {
            (Some((_, ask, due)), None) => check(&fixture, ask, due, true).await,
            (None, Some((_, ask, due))) => check(&fixture, ask, due, false).await,
            _ => assert!(NOT_YET.contains(&fixture.name.as_str()), "{}", fixture.name),
        }
    }
}

async fn check(fixture: &Fixture, ask: Ask, due: Due, exact: bool) {
    let name = &fixture.name;
    let path = &fixture.request.path;
    let (prefix, rest) = path.split_once("/api/v1/secrets").unwrap();
    let before = match ask {
        List | Get(_) => None,
        Create(..) => Some(answer(200, "{}")),
        _ => {
            let id = rest.trim_start_matches('/').split('?').next().unwrap();
            let list = serde_json::json!({"secrets": [
                {"id": id, "name": "db-password", "description": "main database"},
            ]});
            Some(answer(200, list.to_string()))
        }
    };
    let at = usize::from(before.is_some());
    let recorded = Ok(fixture.http_response().unwrap());
    // An update that finds nothing looks again.
    let after = answer(200, "{}");
    let script = Script::new(before.into_iter().chain([recorded, after]));
    let store = store_on(
        &script,
        Some(&format!("https://www.wixapis.com{prefix}")),
        0,
    );

    let outcome = carry_out(&store, ask).await;

    match (due, &outcome) {
        (Done(text), Ok(told)) => assert_eq!(told, text, "{name}"),
        (Refused(kind, code), Err(error)) => {
            assert_eq!(
                (error.kind(), error.code()),
                (kind, code),
                "{name}: {error}"
            );
            if name != "update-missing" {
                let id = fixture.response.headers.get("x-wix-request-id");
                assert_eq!(error.request_id(), id.map(String::as_str), "{name}");
                assert_eq!(error.status(), Some(fixture.response.status), "{name}");
            }
        }
        _ => panic!("{name}: {outcome:?}"),
    }
    if exact {
        same_request(fixture, &script.sent()[at]);
    }
}

fn same_request(fixture: &Fixture, sent: &http::Request<polyvault_core::transport::Body>) {
    let (name, due) = (&fixture.name, &fixture.request);
    let uri = sent.uri();
    assert_eq!(sent.method().as_str(), due.method, "{name}");
    assert_eq!(uri.host(), Some("www.wixapis.com"), "{name}");
    assert_eq!(uri.path_and_query().unwrap().as_str(), due.path, "{name}");
    let headers: Vec<(&str, &str)> = sent
        .headers()
        .iter()
        .filter(|(header, _)| *header != "accept")
        .map(|(header, value)| (header.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(headers.len(), due.headers.len(), "{name}: {headers:?}");
    for (header, value) in &due.headers {
        assert!(headers.contains(&(header, value)), "{name}: {headers:?}");
    }
    assert_eq!(body_of(sent), due.body, "{name}");
}

async fn carry_out(store: &WixSecrets, ask: Ask) -> Result<String, Error> {
    let db = SecretRef::try_from("db-password")?;
    let wait = WaitPolicy::default();
    Ok(match ask {
        List => {
            let page = store.list_page(PageRequest::default()).await?;
            assert_eq!(page.next, None);
            page.items.iter().map(tell).collect::<Vec<_>>().join("\n")
        }
        Get(name) => {
            let secret = store.get(&name.try_into()?, GetOptions::default()).await?;
            assert!(secret.version.is_none() && secret.id.is_none());
            secret.payload.single()?.expose_text()?.to_owned()
        }
        Create(name, value, description) => {
            let options = PutOptions {
                mode: PutMode::Create,
                description: description.map(str::to_owned),
                ..PutOptions::default()
            };
            written(store.put_with(name, value, options).await?)
        }
        AddVersion(value) => written(
            store
                .put_with(&db, value, PutMode::AddVersion.into())
                .await?,
        ),
        Describe(text) => {
            let patch = InfoPatch {
                description: Some(text.to_owned()),
                ..InfoPatch::default()
            };
            tell(&store.update(&db, patch).await?)
        }
        Rename(name) => {
            let patch = InfoPatch {
                name: Some(SecretName::new(name)?),
                ..InfoPatch::default()
            };
            tell(&store.update(&db, patch).await?)
        }
        Delete => {
            let deleted = store.begin_delete(&db, DeleteOptions::default()).await?;
            deleted.wait(wait).await?;
            String::new()
        }
    })
}

fn written(written: polyvault_core::Written) -> String {
    assert_eq!(written.version.id, None);
    let what = if written.created {
        "created"
    } else {
        "rewritten"
    };
    format!("{} {what}", written.secret)
}

fn tell(info: &SecretInfo) -> String {
    let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        info.id.to_string(),
        text(info.name.as_ref().map(ToString::to_string)),
        text(info.description.clone()),
        text(info.created_at.map(|time| time.to_string())),
        text(info.updated_at.map(|time| time.to_string())),
    ]
    .join(" ")
}
