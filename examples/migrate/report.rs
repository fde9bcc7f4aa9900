//! What a copy tells: names and reasons, never a value.

use std::fmt;

use polyvault::{SecretId, VersionId};

/// What was copied, what was not and why, and what was a guess.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) copied: Vec<Copied>,
    pub(crate) left: Vec<Left>,
    pub(crate) guesses: Vec<String>,
    /// What went wrong on the way, as opposed to what the target can't hold.
    pub(crate) failures: Vec<String>,
    /// Requests that the services saw, where that can be counted.
    pub(crate) requests: Vec<(String, usize)>,
}

/// A secret that was copied, with its versions: the source's and the target's ids.
#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) name: String,
    pub(crate) source: SecretId,
    pub(crate) versions: Vec<(Option<VersionId>, Option<VersionId>)>,
}

/// Something that could not be carried over.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) secret: String,
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Report {
    pub(crate) fn leave(&mut self, secret: &str, what: impl Into<String>, why: impl ToString) {
        self.left.push(Left {
            secret: secret.to_owned(),
            what: what.into(),
            why: why.to_string(),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions: usize = self.copied.iter().map(|copied| copied.versions.len()).sum();
        writeln!(f, "{} -> {}", self.from, self.to)?;
        writeln!(
            f,
            "  copied: {} secrets, {versions} versions",
            self.copied.len()
        )?;
        writeln!(f, "  could not be carried over: {}", self.left.len())?;
        for left in &self.left {
            writeln!(f, "    {}: {}: {}", left.secret, left.what, left.why)?;
        }
        writeln!(f, "  order was a guess: {}", self.guesses.len())?;
        for guess in &self.guesses {
            writeln!(f, "    {guess}")?;
        }
        for failure in &self.failures {
            writeln!(f, "  FAILED {failure}")?;
        }
        let counts = self
            .requests
            .iter()
            .map(|(store, count)| format!("{count} to {store}"));
        let counts: Vec<_> = counts.collect();
        match counts.as_slice() {
            [] => Ok(()),
            counts => writeln!(f, "  requests: {}", counts.join(", ")),
        }
    }
}
