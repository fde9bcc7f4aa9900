//! One transport for stores of several providers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use polyvault::azure_key_vault::AzureKeyVault;
use polyvault::azure_key_vault::arm::AzureKeyVaultArm;
use polyvault::transport::{Body, SendError, SendErrorKind, Transport};
use polyvault::wix_secrets::WixSecrets;
use polyvault::yandex_lockbox::YandexLockbox;
use polyvault::{ErrorKind, SecretStore};

/// Sends nothing and counts.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

#[async_trait]
impl Transport for Counting {
    async fn send(
        &self,
        _request: http::Request<Body>,
        _timeout: Duration,
    ) -> Result<http::Response<Body>, SendError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(SendError::new(SendErrorKind::Setup, "counted"))
    }
}

#[tokio::test]
async fn every_builder_takes_a_transport_that_stores_may_share() {
    let counting = Arc::new(Counting::default());
    let transport = || Arc::clone(&counting) as Arc<dyn Transport>;
    let token = || "made-up".into();
    let azure = AzureKeyVault::builder("my-vault").token(token());
    let lockbox = YandexLockbox::builder("b1gfolder").token(token());
    let wix = WixSecrets::builder("a-site").api_key(token());
    let arm = AzureKeyVaultArm::builder("a-subscription", "a-group", "my-vault").token(token());
    let stores: [Box<dyn SecretStore>; 4] = [
        Box::new(azure.transport(transport()).build().unwrap()),
        Box::new(lockbox.transport(transport()).build().unwrap()),
        Box::new(wix.transport(transport()).build().unwrap()),
        Box::new(arm.transport(transport()).build().unwrap()),
    ];

    for store in stores {
        let error = store.describe(&"a".try_into().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.message().contains("counted"), "{error}");
    }

    assert_eq!(counting.0.load(Ordering::Relaxed), 4);
}
