//! Desired state over the control plane, counted at the emulator.

use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::ensure::{Drift, ensure};
use polyvault_core::{Desired, EnsureOptions};

fn desired(value: &str) -> Desired {
    let desired = Desired::new("db-password").unwrap().value(value);
    desired
        .labels([("team", "blue")])
        .content_type("text/plain")
}

/// Verbs of the requests after these.
async fn verbs(vault: &Emulator, from: usize) -> Vec<String> {
    let sent = vault.server().received_requests().await.unwrap();
    sent[from..]
        .iter()
        .map(|request| request.method.to_string())
        .collect()
}

#[tokio::test]
async fn an_equal_state_is_one_get_and_no_write() {
    let digest = Drift::Digest {
        key: "a key of thirty-two bytes, made up".into(),
    };
    for drift in [Drift::Unknown, digest] {
        let vault = Emulator::start().await;
        let (arm, options) = (
            vault.arm_store(),
            EnsureOptions {
                drift,
                ..EnsureOptions::default()
            },
        );
        ensure(&arm, &desired("s3cret"), &options).await.unwrap();
        let before = vault.request_count();

        ensure(&arm, &desired("s3cret"), &options).await.unwrap();

        assert_eq!(verbs(&vault, before).await, ["GET"]);
        assert_eq!(vault.versions("db-password").len(), 1);
    }
}

#[tokio::test]
async fn a_value_that_differs_is_put_where_a_digest_tells_it_and_stays_where_nothing_does() {
    let digest = Drift::Digest {
        key: "a key of thirty-two bytes, made up".into(),
    };
    for (drift, versions) in [(digest, 2), (Drift::Unknown, 1)] {
        let vault = Emulator::start().await;
        let (arm, options) = (
            vault.arm_store(),
            EnsureOptions {
                drift,
                ..EnsureOptions::default()
            },
        );
        ensure(&arm, &desired("old"), &options).await.unwrap();

        ensure(&arm, &desired("new"), &options).await.unwrap();

        assert_eq!(vault.versions("db-password").len(), versions);
    }
}

#[tokio::test]
async fn labels_that_differ_are_one_patch() {
    let vault = Emulator::start().await;
    let (arm, options) = (vault.arm_store(), EnsureOptions::default());
    ensure(&arm, &desired("s3cret"), &options).await.unwrap();
    let before = vault.request_count();

    let red = desired("s3cret").labels([("team", "red")]);
    let applied = ensure(&arm, &red, &options).await.unwrap();

    let writes = verbs(&vault, before).await;
    let writes: Vec<_> = writes.into_iter().filter(|verb| verb != "GET").collect();
    assert_eq!(writes, ["PATCH"], "{applied:?}");
    assert_eq!(vault.versions("db-password").len(), 1);
}
