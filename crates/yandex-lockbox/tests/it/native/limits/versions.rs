//! Limits of versions, payloads and access.

use polyvault_core::{
    GetOptions, PageRequest, Payload, Result, SecretName, SecretRef, SecretStore, Value as Plain,
    VersionChange, VersionId, VersionSelector,
};
use polyvault_yandex_lockbox::{AccessBinding, AccessChange, PayloadPatch, Subject, YandexLockbox};

use super::{id, long, long_id, refused};

/// Breaks a limit; gives the path of the field as the error is to name it, and what came of it.
pub(super) async fn broken(
    rule: &str,
    store: &YandexLockbox,
) -> Option<(&'static str, Result<()>)> {
    let some = || VersionId::new("v").unwrap();
    let large = PageRequest {
        size: Some(1001),
        token: None,
    };
    let many = |count: usize| {
        let binding = AccessBinding {
            role: "r".into(),
            subject: Subject::service_account("a"),
        };
        vec![binding; count]
    };
    let destroy = VersionChange::Destroy { after: None };
    let patched = PayloadPatch::default;
    let set = |payload| PayloadPatch {
        set: Some(payload),
        ..PayloadPatch::default()
    };
    Some(match rule {
        "ListVersionsRequest.secretId length" => {
            let listed = store
                .list_versions_page(&long_id(), PageRequest::default())
                .await;
            ("secret", listed.map(drop))
        }
        "ListVersionsRequest.pageSize value" => (
            "size",
            store.list_versions_page(&id(), large).await.map(drop),
        ),
        "AddVersionRequest.secretId length" => {
            let gone = PayloadPatch {
                remove: ["k".to_owned()].into(),
                ..patched()
            };
            ("secret", patch(store, long_id(), gone).await)
        }
        "AddVersionRequest.description length" => {
            let described = PayloadPatch {
                description: Some(long(1025)),
                ..patched()
            };
            ("description", patch(store, id(), described).await)
        }
        "AddVersionRequest.baseVersionId length" => {
            let based = PayloadPatch {
                base: Some(long_version()),
                ..set(entry("k", Plain::text("v")))
            };
            ("version", patch(store, id(), based).await)
        }
        "SetCurrentVersionRequest.secretId length" => (
            "secret",
            version(store, long_id(), some(), VersionChange::MakeCurrent).await,
        ),
        "SetCurrentVersionRequest.versionId length" => (
            "version",
            version(store, id(), long_version(), VersionChange::MakeCurrent).await,
        ),
        "ScheduleVersionDestructionRequest.secretId length" => {
            ("secret", version(store, long_id(), some(), destroy).await)
        }
        "ScheduleVersionDestructionRequest.versionId length" => (
            "version",
            version(store, id(), long_version(), destroy).await,
        ),
        "CancelVersionDestructionRequest.secretId length" => (
            "secret",
            version(store, long_id(), some(), VersionChange::CancelDestruction).await,
        ),
        "CancelVersionDestructionRequest.versionId length" => {
            let change = VersionChange::CancelDestruction;
            (
                "version",
                version(store, id(), long_version(), change).await,
            )
        }
        "ListSecretOperationsRequest.secretId length" => {
            let listed = store
                .list_operations_page(&long_id(), PageRequest::default())
                .await;
            ("secret", listed.map(drop))
        }
        "ListSecretOperationsRequest.pageSize value" => (
            "size",
            store.list_operations_page(&id(), large).await.map(drop),
        ),
        "ListAccessBindingsRequest.resourceId length" => {
            let listed = store
                .list_access_bindings_page(&long_id(), PageRequest::default())
                .await;
            ("secret", listed.map(drop))
        }
        "ListAccessBindingsRequest.pageSize value" => (
            "size",
            store
                .list_access_bindings_page(&id(), large)
                .await
                .map(drop),
        ),
        "SetAccessBindingsRequest.resourceId length" => (
            "secret",
            store
                .begin_set_access_bindings(&long_id(), [])
                .await
                .map(drop),
        ),
        "SetAccessBindingsRequest.accessBindings size" => (
            "bindings",
            store
                .begin_set_access_bindings(&id(), many(1001))
                .await
                .map(drop),
        ),
        "UpdateAccessBindingsRequest.resourceId length" => {
            let one = many(1).into_iter().map(AccessChange::Add);
            (
                "secret",
                store
                    .begin_update_access_bindings(&long_id(), one)
                    .await
                    .map(drop),
            )
        }
        "UpdateAccessBindingsRequest.accessBindingDeltas size" => {
            let none = store.begin_update_access_bindings(&id(), []).await;
            refused("none", "changes", none.map(drop));
            let all = many(1001).into_iter().map(AccessChange::Remove);
            (
                "changes",
                store
                    .begin_update_access_bindings(&id(), all)
                    .await
                    .map(drop),
            )
        }
        "GetPayloadRequest.secretId length" => (
            "secret",
            store.get(&long_id(), GetOptions::default()).await.map(drop),
        ),
        "GetPayloadRequest.versionId length" => {
            let pinned = VersionSelector::Exact(long_version()).into();
            ("version", store.get(&id(), pinned).await.map(drop))
        }
        "GetExRequest.secretId length" => (
            "secret",
            store
                .get_ex(&long_id(), &VersionSelector::Current)
                .await
                .map(drop),
        ),
        "GetExRequest.versionId length" => {
            let pinned = VersionSelector::Exact(long_version());
            ("version", store.get_ex(&id(), &pinned).await.map(drop))
        }
        "FolderAndName.secretName length" => {
            let name = SecretRef::Name(SecretName::new(long(101)).unwrap());
            (
                "name",
                store
                    .get_ex(&name, &VersionSelector::Current)
                    .await
                    .map(drop),
            )
        }
        "PayloadEntryChange.key length" => {
            let gone = PayloadPatch {
                remove: [long(257)].into(),
                ..patched()
            };
            refused("removed", "remove", patch(store, id(), gone).await);
            (
                "payload",
                patch(store, id(), set(entry(&long(257), Plain::text("v")))).await,
            )
        }
        "PayloadEntryChange.key pattern" => (
            "payload",
            patch(store, id(), set(entry("a key", Plain::text("v")))).await,
        ),
        "PayloadEntryChange.textValue length" => (
            "payload",
            patch(store, id(), set(entry("k", Plain::text(long(65_537))))).await,
        ),
        "PayloadEntryChange.binaryValue length" => {
            let bytes = vec![0xff; 65_537];
            (
                "payload",
                patch(store, id(), set(entry("k", Plain::binary(bytes)))).await,
            )
        }
        "AccessBinding.roleId required" => ("bindings[1].role", binding(store, "", "a", "b").await),
        "AccessBinding.roleId length" => (
            "bindings[1].role",
            binding(store, &long(65), "a", "b").await,
        ),
        "Subject.id required" => ("bindings[1].subject.id", binding(store, "r", "", "b").await),
        "Subject.id length" => (
            "bindings[1].subject.id",
            binding(store, "r", &long(101), "b").await,
        ),
        "Subject.type required" => (
            "bindings[1].subject.kind",
            binding(store, "r", "a", "").await,
        ),
        "Subject.type length" => (
            "bindings[1].subject.kind",
            binding(store, "r", "a", &long(101)).await,
        ),
        _ => return None,
    })
}

fn long_version() -> VersionId {
    VersionId::new(long(51)).unwrap()
}

pub(super) fn entry(key: &str, value: Plain) -> Payload {
    Payload::from_entries([(key, value)]).unwrap()
}

pub(super) async fn patch(
    store: &YandexLockbox,
    secret: SecretRef,
    patch: PayloadPatch,
) -> Result<()> {
    store.begin_patch(&secret, patch).await.map(drop)
}

pub(super) async fn version(
    store: &YandexLockbox,
    secret: SecretRef,
    id: VersionId,
    change: VersionChange,
) -> Result<()> {
    let begun = store.begin_update_version(&secret, &id, change).await;
    begun.map(drop)
}

async fn binding(store: &YandexLockbox, role: &str, id: &str, kind: &str) -> Result<()> {
    let subject = Subject {
        id: id.into(),
        kind: kind.into(),
    };
    let binding = AccessBinding {
        role: role.into(),
        subject,
    };
    let good = AccessBinding {
        role: "r".into(),
        subject: Subject::service_account("a"),
    };
    let begun = store
        .begin_set_access_bindings(&super::id(), [good, binding])
        .await;
    begun.map(drop)
}
