//! The control plane: its wire, what is its own, and the suite.

mod conformance;
mod ensure;
mod store;
mod wire;

use std::sync::Arc;

use polyvault_azure_key_vault::arm::AzureKeyVaultArm;
use polyvault_core::{SecretName, SecretRef};
use polyvault_testkit::script::Script;

/// A store on the vault that the fixtures tell of, with the API version of their examples.
pub(crate) fn store_on(script: &Arc<Script>) -> AzureKeyVaultArm {
    let subscription = "00000000-0000-0000-0000-000000000000";
    AzureKeyVaultArm::builder(subscription, "sample-group", "sample-vault")
        .api_version("2025-05-01")
        .token("made-up-token".into())
        .client_options(script.options())
        .build()
        .unwrap()
}

fn named(name: &str) -> SecretRef {
    SecretName::new(name).unwrap().into()
}
