//! Runs the conformance suite on a store of yours: `conformance STORE_URL`.
//!
//! Credentials come from the environment. It makes secrets named `kit-…`, and
//! deletes them at the end, for good where the store allows.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryStreamExt;
use polyvault::{DeletedSecretInfo, SecretInfo, SecretStore, SecretStoreExt};
use polyvault_testkit::conformance::{Harness, run_all};

/// Two clients of one place, and the names that were given out.
struct Place {
    store: Arc<dyn SecretStore>,
    second: Arc<dyn SecretStore>,
    names: Mutex<Vec<String>>,
}

impl Harness for Place {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.store)
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.second)
    }

    fn name(&self, hint: &str) -> String {
        let random = polyvault::IdempotencyKey::random().to_string();
        let random: String = random.chars().take(8).collect();
        let name = format!("kit-{hint}-{random}");
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.push(name.clone());
        name
    }
}

impl Place {
    /// Deletes what the suite left, and says what it could not delete: by id, as two may have one name.
    async fn clean(&self) -> polyvault::Result<()> {
        let live: Vec<SecretInfo> = self.store.list().try_collect().await?;
        for info in live.into_iter().filter(|info| self.is_ours(info)) {
            if let Err(error) = self.store.delete(info.id).await {
                eprintln!("left behind: {error}");
            }
        }
        let can = self.store.capabilities();
        if !(can.soft_delete && can.purge) {
            return Ok(());
        }
        let gone: Vec<DeletedSecretInfo> = self.store.list_deleted().try_collect().await?;
        for deleted in gone
            .into_iter()
            .filter(|deleted| self.is_ours(&deleted.info))
        {
            if let Err(error) = self.store.purge(deleted.info.id).await {
                eprintln!("left among the deleted: {error}");
            }
        }
        Ok(())
    }

    fn is_ours(&self, info: &SecretInfo) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let found = info
            .name
            .as_ref()
            .map(|name| name.as_str().to_ascii_lowercase());
        found.is_some_and(|found| names.iter().any(|name| found.starts_with(name)))
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: conformance STORE_URL");
        return Ok(ExitCode::from(2));
    };
    let store = polyvault::open(&url)?;
    // A store in memory is a fresh one each time it is opened.
    let second = match store.capabilities().provider {
        "memory" => Arc::clone(&store),
        _ => polyvault::open(&url)?,
    };
    let place = Arc::new(Place {
        store,
        second,
        names: Mutex::default(),
    });
    let report = run_all(async || Arc::clone(&place) as _).await;
    println!("{report}");
    place.clean().await?;
    Ok(match report.is_green() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
