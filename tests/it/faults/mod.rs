//! Every store behind the testkit's proxy of faults, as a user sees it.

mod sign_in;
mod soak;
mod table;
mod trace;

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use polyvault::azure_key_vault::arm::AzureKeyVaultArm;
use polyvault::clock::ManualClock;
use polyvault::transport::ClientOptions;
use polyvault::{GetOptions, Result, SecretInfo, SecretStore, SecretStoreExt as _, Timestamp};
use polyvault_testkit::faults::FaultPlan;

/// The stores that speak to a service.
const STORES: [&str; 4] = [
    "azure-key-vault",
    "azure-key-vault-arm",
    "wix-secrets",
    "yandex-lockbox",
];

/// Opens a store on the service with these options.
type Open = Box<dyn Fn(ClientOptions) -> Arc<dyn SecretStore> + Send + Sync>;

/// An empty emulator, whose operations take two polls.
struct Service {
    clock: Arc<ManualClock>,
    open: Open,
    /// Reads what the service holds, past all faults.
    inside: Arc<dyn SecretStore>,
}

impl Service {
    /// With pages of one secret.
    async fn start(store: &str) -> Self {
        Self::paged(store, 1).await
    }

    async fn paged(store: &str, items: usize) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let time = Arc::clone(&clock);
        let (open, inside): (Open, Arc<dyn SecretStore>) = match store {
            "azure-key-vault" => {
                let vault = azure(time, items).await;
                let inside = Arc::new(vault.store());
                (
                    Box::new(move |options| Arc::new(vault.store_with(options))),
                    inside,
                )
            }
            "azure-key-vault-arm" => {
                let vault = azure(Arc::clone(&time), items).await;
                let inside = Arc::new(vault.store());
                let open = move |options: ClientOptions| {
                    let clock = Arc::clone(&time) as _;
                    let store = AzureKeyVaultArm::builder("a-subscription", "a-group", "a-vault")
                        .endpoint(vault.url())
                        .token("made-up".into())
                        .client_options(ClientOptions { clock, ..options })
                        .build();
                    Arc::new(store.unwrap()) as _
                };
                (Box::new(open), inside)
            }
            "wix-secrets" => {
                let site = polyvault::wix_secrets::emulator::Emulator::builder();
                let site = site.clock(time).record_requests(false).start().await;
                let inside = Arc::new(site.store());
                (
                    Box::new(move |options| Arc::new(site.store_with(options))),
                    inside,
                )
            }
            _ => {
                let folder = polyvault::yandex_lockbox::emulator::Emulator::builder();
                let folder = folder
                    .clock(time)
                    .record_requests(false)
                    .page_size(items)
                    .start()
                    .await;
                folder.pending_polls(2);
                let inside = Arc::new(folder.store());
                (
                    Box::new(move |options| Arc::new(folder.store_with(options))),
                    inside,
                )
            }
        };
        Self {
            clock,
            open,
            inside,
        }
    }

    /// A plan whose slow bodies wait for nothing.
    fn plan(&self, seed: u64) -> FaultPlan {
        FaultPlan::new(seed).clock(Arc::clone(&self.clock) as _)
    }
}

async fn azure(
    clock: Arc<ManualClock>,
    items: usize,
) -> polyvault::azure_key_vault::emulator::Emulator {
    let vault = polyvault::azure_key_vault::emulator::Emulator::builder();
    let vault = vault
        .clock(clock)
        .record_requests(false)
        .page_size(items)
        .start()
        .await;
    vault.delete_polls(2);
    vault
}

/// The value; where a store gives none, the name that is described.
async fn read(store: &dyn SecretStore, name: &str) -> Result<String> {
    if store.capabilities().read_values {
        let secret = store.get_with(name, GetOptions::default()).await?;
        return Ok(secret.payload.single()?.expose_text()?.to_owned());
    }
    let told = store.describe(&name.try_into()?).await?;
    Ok(told.name.map(|name| name.to_string()).unwrap_or_default())
}

async fn names(store: &dyn SecretStore) -> Result<Vec<String>> {
    let listed: Vec<_> = store.list().try_collect().await?;
    let named = |info: SecretInfo| info.name.map(|name| name.to_string());
    let mut names: Vec<_> = listed.into_iter().filter_map(named).collect();
    names.sort();
    Ok(names)
}
