//! Where tokens come from.

use polyvault_core::provider::{Variable, no_credential};
use polyvault_core::transport::{ReadyToken, TokenSource};
use polyvault_core::{Environment, Result};

use crate::config::SCHEME;

pub(crate) const VARIABLES: &[Variable] = &[
    Variable {
        name: "YC_IAM_TOKEN",
        default: "none",
        what: "a ready IAM token",
    },
    Variable {
        name: "YC_TOKEN",
        default: "none",
        what: "a ready IAM token, where `YC_IAM_TOKEN` is not set",
    },
];

/// The credential that the environment holds: the first variable that is set.
pub(crate) fn from_environment(environment: &Environment) -> Result<Box<dyn TokenSource>> {
    let mut tokens = VARIABLES
        .iter()
        .filter_map(|variable| environment.secret(variable.name));
    match tokens.next() {
        Some(token) => Ok(Box::new(ReadyToken::new(token))),
        None => Err(no_credential(SCHEME, VARIABLES)),
    }
}
