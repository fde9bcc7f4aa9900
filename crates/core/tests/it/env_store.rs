//! Variables, dotenv files and mounted directories, and the suite over them.

use std::fmt;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use polyvault_core::*;
use polyvault_testkit::conformance::{Harness, Hook, Report, run_all};
use tempfile::TempDir;

/// A directory as Kubernetes makes it: each name a link into the files of a time, which change at once.
struct Mounted(TempDir);

impl Mounted {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("..2026_11_29")).unwrap();
        symlink("..2026_11_29", folder.path().join("..data")).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn set(&self, name: &str, value: &[u8]) {
        fs::write(self.path().join("..data").join(name), value).unwrap();
        let link = self.path().join(name);
        if !link.exists() {
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }

    fn store(&self) -> EnvStore {
        EnvStore::directory(self.path()).unwrap()
    }
}

fn bytes_of(payload: &Payload) -> &[u8] {
    payload.single().unwrap().expose_bytes()
}

#[async_trait]
impl Harness for Mounted {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.store())
    }
    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.store())
    }
    async fn seed(&self, name: &str, payload: &Payload) -> Hook {
        self.set(name, bytes_of(payload));
        Hook::Done
    }
}

/// Variables that change after a store was opened, as those of a process can.
#[derive(Clone, Debug)]
struct Late {
    variables: Arc<Mutex<Environment>>,
    open: fn(Environment) -> EnvStore,
    can: Capabilities,
}

impl Late {
    fn new(open: fn(Environment) -> EnvStore) -> Self {
        Self {
            variables: Arc::default(),
            can: open(Environment::empty()).capabilities().clone(),
            open,
        }
    }

    fn now(&self) -> EnvStore {
        (self.open)(self.variables.lock().unwrap().clone())
    }
}

#[async_trait]
impl Harness for Late {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.clone())
    }
    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.clone())
    }
    async fn seed(&self, name: &str, payload: &Payload) -> Hook {
        let text = match payload.single().unwrap().expose_text() {
            Ok(text) if !text.is_empty() => text,
            _ => return Hook::Missing,
        };
        let name = match self.can.limits.name.check("A") {
            Ok(()) => format!("APP_{name}"),
            Err(_) => format!("APP_{}", name.to_uppercase().replace('-', "_")),
        };
        let mut variables = self.variables.lock().unwrap();
        *variables = variables.clone().with(name, text);
        Hook::Done
    }
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.now().fmt(f)
    }
}

#[async_trait]
impl SecretStore for Late {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }
    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        self.now().get(secret, options).await
    }
    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        self.now().describe(secret).await
    }
    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        self.now().list_page(page).await
    }
    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        self.now().list_versions_page(secret, page).await
    }
    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        self.now().begin_put(secret, value, options).await
    }
    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        self.now().begin_update(secret, patch).await
    }
    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let store = self.now();
        store.begin_update_version(secret, version, change).await
    }
    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        self.now().begin_delete(secret, options).await
    }
    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        self.now().list_deleted_page(page).await
    }
    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        self.now().begin_recover(secret).await
    }
    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        self.now().begin_purge(secret).await
    }
    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        self.now().resume(id).await
    }
}

/// All that applies to what is only read passes; the rest says why it does not apply.
fn assert_kept(report: &Report, passed: usize) {
    assert!(report.is_green(), "{report}");
    assert_eq!(report.passed().count(), passed, "{report}");
    for (check, why) in report.skipped() {
        let known = why.starts_with("capability `")
            || ["`forbid`", "`seed`"]
                .iter()
                .any(|hook| why.ends_with(hook));
        assert!(known, "{check}: {why}");
    }
}

#[tokio::test]
async fn a_directory_keeps_every_promise_of_a_read() {
    assert_kept(&run_all(async || Arc::new(Mounted::new()) as _).await, 32);
}

#[tokio::test]
async fn variables_keep_every_promise_of_a_read() {
    let exact = Late::new(|variables| EnvStore::variables(variables, "APP_"));
    assert_kept(&run_all(async || Arc::new(exact.clone()) as _).await, 28);
    let upper = Late::new(|variables| EnvStore::upper_snake(variables, "APP_"));
    assert_kept(&run_all(async || Arc::new(upper.clone()) as _).await, 26);
}

async fn names(store: &EnvStore) -> Vec<String> {
    let all: Vec<SecretInfo> = store.list().try_collect().await.unwrap();
    all.into_iter()
        .map(|info| info.name.unwrap().to_string())
        .collect()
}

async fn kind(store: &EnvStore, name: &str) -> ErrorKind {
    store.get_text(name).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_mount_is_read_anew_and_shows_none_of_its_own_links() {
    let mounted = Mounted::new();
    let store = mounted.store();
    mounted.set("tls.key", b"old\n");
    mounted.set(".dockerconfigjson", b"{}");
    fs::create_dir(mounted.path().join("folder")).unwrap();
    symlink("nowhere", mounted.path().join("dangling")).unwrap();

    assert_eq!(names(&store).await, [".dockerconfigjson", "tls.key"]);
    let newer = mounted.path().join("..2026_11_30");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("tls.key"), b"new\n").unwrap();
    symlink("..2026_11_30", mounted.path().join("..tmp")).unwrap();
    fs::rename(mounted.path().join("..tmp"), mounted.path().join("..data")).unwrap();

    let read = store
        .get_with("tls.key", GetOptions::default())
        .await
        .unwrap();
    assert_eq!(bytes_of(&read.payload), b"new\n");
    for missing in [".dockerconfigjson", "folder", ".", "dangling"] {
        let described = store.describe(&missing.try_into().unwrap()).await;
        assert_eq!(described.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(
            kind(&store, missing).await,
            ErrorKind::NotFound,
            "{missing}"
        );
    }
    for outside in ["../tls.key", "..data", "..", "a/b", "/etc/hostname"] {
        assert_eq!(
            kind(&store, outside).await,
            ErrorKind::InvalidInput,
            "{outside}"
        );
    }
    let by_id = SecretRef::Id(SecretId::new("../tls.key").unwrap());
    let refused = SecretStore::get(&store, &by_id, GetOptions::default()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_directory_that_is_gone_is_not_an_empty_one() {
    let mounted = Mounted::new();
    let store = mounted.store();
    let over = FallbackStore::new(store.clone(), MemoryStore::new());
    over.put("db", "of the site").await.unwrap();
    let path = mounted.path().to_owned();
    drop(mounted);

    assert_eq!(kind(&store, "db").await, ErrorKind::Unavailable);
    let described = store.describe(&"db".try_into().unwrap()).await;
    assert_eq!(described.unwrap_err().kind(), ErrorKind::Unavailable);
    let hidden = over.get_text("db").await.unwrap_err();
    assert_eq!(
        (hidden.kind(), hidden.provider()),
        (ErrorKind::Unavailable, Some("env"))
    );
    let listed: Result<Vec<_>> = store.list().try_collect().await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Unavailable);
    let opened = EnvStore::directory(path).unwrap_err();
    assert_eq!(opened.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_file_has_up_to_one_mebibyte() {
    let mounted = Mounted::new();
    mounted.set("large", &vec![b'x'; 1024 * 1024 + 1]);
    mounted.set("largest", &vec![b'x'; 1024 * 1024]);

    assert_eq!(kind(&mounted.store(), "large").await, ErrorKind::TooLarge);
    // A description reads no file, whatever it holds.
    let large = SecretRef::try_from("large").unwrap();
    assert!(mounted.store().describe(&large).await.is_ok());
    assert!(mounted.store().get_text("largest").await.is_ok());
}

#[tokio::test]
async fn each_name_has_a_variable_of_its_own() {
    let variables = Environment::empty()
        .with("APP_DB_PASSWORD", "s3cret")
        .with("APP_DB-PASSWORD", "another")
        .with("APP_Db_Password", "a third")
        .with("APP_Mixed", "not of this case")
        .with("APP_EMPTY", "")
        .with("OTHER", "not mine");
    let upper = EnvStore::upper_snake(variables.clone(), "APP_");
    let exact = EnvStore::variables(variables, "APP_");

    assert_eq!(names(&upper).await, ["db-password"]);
    assert_eq!(
        names(&exact).await,
        ["DB-PASSWORD", "DB_PASSWORD", "Db_Password", "Mixed"]
    );
    let read = upper.get_with("db-password", GetOptions::default()).await;
    assert_eq!(bytes_of(&read.unwrap().payload), b"s3cret");
    for unfit in ["db_password", "DB-PASSWORD", "db=x"] {
        assert_eq!(
            kind(&upper, unfit).await,
            ErrorKind::InvalidInput,
            "{unfit}"
        );
    }
    assert_eq!(kind(&exact, "EMPTY").await, ErrorKind::NotFound);
    assert_eq!(kind(&upper, "empty").await, ErrorKind::NotFound);
}

#[tokio::test]
async fn the_variables_of_the_process_are_listed_and_read() {
    // The one variable that is there in every run of a test by cargo.
    let store = EnvStore::variables(Environment::process(), "CARGO_");

    assert!(names(&store).await.contains(&"MANIFEST_DIR".to_owned()));
    let read = store.get_with("MANIFEST_DIR", GetOptions::default()).await;
    let read = read.unwrap();
    assert_eq!(
        bytes_of(&read.payload),
        env!("CARGO_MANIFEST_DIR").as_bytes()
    );
}

#[tokio::test]
async fn a_dotenv_file_is_read_as_such_files_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(
        &path,
        "# comment\n\nPLAIN=ab\nexport EXPORTED=x # after\nSINGLE='$PLAIN \"#\"'\nDOUBLE=\"a\\nb\"\nEMPTY=\nFROM=$PLAIN\n",
    )
    .unwrap();
    let store = EnvStore::variables(Environment::dotenv(&path).unwrap(), "");

    for (name, value) in [
        ("EXPORTED", "x"),
        ("FROM", "ab"),
        ("SINGLE", "$PLAIN \"#\""),
        ("DOUBLE", "a\nb"),
    ] {
        let read = store.get_with(name, GetOptions::default()).await.unwrap();
        assert_eq!(bytes_of(&read.payload), value.as_bytes(), "{name}");
    }
    assert_eq!(kind(&store, "EMPTY").await, ErrorKind::NotFound);
}

#[test]
fn a_dotenv_file_that_is_none_is_refused_without_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    for (text, before) in [
        ("GOOD=1\nBAD=\"hunter2 and no end\n", 1),
        ("GOOD=1\nBAD=aGVsbG8\nhunter2==\n-----END\n", 3),
    ] {
        fs::write(&path, text).unwrap();

        let error = Environment::dotenv(&path).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        let due = format!("variables before the fault: {before}");
        assert!(error.message().ends_with(&due), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let missing = Environment::dotenv(folder.path().join("none")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Config);
}
