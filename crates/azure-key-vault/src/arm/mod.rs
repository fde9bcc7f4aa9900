//! The control plane: a vault's secrets as resources of Azure Resource Manager.
//!
//! Values are written there and never read. It needs rights on the vault's resource, none of its
//! data plane; the service means it for deployments:
//! <https://learn.microsoft.com/rest/api/keyvault/keyvault/secrets>.

mod builder;
mod config;
mod error;
mod properties;
mod request;
mod response;
mod store;
mod wire;

pub use self::builder::AzureKeyVaultArmBuilder;
pub use self::properties::{ArmPatch, ArmSecret, SecretUri};
pub use self::store::AzureKeyVaultArm;

use polyvault_core::provider::Provider;

use crate::credential;

/// What the registry knows of the control plane.
pub const PROVIDER: Provider = Provider {
    scheme: config::SCHEME,
    title: "Azure Key Vault, control plane",
    capabilities: config::capabilities,
    not_yet: &[],
    refusals: config::REFUSALS,
    parameters: config::PARAMETERS,
    variables: credential::VARIABLES,
    from_id: None,
    open: builder::open,
};
