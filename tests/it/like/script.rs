//! The calls: each on what the ones before it left.

use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use polyvault::encoding::Mark;
use polyvault::{
    DeleteOptions, Edit, GetOptions, IdempotencyKey, InfoPatch, Labels, OnSoftDeleted, OperationId,
    PageRequest, PageToken, PasswordSpec, Payload, PutMode, PutOptions, Result, SecretId,
    SecretName, SecretRef, SecretStore, SecretStoreExt, Value, VersionChange, VersionId,
    VersionPatch, VersionSelector, WaitPolicy,
};

use super::shown::Shown;

/// A step's name, and what it does.
pub(crate) type Step = (
    &'static str,
    for<'a> fn(&'a dyn SecretStore) -> BoxFuture<'a, String>,
);

macro_rules! steps {
    ($($name:literal => |$store:ident| $call:expr;)*) => {
        &[$(($name, |$store| Box::pin(async move { $call.await.shown() }))),*]
    };
}

pub(crate) const STEPS: &[Step] = steps! {
    // Nothing is there.
    "get what is missing" => |s| s.get(&named("db"), GetOptions::default());
    "describe what is missing" => |s| s.describe(&named("db"));
    "list nothing" => |s| s.list_page(page(None));
    "list the versions of nothing" => |s| s.list_versions_page(&named("db"), page(None));
    "delete what is missing" => |s| s.delete("db");
    "update what is missing" => |s| s.update("db", enabled(true));
    "add a version to nothing" => |s| s.put_with("db", "one", PutMode::AddVersion.into());
    "recover nothing" => |s| s.recover("db");
    "purge nothing" => |s| s.purge("db");
    "list nothing deleted" => |s| s.list_deleted_page(page(None));

    // What does not fit.
    "a name with a slash" => |s| s.put("no/good", "x");
    "a name with an underscore" => |s| s.put("snake_case", "x");
    "a name with a space" => |s| s.put("no good", "x");
    "a long name" => |s| s.put("n".repeat(101).as_str(), "x");
    "a longer name" => |s| s.put("n".repeat(300).as_str(), "x");
    "a name that a service reserves" => |s| s.put("WixThing", "x");
    "a value of 3501 bytes" => |s| s.put("large", "x".repeat(3501));
    "a value of 25 KiB and one" => |s| s.put("large", "x".repeat(25 * 1024 + 1));
    "a value of 64 KiB and one" => |s| s.put("large", "x".repeat(64 * 1024 + 1));
    "an empty value" => |s| s.put("empty", "");
    "a binary value" => |s| s.put("binary", vec![0xff_u8, 0]);
    "two entries" => |s| s.put("entries", two());
    "an entry of another key" => |s| s.put("entry", entry("password"));
    "an entry of a key with a space" => |s| s.put("entry", entry("a key"));
    "an update of nothing" => |s| s.update("db", InfoPatch::default());
    "a page of none" => |s| s.list_page(page(Some(0)));
    "a page of 26" => |s| s.list_page(page(Some(26)));
    "a page of 1001" => |s| s.list_page(page(Some(1001)));
    "a page token from elsewhere" => |s| s.list_page(PageRequest {
        token: Some(PageToken::new("elsewhere")),
        ..page(Some(2))
    });

    // Putting and reading.
    "a first put" => |s| s.put("db", "one");
    "a read" => |s| s.get(&named("db"), GetOptions::default());
    "a read by id" => |s| async { s.get(&id_of(s, "db").await?.into(), GetOptions::default()).await };
    "a read in capitals" => |s| s.get(&named("DB"), GetOptions::default());
    "a read by an id from elsewhere" => |s| s.get(&foreign(), GetOptions::default());
    "a description" => |s| s.describe(&named("db"));
    "a list" => |s| s.list_page(page(None));
    "a create of what exists" => |s| s.put_with("db", "two", PutMode::Create.into());
    "a create by id" => |s| async {
        s.put_with(id_of(s, "db").await?, "two", PutMode::Create.into()).await
    };
    "a create" => |s| s.put_with("made", "one", PutMode::Create.into());
    "a put by id" => |s| async { s.put(id_of(s, "db").await?, "two").await };
    "a put by an id from elsewhere" => |s| s.put(foreign(), "two");
    "an added version" => |s| s.put_with("db", "six", PutMode::AddVersion.into());
    "a put that looks at nothing" => |s| s.put_with("unseen", "one", blind());
    "the versions" => |s| s.list_versions_page(&named("db"), page(None));
    "the first page of versions" => |s| s.list_versions_page(&named("db"), page(Some(2)));
    "all secrets, two a page" => |s| by_twos(s);
    "a pinned read" => |s| pinned(s, "db");
    "a pinned read of no version" => |s| s.get(&named("db"), exact("0123456789abcdef0123456789abcdef"));
    "a pinned read of no id of a version" => |s| s.get(&named("db"), exact("first"));
    "a generated password" => |s| s.put("generated", PasswordSpec::default());

    // What is said of a secret.
    "labels" => |s| s.put_with("said", "one", labelled(labels("team", "blue")));
    "a description of labels" => |s| s.describe(&named("said"));
    "a read with labels" => |s| s.get(&named("said"), GetOptions::default());
    "a silent put over labels" => |s| s.put("said", "two");
    "labels that are kept" => |s| s.describe(&named("said"));
    "a put that keeps no labels" => |s| s.put_with("said", "three", blind());
    "labels that are not kept" => |s| s.describe(&named("said"));
    "65 labels" => |s| s.put_with("said", "x", labelled(many(65)));
    "16 labels" => |s| s.put_with("said", "x", labelled(many(16)));
    "a label in capitals" => |s| s.put_with("said", "x", labelled(labels("Team", "Blue")));
    "a label without a key" => |s| s.put_with("said", "x", labelled(labels("", "x")));
    "a content type" => |s| s.put_with("said", "four", PutOptions {
        content_type: Some("text/plain".to_owned()),
        ..PutOptions::default()
    });
    "a silent put over a content type" => |s| s.put("said", "five");
    "a long content type" => |s| s.put_with("said", "x", PutOptions {
        content_type: Some("t".repeat(256)),
        ..PutOptions::default()
    });
    "a mark of our own as a content type" => |s| s.put_with("said", "x", typed(&Mark::of(None).to_string()));
    "two entries with a content type" => |s| s.put_with("said", two(), typed("text/plain"));
    "a description of two entries" => |s| s.describe(&named("said"));
    "two entries with a content type that leaves no room" => |s| s.put_with("said", two(), typed(&"t".repeat(200)));
    "a text with that content type" => |s| s.put_with("said", "x", typed(&"t".repeat(200)));
    "two entries that carry it over" => |s| s.put("said", two());
    "entries of 25 KiB but for their encoding" => |s| s.put("large", vec![0xff_u8; 19_200]);
    "a text" => |s| s.put_with("said", "six", described("of the main database"));
    "a text told" => |s| s.describe(&named("said"));
    "a text of 201 characters" => |s| s.put_with("said", "x", described(&"d".repeat(201)));
    "a text of 1025 characters" => |s| s.put_with("said", "x", described(&"d".repeat(1025)));
    "validity" => |s| s.put_with("said", "seven", PutOptions {
        not_before: Some("2020-01-02T03:04:05.5Z".parse().unwrap()),
        expires_at: Some("2021-01-02T03:04:05.5Z".parse().unwrap()),
        ..PutOptions::default()
    });
    "a read of what has expired" => |s| s.get(&named("said"), GetOptions::default());
    "updated labels" => |s| s.update("said", InfoPatch {
        labels: Some(labels("stage", "test")),
        ..InfoPatch::default()
    });
    "an updated text" => |s| s.update("said", InfoPatch {
        description: Some("of the standby".to_owned()),
        ..InfoPatch::default()
    });
    "a cleared text" => |s| s.update("said", InfoPatch {
        description: Some(String::new()),
        ..InfoPatch::default()
    });
    "a rename" => |s| s.update("made", renamed("other"));
    "a read by the old name" => |s| s.get(&named("made"), GetOptions::default());
    "a rename to a bad name" => |s| s.update("db", renamed(&"n".repeat(300)));
    "a rename to a taken name" => |s| async {
        s.put("taker", "one").await?;
        s.update("taker", renamed("unseen")).await
    };
    "a read of a name that was taken" => |s| s.get(&named("unseen"), GetOptions::default());
    "a put on a name that was taken" => |s| s.put("unseen", "two");
    "a create of a name that was taken" => |s| s.put_with("unseen", "two", PutMode::Create.into());

    // What is disabled or protected.
    "a put of a disabled version" => |s| s.put_with("off", "one", PutOptions {
        enabled: Some(false),
        ..PutOptions::default()
    });
    "a put to be disabled" => |s| s.put_with("off", "one", blind());
    "a disabled secret" => |s| s.update("off", enabled(false));
    "a read of what is disabled" => |s| s.get(&named("off"), GetOptions::default());
    "a pinned read of what is disabled" => |s| pinned(s, "off");
    "a description of what is disabled" => |s| s.describe(&named("off"));
    "a silent put on what is disabled" => |s| s.put("off", "two");
    "a blind put on what is disabled" => |s| s.put_with("off", "three", blind());
    "a secret that is disabled again" => |s| s.update("off", enabled(false));
    "a description of two disabled versions" => |s| s.describe(&named("off"));
    "an enabled secret" => |s| s.update("off", enabled(true));
    "a protected secret" => |s| s.update("db", protected(true));
    "a delete of what may be protected" => |s| s.delete("off");
    "a delete of what is protected" => |s| async {
        match s.capabilities().deletion_protection {
            true => s.delete("db").await,
            false => Ok(()),
        }
    };
    "a secret that is protected no more" => |s| s.update("db", protected(false));

    // Changes of one version.
    "a disabled version" => |s| change(s, VersionChange::Update(VersionPatch {
        enabled: Some(false),
        ..VersionPatch::default()
    }));
    "a version's labels and content type" => |s| change(s, VersionChange::Update(VersionPatch {
        labels: Some(labels("team", "red")),
        content_type: Some("text/html".to_owned()),
        expires_at: Edit::Set("2031-01-01T00:00:00Z".parse().unwrap()),
        ..VersionPatch::default()
    }));
    "a cleared end of validity" => |s| change(s, VersionChange::Update(VersionPatch {
        expires_at: Edit::Clear,
        ..VersionPatch::default()
    }));
    "a change of nothing" => |s| change(s, VersionChange::Update(VersionPatch::default()));
    "a version made current" => |s| change(s, VersionChange::MakeCurrent);
    "the current version made current" => |s| async {
        let current = s.describe(&named("said")).await?.current.and_then(|info| info.id);
        let current = current.unwrap_or_else(|| VersionId::new("none").unwrap());
        s.update_version("said", &current, VersionChange::MakeCurrent).await
    };
    "the versions after that" => |s| s.list_versions_page(&named("said"), page(None));
    "a version destroyed" => |s| change(s, VersionChange::Destroy { after: None });
    "a destruction taken back" => |s| change(s, VersionChange::CancelDestruction);

    "two versions, destroyed and taken back" => |s| doomed(s);
    "the doomed versions" => |s| s.list_versions_page(&named("doomed"), page(None));

    // Deleting, and what comes after.
    "a delete" => |s| async {
        let begun = s.begin_delete(&NAMED_DB, DeleteOptions::default()).await?;
        let shown = begun.shown();
        begun.wait(WaitPolicy::default()).await.map(|()| shown)
    };
    "a second delete" => |s| s.delete("db");
    "a read of what is deleted" => |s| s.get(&named("db"), GetOptions::default());
    "the versions of what is deleted" => |s| s.list_versions_page(&named("db"), page(None));
    "the deleted" => |s| s.list_deleted_page(page(None));
    "an added version to what is deleted" => |s| s.put_with("db", "x", PutMode::AddVersion.into());
    "a create of what is deleted" => |s| s.put_with("db", "x", PutMode::Create.into());
    "a put over what is deleted" => |s| s.put("db", "x");
    "a recovery" => |s| s.recover("db");
    "a second recovery" => |s| s.recover("db");
    "a purge of what is not deleted" => |s| s.purge("db");
    "a put that recovers" => |s| deleted_then(s, OnSoftDeleted::Recover, PutMode::Upsert);
    "a put that adds and recovers" => |s| deleted_then(s, OnSoftDeleted::Recover, PutMode::AddVersion);
    "a put that purges" => |s| deleted_then(s, OnSoftDeleted::Purge, PutMode::Upsert);
    "a put that adds and purges" => |s| deleted_then(s, OnSoftDeleted::Purge, PutMode::AddVersion);
    "a purge" => |s| s.purge("db");
    "a second purge" => |s| s.purge("db");
    "a secret made anew" => |s| s.put("db", "one");

    // Operations and keys.
    "a put that is resumed" => |s| async {
        let begun = s.begin_put(&NAMED_DB, "three".into(), PutOptions::default()).await?;
        let Some(id) = begun.id().cloned() else {
            return Ok("done".to_owned());
        };
        begun.wait(WaitPolicy::default()).await?;
        Ok(s.resume(&id).await?.wait(WaitPolicy::default()).await.shown())
    };
    "a delete that is resumed" => |s| async {
        let begun = s.begin_delete(&NAMED_DB, DeleteOptions::default()).await?;
        let Some(id) = begun.id().cloned() else {
            return Ok("done".to_owned());
        };
        begun.wait(WaitPolicy::default()).await?;
        let first = s.resume(&id).await?.wait(WaitPolicy::default()).await.shown();
        if s.capabilities().recover {
            s.recover("db").await?;
        }
        let again = s.resume(&id).await?.wait(WaitPolicy::default()).await.shown();
        Ok(format!("{first}, {again}"))
    };
    "an operation of no store" => |s| s.resume(&OPERATION);
    "a put and its repeat under a key" => |s| async {
        let options = under_a_key(PutMode::Upsert);
        let first = s.put_with("key", "one", options.clone()).await.shown();
        Ok(format!("{first}, {}", s.put_with("key", "one", options).await.shown()))
    };
    "a create and its repeat under a key" => |s| async {
        let options = under_a_key(PutMode::Create);
        let first = s.put_with("key-2", "one", options.clone()).await.shown();
        Ok(format!("{first}, {}", s.put_with("key-2", "one", options).await.shown()))
    };
    "the versions after two repeats" => |s| s.list_versions_page(&named("key"), page(None));
    "a delete and its repeat under a key" => |s| async {
        let options = DeleteOptions {
            idempotency_key: Some(IdempotencyKey::random()),
        };
        let first = s.delete_with("key", options.clone()).await.shown();
        Ok(format!("{first}, {}", s.delete_with("key", options).await.shown()))
    };
    "a delete by id and its repeat under a key" => |s| async {
        let id = id_of(s, "key-2").await?;
        let options = DeleteOptions {
            idempotency_key: Some(IdempotencyKey::random()),
        };
        let first = s.delete_with(id.clone(), options.clone()).await.shown();
        Ok(format!("{first}, {}", s.delete_with(id, options).await.shown()))
    };
    "a key of another put" => |s| async {
        let options = under_a_key(PutMode::Upsert);
        let first = s.put_with("key-3", "one", options.clone()).await.shown();
        Ok(format!("{first}, {}", s.put_with("key-4", "one", options).await.shown()))
    };
    "all that is left" => |s| s.list_page(page(None));
};

static NAMED_DB: std::sync::LazyLock<SecretRef> = std::sync::LazyLock::new(|| named("db"));

static OPERATION: std::sync::LazyLock<OperationId> =
    std::sync::LazyLock::new(|| OperationId::new("no-operation").unwrap());

fn named(name: &str) -> SecretRef {
    name.try_into().unwrap()
}

fn foreign() -> SecretRef {
    SecretId::new("no-such-id").unwrap().into()
}

async fn id_of(store: &dyn SecretStore, name: &str) -> Result<SecretId> {
    Ok(store.describe(&named(name)).await?.id)
}

fn page(size: Option<u32>) -> PageRequest {
    PageRequest { size, token: None }
}

async fn by_twos(store: &dyn SecretStore) -> Result<String> {
    let (mut count, mut pages, mut request) = (0, 0, page(Some(2)));
    loop {
        let page = store.list_page(request.clone()).await?;
        (count, pages) = (count + page.items.len(), pages + 1);
        match page.next {
            Some(next) => request.token = Some(next),
            None => return Ok(format!("{count} on {pages} pages")),
        }
    }
}

fn exact(version: &str) -> GetOptions {
    VersionSelector::from(VersionId::new(version).unwrap()).into()
}

/// A version of a secret that has some; else an id that no store has.
async fn some_version(store: &dyn SecretStore, name: &str) -> VersionId {
    let listed = store.list_versions(name).try_collect::<Vec<_>>().await;
    let found = listed.ok().and_then(|versions| versions.into_iter().next());
    match found.and_then(|version| version.id) {
        Some(id) => id,
        None => VersionId::new("none").unwrap(),
    }
}

async fn pinned(store: &dyn SecretStore, name: &str) -> Result<polyvault::Secret> {
    let version = some_version(store, name).await;
    let read = VersionSelector::from(version).into();
    store.get(&named(name), read).await
}

async fn change(store: &dyn SecretStore, change: VersionChange) -> Result<polyvault::VersionInfo> {
    let version = some_version(store, "taker").await;
    store.update_version("taker", &version, change).await
}

async fn doomed(store: &dyn SecretStore) -> Result<String> {
    let mut ids = Vec::new();
    for text in ["one", "two"] {
        let written = store.put("doomed", text).await?;
        ids.extend(written.version.id);
    }
    let [older, newer] = ids.as_slice() else {
        return Ok("no versions".to_owned());
    };
    let destroy = |after| VersionChange::Destroy { after };
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let mut told = Vec::new();
    for (version, change) in [
        (older, destroy(None)),
        (older, destroy(None)),
        (older, VersionChange::MakeCurrent),
        (older, VersionChange::CancelDestruction),
        (older, VersionChange::CancelDestruction),
        (newer, destroy(Some(week))),
        (older, VersionChange::MakeCurrent),
        (newer, VersionChange::MakeCurrent),
    ] {
        let secret = named("doomed");
        told.push(store.update_version(&secret, version, change).await.shown());
        told.push(store.get(&secret, GetOptions::default()).await.shown());
        told.push(store.describe(&secret).await.shown());
    }
    Ok(told.join("\n"))
}

async fn deleted_then(
    store: &dyn SecretStore,
    on_soft_deleted: OnSoftDeleted,
    mode: PutMode,
) -> Result<polyvault::Written> {
    store.delete("db").await.ok();
    let options = PutOptions {
        on_soft_deleted,
        ..PutOptions::from(mode)
    };
    store.put_with("db", "again", options).await
}

fn under_a_key(mode: PutMode) -> PutOptions {
    PutOptions {
        idempotency_key: Some(IdempotencyKey::random()),
        ..PutOptions::from(mode)
    }
}

fn blind() -> PutOptions {
    PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    }
}

fn labels(key: &str, value: &str) -> Labels {
    [(key.to_owned(), value.to_owned())].into()
}

fn many(count: usize) -> Labels {
    (0..count)
        .map(|i| (format!("k{i}"), String::new()))
        .collect()
}

fn labelled(labels: Labels) -> PutOptions {
    PutOptions {
        labels: Some(labels),
        ..PutOptions::default()
    }
}

fn typed(text: &str) -> PutOptions {
    PutOptions {
        content_type: Some(text.to_owned()),
        ..PutOptions::default()
    }
}

fn described(text: &str) -> PutOptions {
    PutOptions {
        description: Some(text.to_owned()),
        ..PutOptions::default()
    }
}

fn renamed(name: &str) -> InfoPatch {
    InfoPatch {
        name: SecretName::new(name).ok(),
        ..InfoPatch::default()
    }
}

fn enabled(on: bool) -> InfoPatch {
    InfoPatch {
        enabled: Some(on),
        ..InfoPatch::default()
    }
}

fn protected(on: bool) -> InfoPatch {
    InfoPatch {
        deletion_protection: Some(on),
        ..InfoPatch::default()
    }
}

fn entry(key: &str) -> Payload {
    Payload::from_entries([(key, Value::text("v"))]).unwrap()
}

fn two() -> Payload {
    Payload::from_entries([("user", Value::text("a")), ("password", Value::text("b"))]).unwrap()
}
