//! The main job, held to what was seeded.

#[path = "../../examples/migrate/copy.rs"]
mod copy;
#[path = "../../examples/migrate/offline.rs"]
mod offline;
#[expect(dead_code, reason = "the example also opens real stores")]
#[path = "../../examples/migrate/place.rs"]
mod place;
#[expect(dead_code, reason = "the example also reads real sources again")]
#[path = "../../examples/migrate/report.rs"]
mod report;
#[path = "../../examples/migrate/seed.rs"]
mod seed;
#[path = "../../examples/migrate/verify.rs"]
mod verify;

use offline::{Offline, Outcome};
use report::Report;

async fn migrated() -> (Offline, Outcome) {
    let offline = Offline::start().await.unwrap();
    let outcome = offline.copy().await.unwrap();
    (offline, outcome)
}

fn left<'a>(report: &'a Report, secret: &str) -> Vec<&'a str> {
    let of_it = report.left.iter().filter(|left| left.secret == secret);
    of_it.map(|left| left.what.as_str()).collect()
}

#[tokio::test]
async fn every_byte_arrives_at_both_ends() {
    let (offline, outcome) = migrated().await;

    let failures = [&outcome.to_lockbox.failures, &outcome.to_wix.failures];
    assert_eq!(failures, [&Vec::<String>::new(), &Vec::new()]);
    let wrong = offline.verify(&outcome).await.unwrap();
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn one_corrupted_byte_is_seen() {
    let (offline, outcome) = migrated().await;
    assert!(offline.lockbox.corrupt("service-07-password"));
    assert!(offline.wix.corrupt("quotes-and-newlines"));

    let wrong = offline.verify(&outcome).await.unwrap();

    assert!(
        wrong
            .iter()
            .any(|line| line.starts_with("service-07-password:"))
    );
    assert!(
        wrong
            .iter()
            .any(|line| line.starts_with("quotes-and-newlines:"))
    );
    let others = wrong.iter().filter(|line| {
        !line.starts_with("service-07-password:") && !line.starts_with("quotes-and-newlines:")
    });
    assert_eq!(others.count(), 0, "{wrong:?}");
}

#[tokio::test]
async fn what_could_not_be_carried_is_told_and_nothing_is_enabled_to_be_read() {
    let (offline, outcome) = migrated().await;
    let (lockbox, wix) = (&outcome.to_lockbox, &outcome.to_wix);

    let disabled = offline.azure.versions("disabled-in-the-middle");
    assert_eq!(
        disabled
            .iter()
            .map(|version| version.enabled)
            .collect::<Vec<_>>(),
        [true, false, true]
    );
    assert_eq!(
        left(lockbox, "disabled-in-the-middle"),
        [format!("version {}", disabled[1].id)]
    );
    assert_eq!(left(lockbox, "disabled-at-the-end"), ["the secret"]);
    assert_eq!(left(lockbox, "labelled"), ["the label \"Cost Center\""]);
    assert_eq!(
        left(lockbox, "typed"),
        ["the content type \"application/json\""]
    );
    assert_eq!(left(lockbox, "expiring"), ["the validity"]);
    assert_eq!(left(lockbox, "empty").len(), 1);
    assert_eq!(left(wix, "large"), ["the secret"]);
    assert_eq!(left(wix, &"long-name-".repeat(8)), ["the secret"]);
    assert_eq!(lockbox.guesses.len(), 1);
    assert!(lockbox.guesses[0].starts_with("same-second:"));
    let sent: usize = wix.requests.iter().map(|(_, count)| count).sum();
    assert!(sent > 100, "{sent}");
}

#[tokio::test]
async fn the_report_holds_no_value() {
    let (offline, outcome) = migrated().await;
    let shown = format!(
        "{} {} {:?} {:?}",
        outcome.to_lockbox, outcome.to_wix, outcome.to_lockbox, outcome.to_wix
    );

    for secret in &offline.seeded {
        for version in &secret.versions {
            // Short ones such as "v1" stand in other words.
            if version.wire.value.len() > 6 {
                assert!(!shown.contains(&version.wire.value), "{}", secret.name);
            }
        }
    }
}
