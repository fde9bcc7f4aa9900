//! Operations: the service has none, every call is done with its answer.

use polyvault_core::{Capabilities, Operation, Outcome, Result};

/// There is nothing that could be taken up again.
pub(crate) fn resume(capabilities: &Capabilities) -> Result<Operation<Outcome>> {
    capabilities.refuse(capabilities.check_resume(), "resume", None)
}
