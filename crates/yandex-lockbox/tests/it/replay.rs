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
