//! A service of each kind, what it holds, and stores on it.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use polyvault::azure_key_vault::AzureKeyVault;
use polyvault::azure_key_vault::arm::AzureKeyVaultArm;
use polyvault::azure_key_vault::emulator::Emulator as Vault;
use polyvault::clock::ManualClock;
use polyvault::transport::{ClientOptions, Token, TokenSource};
use polyvault::wix_secrets::WixSecrets;
use polyvault::wix_secrets::credential::App;
use polyvault::wix_secrets::emulator::Emulator as Wix;
use polyvault::yandex_lockbox::YandexLockbox;
use polyvault::yandex_lockbox::emulator::Emulator as Folder;
use polyvault::{
    GetOptions, Payload, Result, SecretInfo, SecretRef, SecretStore, SecretStoreExt as _,
    Timestamp, VersionInfo, VersionSelector,
};

/// A service, empty at first, on a clock on which no test waits.
pub(crate) enum Site {
    Azure(Vault),
    Arm(Vault),
    Wix(Wix),
    Lockbox(Box<Folder>),
}

/// The stores, by their schemes.
pub(crate) const STORES: [&str; 4] = [
    "azure-key-vault",
    "azure-key-vault-arm",
    "wix-secrets",
    "yandex-lockbox",
];

const FOLDER: &str = "b1gfolder00000000001";

impl Site {
    pub(crate) async fn start(store: &str) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        match store {
            "azure-key-vault" | "azure-key-vault-arm" => {
                let vault = Vault::builder().clock(clock).start().await;
                vault.delete_polls(1);
                vault.recover_polls(1);
                match store {
                    "azure-key-vault" => Self::Azure(vault),
                    _ => Self::Arm(vault),
                }
            }
            "wix-secrets" => Self::Wix(Wix::builder().clock(clock).start().await),
            "yandex-lockbox" => {
                let builder = Folder::builder().clock(clock).folder(FOLDER);
                let folder = builder.start().await;
                folder.pending_polls(1);
                Self::Lockbox(Box::new(folder))
            }
            other => panic!("no store {other}"),
        }
    }

    /// The store whose writes are tried; its token can be renewed.
    pub(crate) fn open(&self, options: ClientOptions) -> Arc<dyn SecretStore> {
        match self {
            Self::Azure(_) => Arc::new(self.azure(options)),
            Self::Arm(_) => Arc::new(self.arm(options)),
            Self::Wix(_) => Arc::new(self.wix(options)),
            Self::Lockbox(_) => Arc::new(self.lockbox(options)),
        }
    }

    pub(crate) fn keeps_deleted(&self) -> bool {
        let store = self.open(ClientOptions::default());
        store.capabilities().soft_delete
    }

    pub(crate) fn azure(&self, options: ClientOptions) -> AzureKeyVault {
        let (Self::Azure(vault) | Self::Arm(vault)) = self else {
            panic!("no vault");
        };
        let builder = AzureKeyVault::builder("emulator").endpoint(vault.url());
        let built = builder
            .token_source(Renewing)
            .client_options(timed(options));
        built.build().unwrap()
    }

    pub(crate) fn arm(&self, options: ClientOptions) -> AzureKeyVaultArm {
        let Self::Arm(vault) = self else {
            panic!("no vault");
        };
        let id = "00000000-0000-0000-0000-000000000000";
        let builder = AzureKeyVaultArm::builder(id, "my-group", "emulator").endpoint(vault.url());
        let built = builder
            .token_source(Renewing)
            .client_options(timed(options));
        built.build().unwrap()
    }

    fn wix(&self, options: ClientOptions) -> WixSecrets {
        let Self::Wix(site) = self else {
            panic!("no site");
        };
        let app = App::new("app-1", "made-up".into(), "instance-1");
        WixSecrets::builder("11111111-2222-4333-8444-555555555555")
            .endpoint(site.endpoint())
            .token_endpoint(format!("{}/oauth2/token", site.url()))
            .app(app)
            .client_options(timed(options))
            .build()
            .unwrap()
    }

    pub(crate) fn lockbox(&self, options: ClientOptions) -> YandexLockbox {
        let Self::Lockbox(folder) = self else {
            panic!("no folder");
        };
        YandexLockbox::builder(FOLDER)
            .endpoint(folder.url())
            .token_source(Renewing)
            .client_options(timed(options))
            .build()
            .unwrap()
    }

    /// What the service holds, without ids and times: equal texts are equal states.
    pub(crate) async fn state(&self) -> String {
        let store: Arc<dyn SecretStore> = match self {
            Self::Arm(_) => Arc::new(self.azure(ClientOptions::default())),
            _ => self.open(ClientOptions::default()),
        };
        let mut lines: Vec<String> = Vec::new();
        let all: Vec<SecretInfo> = store.list().try_collect().await.unwrap();
        for info in all {
            lines.push(self.secret(&*store, &info).await.unwrap());
        }
        if store.capabilities().soft_delete {
            let deleted: Vec<_> = store.list_deleted().try_collect().await.unwrap();
            lines.extend(
                deleted
                    .iter()
                    .map(|one| format!("deleted {:?}", one.info.name)),
            );
        }
        lines.sort();
        lines.join("\n")
    }

    async fn secret(&self, store: &dyn SecretStore, info: &SecretInfo) -> Result<String> {
        let id = SecretRef::from(info.id.clone());
        // A list may leave things out that a description tells.
        let told = store.describe(&id).await?;
        let mut text = format!(
            "{:?} {:?} {:?} {:?} {:?}",
            told.name, told.description, told.labels, told.state, told.deletion_protection
        );
        if let Self::Lockbox(_) = self {
            let native = self.lockbox(ClientOptions::default());
            let page = native.list_access_bindings_page(&id, Default::default());
            write!(text, " {:?}", page.await?.items).unwrap();
        }
        match store.capabilities().versions {
            polyvault::capabilities::Versions::None => {
                let payload = store.get(&id, GetOptions::default()).await?.payload;
                write!(text, " {}", shown(&payload)).unwrap();
            }
            _ => {
                let current = told.current.and_then(|version| version.id);
                let versions: Vec<VersionInfo> =
                    store.list_versions(id.clone()).try_collect().await?;
                let mut lines = Vec::new();
                for version in versions {
                    lines.push(one_version(store, &id, &version, current == version.id).await);
                }
                lines.sort();
                write!(text, "\n  {}", lines.join("\n  ")).unwrap();
            }
        }
        Ok(text)
    }
}

async fn one_version(
    store: &dyn SecretStore,
    id: &SecretRef,
    version: &VersionInfo,
    current: bool,
) -> String {
    let exact = VersionSelector::Exact(version.id.clone().expect("versions have ids"));
    let payload = store.get(id, exact.into()).await;
    let payload = payload.map_or_else(
        |error| error.kind().to_string(),
        |secret| shown(&secret.payload),
    );
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {payload}",
        if current { "current" } else { "older" },
        version.state,
        version.labels,
        version.content_type,
        version.not_before,
        version.expires_at,
    )
}

/// Keys and texts; of what a service made up, the length.
fn shown(payload: &Payload) -> String {
    let known = [super::write::OLD, super::write::PRESENT, super::write::NEW];
    let entry = |(key, value): (&str, &polyvault::Value)| match value.expose_text() {
        Ok(text) if known.contains(&text) => format!("{key}={text}"),
        _ => format!("{key}=<{}>", value.expose_bytes().len()),
    };
    payload.iter().map(entry).collect::<Vec<_>>().join(",")
}

fn timed(options: ClientOptions) -> ClientOptions {
    ClientOptions {
        clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
        ..options
    }
}

/// Another token each time.
#[derive(Debug)]
struct Renewing;

#[async_trait]
impl TokenSource for Renewing {
    async fn fetch(&self) -> Result<Token> {
        Ok(Token {
            secret: "t1.made-up".into(),
            expires_at: None,
        })
    }
}
