//! No store can claim something else than it does: every false claim fails its check.

use std::collections::BTreeSet;

use polyvault::{PROVIDERS, SecretStore as _};
use polyvault_testkit::conformance::{Check, Verdict, checks, claiming, flips};

use crate::harnesses::{ALL, start};

/// The checks that hold a claim against what was seen.
fn witnesses() -> Vec<Check> {
    let holds_a_claim =
        |check: &Check| check.name.starts_with("capability_") || check.name.starts_with("limit_");
    checks().into_iter().filter(holds_a_claim).collect()
}

#[test]
fn every_provider_is_among_the_stores() {
    for provider in PROVIDERS {
        assert!(ALL.contains(&provider.scheme), "{}", provider.scheme);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_true_claim_passes() {
    let mut false_claims = Vec::new();
    for store in ALL {
        for check in witnesses() {
            let verdict = check.run(&*start(store).await).await;
            if !matches!(verdict, Verdict::Passed) {
                false_claims.push(format!("{store}: {}: {verdict:?}", check.name));
            }
        }
    }
    assert!(false_claims.is_empty(), "{false_claims:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_false_claim_fails_its_check() {
    let witnesses = witnesses();
    let names: BTreeSet<_> = witnesses.iter().map(|check| check.name).collect();
    let mut seen = 0;
    for store in ALL {
        let capabilities = start(store).await.store().capabilities().clone();
        let flips = flips(&capabilities);
        let mut unseen = Vec::new();
        for flip in &flips {
            let found = witnesses.iter().find(|check| check.name == flip.check);
            let check = found.expect("a flip names its check");
            let harness = claiming(start(store).await, flip.capabilities.clone());
            let verdict = check.run(&*harness).await;
            if !matches!(verdict, Verdict::Failed(_)) {
                unseen.push(format!("{} {}: {verdict:?}", flip.check, flip.what));
            }
        }
        assert!(unseen.is_empty(), "{}: {unseen:#?}", store);
        let flipped: BTreeSet<_> = flips.iter().map(|flip| flip.check).collect();
        assert_eq!(flipped, names, "{}: every check has a flip", store);
        assert!(flips.len() >= 55, "{}: {}", store, flips.len());
        seen += flips.len();
    }
    assert!(seen >= 500, "{seen} flips");
}

#[tokio::test]
async fn a_flip_changes_its_claim() {
    for store in ALL {
        let capabilities = start(store).await.store().capabilities().clone();
        for flip in flips(&capabilities) {
            assert_ne!(
                flip.capabilities, capabilities,
                "{} {}",
                flip.check, flip.what
            );
        }
    }
}
