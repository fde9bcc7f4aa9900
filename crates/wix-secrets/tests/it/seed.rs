//! Seeding many secrets, repeatably.

use polyvault_core::{ErrorKind, PutValue, SecretName, SecretStoreExt};
use polyvault_wix_secrets::Seeded;
use polyvault_wix_secrets::emulator::Emulator;

fn wanted(pairs: &[(&str, &str)]) -> Vec<(SecretName, PutValue)> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (SecretName::new(*name).unwrap(), (*value).into()));
    pairs.collect()
}

fn told(seeded: &[(SecretName, polyvault_core::Result<Seeded>)]) -> Vec<String> {
    let one = |outcome: &polyvault_core::Result<Seeded>| match outcome {
        Ok(Seeded::Created(_)) => "created".to_owned(),
        Ok(_) => "existed".to_owned(),
        Err(error) => error.kind().to_string(),
    };
    seeded
        .iter()
        .map(|(name, outcome)| format!("{name} {}", one(outcome)))
        .collect()
}

#[tokio::test]
async fn what_is_missing_is_made_and_the_rest_left_alone_however_often() {
    let site = Emulator::start().await;
    site.seed("there", "kept");
    let store = site.store();
    let all = [
        ("new", "1"),
        ("there", "2"),
        ("bad name", "3"),
        ("void", ""),
        ("new", "4"),
    ];

    let first = store.create_missing(wanted(&all)).await.unwrap();
    let requests = site.request_count();
    let second = store.create_missing(wanted(&all)).await.unwrap();

    let refused = ["bad name InvalidInput", "void InvalidInput"];
    assert_eq!(told(&first)[..2], ["new created", "there existed"]);
    assert_eq!(told(&first)[2..4], refused);
    assert_eq!(told(&first)[4], "new existed");
    assert_eq!(told(&second)[..2], ["new existed", "there existed"]);
    // A list before, and a list and a create for the one that was missing.
    assert_eq!(requests, 3);
    assert_eq!(site.request_count(), requests + 1);
    for (name, due) in [("new", "1"), ("there", "kept")] {
        let read = store
            .get_with(name, Default::default())
            .await
            .unwrap()
            .payload;
        assert_eq!(read.single().unwrap().expose_text().unwrap(), due);
    }
}

#[tokio::test]
async fn who_is_faster_in_between_keeps_its_secret() {
    let site = Emulator::start().await;
    site.overtake_next_create("late", "theirs");

    let seeded = site
        .store()
        .create_missing(wanted(&[("late", "ours")]))
        .await
        .unwrap();

    assert_eq!(told(&seeded), ["late existed"]);
    let read = site
        .store()
        .get_with("late", Default::default())
        .await
        .unwrap();
    assert_eq!(
        read.payload.single().unwrap().expose_text().unwrap(),
        "theirs"
    );
}

#[tokio::test]
async fn a_list_that_is_forbidden_makes_nothing() {
    let site = Emulator::start().await;
    site.forbid([polyvault_wix_secrets::emulator::Call::List]);

    let error = site
        .store()
        .create_missing(wanted(&[("a", "1")]))
        .await
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.operation(), Some("create_missing"));
    assert_eq!(site.request_count(), 1);
}
