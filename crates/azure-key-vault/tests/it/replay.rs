//! The emulator answers every fixture's request as the fixture says.

use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_testkit::fixture;

#[tokio::test]
async fn the_emulator_answers_every_fixture_as_it_says() {
    let codes = ["/error/code", "/error/innererror/code"];

    let tally = fixture::replay("azure-key-vault", &codes, |given| async move {
        let vault = Emulator::start().await;
        for step in &given {
            vault.given(step)?;
        }
        let url = vault.url();
        Ok((vault, url))
    })
    .await
    .unwrap();

    println!("{tally}");
    assert!(tally.total > 0);
    assert!(tally.failures.is_empty(), "{tally}");
    assert_eq!(tally.total, tally.replayed + tally.exempt.len());
}

#[test]
fn every_fixture_stands_in_the_table() {
    let table = fixture::folder("azure-key-vault").join("README.md");
    let table = std::fs::read_to_string(table).unwrap();

    for fixture in fixture::load("azure-key-vault").unwrap() {
        let begin = format!("| {} |", fixture.name);
        let row = table.lines().find(|line| line.starts_with(&begin));
        let told = row.is_some_and(|row| row.contains(&fixture.source));
        assert!(told, "{} is missing, or has another source", fixture.name);
    }
}
