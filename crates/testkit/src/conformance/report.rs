//! What a run of the suite found.

use std::fmt;

use super::{Check, Failure};

/// How a check ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The store keeps the promise.
    Passed,
    /// The check does not apply, for this reason: a capability or a hook is missing.
    Skipped(String),
    /// The store breaks the promise.
    Failed(Failure),
}

/// One verdict a check, in the order they ran.
///
/// `Display` gives a line a check and a tally.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The checks and how they ended.
    pub results: Vec<(Check, Verdict)>,
}

impl Report {
    /// Whether no check failed.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The names of the checks that passed.
    pub fn passed(&self) -> impl Iterator<Item = &'static str> {
        self.results
            .iter()
            .filter_map(|(check, verdict)| matches!(verdict, Verdict::Passed).then_some(check.name))
    }

    /// The names of the checks that were skipped, and why.
    pub fn skipped(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.results
            .iter()
            .filter_map(|(check, verdict)| match verdict {
                Verdict::Skipped(why) => Some((check.name, why.as_str())),
                _ => None,
            })
    }

    /// The names of the checks that failed, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&'static str, &Failure)> {
        self.results
            .iter()
            .filter_map(|(check, verdict)| match verdict {
                Verdict::Failed(why) => Some((check.name, why)),
                _ => None,
            })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (Check { name, .. }, verdict) in &self.results {
            match verdict {
                Verdict::Passed => writeln!(f, "ok {name}")?,
                Verdict::Skipped(why) => writeln!(f, "skip {name}: {why}")?,
                Verdict::Failed(why) => writeln!(f, "FAIL {name}: {why}")?,
            }
        }
        write!(
            f,
            "{} ok, {} skipped, {} failed",
            self.passed().count(),
            self.skipped().count(),
            self.failed().count()
        )
    }
}
