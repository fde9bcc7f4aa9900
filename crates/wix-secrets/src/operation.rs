//! Operations: the service has none, every call is done with its answer.

use polyvault_core::{Capabilities, Error, Operation, Outcome, Result};

use crate::config::SCHEME;

/// There is nothing that could be taken up again.
pub(crate) fn resume(capabilities: &Capabilities) -> Result<Operation<Outcome>> {
    capabilities.check_resume()?;
    Err(Error::unsupported(SCHEME, "resume"))
}
