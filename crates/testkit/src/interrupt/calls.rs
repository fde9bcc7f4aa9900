//! Each call, and what must be there before it.

use polyvault_core::capabilities::Scope;
use polyvault_core::{
    GetOptions, InfoPatch, Labels, OnSoftDeleted, Operation, OperationId, PageRequest, Payload,
    PutMode, PutOptions, Result, SecretId, SecretName, SecretRef, SecretStore, SecretStoreExt,
    VersionChange, VersionId, VersionPatch, VersionSelector, WaitPolicy,
};

use super::Call;

/// What a call is about, made beforehand.
#[derive(Default)]
pub(super) struct Made {
    id: Option<SecretId>,
    version: Option<VersionId>,
    operation: Option<OperationId>,
}

const NAME: &str = "interrupted";

pub(super) async fn prepare(
    store: &dyn SecretStore,
    call: Call,
    present: &Payload,
) -> Result<Made> {
    if call == Call::Create {
        return Ok(Made::default());
    }
    let secret = name()?;
    for other in ["one", "two"] {
        store.put(other, "another").await?;
    }
    store.put(NAME, "old").await?;
    let written = store.put(NAME, present.clone()).await?;
    let mut made = Made {
        id: Some(written.secret),
        version: written.version.id,
        operation: None,
    };
    let soft = store.capabilities().soft_delete;
    match call {
        Call::ListDeleted
        | Call::Recover
        | Call::Purge
        | Call::PutRecovering
        | Call::PutPurging
            if soft =>
        {
            for name in ["one", "two", NAME] {
                store.delete(name).await?;
            }
        }
        Call::DescribeDisabled if store.capabilities().disable != Scope::None => {
            store.update(NAME, switched_off()).await?;
        }
        Call::Resume if store.capabilities().resume => {
            let begun = store.begin_delete(&secret, Default::default()).await?;
            made.operation = begun.id().cloned();
        }
        _ => {}
    }
    Ok(made)
}

pub(super) async fn run(
    store: &dyn SecretStore,
    call: Call,
    made: Made,
    new: &Payload,
) -> Result<()> {
    let secret = name()?;
    // What a store without versions or operations has none of is denied before it is looked at.
    let version = match made.version {
        Some(version) => version,
        None => VersionId::new("0123456789abcdef0123456789abcdef")?,
    };
    let operation = match made.operation {
        Some(operation) => operation,
        None => OperationId::new("0123456789abcdef0123")?,
    };
    let put = |options| async { store.put_with(NAME, new.clone(), options).await.map(drop) };
    match call {
        Call::Get => store.get(&secret, GetOptions::default()).await.map(drop),
        Call::GetById => {
            let id = made.id.map_or_else(|| secret.clone(), SecretRef::from);
            store.get(&id, GetOptions::default()).await.map(drop)
        }
        Call::GetVersion => {
            let version = VersionSelector::Exact(version);
            store.get(&secret, version.into()).await.map(drop)
        }
        Call::Describe | Call::DescribeDisabled => store.describe(&secret).await.map(drop),
        Call::List => to_the_end(async |page| Ok(store.list_page(page).await?.next)).await,
        Call::ListVersions => {
            to_the_end(async |page| Ok(store.list_versions_page(&secret, page).await?.next)).await
        }
        Call::Create => put(PutMode::Create.into()).await,
        Call::Upsert => put(PutOptions::default()).await,
        Call::AddVersion => put(PutMode::AddVersion.into()).await,
        Call::PutMetadata => {
            let InfoPatch {
                labels,
                description,
                ..
            } = metadata(store);
            let options = PutOptions {
                labels,
                description,
                ..PutOptions::default()
            };
            put(options).await
        }
        Call::PutRecovering | Call::PutPurging if !store.capabilities().soft_delete => Ok(()),
        Call::PutRecovering => put(over(OnSoftDeleted::Recover)).await,
        Call::PutPurging => put(over(OnSoftDeleted::Purge)).await,
        Call::Update => done(store.begin_update(&secret, metadata(store)).await?).await,
        Call::Disable => done(store.begin_update(&secret, switched_off()).await?).await,
        Call::UpdateVersion => {
            let change = VersionChange::Update(VersionPatch {
                enabled: Some(false),
                ..VersionPatch::default()
            });
            let begun = store.begin_update_version(&secret, &version, change);
            done(begun.await?).await
        }
        Call::Delete => done(store.begin_delete(&secret, Default::default()).await?).await,
        Call::ListDeleted => {
            to_the_end(async |page| Ok(store.list_deleted_page(page).await?.next)).await
        }
        Call::Recover => done(store.begin_recover(&secret).await?).await,
        Call::Purge => done(store.begin_purge(&secret).await?).await,
        Call::Resume => done(store.resume(&operation).await?).await,
    }
}

fn name() -> Result<SecretRef> {
    Ok(SecretName::new(NAME)?.into())
}

fn switched_off() -> InfoPatch {
    InfoPatch {
        enabled: Some(false),
        ..InfoPatch::default()
    }
}

fn over(on_soft_deleted: OnSoftDeleted) -> PutOptions {
    PutOptions {
        on_soft_deleted,
        ..PutOptions::default()
    }
}

/// A change of metadata that the store can hold.
fn metadata(store: &dyn SecretStore) -> InfoPatch {
    let can = store.capabilities();
    InfoPatch {
        labels: (can.labels != Scope::None).then(|| Labels::from([("team".into(), "a".into())])),
        description: (can.description == Scope::Secret).then(|| "changed".to_owned()),
        ..InfoPatch::default()
    }
}

async fn done<T: Send + 'static>(operation: Operation<T>) -> Result<()> {
    operation.wait(WaitPolicy::default()).await.map(drop)
}

async fn to_the_end(
    mut page: impl AsyncFnMut(PageRequest) -> Result<Option<polyvault_core::PageToken>>,
) -> Result<()> {
    let mut token = None;
    loop {
        let asked = PageRequest {
            size: Some(1),
            token: token.take(),
        };
        match page(asked).await? {
            Some(next) => token = Some(next),
            None => return Ok(()),
        }
    }
}
