//! What the caller may do, asked in the order of the service's own requests.

use super::state::{Among, State};
use crate::{Error, ErrorKind, PutMode, PutOptions, Result, SecretRef};

impl State {
    /// Refuses a call that is forbidden, or a part of it.
    pub(super) fn admit(&self, operation: &str, secret: Option<&SecretRef>) -> Result<()> {
        let manner = &self.service.manner;
        let needs = (manner.needs)(operation, secret);
        self.allow(needs)?;
        if operation == "put" && manner.put_needs.is_some() {
            return Ok(());
        }
        let allowed = self.allow(&[operation]);
        match secret.filter(|_| allowed.is_err() && !needs.is_empty()) {
            // Who finds none asks for nothing that could be forbidden.
            Some(secret) => self.find(secret, Among::Live).and(allowed),
            None => allowed,
        }
    }

    /// The same of a put that looks first, and so learns more before it is refused.
    pub(super) fn admit_put(&self, secret: &SecretRef, options: &PutOptions) -> Result<()> {
        let Some(needs) = self.service.manner.put_needs else {
            return Ok(());
        };
        let there = !self.matching(secret, Among::Live)?.is_empty();
        self.allow(needs(there, self.service.look(options), options))?;
        let adds = options.mode == PutMode::AddVersion || matches!(secret, SecretRef::Id(_));
        // What is found out by looking is told by what comes next.
        match (options.mode, there) {
            (PutMode::Create, true) => Ok(()),
            (_, false) if adds => Ok(()),
            _ => self.allow(&["put"]),
        }
    }

    fn allow(&self, operations: &[&str]) -> Result<()> {
        match operations.iter().any(|one| self.forbidden.contains(*one)) {
            false => Ok(()),
            true => Err(Error::new(
                ErrorKind::Forbidden,
                "the caller may not do this",
            )),
        }
    }
}
