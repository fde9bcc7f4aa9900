//! The conformance suite: every promise of [`SecretStore`](polyvault_core::SecretStore), as checks.
//!
//! A check is one async function over a [`Harness`]. It uses names of its own,
//! reads back through a second client, and skips what the store's capabilities
//! deny. So the suite runs against one store, also a real one.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use polyvault_core::{MemoryStore, SecretStore};
//! use polyvault_testkit::conformance::{Harness, run_all};
//!
//! struct Memory(MemoryStore);
//!
//! impl Harness for Memory {
//!     fn store(&self) -> Arc<dyn SecretStore> {
//!         Arc::new(self.0.clone())
//!     }
//!     fn second(&self) -> Arc<dyn SecretStore> {
//!         Arc::new(self.0.clone())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let report = run_all(async || Arc::new(Memory(MemoryStore::new())) as _).await;
//! assert!(report.is_green(), "{report}");
//! assert!(report.passed().count() > 40);
//! assert_eq!(report.failed().count(), 0);
//! for (check, why) in report.skipped() {
//!     println!("{check}: {why}");
//! }
//! # }
//! ```

mod claims;
mod flips;
mod harness;
mod report;
mod tools;

mod at_once;
mod cut_off;
mod deletes;
mod denied;
mod errors;
mod leaks;
mod metadata;
mod names;
mod puts;
mod reads;
mod refusals;
mod soft_delete;
mod unfit;
mod unreadable;
mod updates;
mod versions;
mod witness;

use futures_util::future::BoxFuture;

pub use self::claims::claiming;
pub use self::flips::{Flip, flips};
pub use self::harness::{Harness, Hook};
pub use self::report::{Report, Verdict};
pub use self::tools::{Failure, Stop};
pub use self::witness::{Witnessed, witness};

use std::sync::Arc;

/// One promise of the trait, and how to see whether a store keeps it.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::{MemoryStore, SecretStore};
/// use polyvault_testkit::conformance::{Harness, Verdict, checks};
///
/// struct Memory(MemoryStore);
///
/// impl Harness for Memory {
///     fn store(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.clone())
///     }
///     fn second(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.clone())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // One check alone, while it is being mended.
/// let all = checks();
/// let check = all.iter().find(|check| check.name == "a_put_replaces_the_value").expect("known");
/// let verdict = check.run(&Memory(MemoryStore::new())).await;
/// assert!(matches!(verdict, Verdict::Passed));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What must hold, as the name of the function that checks it.
    pub name: &'static str,
    /// The number in the contract of [`SecretStore`](polyvault_core::SecretStore);
    /// 0 for a promise that stands at a method or a type.
    pub contract: u8,
    /// Whether it applies to a store that is only read.
    reads: bool,
    run: for<'a> fn(&'a dyn Harness) -> BoxFuture<'a, Result<(), Stop>>,
}

impl Check {
    /// Runs it.
    pub async fn run(&self, harness: &dyn Harness) -> Verdict {
        if !self.reads && !harness.store().capabilities().put {
            return Verdict::Skipped("capability `put`".to_owned());
        }
        match (self.run)(harness).await {
            Ok(()) => Verdict::Passed,
            Err(Stop::Skip(why)) => Verdict::Skipped(why),
            Err(Stop::Fail(failure)) => Verdict::Failed(failure),
        }
    }
}

/// All checks, by topic.
///
/// # Example
///
/// ```
/// use polyvault_testkit::conformance::checks;
///
/// let of_contract_7 = checks().into_iter().filter(|check| check.contract == 7);
/// for check in of_contract_7 {
///     println!("{}", check.name);
/// }
/// ```
#[must_use]
pub fn checks() -> Vec<Check> {
    [
        reads::checks(),
        puts::checks(),
        metadata::checks(),
        updates::checks(),
        names::checks(),
        versions::checks(),
        unreadable::checks(),
        refusals::checks(),
        denied::checks(),
        unfit::checks(),
        deletes::checks(),
        cut_off::checks(),
        soft_delete::checks(),
        at_once::checks(),
        errors::checks(),
        leaks::checks(),
        witness::checks(),
    ]
    .concat()
}

/// Runs all checks one after the other, each on the harness that `make` gives for it:
/// a fresh one each time, or always the same.
pub async fn run_all(make: impl AsyncFn() -> Arc<dyn Harness>) -> Report {
    let mut report = Report::default();
    for check in checks() {
        let harness = make().await;
        let verdict = check.run(&*harness).await;
        report.results.push((check, verdict));
    }
    report
}

/// Declares the checks of a file: the contract's number, the function, and `reads` where it also
/// applies to a store that is only read.
macro_rules! topic {
    ($($contract:literal $name:ident $($reads:ident)?),* $(,)?) => {
        pub(in crate::conformance) fn checks() -> Vec<crate::conformance::Check> {
            vec![$(crate::conformance::Check {
                name: stringify!($name),
                contract: $contract,
                reads: !stringify!($($reads)?).is_empty(),
                run: |harness| Box::pin($name(harness)),
            }),*]
        }
    };
}
use topic;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use polyvault_core::{MemoryStore, SecretStore};

    use super::*;

    /// A memory store without hooks, where somebody sends a request all the time.
    struct Chatty(MemoryStore, AtomicU64);

    impl Harness for Chatty {
        fn store(&self) -> Arc<dyn SecretStore> {
            Arc::new(self.0.clone())
        }

        fn second(&self) -> Arc<dyn SecretStore> {
            Arc::new(self.0.clone())
        }

        fn requests(&self) -> Option<u64> {
            Some(self.1.fetch_add(1, Ordering::Relaxed))
        }
    }

    async fn run() -> Report {
        run_all(async || Arc::new(Chatty(MemoryStore::new(), AtomicU64::new(0))) as _).await
    }

    #[tokio::test]
    async fn a_refusal_that_sends_a_request_fails() {
        let report = run().await;

        let failed: Vec<_> = report.failed().map(|(name, _)| name).collect();
        let silent: Vec<_> = checks()
            .iter()
            .filter(|check| check.name.ends_with("_and_sends_nothing"))
            .map(|check| check.name)
            .collect();
        assert_eq!(failed, silent, "{report}");
    }

    #[tokio::test]
    async fn a_missing_hook_skips_its_check_and_says_so() {
        let report = run().await;

        let shown = report.to_string();
        assert!(shown.starts_with("ok text_comes_back_byte_for_byte\n"));
        assert!(shown.contains(
            "\nskip a_name_of_two_secrets_is_ambiguous: the harness has no hook `make_twins`\n"
        ));
        for (name, why) in report.skipped() {
            assert!(why.starts_with("the harness has no hook"), "{name}: {why}");
        }
    }

    #[test]
    fn every_contract_has_a_check_and_every_check_its_own_name() {
        let checks = checks();

        let names: std::collections::BTreeSet<_> = checks.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), checks.len());
        for contract in 1..=10 {
            assert!(checks.iter().any(|check| check.contract == contract));
        }
    }
}
