//! Every fixture's request, sent to the stand-in.

use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::emulator::Emulator;

#[tokio::test]
async fn the_stand_in_answers_every_fixture_as_it_says() {
    let tally = fixture::replay("yandex-lockbox", &["/code"], |given| async move {
        let emulator = Emulator::start().await;
        given.iter().try_for_each(|step| emulator.given(step))?;
        let url = emulator.url();
        Ok((emulator, url))
    })
    .await
    .unwrap();

    println!("{tally}");
    assert!(tally.failures.is_empty(), "{tally}");
    assert_eq!(tally.total, tally.replayed + tally.exempt.len());
    assert!(tally.total > 0);
}

#[test]
fn every_fixture_stands_in_the_table() {
    let table = fixture::folder("yandex-lockbox").join("README.md");
    let table = std::fs::read_to_string(table).unwrap();

    for fixture in fixture::load("yandex-lockbox").unwrap() {
        let begin = format!("| `{}` |", fixture.name);
        let row = table.lines().find(|line| line.starts_with(&begin));
        assert!(
            row.is_some_and(|row| row.contains(&fixture.source)),
            "{} is missing, or its source is another",
            fixture.name
        );
    }
}
