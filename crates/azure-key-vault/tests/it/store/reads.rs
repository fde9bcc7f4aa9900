//! Reads: which version, what is disabled, and lists that go wrong.

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::emulator::{Operation, Version};
use polyvault_core::ErrorKind::{Disabled, Forbidden, NotFound, Unexpected};
use polyvault_core::{
    GetOptions, PageRequest, PageToken, SecretStore, SecretStoreExt, VersionChange, VersionId,
    VersionPatch, VersionSelector, VersionState,
};
use polyvault_testkit::script::{Script, answer};
use serde_json::json as object;

use super::{secret, sent, vault};
use crate::script::{json, lines, store_on};

fn version(id: &str, enabled: bool) -> Version {
    Version {
        id: id.repeat(32),
        enabled,
        ..Version::from(id)
    }
}

fn pinned(id: &str) -> GetOptions {
    VersionSelector::from(VersionId::new(id).unwrap()).into()
}

#[tokio::test]
async fn a_disabled_current_version_never_falls_back_to_an_older_one() {
    let (vault, _) = vault().await;
    vault
        .seed("db", [version("a", true), version("b", false)])
        .unwrap();
    let store = vault.store();

    let error = store.get_text("db").await.unwrap_err();

    assert_eq!(error.kind(), Disabled);
    assert_eq!(sent(&vault).await, ["GET /secrets/db"]);
    let older = store.get_with("db", pinned(&"a".repeat(32))).await.unwrap();
    assert_eq!(older.payload.single().unwrap().expose_text().unwrap(), "a");
}

#[tokio::test]
async fn a_disabled_secret_is_described_by_its_versions() {
    for (versions, current) in [
        (vec![version("b", false)], Some("b")),
        (
            vec![version("a", true), version("c", true), version("b", false)],
            Some("b"),
        ),
        // Two are disabled: no list tells which is current.
        (vec![version("c", false), version("b", false)], None),
    ] {
        let (vault, _) = vault().await;
        vault.page_size(1);
        vault.empty_page(true);
        vault.seed("DB", versions).unwrap();

        let info = vault.store().describe(&secret("DB")).await.unwrap();

        assert_eq!(info.state, VersionState::Disabled);
        assert_eq!(info.name.unwrap().as_str(), "DB");
        let id = info.current.and_then(|version| version.id);
        assert_eq!(id.map(|id| id.to_string()), current.map(|id| id.repeat(32)));
    }
}

#[tokio::test]
async fn a_disabled_secret_that_can_not_be_listed_is_forbidden_not_missing() {
    let (vault, _) = vault().await;
    vault.seed("db", [version("a", false)]).unwrap();
    vault.forbid([Operation::GetSecretVersions], "ForbiddenByRbac");

    let error = vault.store().describe(&secret("db")).await.unwrap_err();

    assert_eq!(error.kind(), Forbidden);
    assert_eq!(error.operation(), Some("describe"));
}

#[tokio::test]
async fn an_id_that_no_version_can_have_is_missing_and_sends_nothing() {
    let (vault, _) = vault().await;
    vault.seed("db", ["one"]).unwrap();
    let store = vault.store();
    let change = VersionChange::Update(VersionPatch {
        enabled: Some(false),
        ..VersionPatch::default()
    });
    // `versions` would be the list of them.
    for id in [
        "versions",
        "latest",
        "..",
        "1",
        &"g".repeat(32),
        &"a".repeat(33),
    ] {
        let read = store.get_with("db", pinned(id)).await.unwrap_err();
        assert_eq!(read.kind(), NotFound, "{id}");
        assert_eq!(read.operation(), Some("get"), "{id}");

        let id = VersionId::new(id).unwrap();
        let update = store.update_version("db", &id, change.clone()).await;
        assert_eq!(update.unwrap_err().kind(), NotFound, "{id}");
    }
    assert_eq!(vault.request_count(), 0);
    let unknown = store.get_with("db", pinned(&"0".repeat(32))).await;
    assert_eq!(unknown.unwrap_err().kind(), NotFound);
}

#[tokio::test]
async fn empty_pages_before_the_first_version_are_passed_over() {
    let page = |items: serde_json::Value, next: Option<&str>| {
        json(object!({ "value": items, "nextLink": next }))
    };
    let item = object!([{ "id": "https://myvault.vault.azure.net/secrets/db/1" }]);
    let script = Script::new([
        page(object!([]), Some("/secrets/db/versions?p=2")),
        page(object!([]), Some("/secrets/db/versions?p=3")),
        page(item, None),
    ]);

    let (store, db) = (store_on(&script), secret("db"));
    let listed = store.list_versions_page(&db, PageRequest::default()).await;

    assert_eq!(listed.unwrap().items.len(), 1);
    assert_eq!(
        lines(&script),
        [
            "GET /secrets/db/versions?api-version=2026-04-01",
            "GET /secrets/db/versions?p=2",
            "GET /secrets/db/versions?p=3"
        ]
    );
}

#[tokio::test]
async fn links_that_go_in_circles_end() {
    let page = |next: &str| json(object!({ "value": [], "nextLink": next }));
    let script = Script::new(["/a", "/b", "/a"].map(page));
    let (store, db) = (store_on(&script), secret("db"));

    let listed = store.list_versions_page(&db, PageRequest::default()).await;
    assert_eq!(listed.unwrap_err().kind(), Unexpected);
    assert_eq!(lines(&script).len(), 3);

    let disabled = object!({ "error": { "innererror": { "code": "SecretDisabled" } } });
    let mut answers = vec![answer(403, disabled.to_string())];
    answers.extend(["/a", "/b", "/a"].map(page));
    let store = store_on(&Script::new(answers));
    let told = store.describe(&secret("db")).await;
    assert_eq!(told.unwrap_err().kind(), Unexpected);
}

#[tokio::test]
async fn a_link_to_another_origin_is_refused_and_not_followed() {
    let other = wiremock::MockServer::start().await;
    let (vault, _) = vault().await;
    for link in [
        format!("{}/secrets?api-version=2026-04-01", other.uri()),
        other.uri().replace("http:", ""),
        vault.url().replace("http://", "http://user:pw@"),
        vault.url().replace("http:", "https:"),
    ] {
        let page = PageRequest {
            size: None,
            token: Some(PageToken::new(&*link)),
        };
        let store = vault.store();
        let (list, versions, deleted) = lists(&store, page).await;

        assert_eq!([list, versions, deleted], [Unexpected; 3], "{link}");
    }
    assert_eq!(other.received_requests().await.unwrap().len(), 0);
    assert_eq!(vault.request_count(), 0);
}

async fn lists(
    store: &AzureKeyVault,
    page: PageRequest,
) -> (
    polyvault_core::ErrorKind,
    polyvault_core::ErrorKind,
    polyvault_core::ErrorKind,
) {
    let list = store.list_page(page.clone()).await.unwrap_err();
    let versions = store.list_versions_page(&secret("db"), page.clone()).await;
    let deleted = store.list_deleted_page(page).await.unwrap_err();
    (list.kind(), versions.unwrap_err().kind(), deleted.kind())
}
