//! What is refused here and never sent: calls that the capabilities deny.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use polyvault_core::capabilities::{CreateStrength, MakeCurrent, Scope, Versions};
use polyvault_core::{
    Edit, Error, ErrorKind, GetOptions, InfoPatch, Labels, OperationId, PageRequest, PutMode,
    PutOptions, SecretName, SecretRef, SecretStore, SecretStoreExt, Timestamp, VersionChange,
    VersionId, VersionPatch,
};

use super::tools::{ensure, fresh, labels, pinned, refused, without_requests};
use super::{Harness, Stop};

super::topic! {
    9 what_the_capabilities_deny_is_unsupported_and_sends_nothing reads,
}

type Call<'a> = BoxFuture<'a, Result<(), Error>>;

/// A call that must be refused: whether it applies, what it needs, and the call.
type Denied<'a> = (bool, &'static str, Call<'a>);

async fn what_the_capabilities_deny_is_unsupported_and_sends_nothing(
    h: &dyn Harness,
) -> Result<(), Stop> {
    let store = h.store();
    let name = fresh(h, "denied")?;
    let version = VersionId::new("0123456789abcdef0123456789abcdef")?;
    let operation = OperationId::new("0123456789abcdef0123")?;

    let mut tried = 0;
    let calls = [
        denied_reads(&store, &name, &version, &operation),
        denied_puts(&store, &name),
        denied_updates(&store, &name),
        denied_changes(&store, &name, &version),
        denied_deletes(&store, &name),
    ];
    for (applies, capability, call) in calls.into_iter().flatten() {
        if !applies {
            continue;
        }
        tried += 1;
        let what = format!("a call that needs `{capability}`");
        let error = refused(
            without_requests(h, &what, call).await?,
            ErrorKind::Unsupported,
            &what,
        )?;
        ensure(
            error.message().contains(capability),
            format!("{what}: the error must name the capability: {error}"),
        )?;
    }
    if tried == 0 {
        return Err(Stop::Skip("the capabilities deny nothing".to_owned()));
    }
    Ok(())
}

fn denied_reads<'a>(
    store: &'a dyn SecretStore,
    name: &'a SecretRef,
    version: &'a VersionId,
    operation: &'a OperationId,
) -> Vec<Denied<'a>> {
    let can = store.capabilities();
    let get = |options| async move { store.get(name, options).await.map(drop) };
    let page = PageRequest::default;
    vec![
        (
            !can.read_values,
            "read_values",
            get(GetOptions::default()).boxed(),
        ),
        (
            can.read_values && can.versions != Versions::PinnedReads,
            "versions",
            get(pinned(version)).boxed(),
        ),
        (
            can.versions == Versions::None,
            "versions",
            async move { store.list_versions_page(name, page()).await.map(drop) }.boxed(),
        ),
        (
            !can.soft_delete,
            "soft_delete",
            async move { store.list_deleted_page(page()).await.map(drop) }.boxed(),
        ),
        (
            !can.resume,
            "resume",
            async move { store.resume(operation).await.map(drop) }.boxed(),
        ),
    ]
}

fn denied_puts<'a>(store: &'a dyn SecretStore, name: &'a SecretRef) -> Vec<Denied<'a>> {
    let can = store.capabilities();
    let put = |set: fn(&mut PutOptions)| {
        let mut options = PutOptions::default();
        set(&mut options);
        async move { store.put_with(name, "value", options).await.map(drop) }.boxed()
    };
    if !can.put {
        return vec![(true, "put", put(|_| {}))];
    }
    vec![
        (
            can.create == CreateStrength::None,
            "create",
            put(|o| o.mode = PutMode::Create),
        ),
        (
            can.labels == Scope::None,
            "labels",
            put(|o| o.labels = Some(labels("team", "blue"))),
        ),
        (
            !can.content_type,
            "content_type",
            put(|o| o.content_type = Some("text/plain".to_owned())),
        ),
        (
            can.description == Scope::None,
            "description",
            put(|o| o.description = Some("text".to_owned())),
        ),
        (
            !can.validity,
            "validity",
            put(|o| o.expires_at = Some(Timestamp::MAX)),
        ),
        (
            !can.validity,
            "validity",
            put(|o| o.not_before = Some(Timestamp::UNIX_EPOCH)),
        ),
        (
            can.disable != Scope::Version,
            "disable",
            put(|o| o.enabled = Some(false)),
        ),
    ]
}

fn denied_updates<'a>(store: &'a dyn SecretStore, name: &'a SecretRef) -> Vec<Denied<'a>> {
    let can = store.capabilities();
    let update = |set: fn(&mut InfoPatch)| {
        let mut patch = InfoPatch::default();
        set(&mut patch);
        async move { store.update(name, patch).await.map(drop) }.boxed()
    };
    vec![
        (
            can.labels == Scope::None,
            "labels",
            update(|p| p.labels = Some(Labels::new())),
        ),
        (
            can.description == Scope::None,
            "description",
            update(|p| p.description = Some(String::new())),
        ),
        (
            can.disable == Scope::None,
            "disable",
            update(|p| p.enabled = Some(true)),
        ),
        (
            !can.rename,
            "rename",
            update(|p| p.name = SecretName::new("kit-other").ok()),
        ),
        (
            !can.deletion_protection,
            "deletion_protection",
            update(|p| p.deletion_protection = Some(false)),
        ),
    ]
}

fn denied_changes<'a>(
    store: &'a dyn SecretStore,
    name: &'a SecretRef,
    version: &'a VersionId,
) -> Vec<Denied<'a>> {
    let can = store.capabilities();
    let change =
        |change| async move { store.update_version(name, version, change).await.map(drop) }.boxed();
    let update = |set: fn(&mut VersionPatch)| {
        let mut patch = VersionPatch::default();
        set(&mut patch);
        change(VersionChange::Update(patch))
    };
    let versions = can.versions != Versions::None;
    let updates = versions && can.update_version;
    vec![
        (!versions, "versions", change(VersionChange::MakeCurrent)),
        (
            versions && can.make_current == MakeCurrent::None,
            "make_current",
            change(VersionChange::MakeCurrent),
        ),
        (
            versions && !can.destroy,
            "destroy",
            change(VersionChange::Destroy { after: None }),
        ),
        (
            versions && !can.cancel_destruction,
            "cancel_destruction",
            change(VersionChange::CancelDestruction),
        ),
        (
            versions && !can.update_version,
            "update_version",
            update(|p| p.enabled = Some(true)),
        ),
        (
            updates && can.disable != Scope::Version,
            "disable",
            update(|p| p.enabled = Some(true)),
        ),
        (
            updates && !can.validity,
            "validity",
            update(|p| p.expires_at = Edit::Set(Timestamp::MAX)),
        ),
        (
            updates && can.validity && !can.clear_validity,
            "clear_validity",
            update(|p| p.expires_at = Edit::Clear),
        ),
        (
            updates && can.validity && !can.clear_validity,
            "clear_validity",
            update(|p| (p.not_before, p.enabled) = (Edit::Clear, Some(true))),
        ),
        (
            updates && can.labels != Scope::Version,
            "labels",
            update(|p| p.labels = Some(Labels::new())),
        ),
        (
            updates && !can.content_type,
            "content_type",
            update(|p| p.content_type = Some(String::new())),
        ),
    ]
}

fn denied_deletes<'a>(store: &'a dyn SecretStore, name: &'a SecretRef) -> Vec<Denied<'a>> {
    let can = store.capabilities();
    vec![
        (
            !can.delete,
            "delete",
            async move { store.delete(name).await }.boxed(),
        ),
        (
            !can.recover,
            "recover",
            async move { store.recover(name).await.map(drop) }.boxed(),
        ),
        (
            !can.purge,
            "purge",
            async move { store.purge(name).await }.boxed(),
        ),
    ]
}
