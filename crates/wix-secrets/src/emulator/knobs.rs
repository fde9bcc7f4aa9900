//! What a test can turn while the emulator runs.

use std::time::Duration;

use super::state::{Fault, Secret};
use super::{Call, Emulator};

impl Emulator {
    /// The next `requests` calls are refused with 429, and with `Retry-After` where given (whole
    /// seconds).
    ///
    /// Faults queue up behind those set before. Token requests are spared.
    pub fn throttle(&self, requests: u32, retry_after: Option<Duration>) {
        let faults = (0..requests).map(|_| Fault::Throttled(retry_after));
        self.state().faults.extend(faults);
    }

    /// The next call fails with this status and an empty body.
    ///
    /// Faults queue up behind those set before. Token requests are spared.
    pub fn fail_next(&self, status: u16) {
        self.state().faults.push_back(Fault::Status(status));
    }

    /// These calls, too, are refused with 403 from now on. See [`Call::ALL`].
    pub fn forbid(&self, calls: impl IntoIterator<Item = Call>) {
        self.state().forbidden.extend(calls);
    }

    /// Lifts all that [`forbid`](Self::forbid) refuses.
    pub fn permit_all(&self) {
        self.state().forbidden.clear();
    }

    /// The next `writes` creates, updates and deletes are carried out, and the
    /// connection ends without an answer. Reads, token requests and what a knob, a
    /// credential or a missing right refuses don't count.
    pub fn commit_then_drop(&self, writes: u32) {
        self.state().drops = writes;
    }

    /// The connection of the next `writes` creates, updates and deletes ends, and nothing is
    /// carried out; they come before those of [`commit_then_drop`](Self::commit_then_drop).
    pub fn drop_next(&self, writes: u32) {
        self.state().lost = writes;
    }

    /// Somebody else makes this secret right before the next create is carried out.
    pub fn overtake_next_create(&self, name: &str, value: &str) {
        let mut state = self.state();
        let now = state.clock.now();
        state.overtaker = Some(Secret::new(name, value, now));
    }

    /// Whether the list of an empty site is `{}` instead of `{"secrets":[]}`.
    pub fn empty_list_as_missing(&self, missing: bool) {
        self.state().empty_list_as_missing = missing;
    }

    /// Whether answers carry `X-Wix-Consistent`, whose value changes with every write.
    pub fn consistency_header(&self, sent: bool) {
        self.state().consistency_header = sent;
    }

    /// Whether reads see the site as it was before the last write, unless the request repeats the
    /// newest `X-Wix-Consistent`; answers carry it then. Writes are never late.
    pub fn stale_reads(&self, stale: bool) {
        let mut state = self.state();
        state.stale_reads = stale;
        state.consistency_header |= stale;
    }

    /// Only this API key is accepted from now on.
    pub fn require_api_key(&self, key: impl Into<String>) {
        self.state().api_key = Some(key.into());
    }

    /// API keys are accepted with this site id only from now on.
    pub fn require_site(&self, site: impl Into<String>) {
        self.state().site = Some(site.into());
    }

    /// Only apps with this secret get a token from now on.
    pub fn require_app_secret(&self, secret: impl Into<String>) {
        self.state().app_secret = Some(secret.into());
    }

    /// Ends all app tokens issued so far; without that they end four hours after their issue.
    pub fn expire_tokens(&self) {
        let mut state = self.state();
        let now = state.clock.now();
        state.tokens.values_mut().for_each(|end| *end = now);
    }
}
