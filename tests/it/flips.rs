//! No store can claim something else than it does: every false claim fails its check.

use std::collections::BTreeSet;

use polyvault::{PROVIDERS, SecretStore as _};
use polyvault_testkit::conformance::{Check, Verdict, checks, claiming, flips};

use crate::stores::start;

/// The checks that hold a claim against what was seen.
fn witnesses() -> Vec<Check> {
    let holds_a_claim =
        |check: &Check| check.name.starts_with("capability_") || check.name.starts_with("limit_");
    checks().into_iter().filter(holds_a_claim).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_true_claim_passes() {
    for provider in PROVIDERS {
        for check in witnesses() {
            let verdict = check.run(&*start(provider.scheme).await).await;
            assert!(
                matches!(verdict, Verdict::Passed),
                "{}: {}: {verdict:?}",
                provider.scheme,
                check.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_false_claim_fails_its_check() {
    let witnesses = witnesses();
    let names: BTreeSet<_> = witnesses.iter().map(|check| check.name).collect();
    let mut seen = 0;
    for provider in PROVIDERS {
        let capabilities = start(provider.scheme).await.store().capabilities().clone();
        let flips = flips(&capabilities);
        let mut unseen = Vec::new();
        for flip in &flips {
            let found = witnesses.iter().find(|check| check.name == flip.check);
            let check = found.expect("a flip names its check");
            let harness = claiming(start(provider.scheme).await, flip.capabilities.clone());
            let verdict = check.run(&*harness).await;
            if !matches!(verdict, Verdict::Failed(_)) {
                unseen.push(format!("{} {}: {verdict:?}", flip.check, flip.what));
            }
        }
        assert!(unseen.is_empty(), "{}: {unseen:#?}", provider.scheme);
        let flipped: BTreeSet<_> = flips.iter().map(|flip| flip.check).collect();
        assert_eq!(
            flipped, names,
            "{}: every check has a flip",
            provider.scheme
        );
        assert!(flips.len() >= 55, "{}: {}", provider.scheme, flips.len());
        seen += flips.len();
    }
    assert!(seen >= 280, "{seen} flips");
}

#[test]
fn a_flip_changes_its_claim() {
    for provider in PROVIDERS {
        let capabilities = (provider.capabilities)();
        for flip in flips(&capabilities) {
            assert_ne!(
                flip.capabilities, capabilities,
                "{} {}",
                flip.check, flip.what
            );
        }
    }
}
