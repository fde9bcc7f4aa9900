//! What can go wrong with one request.

use std::fmt;
use std::time::Duration;

/// What a [`FaultProxy`](super::FaultProxy) does to one request.
///
/// "Before the commit" means that the service never sees the request; "after" that it carried it out. A
/// fault that does not fit, such as a page token where the answer has none, leaves the answer as it is.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use polyvault_testkit::faults::Fault;
///
/// let wait = Fault::RateLimited(Some(Duration::from_secs(7)));
/// assert_eq!(wait.to_string(), "429, wait 7 s");
/// assert!(Fault::ALL.contains(&Fault::ResetAfterCommit));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// 429 before the commit, with a `Retry-After` in whole seconds where a wait is given.
    RateLimited(Option<Duration>),
    /// This status with no body, before the commit.
    Status(u16),
    /// This status with no body, after the commit.
    StatusAfterCommit(u16),
    /// 200 and a page of HTML before the commit, as from somebody in between who wants a sign-in.
    HtmlPage,
    /// The answer's status with no body, after the commit; fits a success that has one.
    EmptyBody,
    /// Half the answer under the whole length, then the end of the connection.
    CutBody,
    /// Half the answer as if it were all.
    TruncatedJson,
    /// The answer as `text/plain`.
    WrongContentType,
    /// The connection is reset (RST) before the commit.
    ResetBeforeCommit,
    /// The connection is reset (RST) after the commit, with no byte of the answer.
    ResetAfterCommit,
    /// The answer a byte at a time, with this pause before each on the plan's clock.
    SlowBody(Duration),
    /// Half the answer, then silence until the client hangs up.
    StalledBody,
    /// 200 and a body without an end, before the commit, until the client hangs up.
    EndlessBody,
    /// The request is passed on without its credential, so that the service's own 401 comes back; fits
    /// one that has a credential.
    Unauthenticated,
    /// The same, and from then on for every request with that credential.
    ExpiredToken,
    /// A page names as its next one the first that this listing was told of, so that pages repeat; fits
    /// where that is another than the page's own. A listing begins with a request that has no `…token=`.
    RepeatedPageToken,
    /// An empty page comes first, and its token leads to the page that was asked for; fits a page
    /// that has items and a next page.
    EmptyPage,
    /// Every object has one more field; labels have none more.
    UnknownField,
    /// The fields `status`, `state`, `type` and `recoveryLevel` that are texts hold one that nobody knows.
    UnknownEnum,
    /// An operation, which is an object with the field `done`, has failed, whatever the service did.
    FailedOperation,
    /// An operation that is done is not, in this answer and all later ones about it.
    NeverDone,
}

impl Fault {
    /// Every kind, those with a parameter with one or two that are usual.
    pub const ALL: &'static [Self] = &[
        Self::RateLimited(None),
        Self::RateLimited(Some(Duration::from_secs(1))),
        Self::Status(500),
        Self::Status(503),
        Self::StatusAfterCommit(502),
        Self::HtmlPage,
        Self::EmptyBody,
        Self::CutBody,
        Self::TruncatedJson,
        Self::WrongContentType,
        Self::ResetBeforeCommit,
        Self::ResetAfterCommit,
        Self::SlowBody(Duration::from_millis(10)),
        Self::StalledBody,
        Self::EndlessBody,
        Self::Unauthenticated,
        Self::ExpiredToken,
        Self::RepeatedPageToken,
        Self::EmptyPage,
        Self::UnknownField,
        Self::UnknownEnum,
        Self::FailedOperation,
        Self::NeverDone,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateLimited(None) => "429",
            Self::RateLimited(Some(wait)) => {
                return write!(f, "429, wait {} s", whole_seconds(*wait));
            }
            Self::Status(status) => return write!(f, "{status}"),
            Self::StatusAfterCommit(status) => return write!(f, "{status} after the commit"),
            Self::HtmlPage => "page of HTML",
            Self::EmptyBody => "empty body",
            Self::CutBody => "cut body",
            Self::TruncatedJson => "truncated JSON",
            Self::WrongContentType => "wrong content type",
            Self::ResetBeforeCommit => "reset before the commit",
            Self::ResetAfterCommit => "reset after the commit",
            Self::SlowBody(_) => "slow body",
            Self::StalledBody => "stalled body",
            Self::EndlessBody => "endless body",
            Self::Unauthenticated => "401",
            Self::ExpiredToken => "expired token",
            Self::RepeatedPageToken => "repeated page token",
            Self::EmptyPage => "empty page",
            Self::UnknownField => "unknown field",
            Self::UnknownEnum => "unknown enum",
            Self::FailedOperation => "failed operation",
            Self::NeverDone => "operation never done",
        })
    }
}

/// What `Retry-After` can say, never less than was asked for.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
