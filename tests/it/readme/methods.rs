//! Which methods of the trait a store carries out, as it shows when they are called.

use std::time::Duration;

use polyvault::{
    Error, ErrorKind, GetOptions, InfoPatch, Labels, PageRequest, SecretName, SecretRef,
    SecretStore, SecretStoreExt, VersionChange, VersionId, VersionPatch, VersionSelector,
};
use polyvault_testkit::conformance::Harness;

/// A method as people read it, the capability that refuses it, and whether it works.
pub(super) type Method = (&'static str, &'static str, bool);

/// Calls every method on a secret of two versions.
pub(super) async fn methods(h: &dyn Harness, resumes: bool) -> Vec<Method> {
    let store = h.store();
    let name = SecretRef::try_from(h.name("methods")).unwrap();
    let first = store.put(&name, "one").await.unwrap();
    store.put(&name, "two").await.unwrap();
    let version = match first.version.id {
        Some(version) => version,
        None => VersionId::new("0123456789abcdef0123456789abcdef").unwrap(),
    };
    let secret = SecretRef::from(first.secret);

    let get = async |version| works(store.get(&secret, GetOptions { version }).await);
    let page = PageRequest::default;
    let change = async |change| works(store.update_version(&secret, &version, change).await);
    let day = Some(Duration::from_secs(24 * 60 * 60));
    vec![
        ("get", "read_values", get(VersionSelector::Current).await),
        (
            "get, an older version",
            "versions",
            get(VersionSelector::Exact(version.clone())).await,
        ),
        ("describe", "", works(store.describe(&secret).await)),
        ("list", "", works(store.list_page(page()).await)),
        (
            "list versions",
            "versions",
            works(store.list_versions_page(&secret, page()).await),
        ),
        ("put", "", works(store.put(&secret, "three").await)),
        (
            "update",
            "update",
            updates(&store, &secret, h.name("new")).await,
        ),
        (
            "update a version: make current",
            "make_current",
            change(VersionChange::MakeCurrent).await,
        ),
        (
            "update a version: its metadata",
            "update_version",
            patches(&store, &secret, &version).await,
        ),
        (
            "update a version: destroy",
            "destroy",
            change(VersionChange::Destroy { after: day }).await,
        ),
        (
            "update a version: take a destruction back",
            "cancel_destruction",
            change(VersionChange::CancelDestruction).await,
        ),
        ("delete", "delete", works(store.delete(&secret).await)),
        (
            "list deleted",
            "soft_delete",
            works(store.list_deleted_page(page()).await),
        ),
        ("recover", "recover", works(store.recover(&secret).await)),
        ("purge", "purge", purges(&store, &secret).await),
        // No operation can be made up: the witness has resumed a real one.
        ("resume", "resume", resumes),
    ]
}

fn works<T>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::Unsupported => false,
        Err(error) => panic!("{error}"),
    }
}

/// Whether any field of a secret can be changed.
async fn updates(store: &dyn SecretStore, secret: &SecretRef, name: String) -> bool {
    let patches = [
        InfoPatch {
            description: Some("text".to_owned()),
            ..InfoPatch::default()
        },
        InfoPatch {
            labels: Some(Labels::new()),
            ..InfoPatch::default()
        },
        InfoPatch {
            deletion_protection: Some(false),
            ..InfoPatch::default()
        },
        InfoPatch {
            enabled: Some(true),
            ..InfoPatch::default()
        },
        InfoPatch {
            name: Some(SecretName::new(name).unwrap()),
            ..InfoPatch::default()
        },
    ];
    let mut any = false;
    for patch in patches {
        any |= works(store.update(secret, patch).await);
    }
    any
}

/// Whether any field of a version can be changed.
async fn patches(store: &dyn SecretStore, secret: &SecretRef, version: &VersionId) -> bool {
    let patches = [
        VersionPatch {
            enabled: Some(true),
            ..VersionPatch::default()
        },
        VersionPatch {
            content_type: Some("text/plain".to_owned()),
            ..VersionPatch::default()
        },
        VersionPatch {
            labels: Some(Labels::new()),
            ..VersionPatch::default()
        },
    ];
    let mut any = false;
    for patch in patches {
        let change = VersionChange::Update(patch);
        any |= works(store.update_version(secret, version, change).await);
    }
    any
}

/// A purge needs a deleted secret, which the recovery may have brought back.
async fn purges(store: &dyn SecretStore, secret: &SecretRef) -> bool {
    let deleted = store.delete(secret).await;
    let gone = matches!(&deleted, Err(error) if error.kind() == ErrorKind::NotFound);
    assert!(gone || works(deleted), "a store that purges deletes");
    works(store.purge(secret).await)
}
