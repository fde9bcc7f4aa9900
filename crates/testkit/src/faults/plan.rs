//! Which request gets which fault.

use std::collections::HashMap;
use std::sync::Arc;

use polyvault_core::clock::{Clock, SystemClock};
use sha2::{Digest, Sha256};

use super::Fault;

/// Which requests get which faults: by chance from a seed, or as scripted.
///
/// Chance depends on the seed, on verb and path of a request without its query, and on how many such requests
/// came before, and on nothing else: the order in which different requests arrive does not matter, nor do ids in paths,
/// which no two runs have in common. The rules are asked in the order in which they were
/// added, and the first that has a fault for a request wins.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use polyvault_core::clock::SystemClock;
/// use polyvault_testkit::faults::{Fault, FaultPlan};
///
/// let plan = FaultPlan::new(7)
///     .once(Fault::ResetAfterCommit).on("PUT", "/secrets/")
///     .at(2, Fault::Status(503))
///     .one_in(5, [Fault::CutBody, Fault::SlowBody(Duration::from_millis(10))]).on("GET", "")
///     .clock(Arc::new(SystemClock));
/// # let _ = plan;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct FaultPlan {
    pub(super) clock: Arc<dyn Clock>,
    seed: u64,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    when: When,
    verb: String,
    part: String,
}

#[derive(Clone, Debug)]
enum When {
    At(u64, Fault),
    Once(Fault),
    OneIn(u64, Vec<Fault>),
}

impl FaultPlan {
    /// A plan of no faults yet. The seed matters to [`one_in`](Self::one_in) alone.
    pub fn new(seed: u64) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            seed,
            rules: Vec::new(),
        }
    }

    /// One request in `share` on average, chosen by the seed, gets one of `faults`, chosen likewise.
    /// 1 is every request, 0 none.
    pub fn one_in(self, share: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.rule(When::OneIn(share, faults.into_iter().collect()))
    }

    /// The request that comes after `before` others, of those that [`on`](Self::on) leaves, gets this fault.
    pub fn at(self, before: u64, fault: Fault) -> Self {
        self.rule(When::At(before, fault))
    }

    /// The first request that it fits gets this fault.
    pub fn once(self, fault: Fault) -> Self {
        self.rule(When::Once(fault))
    }

    /// The rule that was added last is for requests with this verb alone, and with this text in their path.
    /// An empty text is any.
    pub fn on(mut self, verb: &str, part: &str) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            rule.verb = verb.to_owned();
            rule.part = part.to_owned();
        }
        self
    }

    /// The clock that slow bodies wait on; the machine's unless said.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn rule(mut self, when: When) -> Self {
        self.rules.push(Rule {
            when,
            verb: String::new(),
            part: String::new(),
        });
        self
    }
}

/// What has come so far, as far as the plan asks for it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    lines: HashMap<String, u64>,
    /// By rule: how many requests it was for, and whether its one fault is given.
    rules: HashMap<usize, (u64, bool)>,
}

impl Progress {
    /// The fault of the next request of this verb and path, and the rule that has it. `line` is what chance goes by.
    pub(super) fn next(
        &mut self,
        plan: &FaultPlan,
        verb: &str,
        path: &str,
        line: &str,
    ) -> Option<(Fault, usize)> {
        let before = self.lines.entry(line.to_owned()).or_default();
        let nth = *before;
        *before += 1;
        let mut chosen = None;
        for (at, rule) in plan.rules.iter().enumerate() {
            let other_verb = !rule.verb.is_empty() && rule.verb != verb;
            if other_verb || !path.contains(&rule.part) {
                continue;
            }
            let (seen, given) = self.rules.entry(at).or_default();
            let fault = match &rule.when {
                When::At(before, fault) => (*seen == *before).then_some(*fault),
                When::Once(fault) => (!*given && chosen.is_none()).then_some(*fault),
                When::OneIn(share, faults) => pick(plan.seed, at, line, nth, *share, faults),
            };
            *seen += 1;
            if let (None, Some(fault)) = (chosen, fault) {
                *given = true;
                chosen = Some((fault, at));
            }
        }
        chosen
    }

    /// The fault of this rule did not fit: the next request may have it.
    pub(super) fn give_back(&mut self, rule: usize) {
        if let Some((_, given)) = self.rules.get_mut(&rule) {
            *given = false;
        }
    }
}

/// A digest rather than a generator: requests that race take nothing from each other's sequence.
fn pick(
    seed: u64,
    rule: usize,
    line: &str,
    nth: u64,
    share: u64,
    faults: &[Fault],
) -> Option<Fault> {
    let digest = Sha256::digest(format!("{seed} {rule} {nth} {line}"));
    let mut numbers = digest
        .chunks_exact(8)
        .map(|bytes| bytes.iter().fold(0, |n, byte| (n << 8) | u64::from(*byte)));
    if !numbers.next()?.is_multiple_of(share) {
        return None;
    }
    let which = numbers.next()?.checked_rem(faults.len() as u64)?;
    faults.get(usize::try_from(which).ok()?).copied()
}
