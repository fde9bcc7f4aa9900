//! Two stores as one: what falls through, what is hidden, and the suite over both.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::*;
use polyvault_testkit::conformance::run_all;

use crate::memory::Memory;

/// A store whose every call ends in one error.
#[derive(Debug)]
struct Broken(ErrorKind, MemoryStore);

impl Broken {
    fn error(&self) -> Error {
        Error::new(self.0, "broken").with_status(500)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

#[async_trait]
impl SecretStore for Broken {
    fn capabilities(&self) -> &Capabilities {
        self.1.capabilities()
    }
    async fn get(&self, _: &SecretRef, _: GetOptions) -> Result<Secret> {
        Err(self.error())
    }
    async fn describe(&self, _: &SecretRef) -> Result<SecretInfo> {
        Err(self.error())
    }
    async fn list_page(&self, _: PageRequest) -> Result<Page<SecretInfo>> {
        Err(self.error())
    }
    async fn list_versions_page(&self, _: &SecretRef, _: PageRequest) -> Result<Page<VersionInfo>> {
        Err(self.error())
    }
    async fn begin_put(
        &self,
        _: &SecretRef,
        _: PutValue,
        _: PutOptions,
    ) -> Result<Operation<Written>> {
        Err(self.error())
    }
    async fn begin_update(&self, _: &SecretRef, _: InfoPatch) -> Result<Operation<SecretInfo>> {
        Err(self.error())
    }
    async fn begin_update_version(
        &self,
        _: &SecretRef,
        _: &VersionId,
        _: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        Err(self.error())
    }
    async fn begin_delete(&self, _: &SecretRef, _: DeleteOptions) -> Result<Operation<()>> {
        Err(self.error())
    }
    async fn list_deleted_page(&self, _: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        Err(self.error())
    }
    async fn begin_recover(&self, _: &SecretRef) -> Result<Operation<SecretInfo>> {
        Err(self.error())
    }
    async fn begin_purge(&self, _: &SecretRef) -> Result<Operation<()>> {
        Err(self.error())
    }
    async fn resume(&self, _: &OperationId) -> Result<Operation<Outcome>> {
        Err(self.error())
    }
}

const KINDS: [ErrorKind; 20] = [
    ErrorKind::AlreadyExists,
    ErrorKind::Ambiguous,
    ErrorKind::InvalidInput,
    ErrorKind::TooLarge,
    ErrorKind::Disabled,
    ErrorKind::SoftDeleted,
    ErrorKind::InTransition,
    ErrorKind::Conflict,
    ErrorKind::FailedPrecondition,
    ErrorKind::Unauthenticated,
    ErrorKind::Forbidden,
    ErrorKind::RateLimited,
    ErrorKind::QuotaExceeded,
    ErrorKind::Unavailable,
    ErrorKind::Timeout,
    ErrorKind::Unsupported,
    ErrorKind::OperationFailed,
    ErrorKind::Decode,
    ErrorKind::Config,
    ErrorKind::Unexpected,
];

fn named(name: &str) -> SecretRef {
    name.try_into().unwrap()
}

async fn text(store: &dyn SecretStore, secret: &SecretRef) -> String {
    let read = store.get(secret, GetOptions::default()).await.unwrap();
    let value = read.payload.single().unwrap().expose_text().unwrap();
    value.to_owned()
}

#[tokio::test]
async fn only_what_is_not_found_falls_through() {
    let db = named("db");
    for kind in KINDS {
        let second = MemoryStore::new();
        let id = second.put("db", "second").await.unwrap().secret;
        let store = FallbackStore::new(Broken(kind, MemoryStore::new()), second.clone());
        let pinned = VersionSelector::from(VersionId::new("v").unwrap()).into();
        let by_id = SecretRef::from(id);
        let page = PageRequest::default;

        let outcomes = [
            store.get(&db, GetOptions::default()).await.map(drop),
            store.get(&by_id, GetOptions::default()).await.map(drop),
            store.get(&db, pinned).await.map(drop),
            store.describe(&db).await.map(drop),
            store.list_page(page()).await.map(drop),
            store.list_versions_page(&db, page()).await.map(drop),
            store.put("db", "new").await.map(drop),
            store.update("db", InfoPatch::default()).await.map(drop),
            store.delete("db").await,
        ];

        for outcome in outcomes {
            assert_eq!(outcome.map_err(|error| error.kind()), Err(kind));
        }
        assert_eq!(text(&second, &db).await, "second", "{kind}");
        assert_eq!(second.history("db").await.unwrap().len(), 1, "{kind}");
    }
    let missing = Broken(ErrorKind::NotFound, MemoryStore::new());
    let second = MemoryStore::new();
    second.put("db", "second").await.unwrap();
    assert_eq!(
        text(&FallbackStore::new(missing, second), &db).await,
        "second"
    );
}

#[tokio::test]
async fn what_the_first_has_is_read_and_hides_what_is_written() {
    let (first, second) = (MemoryStore::new(), MemoryStore::new());
    let mine = first.put("db", "first").await.unwrap();
    let theirs = second.put("db", "second").await.unwrap();
    second.put("api", "second").await.unwrap();
    let store = FallbackStore::new(first.clone(), second.clone());
    let db = named("db");

    assert_eq!(text(&store, &db).await, "first");
    assert_eq!(text(&store, &mine.secret.clone().into()).await, "first");
    assert_eq!(text(&store, &theirs.secret.clone().into()).await, "second");
    assert_eq!(store.describe(&db).await.unwrap().id, mine.secret);
    assert_eq!(store.history("db").await.unwrap()[0].id, mine.version.id);
    let version = theirs.version.id.unwrap();
    let renamed = InfoPatch {
        name: Some("db".parse().unwrap()),
        ..InfoPatch::default()
    };
    let change = VersionChange::MakeCurrent;
    for hidden in [
        store.put("db", "new").await.map(drop),
        store.update("db", InfoPatch::default()).await.map(drop),
        store.update("api", renamed).await.map(drop),
        store.update_version("db", &version, change).await.map(drop),
        store.delete("db").await,
        store.recover("db").await.map(drop),
    ] {
        let error = hidden.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
        assert!(error.operation().is_some() && error.help().contains("Change it there"));
    }
    assert_eq!(text(&second, &db).await, "second");
    assert_eq!(text(&first, &db).await, "first");
    store.put("api", "new").await.unwrap();
    assert_eq!(text(&second, &named("api")).await, "new");
    assert!(first.describe(&named("api")).await.is_err());
}

#[tokio::test]
async fn a_name_that_the_first_could_never_hold_is_the_seconds() {
    let store = FallbackStore::new(MemoryStore::like_azure(), MemoryStore::new());

    store.put("snake_case", "x").await.unwrap();

    assert_eq!(text(&store, &named("snake_case")).await, "x");
    assert!(store.describe(&named("snake_case")).await.is_ok());
}

#[tokio::test]
async fn a_list_shows_each_name_once_over_pages_of_both() {
    let (first, second) = (MemoryStore::like_azure(), MemoryStore::new());
    for name in ["a", "b", "c"] {
        first.put(name, "first").await.unwrap();
    }
    for name in ["b", "c", "d", "e"] {
        second.put(name, "second").await.unwrap();
    }
    let store = FallbackStore::new(first, second);
    for size in [None, Some(1), Some(2), Some(1000)] {
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let is_first = token.is_none();
            let page = store.list_page(PageRequest { size, token }).await.unwrap();
            if let Some(size) = size.filter(|_| is_first) {
                assert_eq!(page.items.len(), 3.min(size as usize));
            }
            names.extend(
                page.items
                    .into_iter()
                    .map(|info| info.name.unwrap().to_string()),
            );
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        let each: BTreeSet<String> = names.iter().cloned().collect();
        assert_eq!(names.len(), 5, "{size:?}: {names:?}");
        assert!(each.iter().eq(["a", "b", "c", "d", "e"]), "{each:?}");
    }
    for token in ["", "elsewhere", "1elsewhere"] {
        let page = PageRequest {
            size: None,
            token: Some(PageToken::new(token)),
        };
        let refused = store.list_page(page).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{token}");
    }
}

#[tokio::test]
async fn keeps_every_promise_and_skips_no_check() {
    let report = run_all(async || {
        let second = MemoryStore::new();
        let store = FallbackStore::new(MemoryStore::new(), second.clone());
        Arc::new(Memory::before(second, store)) as _
    })
    .await;

    assert!(report.is_green(), "{report}");
    assert_eq!(report.skipped().count(), 0, "{report}");
}
