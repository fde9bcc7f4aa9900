//! A role without a server.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use polyvault::rotation::{Change, Target};
use polyvault::{Payload, Result};

/// Knows the one password that works.
pub(crate) struct Stub(Mutex<Payload>);

impl Stub {
    pub(crate) fn new(password: Payload) -> Self {
        Self(Mutex::new(password))
    }
}

#[async_trait]
impl Target for Stub {
    async fn works(&self, _set: Option<&str>, value: &Payload) -> Result<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.same_as(value))
    }

    async fn change(&self, change: Change<'_>) -> Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = change.next.clone();
        Ok(())
    }
}
