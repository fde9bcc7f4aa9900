//! Fixtures, made by the store: what it sends, and what it makes of the answer.

mod exchanges;
mod native;

use std::pin::Pin;

use http::Request;
use polyvault_core::transport::Body;
use polyvault_core::{
    DeleteOptions, Error, GetOptions, InfoPatch, Operation, OperationId, Outcome, Page,
    PageRequest, PageToken, Payload, Polled, PutMode, PutOptions, Result, SecretId, SecretRef,
    SecretStore, VersionId, VersionSelector,
};
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_yandex_lockbox::YandexLockbox;

use self::exchanges::{EXCHANGES, Exchange, NEVER_SENT};
use self::native::NATIVE;
use polyvault_testkit::script::{Script, answer, body_of};

use super::script::{fixture, store_on, tell_error, tell_secret, tell_version, tell_written};

const SECRET: &str = "e6qsecret00000000001";
const KEY: &str = "1f0e9d8c-7b6a-4d5c-8b3a-291807f6e5d4";

/// A call of the store.
#[derive(Clone, Copy)]
enum Ask {
    Describe(&'static str),
    /// The current version, or this one.
    Get(Option<&'static str>),
    /// Page size and token.
    List(Option<u32>, Option<&'static str>),
    Versions(Option<u32>),
    Create(fn() -> PutOptions, fn() -> Payload),
    Add(fn() -> Payload),
    Update(fn() -> InfoPatch),
    Delete(&'static str),
    Resume,
    /// A call that only this service has, and what it tells.
    Native(fn(YandexLockbox) -> Telling),
}

type Telling = Pin<Box<dyn Future<Output = Result<String>> + Send>>;

#[tokio::test]
async fn every_fixture_is_sent_and_read_as_it_says() {
    for exchange in EXCHANGES.iter().chain(NATIVE) {
        let fixture = fixture(exchange.fixture);
        let before = exchange.before.iter().map(|body| answer(200, body));
        let then = exchange.then.map(self::fixture);
        let answers = [&fixture].into_iter().chain(&then).chain(&then);
        let answers = answers.map(|fixture| Ok(fixture.http_response().unwrap()));
        let answers: Vec<_> = before.chain(answers).collect();
        let script = Script::new(answers);

        let told = ask(&store_on(&script, 0), exchange.ask).await;

        let told = told.unwrap_or_else(|error| {
            check_request_id(&fixture, &error);
            tell_error(&error)
        });
        assert_eq!(told, exchange.due, "{}", fixture.name);
        check_sent(exchange, &fixture, &script.sent()[exchange.before.len()]);
    }
}

#[test]
fn every_fixture_is_in_one_of_the_lists() {
    let made = EXCHANGES.iter().chain(NATIVE);
    let made = made.map(|exchange| exchange.fixture);
    let mut listed: Vec<&str> = made.chain(NEVER_SENT.iter().copied()).collect();
    listed.sort_unstable();

    let all = fixture::load("yandex-lockbox").unwrap();
    let all: Vec<&str> = all.iter().map(|fixture| fixture.name.as_str()).collect();
    assert_eq!(listed, all);
}

fn check_sent(exchange: &Exchange, fixture: &Fixture, sent: &Request<Body>) {
    let name = &fixture.name;
    let (wanted, uri) = (&fixture.request, sent.uri());
    assert_eq!(sent.method().as_str(), wanted.method, "{name}");
    assert_eq!(
        uri.path_and_query().unwrap().as_str(),
        wanted.path,
        "{name}"
    );
    let host = match uri.path() {
        path if path.ends_with("/payload") || path.ends_with(":getEx") => {
            "payload.lockbox.api.cloud.yandex.net"
        }
        path if path.starts_with("/operations") => "operation.api.cloud.yandex.net",
        _ => "lockbox.api.cloud.yandex.net",
    };
    assert_eq!(uri.host(), Some(host), "{name}");
    for (header, value) in &wanted.headers {
        let got = sent
            .headers()
            .get(header)
            .unwrap_or_else(|| panic!("{name}: {header}"));
        match (header.as_str(), exchange.ask) {
            // Naturally repeatable, so that nobody has to give a key.
            ("idempotency-key", Ask::Update(_) | Ask::Native(_)) => {
                assert_eq!(got.len(), value.len(), "{name}")
            }
            _ => assert_eq!(got, value, "{name}: {header}"),
        }
    }
    let mut body = wanted.body.clone();
    for field in exchange.unsent {
        let fields = body.as_mut().unwrap().as_object_mut().unwrap();
        assert!(fields.remove(*field).is_some(), "{name}: {field}");
    }
    assert_eq!(body_of(sent), body, "{name}");
}

/// The id of the request that was refused; an operation that failed was one request among several.
fn check_request_id(fixture: &Fixture, error: &Error) {
    if fixture.response.status >= 300 {
        let id = fixture.response.headers.get("x-request-id");
        assert_eq!(
            error.request_id(),
            id.map(String::as_str),
            "{}",
            fixture.name
        );
    }
}

async fn ask(store: &YandexLockbox, ask: Ask) -> Result<String> {
    let by_id = |id: &str| SecretRef::from(SecretId::new(id).unwrap());
    let page = |size, token: Option<&str>| PageRequest {
        size,
        token: token.map(PageToken::new),
    };
    Ok(match ask {
        Ask::Describe(id) => tell_secret(&store.describe(&by_id(id)).await?),
        Ask::Get(version) => {
            let version = version.map(|id| VersionSelector::Exact(VersionId::new(id).unwrap()));
            let options = GetOptions::from(version.unwrap_or_default());
            let read = store.get(&by_id(SECRET), options).await?;
            let entries = read.payload.iter().map(|(key, value)| {
                format!(" {key}={}", if value.is_text() { "text" } else { "binary" })
            });
            format!("{}{}", read.version.unwrap(), entries.collect::<String>())
        }
        Ask::List(size, token) => {
            tell_page(&store.list_page(page(size, token)).await?, tell_secret)
        }
        Ask::Versions(size) => {
            let page = page(size, None);
            let page = store.list_versions_page(&by_id(SECRET), page).await?;
            tell_page(&page, tell_version)
        }
        Ask::Create(options, payload) => {
            let name = SecretRef::try_from("db")?;
            let put = store.begin_put(&name, payload().into(), options()).await?;
            tell_operation(put, |written| tell_written(&written)).await?
        }
        Ask::Add(payload) => {
            let options = PutOptions {
                mode: PutMode::AddVersion,
                idempotency_key: Some(exchanges::key()),
                ..PutOptions::default()
            };
            let secret = by_id(SECRET);
            let put = store.begin_put(&secret, payload().into(), options).await?;
            tell_operation(put, |written| tell_written(&written)).await?
        }
        Ask::Update(patch) => {
            let update = store.begin_update(&by_id(SECRET), patch()).await?;
            tell_operation(update, |info| tell_secret(&info)).await?
        }
        Ask::Delete(id) => {
            let options = DeleteOptions {
                idempotency_key: Some(exchanges::key()),
            };
            let delete = store.begin_delete(&by_id(id), options).await?;
            tell_operation(delete, |()| "done".into()).await?
        }
        Ask::Native(call) => call(store.clone()).await?,
        Ask::Resume => {
            let id = OperationId::new("e6qoperation00000001")?;
            tell_operation(store.resume(&id).await?, tell_outcome).await?
        }
    })
}

/// Its result, or the pace that one poll tells.
async fn tell_operation<T: Send + 'static>(
    mut operation: Operation<T>,
    tell: impl Fn(T) -> String,
) -> Result<String> {
    Ok(match operation.poll().await? {
        Polled::Done(result) => tell(result),
        Polled::Pending(None) => "pending after -".into(),
        Polled::Pending(Some(pace)) => format!("pending after {pace:?}"),
    })
}

fn tell_outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Written(written) => tell_written(&written),
        Outcome::Secret(info) => tell_secret(&info),
        Outcome::Version(info) => tell_version(&info),
        _ => "done".into(),
    }
}

fn tell_page<T>(page: &Page<T>, tell: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = page.items.iter().map(tell).collect();
    let next = page.next.as_ref().map_or("end", PageToken::as_str);
    format!("{} | {next}", items.join("; "))
}
