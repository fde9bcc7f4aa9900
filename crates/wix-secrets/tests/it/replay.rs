//! Every recorded exchange, asked of the emulator.

use polyvault_testkit::fixture;
use polyvault_wix_secrets::emulator::Emulator;
use serde_json::Value;

#[tokio::test]
async fn the_emulator_answers_every_fixture() {
    let codes = [
        "/details/applicationError/code",
        "/error",
        "/token_type",
        "/expires_in",
    ];

    let tally = fixture::replay("wix-secrets", &codes, async |given: Vec<Value>| {
        let emulator = Emulator::start().await;
        for step in &given {
            emulator.given(step)?;
        }
        let url = emulator.url();
        Ok((emulator, url))
    })
    .await
    .unwrap();

    println!("{tally}");
    assert!(tally.failures.is_empty(), "{tally}");
    assert!(tally.total > 0, "{tally}");
    assert_eq!(tally.total, tally.replayed + tally.exempt.len(), "{tally}");
}

#[test]
fn every_fixture_stands_in_the_table() {
    let table = fixture::folder("wix-secrets").join("README.md");
    let table = std::fs::read_to_string(table).unwrap();

    for fixture in fixture::load("wix-secrets").unwrap() {
        let row = table
            .lines()
            .find(|line| line.starts_with(&format!("| {} |", fixture.name)));
        assert!(
            row.is_some_and(|row| row.contains(&fixture.source)),
            "{} is missing, or its source is another",
            fixture.name
        );
    }
}
