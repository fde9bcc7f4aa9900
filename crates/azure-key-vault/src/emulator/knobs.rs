//! What a test can turn while the vault runs.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use wiremock::Request;

use super::list::PAGE_SIZE;
use super::reply::Refusal;
use super::{Emulator, Operation, Version};

impl Emulator {
    /// How many requests after a delete still find it going on: get-deleted answers
    /// 404; set, recover and purge answer 409 `ObjectIsBeingDeleted`. The secret
    /// itself is gone at once. For deletes to come; default 0.
    pub fn delete_polls(&self, requests: u32) {
        self.vault().knobs.delete_polls = requests;
    }

    /// How many requests after a recovery still find it going on: get answers 404;
    /// set, update, delete and backup answer 409 `ObjectIsBeingRecovered`. For
    /// recoveries to come; default 0.
    pub fn recover_polls(&self, requests: u32) {
        self.vault().knobs.recover_polls = requests;
    }

    /// How many sets are refused with 409 `ObjectIsBeingRecovered` although get
    /// sees the recovered secret again. For recoveries to come; default 0.
    pub fn recover_conflicts(&self, sets: u32) {
        self.vault().knobs.recover_conflicts = sets;
    }

    /// How many sets are refused with 409 `ObjectIsBeingDeleted` after a purge has
    /// answered 204. For purges to come; default 0.
    pub fn purge_conflicts(&self, sets: u32) {
        self.vault().knobs.purge_conflicts = sets;
    }

    /// How long deletes, recoveries and purges to come take, beside what the counts of requests
    /// ask for; by default no time.
    pub fn delays(&self, delays: Delays) {
        self.vault().knobs.delays = delays;
    }

    /// How many requests are still refused with 403 `ForbiddenByRbac`, as they are while a new
    /// role assignment has not reached the vault.
    pub fn permission_polls(&self, requests: u32) {
        self.vault().knobs.permission_polls = requests;
    }

    /// The same for all requests in this time from now on, in whole seconds.
    pub fn permission_delay(&self, delay: Duration) {
        let mut vault = self.vault();
        let delay = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX / 2);
        vault.knobs.permission_from = vault.now() + delay;
    }

    /// Answers the next requests with 429, and with a `Retry-After` of whole
    /// seconds only if one is given: the service was seen to send none.
    pub fn throttle(&self, requests: u32, retry_after: Option<Duration>) {
        let knobs = &mut self.vault().knobs;
        knobs.throttled = requests;
        knobs.retry_after = retry_after;
    }

    /// Answers one request with this status and no body, as a gateway would; calls
    /// queue up.
    pub fn fail_next(&self, status: u16) {
        self.vault().knobs.failures.push_back(status);
    }

    /// Carries the next requests that write out, and drops the connection instead
    /// of answering. Reads and what a knob, a token or a missing right refuses don't
    /// count.
    pub fn commit_then_drop(&self, writes: u32) {
        self.vault().knobs.drops = writes;
    }

    /// Drops the connection of the next requests that write, and carries nothing out.
    /// What [`commit_then_drop`](Self::commit_then_drop) says of requests goes here too; these come first.
    pub fn drop_next(&self, writes: u32) {
        self.vault().knobs.lost = writes;
    }

    /// Lets somebody else set this secret right before the next set is carried out.
    pub fn overtake_next_set(&self, name: impl Into<String>, version: impl Into<Version>) {
        self.vault().knobs.overtaker = Some((name.into(), version.into()));
    }

    /// Refuses operations with 403 `Forbidden` and this inner code, say
    /// `ForbiddenByRbac`; none if it is empty. See [`Operation::ALL`].
    pub fn forbid(
        &self,
        operations: impl IntoIterator<Item = Operation>,
        inner_code: impl Into<String>,
    ) {
        let inner_code = inner_code.into();
        let each = operations.into_iter().map(|op| (op, inner_code.clone()));
        self.vault().knobs.forbidden.extend(each);
    }

    /// Lifts all that [`forbid`](Self::forbid) refuses.
    pub fn permit_all(&self) {
        self.vault().knobs.forbidden.clear();
    }

    /// How many items a page holds at most, beside what `maxresults` asks for; at
    /// least 1, default 25.
    pub fn page_size(&self, size: usize) {
        self.vault().knobs.page_size = size.max(1);
    }

    /// Whether the second page of every list is empty and goes on with a link.
    /// Default: no.
    pub fn empty_page(&self, on: bool) {
        self.vault().knobs.empty_page = on;
    }

    /// Whether a deleted secret can be recovered. Default: yes.
    pub fn soft_delete(&self, on: bool) {
        self.vault().knobs.soft_delete = on;
    }

    /// Whether purge is refused, with 403. Default: no.
    pub fn purge_protection(&self, on: bool) {
        self.vault().knobs.purge_protection = on;
    }

    /// Takes this bearer token only; others get 401 with a challenge.
    pub fn require_token(&self, token: impl Into<String>) {
        self.vault().knobs.access = Access::Token(token.into());
    }

    /// Takes any bearer token, but wants one: the default.
    pub fn accept_any_token(&self) {
        self.vault().knobs.access = Access::AnyToken;
    }

    /// Answers without any token.
    pub fn accept_no_token(&self) {
        self.vault().knobs.access = Access::Open;
    }

    /// What a challenge names: the login URL with the tenant, and the resource.
    pub fn challenge(&self, authorization: impl Into<String>, resource: impl Into<String>) {
        let knobs = &mut self.vault().knobs;
        knobs.authorization = authorization.into();
        knobs.resource = resource.into();
    }
}

/// How long what the service answers at once takes to have happened, on the vault's clock, in
/// whole seconds.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use polyvault_azure_key_vault::emulator::{Delays, Emulator};
/// use polyvault_core::SecretStoreExt;
/// use polyvault_core::clock::ManualClock;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
/// let vault = Emulator::builder().clock(Arc::new(clock)).start().await;
/// vault.seed("db", ["s3cret"]).expect("a name that the service takes");
/// vault.delays(Delays { deleting: Duration::from_secs(15), ..Delays::default() });
///
/// let store = vault.store();
/// store.delete("db").await?; // it waits those 15 seconds, on a clock that moves by itself
/// vault.permission_polls(1);
/// assert!(store.recover("db").await.is_err(), "the role is not there yet");
/// vault.permission_delay(Duration::from_secs(60));
/// assert!(store.recover("db").await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// From the answer to a delete until the secret is among the deleted ones; the live service was
    /// seen to take 15 seconds and more.
    pub deleting: Duration,
    /// From the answer to a recovery until the secret can be read; some seconds at the service.
    pub recovering: Duration,
    /// From then on until it can be set.
    pub unwritable: Duration,
    /// From the answer to a purge until the name can be set again.
    pub purging: Duration,
}

/// The knobs' positions; the methods of [`Emulator`] say what they mean.
pub(super) struct Knobs {
    pub(super) delete_polls: u32,
    pub(super) recover_polls: u32,
    pub(super) recover_conflicts: u32,
    pub(super) purge_conflicts: u32,
    pub(super) delays: Delays,
    permission_polls: u32,
    permission_from: i64,
    pub(super) throttled: u32,
    retry_after: Option<Duration>,
    pub(super) failures: VecDeque<u16>,
    pub(super) drops: u32,
    pub(super) lost: u32,
    pub(super) overtaker: Option<(String, Version)>,
    forbidden: BTreeMap<Operation, String>,
    pub(super) page_size: usize,
    pub(super) empty_page: bool,
    pub(super) soft_delete: bool,
    pub(super) purge_protection: bool,
    access: Access,
    authorization: String,
    resource: String,
}

enum Access {
    Open,
    AnyToken,
    Token(String),
}

impl Knobs {
    /// Counts a request against the throttle.
    pub(super) fn throttle_one(&mut self) -> Result<(), Refusal> {
        match self.throttled.checked_sub(1) {
            None => Ok(()),
            Some(left) => {
                self.throttled = left;
                Err(Refusal::throttled(self.retry_after))
            }
        }
    }

    /// A token that is taken.
    pub(super) fn token(&self) -> &str {
        match &self.access {
            Access::Token(token) => token,
            Access::Open | Access::AnyToken => "made-up-token",
        }
    }

    /// Looks at the token.
    pub(super) fn admit(&self, request: &Request) -> Result<(), Refusal> {
        let message = match (&self.access, bearer(request)) {
            (Access::Open, _) | (Access::AnyToken, Some(_)) => return Ok(()),
            (Access::Token(wanted), Some(token)) if token == wanted => return Ok(()),
            (_, None) => "AKV10000: Request is missing a Bearer or PoP token.",
            (_, Some(_)) => "The token is not valid here.",
        };
        Err(Refusal::challenge(
            message,
            &self.authorization,
            &self.resource,
        ))
    }

    /// Whether the caller's role has not reached the vault.
    pub(super) fn permission_is_away(&self, now: i64) -> bool {
        self.permission_polls > 0 || now < self.permission_from
    }

    /// Counts a request that comes before it.
    pub(super) fn await_permission(&mut self, now: i64) -> Result<(), Refusal> {
        if !self.permission_is_away(now) {
            return Ok(());
        }
        self.permission_polls = self.permission_polls.saturating_sub(1);
        Err(Refusal::forbidden("ForbiddenByRbac"))
    }

    /// Looks at the caller's rights.
    pub(super) fn permit(&self, operation: Operation) -> Result<(), Refusal> {
        match self.forbidden.get(&operation) {
            None => Ok(()),
            Some(inner) => Err(Refusal::forbidden(inner)),
        }
    }
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            delete_polls: 0,
            recover_polls: 0,
            recover_conflicts: 0,
            purge_conflicts: 0,
            delays: Delays::default(),
            permission_polls: 0,
            permission_from: i64::MIN,
            throttled: 0,
            retry_after: None,
            failures: VecDeque::new(),
            drops: 0,
            lost: 0,
            overtaker: None,
            forbidden: BTreeMap::new(),
            page_size: PAGE_SIZE,
            empty_page: false,
            soft_delete: true,
            purge_protection: false,
            access: Access::AnyToken,
            authorization: "https://login.windows.net/00000000-0000-0000-0000-000000000000".into(),
            resource: "https://vault.azure.net".into(),
        }
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let header = request.headers.get("authorization")?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
    is_bearer.then(|| token.trim())
}
