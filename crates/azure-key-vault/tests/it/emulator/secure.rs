//! The vault on https.

use std::sync::Arc;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::transport::ReqwestTransport;
use polyvault_core::{ErrorKind, PageRequest, SecretStore, SecretStoreExt};
use polyvault_testkit::conformance::{Harness, run_all};

use crate::harness::Vault;
use crate::manual_clock;

async fn vault() -> Emulator {
    Emulator::builder()
        .clock(manual_clock())
        .https()
        .start()
        .await
}

#[tokio::test]
async fn keeps_every_promise_of_a_store() {
    let report = run_all(async || {
        let vault = vault().await;
        vault.page_size(2);
        vault.empty_page(true);
        Arc::new(Vault(vault)) as Arc<dyn Harness>
    })
    .await;

    assert!(report.is_green(), "{report}");
}

#[tokio::test]
async fn ids_and_links_name_the_secure_address() {
    let vault = vault().await;
    vault.seed("a", ["x"]).unwrap();
    vault.seed("b", ["x"]).unwrap();
    vault.page_size(1);

    let page = vault
        .store()
        .list_page(PageRequest::default())
        .await
        .unwrap();

    let address = format!("{}/", vault.url());
    assert!(address.starts_with("https://127.0.0.1:"), "{address}");
    assert!(page.items[0].id.as_str().starts_with(&address), "{page:?}");
    assert!(page.next.unwrap().as_str().starts_with(&address));
}

#[tokio::test]
async fn only_who_trusts_its_ca_speaks_to_it() {
    let vault = vault().await;
    vault.seed("db", ["x"]).unwrap();
    let store = |transport: ReqwestTransport| {
        let builder = AzureKeyVault::builder("emulator").endpoint(vault.url());
        let builder = builder
            .token("made-up".into())
            .transport(Arc::new(transport));
        builder.build().unwrap()
    };
    let pem = vault.ca_pem().unwrap();
    assert!(!pem.contains("PRIVATE"));

    let trusting = ReqwestTransport::builder().ca_pem(pem).unwrap().build();
    store(trusting).get_text("db").await.unwrap();

    let other = self::vault().await;
    let other = ReqwestTransport::builder()
        .ca_pem(other.ca_pem().unwrap())
        .unwrap();
    for distrusting in [ReqwestTransport::default(), other.build()] {
        let error = store(distrusting).get_text("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    assert_eq!(Emulator::start().await.ca_pem(), None);
}
