//! The one error type.

mod kind;

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

pub use self::kind::ErrorKind;

/// What every call of polyvault gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether the same call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// The same call will be refused again, until something else is changed first:
    /// the arguments, the secret, the caller's rights, the settings.
    Never,
    /// The same call may go through later, and a repeat does no harm. The time is the least to
    /// wait from now on, as the service or its documentation tells it; `None` where neither does.
    ///
    /// The client has waited and repeated as far as its [`RetryPolicy`](crate::transport::RetryPolicy)
    /// allows: this is for the caller's own next try.
    After(Option<Duration>),
    /// The call may have taken effect although no answer, or none that can be read, says so:
    /// look before you repeat it. [`Error::help`] says where to look.
    OutcomeUnknown,
}

impl Retry {
    /// The name in machine-readable output: `never`, `after` or `outcome_unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::After(_) => "after",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

/// Why a call was refused or failed, by whom, and what to do next.
///
/// One word wide. Every question has its own method, and each answer stands for itself: a
/// [`kind`](Self::kind) only sets what [`retry`](Self::retry) and [`help`](Self::help) begin with,
/// and no kind implies a status or a code. None is answered by parsing the text, and the adapters
/// tell refusals apart by status and code alone. Nothing in it holds a value, a token or a raw
/// body, or another library's error, which might.
///
/// # Example
///
/// ```
/// use polyvault_core::{Error, ErrorKind, Retry};
///
/// let error = Error::new(ErrorKind::NotFound, "there is no such secret");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.retry(), Retry::Never);
/// assert_eq!(error.to_string(), "NotFound: there is no such secret");
/// ```
///
/// # Example: what an adapter makes of a refusal
///
/// ```
/// use polyvault_core::{Error, ErrorKind, Retry};
///
/// let error = Error::new(ErrorKind::Forbidden, "the caller may not read values")
///     .with_status(403)
///     .with_code("ForbiddenByRbac")
///     .with_request_id("r-1")
///     .with_help("Grant the caller the role for reading secrets.")
///     .or_help("kept for errors that have none yet")
///     .about("azure-key-vault", "get", Some("db-password"));
/// assert_eq!(
///     error.to_string(),
///     "azure-key-vault: get \"db-password\": Forbidden: the caller may not read values \
///      (status 403, code ForbiddenByRbac, request r-1)"
/// );
///
/// let lost = Error::new(ErrorKind::Timeout, "no answer")
///     .with_retry(Retry::OutcomeUnknown)
///     .with_provider("wix-secrets")
///     .with_operation("put")
///     .with_secret("db-password");
/// assert_eq!((lost.operation(), lost.secret()), (Some("put"), Some("db-password")));
///
/// let refused = Error::unsupported("wix-secrets", "versions");
/// assert_eq!(refused.kind(), ErrorKind::Unsupported);
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    retry: Retry,
    message: Cow<'static, str>,
    help: Option<Cow<'static, str>>,
    provider: Option<&'static str>,
    operation: Option<&'static str>,
    secret: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
}

impl Error {
    /// An error of `kind`. The message says what was refused and by which rule, and quotes no value; 4 KiB of
    /// it are kept.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            retry: kind.default_retry(),
            message: cut(message.into()),
            help: None,
            provider: None,
            operation: None,
            secret: None,
            status: None,
            code: None,
            request_id: None,
        }))
    }

    /// An `Unsupported` error that names the field of [`Capabilities`](crate::Capabilities).
    #[must_use]
    pub fn unsupported(provider: &'static str, capability: &str) -> Self {
        Self::new(
            ErrorKind::Unsupported,
            format!("the store can't do this (capability `{capability}`)"),
        )
        .with_provider(provider)
    }

    /// What kind of refusal or failure it is; the same for all providers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may be made again, and when.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The provider that refused, or for which the call was refused.
    #[must_use]
    pub fn provider(&self) -> Option<&'static str> {
        self.0.provider
    }

    /// The operation, such as `get` or `put`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The name or id of the secret.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        self.0.secret.as_deref()
    }

    /// The HTTP status of the refusal. `None` where there was no answer, where one of 2xx could
    /// not be read, and where nothing was sent.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's own code, the innermost where it nests them; `None` where it told none.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id under which the service's support finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What was refused and by which rule, without the secret's name.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next, in sentences for people.
    #[must_use]
    pub fn help(&self) -> &str {
        match &self.0.help {
            Some(help) => help,
            None => self.0.kind.default_help(),
        }
    }

    /// Says whether a repeat helps, where the kind's usual answer is wrong.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Says what to do next, where the kind's usual advice is too general.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Says what to do next, unless it is said already.
    #[must_use]
    pub fn or_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// Names the provider, unless one is named already.
    #[must_use]
    pub fn with_provider(mut self, provider: &'static str) -> Self {
        self.0.provider.get_or_insert(provider);
        self
    }

    /// Names the operation, unless one is named already.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Names the secret, unless one is named already.
    #[must_use]
    pub fn with_secret(mut self, secret: impl fmt::Display) -> Self {
        self.0.secret.get_or_insert_with(|| secret.to_string());
        self
    }

    /// Names provider, operation and secret, each unless one is named already.
    #[must_use]
    pub fn about(
        self,
        provider: &'static str,
        operation: &'static str,
        secret: Option<&str>,
    ) -> Self {
        let error = self.with_provider(provider).with_operation(operation);
        match secret {
            Some(secret) => error.with_secret(secret),
            None => error,
        }
    }

    /// Tells the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Tells the service's code, of which 100 characters are kept.
    #[must_use]
    pub fn with_code(mut self, code: impl AsRef<str>) -> Self {
        self.0.code = Some(tamed(code.as_ref()));
        self
    }

    /// Tells the service's request id, of which 100 characters are kept.
    #[must_use]
    pub fn with_request_id(mut self, id: impl AsRef<str>) -> Self {
        self.0.request_id = Some(tamed(id.as_ref()));
        self
    }

    /// Takes out the service's words that are `secret`.
    pub(crate) fn without(mut self, secret: impl Fn(&str) -> bool) -> Self {
        let inner = &mut *self.0;
        inner.code.take_if(|code| secret(code));
        inner.request_id.take_if(|id| secret(id));
        inner.help.take_if(|help| secret(help));
        if secret(&inner.message) {
            inner.message = "the service's words are left out: they repeat what it was sent".into();
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(provider) = inner.provider {
            write!(f, "{provider}: ")?;
        }
        if let Some(operation) = inner.operation {
            write!(f, "{operation}")?;
            if let Some(secret) = &inner.secret {
                write!(f, " {secret:?}")?;
            }
            write!(f, ": ")?;
        } else if let Some(secret) = &inner.secret {
            write!(f, "{secret:?}: ")?;
        }
        write!(f, "{}: {}", inner.kind, inner.message)?;
        let told = [
            inner.status.map(|status| format!("status {status}")),
            inner.code.as_ref().map(|code| format!("code {code}")),
            inner.request_id.as_ref().map(|id| format!("request {id}")),
        ];
        let told: Vec<_> = told.into_iter().flatten().collect();
        if !told.is_empty() {
            write!(f, " ({})", told.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("retry", &inner.retry)
            .field("message", &inner.message)
            .field("help", &inner.help)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("secret", &inner.secret)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("request_id", &inner.request_id)
            .finish()
    }
}

impl std::error::Error for Error {}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// More than any message of ours: one that lists what a service told may be as long as its answer.
const MAX_MESSAGE: usize = 4096;

fn cut(message: Cow<'static, str>) -> Cow<'static, str> {
    if message.len() <= MAX_MESSAGE {
        return message;
    }
    let end = message.floor_char_boundary(MAX_MESSAGE);
    let kept = message.get(..end).unwrap_or_default();
    Cow::Owned(format!("{kept}…"))
}

/// A service's word that goes into logs as it is: short, and without line ends or terminal codes.
pub(crate) fn tamed(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn a_message_ends_where_it_would_fill_a_log() {
        for (length, kept) in [
            (MAX_MESSAGE / 2, MAX_MESSAGE),
            (MAX_MESSAGE, MAX_MESSAGE + 3),
        ] {
            let error = Error::new(ErrorKind::Decode, "é".repeat(length));

            assert_eq!(error.message().len(), kept);
        }
    }

    #[test]
    fn is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn shows_who_refused_what_and_why() {
        let error = Error::new(ErrorKind::Forbidden, "the caller may not read values")
            .with_provider("azure-key-vault")
            .with_operation("get")
            .with_secret("db-password")
            .with_status(403)
            .with_code("ForbiddenByRbac")
            .with_request_id("r-1");

        assert_eq!(
            error.to_string(),
            "azure-key-vault: get \"db-password\": Forbidden: the caller may not read values \
             (status 403, code ForbiddenByRbac, request r-1)"
        );
    }

    #[test]
    fn a_services_words_stay_one_short_line() {
        let error = Error::new(ErrorKind::Unexpected, "x")
            .with_code(format!("a\n\u{1b}[31m{}", "b".repeat(9999)))
            .with_request_id("r\r\n1");

        assert!(!error.to_string().contains(char::is_control));
        assert!(error.to_string().len() < 300);
        assert_eq!(error.request_id(), Some("r1"));
        assert!(format!("{error:?}").starts_with("Error {"));
    }

    /// All that can be asked, but for the texts.
    fn axes(error: &Error) -> [String; 9] {
        [
            error.kind().to_string(),
            format!("{:?}", error.retry()),
            format!("{:?}", error.provider()),
            format!("{:?}", error.operation()),
            format!("{:?}", error.secret()),
            format!("{:?}", error.status()),
            format!("{:?}", error.code()),
            format!("{:?}", error.request_id()),
            error.help().to_owned(),
        ]
    }

    #[test]
    fn what_one_axis_is_told_changes_no_other() {
        type Step = (usize, fn(Error) -> Error);
        let steps: [Step; 10] = [
            (1, |error| error.with_retry(Retry::Never)),
            (1, |error| error.with_retry(Retry::After(None))),
            (1, |error| error.with_retry(Retry::OutcomeUnknown)),
            (2, |error| error.with_provider("wix-secrets")),
            (3, |error| error.with_operation("get")),
            (4, |error| error.with_secret("db")),
            (5, |error| error.with_status(404)),
            (6, |error| error.with_code("FORBIDDEN")),
            (7, |error| error.with_request_id("r-1")),
            (8, |error| error.with_help("Ask somebody.")),
        ];
        for kind in ErrorKind::ALL {
            let bare = Error::new(*kind, "429 Forbidden: SecretNotFound, try again");
            assert_eq!(bare.kind(), *kind);
            assert_eq!((bare.status(), bare.code()), (None, None));
            for (axis, step) in steps {
                let (before, after) = (axes(&bare), axes(&step(bare.clone())));
                for (other, told) in after.iter().enumerate() {
                    assert!(other == axis || *told == before[other], "{kind}: {told}");
                }
            }
        }
    }

    #[test]
    fn the_first_help_wins_where_it_is_only_a_fallback() {
        let error = Error::new(ErrorKind::Forbidden, "x").or_help("Ask A.");

        assert_eq!(error.clone().or_help("Ask B.").help(), "Ask A.");
        assert_eq!(error.with_help("Ask B.").help(), "Ask B.");
    }

    #[test]
    fn the_first_one_to_name_the_operation_wins() {
        let error = Error::new(ErrorKind::NotFound, "x")
            .with_operation("get")
            .with_operation("put");

        assert_eq!(error.operation(), Some("get"));
    }

    #[test]
    fn about_names_what_is_not_named_already() {
        let error = Error::new(ErrorKind::NotFound, "x").with_provider("wix-secrets");

        let error = error
            .about("memory", "get", None)
            .about("memory", "put", Some("db"));

        assert_eq!(error.to_string(), "wix-secrets: get \"db\": NotFound: x");
    }
}
