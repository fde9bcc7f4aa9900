//! The user's call that requests belong to.

use http::Request;
use polyvault_core::transport::{Body, Call, Repeat};
use polyvault_core::{Error, SecretId, SecretRef};

use crate::config::SCHEME;
use crate::operation::{Effect, Expected};

/// The user's call that a request belongs to.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(super) operation: &'static str,
    pub(super) secret: Option<String>,
}

impl About {
    pub(super) fn new(operation: &'static str, secret: Option<&SecretRef>) -> Self {
        Self {
            operation,
            secret: secret.map(SecretRef::to_string),
        }
    }

    /// Everything may be sent again: reads, and writes under an idempotency key.
    pub(super) fn call(&self, request: Request<Body>) -> Call<'_> {
        Call {
            operation: self.operation,
            secret: self.secret.as_deref(),
            repeat: Repeat::Safe,
            request,
        }
    }

    pub(super) fn expect(&self, effect: Effect, secret: &SecretId) -> Expected {
        Expected {
            secret: Some(secret.clone()),
            ..Expected::of(self, Some(effect))
        }
    }

    pub(crate) fn name(&self, error: Error) -> Error {
        error.about(SCHEME, self.operation, self.secret.as_deref())
    }
}
