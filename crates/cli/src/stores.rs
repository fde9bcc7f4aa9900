//! Which store is meant: by its URL, or by its name in a file.

use std::path::PathBuf;
use std::sync::Arc;

use polyvault::{Environment, Error, ErrorKind, Result, SecretStore, StoresConfig};

/// Names the file of stores where no option does.
const CONFIG: &str = "POLYVAULT_CONFIG";

/// Where STORE is looked up.
pub(crate) struct Stores {
    config: Option<PathBuf>,
}

impl Stores {
    pub(crate) fn new(config: Option<PathBuf>) -> Self {
        Self { config }
    }

    /// Opens STORE; a URL needs no file, and none is read for one. Nothing is sent.
    pub(crate) fn open(&self, store: &str) -> Result<Arc<dyn SecretStore>> {
        if store.contains("://") {
            return polyvault::open(store);
        }
        let file = self.config.clone();
        let file = file.or_else(|| Environment::process().text(CONFIG).map(PathBuf::from));
        let Some(file) = file else {
            return Err(Error::new(
                ErrorKind::Config,
                "the store is no URL, and no file of stores is named",
            )
            .with_help(format!(
                "Write the store as SCHEME://STORE, or name a file with --config or {CONFIG}."
            )));
        };
        StoresConfig::from_file(file)?.open(store)
    }
}
