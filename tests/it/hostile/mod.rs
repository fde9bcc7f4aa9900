//! A service that means harm, or is another one: a typed error, an end, and no request elsewhere.

mod large;
mod lists;
mod pages;
mod socket;
pub(crate) mod tokens;

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use polyvault::provider::OpenOptions;
use polyvault::{
    CONTROL_PLANES, Environment, Error, ErrorKind, GetOptions, PROVIDERS, PageRequest, PutOptions,
    SecretInfo, SecretStore, SecretStoreExt as _,
};
use polyvault_testkit::script::{Answer, Script, answer};

/// A store's URL, its host, and a page of its list whose next page is said to be the same again.
const STORES: [(&str, &str, &str); 4] = [
    (
        "azure-key-vault://my-vault",
        "https://my-vault.vault.azure.net/",
        r#"{"value":[],"nextLink":"https://my-vault.vault.azure.net/secrets?api-version=2026-04-01&$skiptoken=x"}"#,
    ),
    (
        "azure-key-vault-arm://00000000-0000-0000-0000-000000000000/my-group/my-vault",
        "https://management.azure.com/",
        r#"{"value":[],"nextLink":"https://management.azure.com/subscriptions?$skiptoken=x"}"#,
    ),
    (
        "yandex-lockbox://b1gfolder00000000001",
        "https://lockbox.api.cloud.yandex.net/",
        r#"{"secrets":[],"nextPageToken":"x"}"#,
    ),
    ("wix-secrets://my-site", "https://www.wixapis.com/", ""),
];

/// A ready credential of each.
fn environment() -> Environment {
    Environment::empty()
        .with("POLYVAULT_AZURE_TOKEN", "made-up")
        .with("YC_IAM_TOKEN", "t1.made-up")
        .with("WIX_API_KEY", "IST.made-up")
}

fn open(url: &str, script: &Arc<Script>) -> Arc<dyn SecretStore> {
    let options = OpenOptions {
        environment: environment(),
        client: script.options(),
    };
    polyvault::open_with(url, options).unwrap()
}

/// A store that gives no values refuses the read before it asks.
fn expect(error: &Error, kind: ErrorKind) {
    assert!(
        [kind, ErrorKind::Unsupported].contains(&error.kind()),
        "{error}"
    );
}

/// What a read, a list and a description come to.
async fn calls(store: &dyn SecretStore) -> Vec<Error> {
    let db = "db".try_into().unwrap();
    let got = store.get(&db, GetOptions::default()).await.map(drop);
    let described = store.describe(&db).await.map(drop);
    let listed = store.list_page(PageRequest::default()).await.map(drop);
    [got, described, listed]
        .into_iter()
        .filter_map(Result::err)
        .collect()
}

/// An answer that sends to another host.
fn redirect(status: u16) -> Answer {
    let mut elsewhere = answer(status, "");
    let to = "https://elsewhere.example/".parse().unwrap();
    let headers = elsewhere.as_mut().unwrap().headers_mut();
    headers.insert("location", to);
    elsewhere
}

fn stays_at_home(script: &Script, host: &str) {
    for line in script.lines() {
        // Payloads have an endpoint of their own.
        let home = line.replace("payload.lockbox.", "lockbox.");
        assert!(home.contains(&format!(" {host}")), "{line}");
    }
}

#[test]
fn every_store_over_http_is_among_them() {
    let all = PROVIDERS.iter().chain(CONTROL_PLANES);
    for provider in all.filter(|provider| !provider.variables.is_empty()) {
        let scheme = format!("{}://", provider.scheme);
        assert!(
            STORES.iter().any(|(url, _, _)| url.starts_with(&scheme)),
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_nested_a_thousand_levels_deep_is_not_decoded() {
    let arrays = "[".repeat(1000);
    let objects = r#"{"value":"#.repeat(1000);
    let closed = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for (url, host, _) in STORES {
        for body in [&arrays, &objects, &closed] {
            let script = Script::always(answer(200, body.clone()));
            let errors = calls(&*open(url, &script)).await;
            assert!(errors.len() >= 2, "{url}: {errors:?}");
            for error in errors {
                expect(&error, ErrorKind::Decode);
            }
            stays_at_home(&script, host);
        }
    }
}

#[tokio::test]
async fn a_list_whose_pages_repeat_has_an_end() {
    for (url, host, page) in STORES.iter().filter(|(_, _, page)| !page.is_empty()) {
        let script = Script::always(answer(200, *page));
        let store = open(url, &script);

        let listed: Result<Vec<SecretInfo>, _> = store.list().try_collect().await;

        assert_eq!(listed.unwrap_err().kind(), ErrorKind::Unexpected, "{url}");
        assert!(script.lines().len() <= 3, "{url}: {:?}", script.lines());
        stays_at_home(&script, host);
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_an_error_and_not_followed() {
    for (url, host, _) in STORES {
        for status in [301, 302, 303, 307, 308] {
            let script = Script::always(redirect(status));

            let errors = calls(&*open(url, &script)).await;

            assert_eq!(errors.len(), 3, "{url} {status}: {errors:?}");
            assert!(
                errors
                    .iter()
                    .all(|error| error.kind() != ErrorKind::NotFound)
            );
            stays_at_home(&script, host);
        }
    }
}
