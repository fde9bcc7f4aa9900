//! Every call of a store with marked values, whatever comes of each.

use futures_util::{StreamExt as _, TryStreamExt as _};
use polyvault::capabilities::{Entries, Scope};
use polyvault::{
    GetOptions, InfoPatch, Labels, OnSoftDeleted, OperationId, Outcome, PageRequest, PasswordSpec,
    Payload, PutMode, PutOptions, PutValue, SecretRef, SecretStore, SecretStoreExt as _, Value,
    VersionChange, VersionId, VersionPatch, VersionSelector, WaitPolicy, Written,
};
use polyvault_testkit::leak::Mark;

use super::told::Told;

/// The name under which the values stand.
pub(crate) const NAME: &str = "marked";

/// As much of the mark as the store takes, in a value of one text.
pub(crate) fn text_for(store: &dyn SecretStore, mark: &Mark) -> Payload {
    let most = store
        .capabilities()
        .limits
        .payload_size
        .unwrap_or(usize::MAX);
    // A part of it is another 9 of 10 bytes long where letters are counted, and two of a line don't end within one.
    let mut end = mark.text().len().min(most / 10 * 9);
    while !mark.text().is_char_boundary(end) {
        end -= 1;
    }
    Payload::text(mark.text().split_at(end).0)
}

/// Several entries, texts and bytes, of the mark.
pub(crate) fn entries_for(store: &dyn SecretStore, mark: &Mark) -> Payload {
    let whole = text_for(store, mark);
    let bytes = whole.single().unwrap().expose_bytes();
    // Encoded, bytes grow by a third, and escapes by as much.
    let (text, binary) = bytes.split_at(bytes.len() / 4);
    let binary = &binary[..bytes.len() / 4];
    Payload::from_entries([
        ("text", Value::text_or_binary(text)),
        ("binary", Value::binary(binary)),
        ("again", Value::text_or_binary(&text[..text.len() / 2])),
    ])
    .unwrap()
}

/// All calls, in an order in which each has something to do.
pub(crate) async fn all(store: &dyn SecretStore, mark: &Mark, told: &mut Told) {
    let text = text_for(store, mark);
    told.show("the store", store);
    told.text("the store's name", store.to_string());
    told.show("the capabilities", store.capabilities());
    told.show("a payload", &text);
    told.show("a value", text.single().unwrap());

    let written = put(store, told, text.clone().into(), PutMode::Create.into()).await;
    put(store, told, text.clone().into(), PutMode::Create.into()).await;
    put(store, told, text.clone().into(), with_metadata(store)).await;
    put(store, told, text.clone().into(), PutMode::AddVersion.into()).await;
    reads(store, told, written.as_ref()).await;
    let many = entries_for(store, mark);
    put(store, told, many.into(), PutOptions::default()).await;
    if store.capabilities().entries == Entries::Many || store.capabilities().binary {
        let read = store.get_with(NAME, GetOptions::default()).await;
        told.outcome("get entries", read);
    }
    refused(store, mark, told).await;
    put(
        store,
        told,
        PasswordSpec::default().into(),
        PutOptions::default(),
    )
    .await;
    put(store, told, text.into(), PutOptions::default()).await;
    changes(store, told, written.as_ref()).await;
    life(store, mark, told).await;
}

async fn put(
    store: &dyn SecretStore,
    told: &mut Told,
    value: PutValue,
    options: PutOptions,
) -> Option<Written> {
    told.show("PutValue", &value);
    told.show("PutOptions", &options);
    let secret = secret();
    let begun = store.begin_put(&secret, value, options).await;
    let begun = told.outcome("begin_put", begun)?;
    told.outcome("put", begun.wait(WaitPolicy::default()).await)
}

async fn reads(store: &dyn SecretStore, told: &mut Told, written: Option<&Written>) {
    told.outcome("get", store.get(&secret(), GetOptions::default()).await);
    told.outcome("get_text", store.get_text(NAME).await);
    if let Some(written) = written {
        let id = SecretRef::from(written.secret.clone());
        told.outcome("get by id", store.get(&id, GetOptions::default()).await);
        told.outcome("describe by id", store.describe(&id).await);
    }
    let version = VersionSelector::Exact(version(written));
    let options = GetOptions::from(version);
    told.show("GetOptions", &options);
    told.outcome("get a version", store.get(&secret(), options).await);
    told.outcome("describe", store.describe(&secret()).await);
    let page = PageRequest {
        size: Some(1),
        ..PageRequest::default()
    };
    if let Some(first) = told.outcome("list_page", store.list_page(page).await) {
        let next = PageRequest {
            token: first.next,
            ..PageRequest::default()
        };
        told.show("PageRequest", &next);
        told.outcome("list_page", store.list_page(next).await);
    }
    let listed: polyvault::Result<Vec<_>> = store.list().try_collect().await;
    told.outcome("list", listed);
    let page = PageRequest::default;
    let versions = store.list_versions_page(&secret(), page()).await;
    told.outcome("list_versions_page", versions);
    told.outcome("history", store.history(NAME).await);
    let many = store
        .get_many(vec![secret(), other()], Default::default())
        .await;
    for (asked, read) in many {
        told.show("SecretRef", &asked);
        told.outcome("get_many", read);
    }
}

/// What some store refuses, with the mark in it.
async fn refused(store: &dyn SecretStore, mark: &Mark, told: &mut Told) {
    let long = Payload::text(mark.text().repeat(8));
    put(store, told, long.into(), PutOptions::default()).await;
    let not_text = [mark.text().as_bytes(), &[0xff]].concat();
    let value = Value::text_or_binary(&not_text);
    drop(zeroize::Zeroizing::new(not_text));
    told.outcome("expose_text", value.expose_text());
    told.outcome("to_secret_string", value.to_secret_string());
    put(
        store,
        told,
        Payload::of(value).into(),
        PutOptions::default(),
    )
    .await;
    let twice = || {
        [
            ("a", Value::text(mark.text())),
            ("a", Value::text(mark.text())),
        ]
    };
    told.outcome("from_entries", Payload::from_entries(twice()));
    let missing = store.put_with("missing", mark.text(), PutMode::AddVersion.into());
    told.outcome("put of what is missing", missing.await);
    let by_id = SecretRef::from(polyvault::SecretId::new("0123456789abcdef0123").unwrap());
    told.outcome("put by an unknown id", store.put(&by_id, mark.text()).await);
}

async fn changes(store: &dyn SecretStore, told: &mut Told, written: Option<&Written>) {
    let can = store.capabilities();
    for patch in [
        InfoPatch {
            labels: (can.labels != Scope::None).then(labels),
            description: (can.description == Scope::Secret).then(|| "changed".to_owned()),
            ..InfoPatch::default()
        },
        InfoPatch {
            enabled: Some(false),
            ..InfoPatch::default()
        },
        InfoPatch {
            enabled: Some(true),
            ..InfoPatch::default()
        },
    ] {
        told.show("InfoPatch", &patch);
        told.outcome("update", store.update(NAME, patch).await);
    }
    let version = version(written);
    for change in [
        VersionChange::Update(VersionPatch {
            enabled: Some(true),
            ..VersionPatch::default()
        }),
        VersionChange::Destroy { after: None },
        VersionChange::CancelDestruction,
        VersionChange::MakeCurrent,
    ] {
        told.show("VersionChange", &change);
        let begun = store
            .begin_update_version(&secret(), &version, change)
            .await;
        if let Some(begun) = told.outcome("begin_update_version", begun) {
            told.outcome("update_version", begun.wait(WaitPolicy::default()).await);
        }
    }
    told.outcome("rollback", store.rollback(NAME, &version).await);
}

async fn life(store: &dyn SecretStore, mark: &Mark, told: &mut Told) {
    delete(store, told).await;
    let deleted = store.list_deleted_page(PageRequest::default()).await;
    told.outcome("list_deleted_page", deleted);
    let listed: Vec<_> = store.list_deleted().take(3).collect().await;
    told.show("list_deleted", &listed);
    told.outcome("recover", store.recover(NAME).await);
    for over in [
        OnSoftDeleted::Fail,
        OnSoftDeleted::Recover,
        OnSoftDeleted::Purge,
    ] {
        delete(store, told).await;
        let options = PutOptions {
            on_soft_deleted: over,
            ..PutOptions::default()
        };
        put(store, told, text_for(store, mark).into(), options).await;
    }
    delete(store, told).await;
    told.outcome("purge", store.purge(NAME).await);
}

async fn delete(store: &dyn SecretStore, told: &mut Told) {
    let begun = store.begin_delete(&secret(), Default::default()).await;
    let id = told
        .outcome("begin_delete", begun)
        .and_then(|begun| begun.id().cloned());
    let id = id.unwrap_or_else(|| OperationId::new("0123456789abcdef0123").unwrap());
    let resumed = store.resume(&id).await;
    if let Some(resumed) = told.outcome("resume", resumed) {
        let ended: Option<Outcome> =
            told.outcome("resumed", resumed.wait(WaitPolicy::default()).await);
        told.show("Outcome", &ended);
    }
    told.outcome("delete", store.delete(NAME).await);
}

fn with_metadata(store: &dyn SecretStore) -> PutOptions {
    let can = store.capabilities();
    PutOptions {
        labels: (can.labels != Scope::None).then(labels),
        content_type: can.content_type.then(|| "text/plain".to_owned()),
        description: (can.description != Scope::None).then(|| "a description".to_owned()),
        ..PutOptions::default()
    }
}

fn labels() -> Labels {
    Labels::from([("team".into(), "blue".into())])
}

fn version(written: Option<&Written>) -> VersionId {
    let told = written.and_then(|written| written.version.id.clone());
    told.unwrap_or_else(|| VersionId::new("0123456789abcdef0123456789abcdef").unwrap())
}

fn secret() -> SecretRef {
    NAME.try_into().unwrap()
}

fn other() -> SecretRef {
    "missing".try_into().unwrap()
}
