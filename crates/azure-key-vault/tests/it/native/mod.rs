//! What only Azure Key Vault has: each operation, each field, each version of the API.

mod answers;
mod life;
mod operations;
mod trouble;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_core::{GetOptions, SecretRef, SecretStore, VersionId};

fn secret(name: &str) -> SecretRef {
    SecretRef::try_from(name).unwrap()
}

fn version(id: &str) -> VersionId {
    VersionId::new(id).unwrap()
}

/// The current value.
async fn text(store: &AzureKeyVault, name: &str) -> String {
    let read = store.get(&secret(name), GetOptions::default()).await;
    let value = read.unwrap().payload;
    value.single().unwrap().expose_text().unwrap().to_owned()
}
