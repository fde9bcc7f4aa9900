//! A whole life of a secret, at each version of the API.

use std::sync::Arc;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::clock::ManualClock;
use polyvault_core::transport::ClientOptions;
use polyvault_core::{PageRequest, SecretStore, SecretStoreExt, VersionPatch, VersionSelector};

use super::{secret, text};
use crate::manual_clock;

pub(super) async fn vault() -> (Emulator, Arc<ManualClock>) {
    let clock = manual_clock();
    let vault = Emulator::builder().clock(Arc::clone(&clock) as _);
    (vault.start().await, clock)
}

#[tokio::test]
async fn a_whole_life_goes_through_at_each_version_of_the_api() {
    for version in [
        "7.4",
        "7.5",
        "7.6-preview.2",
        "7.6",
        "2025-06-01-preview",
        "2025-07-01",
        "2026-01-01-preview",
        "2026-03-01-preview",
        "2026-04-01",
        "2026-05-01-preview",
        "2026-07-01-preview",
    ] {
        let (vault, clock) = vault().await;
        vault.page_size(1);
        vault.empty_page(true);
        let store = AzureKeyVault::builder("emulator")
            .endpoint(vault.url())
            .api_version(version)
            .token("made-up".into())
            .client_options(ClientOptions {
                clock,
                ..ClientOptions::default()
            })
            .build()
            .unwrap();

        live(&store).await;

        let requests = vault.server().received_requests().await.unwrap();
        assert!(requests.len() > 15);
        let asked = format!("api-version={version}");
        for request in requests {
            let query = request.url.query().unwrap_or_default();
            assert!(query.split('&').any(|part| part == asked), "{query}");
        }
    }
}

async fn live(store: &AzureKeyVault) {
    let (db, current) = (secret("db"), VersionSelector::Current);
    store.put("db", "one").await.unwrap();
    store.put("db", "two").await.unwrap();
    assert_eq!(text(store, "db").await, "two");
    let first = store.list_page(PageRequest::default()).await.unwrap();
    assert_eq!(first.items.len(), 1);
    let versions = store.list_versions_page(&db, PageRequest::default()).await;
    assert_eq!(versions.unwrap().items.len(), 1);
    let patch = VersionPatch {
        content_type: Some("text/plain".into()),
        ..VersionPatch::default()
    };
    let told = store.update_properties(&db, &current, patch).await.unwrap();
    assert_eq!(told.version.content_type.as_deref(), Some("text/plain"));
    let backup = store.backup(&db).await.unwrap();

    store.delete("db").await.unwrap();
    assert!(store.get_deleted(&db).await.unwrap().recovery_id.is_some());
    store.recover("db").await.unwrap();
    assert_eq!(store.properties(&db, &current).await.unwrap(), told);
    store.delete("db").await.unwrap();
    store.purge("db").await.unwrap();
    let restored = store.restore(&backup).await.unwrap();

    assert_eq!(restored, told);
    assert_eq!(text(store, "db").await, "two");
}
