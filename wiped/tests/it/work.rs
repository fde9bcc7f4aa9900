//! What is made of calls: making secrets as they are desired, rotations, and what one service alone has.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use polyvault::azure_key_vault::AzureKeyVault;
use polyvault::ensure::{Desired, Drift, EnsureOptions, ensure, plan};
use polyvault::rotation::{Change, Due, Rotator, Target};
use polyvault::yandex_lockbox::{CreateSecret, FirstVersion, PayloadPatch, YandexLockbox};
use polyvault::{MemoryStore, Payload, Result, SecretStoreExt as _, VersionSelector, WaitPolicy};

use super::across::Across;
use super::calls;
use super::own::{marks, wipes};
use super::services;

#[test]
fn ensure_wipes_what_it_frees() {
    let marks = marks();
    for which in ["azure-key-vault", "azure-key-vault-arm", "yandex-lockbox"] {
        let (across, url) = Across::start(which);
        wipes(which, marks, async {
            let store = services::open(&url, &marks[1], across.options());
            let options = EnsureOptions {
                drift: Drift::Digest {
                    key: marks[1].text().into(),
                },
                ..EnsureOptions::default()
            };
            for round in 0..3 {
                let length = marks[0].text().len() - 64 * (round / 2);
                let desired = || {
                    Desired::new("marked")
                        .unwrap()
                        .value(&marks[0].text()[..length])
                };
                let planned = plan(&*store, &[desired()], &options).await.unwrap();
                drop(format!("{planned} {planned:?}"));
                let done = ensure(&*store, &desired(), &options).await.unwrap();
                drop(format!("{done:?}"));
            }
        });
    }
}

/// A service that knows one password.
struct Service(Mutex<Payload>);

#[async_trait]
impl Target for Service {
    async fn works(&self, _: Option<&str>, value: &Payload) -> Result<bool> {
        Ok(self.0.lock().unwrap().same_as(value))
    }

    async fn change(&self, change: Change<'_>) -> Result<()> {
        *self.0.lock().unwrap() = change.next.clone();
        Ok(())
    }
}

#[test]
fn a_rotation_wipes_what_it_frees() {
    let marks = marks();
    wipes("a rotation", marks, async {
        let store = MemoryStore::new();
        let old = Payload::text(marks[0].text());
        let written = store.put("db", old.clone()).await.unwrap();
        let service = Arc::new(Service(Mutex::new(old)));
        let rotator = Rotator::one_set(Arc::new(store.clone()), service);
        let due = Due::new("db".try_into().unwrap(), written.version.id.unwrap());
        let step = rotator.rotate(&due).await.unwrap();
        drop(format!("{rotator:?} {step:?} {due:?}"));
    });
}

#[test]
fn what_azure_alone_has_wipes_what_it_frees() {
    let marks = marks();
    let (across, url) = Across::start("azure-key-vault");
    let endpoint = url.split_once("endpoint=").unwrap().1.to_owned();
    wipes("azure", marks, async {
        let store = AzureKeyVault::builder("marked")
            .endpoint(endpoint)
            .token(marks[1].text().into())
            .client_options(across.options())
            .build()
            .unwrap();
        let secret = "marked".try_into().unwrap();
        store.put("marked", marks[0].text()).await.unwrap();
        drop(store.read(&secret, &Default::default()).await.unwrap());
        drop(
            store
                .properties(&secret, &Default::default())
                .await
                .unwrap(),
        );
        let backup = store.backup(&secret).await.unwrap();
        store.delete("marked").await.unwrap();
        store.purge("marked").await.unwrap();
        store.restore(&backup).await.unwrap();
        drop(store.get_text("marked").await.unwrap());
    });
}

#[test]
fn what_lockbox_alone_has_wipes_what_it_frees() {
    let marks = marks();
    let (across, url) = Across::start("yandex-lockbox");
    let endpoint = url.split_once("endpoint=").unwrap().1.to_owned();
    wipes("lockbox", marks, async {
        let store = YandexLockbox::builder("folder")
            .endpoint(endpoint)
            .token(marks[1].text().into())
            .client_options(across.options())
            .build()
            .unwrap();
        let new = CreateSecret {
            name: Some("marked".try_into().unwrap()),
            first_version: FirstVersion::Payload(calls::entries_for(&store, &marks[0])),
            ..CreateSecret::default()
        };
        let begun = store.begin_create(new).await.unwrap();
        begun.wait(WaitPolicy::default()).await.unwrap();
        let secret = "marked".try_into().unwrap();
        let patch = PayloadPatch {
            set: Some(Payload::text(marks[0].text())),
            ..PayloadPatch::default()
        };
        store.patch(&secret, patch).await.unwrap();
        drop(
            store
                .get_ex(&secret, &VersionSelector::Current)
                .await
                .unwrap(),
        );
        drop(store.properties(&secret).await.unwrap());
    });
}
