//! What kinds of errors there are.

use std::fmt;

use super::Retry;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $retry:expr, $help:literal;)*) => {
        /// What kind of refusal or failure an [`Error`](crate::Error) is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[$doc])* $name,)* }

        impl ErrorKind {
            /// All kinds there are.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, as it stands in messages and in machine-readable output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            pub(super) const fn default_retry(self) -> Retry {
                match self { $(Self::$name => $retry,)* }
            }

            pub(super) const fn default_help(self) -> &'static str {
                match self { $(Self::$name => $help,)* }
            }
        }
    };
}

const LATER: Retry = Retry::After(None);

kinds! {
    /// There is no such secret or version.
    NotFound => Retry::Never, "Check the name, the version and the store; list the store to see what is there.";
    /// A secret of this name exists, and `Create` was asked for.
    AlreadyExists => Retry::Never, "Put with mode upsert or add-version, or choose another name.";
    /// The name matches more than one secret.
    Ambiguous => Retry::Never, "Use one of the ids that the message lists instead of the name.";
    /// The call breaks a rule that the message names; nothing was sent or nothing changed.
    InvalidInput => Retry::Never, "Change the field that the message names.";
    /// The value or the request is larger than the service takes.
    TooLarge => Retry::Never, "Store a smaller value, or keep it elsewhere and store its key.";
    /// The secret or the version is switched off.
    Disabled => Retry::Never, "Enable it first, or read another version.";
    /// The name belongs to a deleted secret that can still be recovered.
    SoftDeleted => Retry::Never, "Recover the deleted secret, purge it, or choose another name.";
    /// The service is still busy with an earlier change of the same secret.
    InTransition => LATER, "Try again in a few seconds.";
    /// The state changed in between, or contradicts the call.
    Conflict => Retry::Never, "Read the present state and decide again.";
    /// The state of the secret forbids the call.
    FailedPrecondition => Retry::Never, "Change the state that the message names first.";
    /// The credential is missing, wrong or expired.
    Unauthenticated => Retry::Never, "Check the credential and the tenant or account it belongs to.";
    /// The caller is known and may not do this.
    Forbidden => Retry::Never, "Grant the caller the permission for this operation; a new grant can take minutes to work.";
    /// Too many requests in a short time.
    RateLimited => LATER, "Try again later, and send fewer requests at once.";
    /// A quota is used up; waiting does not help.
    QuotaExceeded => Retry::Never, "Raise the quota or delete what is no longer needed.";
    /// The service is not there now.
    Unavailable => LATER, "Try again later.";
    /// No answer or no result in time.
    Timeout => LATER, "Try again, or allow more time.";
    /// The store can't do this at all, or not yet.
    Unsupported => Retry::Never, "Ask the store's capabilities before the call.";
    /// An operation was accepted and failed later.
    OperationFailed => Retry::Never, "The code is the service's reason; the operation has changed nothing or was rolled back.";
    /// The answer could not be understood.
    Decode => Retry::Never, "Check the endpoint: a proxy or another service may have answered.";
    /// The configuration is wrong: a URL, a setting, a credential source.
    Config => Retry::Never, "Mend the setting that the message names.";
    /// Something that no rule here foresees.
    Unexpected => Retry::Never, "Report it with the request id.";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
