//! What the stand-in can be told to do otherwise.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Emulator;
use super::change::Rules;
use super::fields::{ADD_VERSION, SEED};
use super::render::Rendering;
use super::route::METHODS;
use super::seed::reason;
use super::status::Status;

#[derive(Default)]
pub(super) struct Knobs {
    pub(super) pending_polls: Option<u32>,
    pub(super) leading_404s: u32,
    pub(super) poll_interval: Option<u64>,
    pub(super) throttle: Option<(u32, Option<Duration>)>,
    forbidden: Vec<String>,
    pub(super) fail_next_operation: Option<Status>,
    pub(super) roll_back_next_operation: Option<Status>,
    pub(super) fail_next: VecDeque<(u16, Status)>,
    pub(super) page_size: Option<usize>,
    pub(super) empty_page: bool,
    pub(super) stored_empty: bool,
    pub(super) rendering: Rendering,
    pub(super) rules: Rules,
    pub(super) refuse_reused_keys: bool,
    pub(super) commit_then_drop: u32,
    pub(super) drop_next: u32,
    pub(super) creator: Option<Map<String, Value>>,
    pub(super) adder: Option<Map<String, Value>>,
}

impl Knobs {
    pub(super) fn forbids(&self, method: &str) -> bool {
        let forbidden = |name: &String| name == "all" || name == method;
        self.forbidden.iter().any(forbidden)
    }
}

impl Emulator {
    /// Lets every operation that begins from now on say `done:false` in its first `answers`
    /// answers: the one that begins it, then polls.
    ///
    /// Its change takes effect when it is done. A secret being created is listed as
    /// `CREATING` meanwhile. Without this, Create takes 1 and the others 0. What nobody polls
    /// is done by itself after 5 seconds of the clock for each of these answers.
    pub fn pending_polls(&self, answers: u32) {
        self.state().knobs.pending_polls = Some(answers);
    }

    /// Lets the first `polls` polls of every operation that begins from now on find nothing.
    pub fn leading_404s(&self, polls: u32) {
        self.state().knobs.leading_404s = polls;
    }

    /// Puts `x-operation-poll-interval` on every answer that is an operation.
    pub fn poll_interval(&self, seconds: u64) {
        self.state().knobs.poll_interval = Some(seconds);
    }

    /// Answers the next `requests` requests with 429, with `Retry-After` where given (whole
    /// seconds).
    pub fn throttle(&self, requests: u32, retry_after: Option<Duration>) {
        self.state().knobs.throttle = Some((requests, retry_after));
    }

    /// Answers this method, too, with 403 from now on: `Secret.List`, `Payload.Get`, … or `all`.
    ///
    /// # Errors
    ///
    /// A text, if there is no such method.
    pub fn forbid(&self, method: &str) -> Result<(), String> {
        if method != "all" && !METHODS.contains(&method) {
            return Err(format!("no method {method}"));
        }
        self.state().knobs.forbidden.push(method.into());
        Ok(())
    }

    /// Lifts all that [`forbid`](Self::forbid) refuses.
    pub fn permit_all(&self) {
        self.state().knobs.forbidden.clear();
    }

    /// Lets the next operation end in an error of a gRPC `code`, with HTTP 200 and no effect.
    pub fn fail_next_operation(&self, code: u32, message: &str) {
        self.state().knobs.fail_next_operation = Some(Status::new(code, message));
    }

    /// Lets the next operation tell an error of a gRPC `code` in the answers that still say
    /// `done:false`, one at least, while what it did is rolled back: in the end it has failed.
    pub fn roll_back_next_operation(&self, code: u32, message: &str) {
        self.state().knobs.roll_back_next_operation = Some(Status::new(code, message));
    }

    /// Answers one request with an HTTP `status` and a gRPC `code` and does not carry it out:
    /// the next one, or the one after those that earlier calls have claimed.
    pub fn fail_next(&self, status: u16, code: u32) {
        let error = Status::new(code, "The stand-in was told to fail");
        self.state().knobs.fail_next.push_back((status, error));
    }

    /// Holds every page to at most `items` items.
    pub fn page_size(&self, items: usize) {
        self.state().knobs.page_size = Some(items.max(1));
    }

    /// Puts a page without items, but with a token, after the first page of each list.
    pub fn empty_page(&self, on: bool) {
        self.state().knobs.empty_page = on;
    }

    /// Lets a polled or listed operation hold an `Empty` instead of its declared response.
    pub fn stored_empty(&self, on: bool) {
        self.state().knobs.stored_empty = on;
    }

    /// Writes answers so from now on; without this, as [recorded](Rendering::Recorded).
    pub fn render(&self, rendering: Rendering) {
        self.state().knobs.rendering = rendering;
    }

    /// Lets AddVersion without a base start from a current version that is scheduled for
    /// destruction. Otherwise it starts from nothing then; what the service does is not known.
    pub fn carry_scheduled(&self, on: bool) {
        self.state().knobs.rules.carry_scheduled = on;
    }

    /// Lets AddVersion without entries, but with a base, copy the base on a secret that has a
    /// password specification. Otherwise it makes a password, as without a base; what the
    /// service does is not known.
    pub fn copy_with_base(&self, on: bool) {
        self.state().knobs.rules.copy_with_base = on;
    }

    /// Answers an `Idempotency-Key` that comes again with another request by INVALID_ARGUMENT.
    /// Otherwise it gives the operation of the first request, whatever comes with it; what the
    /// service does is not known.
    pub fn refuse_reused_keys(&self, on: bool) {
        self.state().knobs.refuse_reused_keys = on;
    }

    /// Carries the next `writes` requests that write out, and drops the connection instead of
    /// answering. Reads, token requests and what a knob or a missing right refuses don't count.
    pub fn commit_then_drop(&self, writes: u32) {
        self.state().knobs.commit_then_drop = writes;
    }

    /// Drops the connection of the next `writes` requests that write, and carries nothing out;
    /// they come before those of [`commit_then_drop`](Self::commit_then_drop).
    pub fn drop_next(&self, writes: u32) {
        self.state().knobs.drop_next = writes;
    }

    /// Puts this secret in place right before the next Create is carried out: somebody else
    /// made it. It is written as for [`seed`](Self::seed).
    ///
    /// # Errors
    ///
    /// As [`seed`](Self::seed).
    pub fn overtake_next_create(&self, secret: &Value) -> Result<(), String> {
        let secret = SEED.read(secret).map_err(reason)?;
        self.state().knobs.creator = Some(secret);
        Ok(())
    }

    /// Carries this body of an AddVersion out on the same secret right before the next AddVersion:
    /// somebody else wrote first. Its operation is done at once, and is listed.
    ///
    /// # Errors
    ///
    /// A text that names the field that is wrong.
    pub fn overtake_next_add_version(&self, body: &Value) -> Result<(), String> {
        let body = ADD_VERSION.read(body).map_err(reason)?;
        self.state().knobs.adder = Some(body);
        Ok(())
    }

    /// How many versions there are whose password the service is said to have made.
    #[must_use]
    pub fn generated_passwords(&self) -> usize {
        let state = self.state();
        let versions = state.secrets.iter().flat_map(|secret| &secret.versions);
        versions
            .filter(|version| version.password.is_some())
            .count()
    }
}
