//! What a caller can't do any more who lacks one right.

use polyvault::azure_key_vault::emulator::{Emulator as Vault, Operation};
use polyvault::memory::MemoryStoreBuilder;
use polyvault::wix_secrets::emulator::{Call, Emulator as Site};
use polyvault::yandex_lockbox::emulator::Emulator as Folder;
use polyvault::{
    GetOptions, InfoPatch, Labels, MemoryStore, PageRequest, PutMode, PutOptions, SecretId,
    SecretRef, SecretStore, SecretStoreExt,
};

use super::shown::Shown;
use super::{clock, like};

/// Every call, on a secret that is there by name and by id, and on none.
async fn calls(s: &dyn SecretStore, id: &SecretId) -> Vec<(&'static str, String)> {
    let (name, by_id): (SecretRef, SecretRef) = ("db".try_into().unwrap(), id.clone().into());
    let page = PageRequest::default;
    let labels: Labels = [("team".to_owned(), "blue".to_owned())].into();
    let told = PutOptions {
        labels: (s.capabilities().provider != "wix-secrets").then(|| labels.clone()),
        ..PutOptions::default()
    };
    let blind = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    let patch = match s.capabilities().provider {
        "wix-secrets" => InfoPatch {
            description: Some("text".to_owned()),
            ..InfoPatch::default()
        },
        _ => InfoPatch {
            labels: Some(labels),
            ..InfoPatch::default()
        },
    };
    vec![
        ("get", s.get(&name, GetOptions::default()).await.shown()),
        (
            "get by id",
            s.get(&by_id, GetOptions::default()).await.shown(),
        ),
        ("get nothing", s.get_text("none").await.map(drop).shown()),
        ("describe", s.describe(&name).await.shown()),
        ("describe by id", s.describe(&by_id).await.shown()),
        ("list", s.list_page(page()).await.shown()),
        (
            "list versions",
            s.list_versions_page(&name, page()).await.shown(),
        ),
        ("put", s.put("db", "two").await.shown()),
        ("put by id", s.put(id.clone(), "three").await.shown()),
        ("put blindly", s.put_with("db", "four", blind).await.shown()),
        (
            "put with labels",
            s.put_with("db", "five", told).await.shown(),
        ),
        (
            "add",
            s.put_with("db", "six", PutMode::AddVersion.into())
                .await
                .shown(),
        ),
        (
            "create",
            s.put_with("db", "x", PutMode::Create.into()).await.shown(),
        ),
        (
            "create anew",
            s.put_with("new", "x", PutMode::Create.into()).await.shown(),
        ),
        ("put anew", s.put("newer", "x").await.shown()),
        ("update", s.update("db", patch.clone()).await.shown()),
        ("update by id", s.update(id.clone(), patch).await.shown()),
        ("delete nothing", s.delete("none").await.shown()),
        ("delete", s.delete("db").await.shown()),
        ("delete by id", s.delete(id.clone()).await.shown()),
    ]
}

/// Runs the calls on both, with one right less on both.
async fn compare(
    real: &dyn SecretStore,
    take: impl FnOnce(),
    memory: &MemoryStore,
    operation: &str,
) {
    let ids = [
        real.put("db", "one").await.unwrap().secret,
        memory.put("db", "one").await.unwrap().secret,
    ];
    take();
    memory.faults().forbid(operation);

    let due = calls(real, &ids[0]).await;
    let found = calls(memory, &ids[1]).await;

    assert!(due.iter().any(|(_, shown)| shown.contains("Forbidden")));
    for ((call, due), (_, found)) in due.into_iter().zip(found) {
        assert_eq!(found, due, "{call} without `{operation}`");
    }
}

#[tokio::test]
async fn without_a_right_a_store_like_azure_refuses_what_the_adapter_does() {
    for (operation, right) in [
        ("get", Operation::GetSecret),
        ("list", Operation::GetSecrets),
        ("list_versions", Operation::GetSecretVersions),
        ("put", Operation::SetSecret),
        ("update", Operation::UpdateSecret),
        ("delete", Operation::DeleteSecret),
    ] {
        let vault = Vault::builder().clock(clock()).start().await;
        let take = || vault.forbid([right], "ForbiddenByRbac");
        let memory = like(MemoryStoreBuilder::like_azure);

        compare(&vault.store(), take, &memory, operation).await;
    }
}

#[tokio::test]
async fn without_a_right_a_store_like_lockbox_refuses_what_the_adapter_does() {
    for (operation, methods) in [
        ("get", &["Payload.Get"][..]),
        ("describe", &["Secret.Get"]),
        ("list", &["Secret.List"]),
        ("list_versions", &["Secret.ListVersions"]),
        ("put", &["Secret.Create", "Secret.AddVersion"]),
        ("update", &["Secret.Update"]),
        ("delete", &["Secret.Delete"]),
    ] {
        let folder = Folder::builder().clock(clock()).start().await;
        let take = || {
            methods
                .iter()
                .for_each(|method| folder.forbid(method).unwrap())
        };
        let memory = like(MemoryStoreBuilder::like_lockbox);

        compare(&folder.store(), take, &memory, operation).await;
    }
}

/// A put has no right of its own here: it is a create or an update.
#[tokio::test]
async fn without_a_right_a_store_like_wix_refuses_what_the_adapter_does() {
    for (operation, call) in [
        ("get", Call::GetValue),
        ("list", Call::List),
        ("update", Call::Update),
        ("delete", Call::Delete),
    ] {
        let site = Site::builder().clock(clock()).start().await;
        let take = || site.forbid([call]);
        let memory = like(MemoryStoreBuilder::like_wix);

        compare(&site.store(), take, &memory, operation).await;
    }
}
