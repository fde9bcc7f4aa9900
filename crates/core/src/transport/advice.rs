//! What to do where the client, not the service, tells that something went wrong.

use crate::{Error, ErrorKind, Retry};

/// What an adapter's users do next when no refusal of the service says it: the client puts
/// it into the errors of every call.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Advice;
/// use polyvault_core::{Error, ErrorKind, Retry};
///
/// const ADVICE: Advice = Advice {
///     look: |operation| match operation {
///         "delete" => "List the secrets: if it is still among them, delete it again.",
///         _ => "Read the secret: if it is not what you put, put again.",
///     },
///     sign_in: "Check the API key.",
/// };
///
/// let unread = Error::new(ErrorKind::Decode, "the answer is cut off");
/// let error = ADVICE.unknown("put", unread);
/// assert_eq!(error.retry(), Retry::OutcomeUnknown);
/// assert_eq!(error.help(), "Read the secret: if it is not what you put, put again.");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    /// How to find out whether a write of this operation took place.
    pub look: fn(&str) -> &'static str,
    /// What to do about a credential that is refused.
    pub sign_in: &'static str,
}

impl Advice {
    /// The error of a write that may have taken place, or has and told nothing that can be read.
    #[must_use]
    pub fn unknown(&self, operation: &str, error: Error) -> Error {
        self.to(operation, error.with_retry(Retry::OutcomeUnknown))
    }

    pub(super) fn to(&self, operation: &str, error: Error) -> Error {
        match (error.retry(), error.kind()) {
            (Retry::OutcomeUnknown, _) => error.with_help((self.look)(operation)),
            (_, ErrorKind::Unauthenticated) => error.or_help(self.sign_in),
            _ => error,
        }
    }
}

impl Default for Advice {
    /// What is right for every service, and exact for none.
    fn default() -> Self {
        Self {
            look: |_| "Look at the secret before you repeat the call: it may have taken place.",
            sign_in: "Check the credential, and the account that it belongs to.",
        }
    }
}
