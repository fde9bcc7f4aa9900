//! Stores with one fault each, and the checks that find them.

mod bug;
mod plain;

mod cut_off;
mod deletes;
mod errors;
mod lists;
mod metadata;
mod outcomes;
mod puts;
mod reads;
mod updates;
mod versions;

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::memory::Faults;
use polyvault_core::{MemoryStore, Payload, SecretStore};
use polyvault_testkit::conformance::{Harness, Hook, Report, checks, run_all};

use self::bug::{Broken, Bug};
use self::plain::Plain;

/// A store with a fault, as both clients: what a fault keeps between calls, it keeps at the service.
struct Place<B>(Arc<Broken<B>>);

impl<B: Bug> Place<B> {
    fn boxed() -> Arc<dyn Harness> {
        Arc::new(Self(Arc::new(Broken {
            plain: Plain::new(MemoryStore::new()),
            bug: PhantomData,
        })))
    }

    fn faults(&self) -> Faults<'_> {
        self.0.plain.memory.faults()
    }
}

#[async_trait]
impl<B: Bug> Harness for Place<B> {
    fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.0) as _
    }

    fn second(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.0) as _
    }

    fn requests(&self) -> Option<u64> {
        Some(self.0.plain.requests())
    }

    async fn make_twins(&self, name: &str) -> Hook {
        let twin = || self.faults().make_twin(name, Payload::text("twin"));
        match (twin(), twin()) {
            (Ok(_), Ok(_)) => Hook::Done,
            _ => Hook::Missing,
        }
    }

    async fn forbid(&self, operation: &str) -> Hook {
        self.faults().forbid(operation);
        Hook::Done
    }

    async fn allow_all(&self) {
        self.faults().allow_all();
    }

    async fn fail_next_operation(&self) -> Hook {
        self.faults().fail_next_operation();
        Hook::Done
    }

    async fn lose_next_answer(&self) -> Hook {
        self.faults().lose_next_answer();
        Hook::Done
    }

    async fn lose_next_request(&self) -> Hook {
        self.faults().lose_next_request();
        Hook::Done
    }

    async fn overtake_next_put(&self, name: &str) -> Hook {
        let theirs = Payload::text("overtaken");
        match self.faults().overtake_next_put(name, theirs) {
            Ok(()) => Hook::Done,
            Err(_) => Hook::Missing,
        }
    }

    fn generated(&self) -> Option<u64> {
        Some(0)
    }
}

/// A broken store, and the check that is meant to find its fault.
struct Row {
    name: &'static str,
    meant: &'static str,
    place: fn() -> Arc<dyn Harness>,
}

impl Row {
    fn of<B: Bug>(name: &'static str) -> Self {
        Self {
            name,
            meant: B::MEANT,
            place: Place::<B>::boxed,
        }
    }

    async fn run(&self) -> Report {
        run_all(async || (self.place)()).await
    }
}

fn rows() -> Vec<Row> {
    [
        reads::rows(),
        puts::rows(),
        outcomes::rows(),
        metadata::rows(),
        updates::rows(),
        lists::rows(),
        versions::rows(),
        errors::rows(),
        cut_off::rows(),
        deletes::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// No fault at all.
struct Right;

impl Bug for Right {
    const MEANT: &'static str = "";
}

#[tokio::test]
async fn a_store_without_a_fault_keeps_every_promise_and_skips_no_check() {
    for right in [Row::of::<Right>("Right"), lists::empty_pages()] {
        let report = right.run().await;

        assert!(report.is_green(), "{}: {report}", right.name);
        assert_eq!(report.skipped().count(), 0, "{}: {report}", right.name);
    }
}

#[tokio::test]
async fn each_fault_is_found_by_the_check_meant_for_it_and_by_two_others_at_most() {
    let mut wrong = Vec::new();
    for row in rows() {
        let report = row.run().await;
        let mut others: Vec<_> = report.failed().map(|(name, _)| name).collect();
        let found = others.contains(&row.meant);
        others.retain(|name| *name != row.meant);
        let by = if found {
            row.meant
        } else {
            "not by the one meant"
        };
        let line = format!("{:<40} {by:<60} {}", row.name, others.join(", "));
        println!("{line}");
        if !found || others.len() > 2 {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn lists_that_never_end_fail_their_checks_and_hold_up_none() {
    let report = lists::endless_lists().run().await;

    let failed: BTreeSet<_> = report.failed().map(|(name, _)| name).collect();
    for check in [
        "a_list_of_secrets_is_complete_over_pages",
        "a_list_of_versions_is_complete_over_pages",
        "a_list_of_deleted_secrets_is_complete_over_pages",
    ] {
        assert!(failed.contains(check), "{report}");
    }
}

/// How the names of checks begin that no fault is made for here, and why.
const NOT_PROVED_HERE: &[(&str, &str)] = &[
    (
        "capability_",
        "every false claim of the field fails it: flips",
    ),
    ("limit_", "every false claim of the limit fails it: flips"),
];

#[test]
fn every_check_has_a_fault_that_it_is_meant_to_find() {
    let meant: BTreeSet<_> = rows().iter().map(|row| row.meant).collect();
    let excused = |name: &str| {
        NOT_PROVED_HERE
            .iter()
            .any(|(family, _)| name.starts_with(family))
    };
    let all: BTreeSet<_> = checks().iter().map(|check| check.name).collect();

    let idle: Vec<_> = all
        .iter()
        .filter(|name| !meant.contains(*name) && !excused(name))
        .collect();
    let unknown: Vec<_> = meant.difference(&all).collect();

    assert!(idle.is_empty(), "no fault for {idle:#?}");
    assert!(unknown.is_empty(), "no check named {unknown:#?}");
    assert!(all.len() >= 60, "{} checks", all.len());
    assert!(rows().len() >= 35, "{} broken stores", rows().len());
}
