//! The lists and their pages.

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_core::{
    DeletedSecretInfo, ErrorKind, Page, PageRequest, PageToken, SecretInfo, SecretStore,
    VersionInfo, VersionState,
};
use polyvault_testkit::script::Script;
use serde_json::{Value, json as object};

use super::{TWO_YEARS, VAULT, info, labels, secret, time, version};
use crate::script::{self, exchange, json, lines, store_on};

#[tokio::test]
async fn a_list_of_three_pages() {
    let list = async |store: &AzureKeyVault, page| store.list_page(page).await.unwrap();
    let (pages, asked) = three_pages(
        ["list-first-page", "list-empty-page", "list-last-page"],
        list,
    )
    .await;

    let item = |name| {
        let current = VersionInfo {
            content_type: Some("plainText".into()),
            ..version(None, 1_482_189_047)
        };
        vec![info(name, current)]
    };
    let due = [item("listsecrettest0"), vec![], item("listsecrettest1")];
    assert_eq!(pages, due);
    assert_eq!(asked, links("list-first-page", "list-empty-page"));
}

#[tokio::test]
async fn a_list_of_versions_of_three_pages() {
    let list = async |store: &AzureKeyVault, page| {
        let name = secret("listsecretversionstest");
        store.list_versions_page(&name, page).await.unwrap()
    };
    let (pages, asked) = three_pages(
        [
            "versions-first-page",
            "versions-empty-page",
            "versions-last-page",
        ],
        list,
    )
    .await;

    let item = |id| vec![version(Some(id), 1_481_851_699)];
    let due = [
        item("11a536561da34d6b8b452d880df58f3a"),
        vec![],
        item("1d4962b1ed784dbf8998c3332e4768b7"),
    ];
    assert_eq!(pages, due);
    assert_eq!(asked, links("versions-first-page", "versions-empty-page"));
}

#[tokio::test]
async fn a_list_of_deleted_secrets_of_three_pages() {
    let first = script::load("list-deleted");
    let second = object!({ "value": [], "nextLink": "/deletedsecrets?api-version=2026-04-01&$skiptoken=c&maxresults=1" });
    let third = object!({ "value": [{ "id": format!("{VAULT}/secrets/b"), "deletedDate": null }] });
    let script = Script::new([
        Ok(first.http_response().unwrap()),
        json(second),
        json(third),
    ]);
    let list = async |store: &AzureKeyVault, page| store.list_deleted_page(page).await.unwrap();

    let pages = all_pages(&store_on(&script), list).await;

    let current = VersionInfo {
        content_type: Some("plainText".into()),
        ..version(None, 1_493_937_855)
    };
    let due = DeletedSecretInfo {
        info: info("listdeletedsecrettest0", current),
        deleted_at: Some(time(1_493_937_855)),
        purge_at: Some(time(1_501_713_855)),
        recoverable: true,
    };
    assert_eq!(pages[0], [due]);
    assert_eq!(pages[1], []);
    assert_eq!(pages[2][0].info.name.as_ref().unwrap().as_str(), "b");
    assert_eq!(pages[2][0].deleted_at, None);
    script::same_request(&script.sent()[0], &first);
    let lines = lines(&script);
    assert_eq!(lines[1], format!("GET {}", link("list-deleted")));
    assert_eq!(
        lines[2],
        "GET /deletedsecrets?api-version=2026-04-01&$skiptoken=c&maxresults=1"
    );
}

#[tokio::test]
async fn lists_of_nothing_end_at_once() {
    let page = exchange("list-nothing", async |store: AzureKeyVault| {
        store.list_page(PageRequest::default()).await.unwrap()
    })
    .await;
    assert_eq!((page.items.len(), page.next), (0, None));

    let page = exchange("list-deleted-nothing", async |store: AzureKeyVault| {
        let page = PageRequest::default();
        store.list_deleted_page(page).await.unwrap()
    })
    .await;
    assert_eq!((page.items.len(), page.next), (0, None));
}

#[tokio::test]
async fn a_list_tells_what_is_disabled_and_what_a_certificate_owns() {
    let page = exchange("list-managed-and-disabled", async |store: AzureKeyVault| {
        store.list_page(PageRequest::default()).await.unwrap()
    })
    .await;

    let certificate = VersionInfo {
        content_type: Some("application/x-pkcs12".into()),
        not_before: Some(time(TWO_YEARS.0)),
        expires_at: Some(time(TWO_YEARS.1)),
        ..version(None, 1_493_938_410)
    };
    let off = VersionInfo {
        state: VersionState::Disabled,
        labels: Some(labels([("env", "test")])),
        ..version(None, 1_493_938_410)
    };
    let managed = SecretInfo {
        managed: true,
        ..info("mycert", certificate)
    };
    assert_eq!(page.items, [managed, info("off", off)]);
}

#[tokio::test]
async fn versions_come_in_the_services_order() {
    let page = exchange("versions-in-order-of-id", async |store: AzureKeyVault| {
        let name = secret("listsecretversionstest");
        let page = PageRequest::default();
        store.list_versions_page(&name, page).await.unwrap()
    })
    .await;

    let off = VersionInfo {
        state: VersionState::Disabled,
        ..version(Some("11a536561da34d6b8b452d880df58f3a"), 1_481_851_699)
    };
    let on = VersionInfo {
        content_type: Some("text/plain".into()),
        labels: Some(labels([("env", "test")])),
        ..version(Some("1d4962b1ed784dbf8998c3332e4768b7"), 1_481_851_699)
    };
    assert_eq!(page.items, [off, on]);
}

#[tokio::test]
async fn an_empty_list_of_versions_is_a_missing_secret() {
    let error = exchange(
        "versions-of-an-unknown-name",
        async |store: AzureKeyVault| {
            let page = PageRequest::default();
            let listed = store.list_versions_page(&secret("91945129"), page).await;
            listed.unwrap_err()
        },
    )
    .await;

    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.operation(), Some("list_versions"));
}

/// The items of the pages, and what was asked; the first request is held to its fixture.
async fn three_pages<T>(
    fixtures: [&str; 3],
    list: impl AsyncFn(&AzureKeyVault, PageRequest) -> Page<T>,
) -> (Vec<Vec<T>>, Vec<String>) {
    let answers = fixtures.map(|name| script::load(name).http_response().unwrap());
    let script = Script::new(answers.map(Ok));

    let pages = all_pages(&store_on(&script), list).await;

    script::same_request(&script.sent()[0], &script::load(fixtures[0]));
    (pages, lines(&script))
}

async fn all_pages<T>(
    store: &AzureKeyVault,
    list: impl AsyncFn(&AzureKeyVault, PageRequest) -> Page<T>,
) -> Vec<Vec<T>> {
    let mut pages = Vec::new();
    let mut token: Option<PageToken> = None;
    loop {
        let size = Some(1);
        let page = list(store, PageRequest { size, token }).await;
        pages.push(page.items);
        match page.next {
            Some(next) => token = Some(next),
            None => return pages,
        }
    }
}

/// The first page by our own URL, the second and the third by the links of the pages before.
fn links(first: &str, second: &str) -> Vec<String> {
    let own = script::load(first).request.path;
    let paths = [own, link(first), link(second)];
    paths.map(|path| format!("GET {path}")).to_vec()
}

/// The path and query of the link that a fixture's answer holds.
fn link(fixture: &str) -> String {
    let body: Value = script::load(fixture).response.body.unwrap();
    let link = body["nextLink"].as_str().unwrap().to_owned();
    let base = format!("{VAULT}:443");
    link.strip_prefix(&base).unwrap().to_owned()
}
