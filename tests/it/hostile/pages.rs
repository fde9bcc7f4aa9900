//! Lists that would never end, and links that lead elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use polyvault::Timestamp;
use polyvault::clock::ManualClock;
use polyvault::transport::{Body, ClientOptions, SendError, Transport};

use super::lists::LISTS;
use super::*;

/// Gives another page to every request.
#[derive(Debug)]
struct Pages {
    asked: AtomicUsize,
    page: fn(usize) -> (u16, String),
}

impl Pages {
    fn of(page: fn(usize) -> (u16, String)) -> Arc<Self> {
        let asked = AtomicUsize::default();
        Arc::new(Self { asked, page })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn store(self: &Arc<Self>, url: &str) -> Arc<dyn SecretStore> {
        let client = ClientOptions {
            transport: Some(Arc::clone(self) as _),
            clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
            ..ClientOptions::default()
        };
        let options = OpenOptions {
            environment: environment(),
            client,
        };
        polyvault::open_with(url, options).unwrap()
    }
}

#[async_trait]
impl Transport for Pages {
    async fn send(
        &self,
        _: http::Request<Body>,
        _: Duration,
    ) -> Result<http::Response<Body>, SendError> {
        let count = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(count < 100_000, "it asks for ever");
        let (status, body) = (self.page)(count);
        Ok(answer(status, body).unwrap())
    }
}

const VAULT: &str = "azure-key-vault://my-vault";
const LOCKBOX: &str = "yandex-lockbox://b1gfolder00000000001";

#[tokio::test]
async fn a_list_that_goes_round_in_a_circle_has_an_end() {
    for list in LISTS.iter().filter(|list| list.has_pages()) {
        for (length, items) in [(1, 0), (2, 0), (3, 0), (1, 1), (2, 2), (3, 1)] {
            let round = (0..length).map(|at| answer(200, list.page(items, &format!("x{at}"))));
            let round = round.collect::<Vec<_>>();
            let script = Script::new((0..4).flat_map(|_| round.clone()));

            let read = list.all(&*open(list.url(), &script)).await;

            assert_eq!(read.unwrap_err().kind(), ErrorKind::Unexpected, "{list:?}");
            assert_eq!(script.lines().len(), length + 1, "{list:?}");
            stays_at_home(&script, list.host());
        }
    }
}

#[tokio::test]
async fn a_list_of_ever_new_pages_without_an_item_has_an_end() {
    for list in LISTS.iter().filter(|list| list.has_pages()) {
        let pages = Pages::of(|count| {
            let link = format!("/secrets?$skiptoken={count}");
            let body = format!(r#"{{"value":[],"nextLink":"{link}","nextPageToken":"{count}"}}"#);
            (200, body)
        });

        let read = list.all(&*pages.store(list.url())).await;

        assert_eq!(read.unwrap_err().kind(), ErrorKind::Unexpected, "{list:?}");
        assert!(pages.asked() <= 1_001, "{list:?}: {}", pages.asked());
    }
}

#[tokio::test]
async fn a_call_that_reads_a_list_to_its_end_has_one_also_where_the_list_has_none() {
    let db = "db".try_into().unwrap();
    let disabled = |count| {
        let version = format!("{count:032x}");
        match count {
            0 => (
                403,
                r#"{"error":{"code":"Forbidden","innererror":{"code":"SecretDisabled"}}}"#
                    .to_owned(),
            ),
            _ => (
                200,
                format!(
                    r#"{{"value":[{{"id":"https://my-vault.vault.azure.net/secrets/db/{version}","attributes":{{"enabled":false}}}}],"nextLink":"/secrets/db/versions?$skiptoken={count}"}}"#
                ),
            ),
        }
    };
    let pages = Pages::of(disabled);
    let described = pages.store(VAULT).describe(&db).await;
    assert_eq!(described.unwrap_err().kind(), ErrorKind::Unexpected);
    assert!(pages.asked() <= 10_002, "{}", pages.asked());

    let pages = Pages::of(|count| {
        (
            200,
            format!(r#"{{"value":[],"nextLink":"/secrets/db/versions?$skiptoken={count}"}}"#),
        )
    });
    let versions = pages
        .store(VAULT)
        .list_versions_page(&db, PageRequest::default())
        .await;
    assert_eq!(versions.unwrap_err().kind(), ErrorKind::Unexpected);
    assert!(pages.asked() <= 1_001, "{}", pages.asked());

    let named = |count| {
        (
            200,
            format!(
                r#"{{"secrets":[{{"id":"e6q{count}","name":"other"}}],"nextPageToken":"{count}"}}"#
            ),
        )
    };
    let pages = Pages::of(named);
    let got = pages.store(LOCKBOX).get(&db, GetOptions::default()).await;
    assert_eq!(got.map(drop).unwrap_err().kind(), ErrorKind::Unexpected);
    assert!(pages.asked() <= 10_001, "{}", pages.asked());
}

#[tokio::test]
async fn a_link_to_elsewhere_is_not_followed() {
    for list in LISTS.iter().filter(|list| list.has_links()) {
        let (url, host) = (list.url(), list.host());
        let name = host.trim_start_matches("https://").trim_end_matches('/');
        for link in [
            "https://evil.example/secrets",
            "https://HOST.evil.example/secrets",
            "https://HOST@evil.example/secrets",
            "https://HOST:x@evil.example/secrets",
            "https://user@HOST/secrets",
            "https://HOST:8443/secrets",
            "https://HOST./secrets",
            "http://HOST/secrets",
            "ftp://HOST/secrets",
            "//evil.example/secrets",
            "\\\\\\\\evil.example/secrets",
            "/\\\\evil.example/secrets",
            "https:\\\\\\\\evil.example/secrets",
            "https://%65vil.example/secrets",
            "https://\u{435}vil.example/secrets",
            "https://HOST\u{ff0e}evil.example/secrets",
            "https://HOST\\tevil.example/",
            "https://[::1]/secrets",
            "https://169.254.169.254/metadata/identity/oauth2/token",
            "javascript:alert(1)",
            "data:,x",
            "https://",
        ] {
            let link = link.replace("HOST", name);
            let script = Script::always(answer(200, list.page_before(&link)));

            let read = list.all(&*open(url, &script)).await;

            let kind = read.unwrap_err().kind();
            assert_eq!(kind, ErrorKind::Unexpected, "{list:?}: {link}");
            assert_eq!(script.lines().len(), 1, "{list:?}: {link}");
            stays_at_home(&script, host);
        }
    }
}

#[tokio::test]
async fn a_link_that_leads_home_is_followed_however_it_is_written() {
    for list in LISTS.iter().filter(|list| list.has_links()) {
        let (url, host) = (list.url(), list.host());
        let name = host.trim_start_matches("https://").trim_end_matches('/');
        for link in [
            "/secrets?$skiptoken=x",
            "secrets?$skiptoken=x",
            "?$skiptoken=x",
            "//HOST/secrets?$skiptoken=x",
            "https://HOST:443/secrets?$skiptoken=x",
            "HTTPS://UPPER/secrets?$skiptoken=x",
            "https://HOST/secrets?to=https://evil.example/",
            "https://HOST/https://evil.example/",
            "https:evil.example",
            "https://HOST\\\\@evil.example/",
            "https://HOST/\\t/evil.example/",
        ] {
            let link = link
                .replace("HOST", name)
                .replace("UPPER", &name.to_uppercase());
            let page = list.page_before(&link);
            let script = Script::new([answer(200, page), answer(200, list.last(1))]);

            let read = list.all(&*open(url, &script)).await;

            assert_eq!(read.unwrap(), 1, "{list:?}: {link}");
            assert_eq!(script.lines().len(), 2, "{list:?}: {link}");
            stays_at_home(&script, host);
        }
    }
}
