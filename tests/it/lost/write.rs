//! Every write of every store.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use polyvault::azure_key_vault::Backup;
use polyvault::azure_key_vault::arm::ArmPatch;
use polyvault::transport::ClientOptions;
use polyvault::yandex_lockbox::{
    AccessBinding, AccessChange, CreateSecret, PayloadPatch, Subject, UpdateSecret,
};
use polyvault::{
    DeleteOptions, Edit, IdempotencyKey, InfoPatch, Labels, OnSoftDeleted, Operation, PasswordSpec,
    Payload, PutMode, PutOptions, PutValue, Result, SecretName, SecretRef, SecretStore,
    SecretStoreExt as _, VersionChange, VersionId, VersionPatch, WaitPolicy,
};

use super::site::Site;

pub(crate) const OLD: &str = "old";
pub(crate) const PRESENT: &str = "present";
pub(crate) const NEW: &str = "new";
const NAME: &str = "db";

/// A write: how the table names it, what is made before it, and the write itself.
pub(crate) struct Write {
    pub(crate) name: &'static str,
    pub(crate) prepare: Prepare,
    /// Whether it takes a key where the service knows keys.
    pub(crate) keyed: bool,
    pub(crate) run: Run,
}

/// What must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prepare {
    Nothing,
    /// A secret with two versions.
    Secret,
    /// The same, deleted.
    Deleted,
    /// The same, and its older version is to be destroyed.
    Scheduled,
    /// The same, made up by the service.
    Generated,
}

/// The write at this site, with these options and under this key where it takes one.
pub(crate) type Run = Box<dyn Fn(Arc<Site>, Given) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// What a write is given.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) options: ClientOptions,
    pub(crate) key: Option<IdempotencyKey>,
    /// The older version of the secret, where there are versions.
    pub(crate) older: Option<VersionId>,
    /// A backup of the secret, where it was made.
    pub(crate) backup: Option<Backup>,
}

/// The writes of the trait, then those that one service alone has.
pub(crate) fn all() -> Vec<Write> {
    let labels = || Labels::from([("team".to_owned(), "blue".to_owned())]);
    let mut all = vec![
        put("put of a new name", Prepare::Nothing, || {
            PutOptions::default()
        }),
        put("put", Prepare::Secret, PutOptions::default),
        put("put, create", Prepare::Nothing, || PutMode::Create.into()),
        put("put, add version", Prepare::Secret, || {
            PutMode::AddVersion.into()
        }),
        put("put, keep nothing", Prepare::Secret, || PutOptions {
            keep_metadata: false,
            ..PutOptions::default()
        }),
        put("put with labels", Prepare::Secret, move || PutOptions {
            labels: Some(labels()),
            ..PutOptions::default()
        }),
        put("put with a description", Prepare::Secret, || PutOptions {
            description: Some("main".to_owned()),
            ..PutOptions::default()
        }),
        put("put over a deleted one, recover", Prepare::Deleted, || {
            PutOptions {
                on_soft_deleted: OnSoftDeleted::Recover,
                ..PutOptions::default()
            }
        }),
        put("put over a deleted one, purge", Prepare::Deleted, || {
            PutOptions {
                on_soft_deleted: OnSoftDeleted::Purge,
                ..PutOptions::default()
            }
        }),
        generated("put of a generated password, new name", Prepare::Nothing),
        generated("put of a generated password", Prepare::Generated),
        update("update of labels", move || InfoPatch {
            labels: Some(labels()),
            ..InfoPatch::default()
        }),
        update("update of the description", || InfoPatch {
            description: Some("main".to_owned()),
            ..InfoPatch::default()
        }),
        update("rename", || InfoPatch {
            name: Some(SecretName::new("renamed").unwrap()),
            ..InfoPatch::default()
        }),
        update("disable", || InfoPatch {
            enabled: Some(false),
            ..InfoPatch::default()
        }),
        change("make a version current", Prepare::Secret, || {
            VersionChange::MakeCurrent
        }),
        change("change of a version", Prepare::Secret, || {
            VersionChange::Update(VersionPatch {
                enabled: Some(false),
                ..VersionPatch::default()
            })
        }),
        change("destroy a version", Prepare::Secret, || {
            VersionChange::Destroy { after: None }
        }),
        change("take a destruction back", Prepare::Scheduled, || {
            VersionChange::CancelDestruction
        }),
        write("delete", Prepare::Secret, |site, given| async move {
            let options = DeleteOptions {
                idempotency_key: given.key,
            };
            let store = site.open(given.options);
            done(store.begin_delete(&name(), options).await?).await
        }),
        write("recover", Prepare::Deleted, |site, given| async move {
            let store = site.open(given.options);
            done(store.begin_recover(&name()).await?).await
        }),
        write("purge", Prepare::Deleted, |site, given| async move {
            let store = site.open(given.options);
            done(store.begin_purge(&name()).await?).await
        }),
    ];
    all.extend(native());
    all
}

fn native() -> Vec<Write> {
    let reader = || AccessBinding {
        role: "lockbox.viewer".into(),
        subject: Subject::service_account("aje"),
    };
    vec![
        write(
            "`update_properties`",
            Prepare::Secret,
            |site, given| async move {
                let Site::Azure(_) = *site else {
                    return absent();
                };
                let patch = VersionPatch {
                    content_type: Some("text/plain".to_owned()),
                    ..VersionPatch::default()
                };
                let store = site.azure(given.options);
                let (db, current) = (name(), Default::default());
                let told = store.update_properties(&db, &current, patch).await;
                told.map(drop)
            },
        ),
        write("`restore`", Prepare::Nothing, |site, given| async move {
            let Site::Azure(_) = *site else {
                return absent();
            };
            let backup = given.backup.expect("a backup was made");
            site.azure(given.options).restore(&backup).await.map(drop)
        }),
        write(
            "`patch` without a value",
            Prepare::Secret,
            |site, given| async move {
                let Site::Arm(_) = *site else { return absent() };
                let patch = ArmPatch {
                    content_type: Some("text/plain".to_owned()),
                    ..ArmPatch::default()
                };
                site.arm(given.options).patch(name(), patch).await.map(drop)
            },
        ),
        write(
            "`patch` with a value",
            Prepare::Secret,
            |site, given| async move {
                let Site::Arm(_) = *site else { return absent() };
                let patch = ArmPatch {
                    value: Some(Payload::text(NEW)),
                    ..ArmPatch::default()
                };
                site.arm(given.options).patch(name(), patch).await.map(drop)
            },
        ),
        write(
            "`begin_create`",
            Prepare::Nothing,
            |site, given| async move {
                let Site::Lockbox(_) = *site else {
                    return absent();
                };
                let secret = CreateSecret {
                    idempotency_key: given.key,
                    ..CreateSecret::named(SecretName::new(NAME)?)
                };
                done(site.lockbox(given.options).begin_create(secret).await?).await
            },
        )
        .keyed(),
        write("`begin_patch`", Prepare::Secret, |site, given| async move {
            let Site::Lockbox(_) = *site else {
                return absent();
            };
            let patch = PayloadPatch {
                set: Some(Payload::text(NEW)),
                idempotency_key: given.key,
                ..PayloadPatch::default()
            };
            done(
                site.lockbox(given.options)
                    .begin_patch(&name(), patch)
                    .await?,
            )
            .await
        })
        .keyed(),
        write(
            "`begin_update_secret`",
            Prepare::Secret,
            |site, given| async move {
                let Site::Lockbox(_) = *site else {
                    return absent();
                };
                let change = UpdateSecret {
                    description: Edit::Set("main".to_owned()),
                    idempotency_key: given.key,
                    ..UpdateSecret::default()
                };
                let store = site.lockbox(given.options);
                done(store.begin_update_secret(&name(), change).await?).await
            },
        )
        .keyed(),
        write(
            "`begin_set_access_bindings`",
            Prepare::Secret,
            move |site, given| async move {
                let Site::Lockbox(_) = *site else {
                    return absent();
                };
                let store = site.lockbox(given.options);
                done(store.begin_set_access_bindings(&name(), [reader()]).await?).await
            },
        ),
        write(
            "`begin_update_access_bindings`",
            Prepare::Secret,
            move |site, given| async move {
                let Site::Lockbox(_) = *site else {
                    return absent();
                };
                let store = site.lockbox(given.options);
                let added = [AccessChange::Add(reader())];
                done(store.begin_update_access_bindings(&name(), added).await?).await
            },
        ),
    ]
}

impl Prepare {
    /// Makes it, by a store whose connection is sound; gives what the write may need of it.
    pub(crate) async fn make(self, site: &Site, given: &mut Given) -> Result<()> {
        let store = site.open(ClientOptions::default());
        if let Site::Azure(_) = site {
            let elsewhere = Site::start("azure-key-vault").await;
            let other = elsewhere.azure(ClientOptions::default());
            other.put(NAME, NEW).await?;
            given.backup = Some(other.backup(&name()).await?);
        }
        if self == Self::Nothing {
            return Ok(());
        }
        let (old, present): (PutValue, PutValue) = match self {
            Self::Generated => (
                PasswordSpec::default().into(),
                PasswordSpec::default().into(),
            ),
            _ => (OLD.into(), PRESENT.into()),
        };
        let written = store.put(NAME, old).await?;
        store.put(NAME, present).await?;
        given.older = written.version.id;
        match (self, &given.older) {
            (Self::Deleted, _) => store.delete(NAME).await?,
            (Self::Scheduled, Some(older)) => {
                let change = VersionChange::Destroy { after: None };
                done(store.begin_update_version(&name(), older, change).await?).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn write<F, Fut>(name: &'static str, prepare: Prepare, run: F) -> Write
where
    F: Fn(Arc<Site>, Given) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    Write {
        name,
        prepare,
        keyed: false,
        run: Box::new(move |site, given| Box::pin(run(site, given))),
    }
}

impl Write {
    fn keyed(self) -> Self {
        Self {
            keyed: true,
            ..self
        }
    }
}

fn put(
    name: &'static str,
    prepare: Prepare,
    options: impl Fn() -> PutOptions + Copy + Send + Sync + 'static,
) -> Write {
    write(name, prepare, move |site, given| async move {
        let options = PutOptions {
            idempotency_key: given.key,
            ..options()
        };
        let store = site.open(given.options);
        done(store.begin_put(&self::name(), NEW.into(), options).await?).await
    })
    .keyed()
}

fn generated(name: &'static str, prepare: Prepare) -> Write {
    write(name, prepare, |site, given| async move {
        let options = PutOptions {
            idempotency_key: given.key,
            ..PutOptions::default()
        };
        let store = site.open(given.options);
        let spec = PasswordSpec::default().into();
        done(store.begin_put(&self::name(), spec, options).await?).await
    })
    .keyed()
}

fn update(
    name: &'static str,
    patch: impl Fn() -> InfoPatch + Copy + Send + Sync + 'static,
) -> Write {
    write(name, Prepare::Secret, move |site, given| async move {
        let store = site.open(given.options);
        done(store.begin_update(&self::name(), patch()).await?).await
    })
}

fn change(
    name: &'static str,
    prepare: Prepare,
    change: impl Fn() -> VersionChange + Copy + Send + Sync + 'static,
) -> Write {
    write(name, prepare, move |site, given| async move {
        // Where there are no versions the call is refused before it is looked at.
        let none = VersionId::new("0123456789abcdef0123456789abcdef")?;
        let version = given.older.unwrap_or(none);
        let store = site.open(given.options);
        let begun = store
            .begin_update_version(&self::name(), &version, change())
            .await?;
        done(begun).await
    })
}

fn name() -> SecretRef {
    NAME.try_into().unwrap()
}

/// A write that this service does not have.
fn absent() -> Result<()> {
    let unsupported = polyvault::ErrorKind::Unsupported;
    Err(polyvault::Error::new(unsupported, "another service's"))
}

async fn done<T: Send + 'static>(operation: Operation<T>) -> Result<()> {
    operation.wait(WaitPolicy::default()).await.map(drop)
}
