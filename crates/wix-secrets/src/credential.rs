//! Where the API key comes from.

use polyvault_core::provider::{Variable, no_credential};
use polyvault_core::transport::{ReadyToken, TokenSource};
use polyvault_core::{Environment, Result};

use crate::config::SCHEME;

pub(crate) const API_KEY: &str = "WIX_API_KEY";

pub(crate) const VARIABLES: &[Variable] = &[Variable {
    name: API_KEY,
    default: "none",
    what: "an API key of the account that owns the site",
}];

/// The credential that the environment holds.
pub(crate) fn from_environment(environment: &Environment) -> Result<Box<dyn TokenSource>> {
    match environment.secret(API_KEY) {
        Some(key) => Ok(Box::new(ReadyToken::new(key))),
        None => Err(no_credential(SCHEME, VARIABLES)),
    }
}
