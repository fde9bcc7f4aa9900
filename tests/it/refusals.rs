//! The table of refusals as a whole; each adapter is held to its rows by its own tests.

use polyvault_core::{ErrorKind, Retry};
use polyvault_testkit::refusals;

/// What every service can answer.
const EVERYWHERE: [ErrorKind; 8] = [
    ErrorKind::NotFound,
    ErrorKind::InvalidInput,
    ErrorKind::TooLarge,
    ErrorKind::Unauthenticated,
    ErrorKind::Forbidden,
    ErrorKind::RateLimited,
    ErrorKind::Unavailable,
    ErrorKind::Decode,
];

#[test]
fn every_provider_has_a_table_and_all_together_sixty_answers_and_more() {
    let schemes = polyvault::PROVIDERS.iter().map(|provider| provider.scheme);
    let mut total = 0;
    for scheme in schemes.filter(|scheme| *scheme != "memory") {
        let rows = refusals::load(scheme).expect("fixtures/<scheme>/refusals/refusals.json");
        println!("{scheme}: {} answers on the wire", rows.len());
        for kind in EVERYWHERE {
            let has = rows.iter().any(|row| row.kinds == [kind.as_str()]);
            assert!(has, "{scheme}: no answer is {kind}");
        }
        let retries = [Retry::Never, Retry::After(None), Retry::OutcomeUnknown];
        for retry in retries {
            let has = rows.iter().any(|row| row.retry == retry);
            assert!(has, "{scheme}: no answer has {retry:?}");
        }
        let told = |row: &refusals::Row| matches!(row.retry, Retry::After(Some(_)));
        assert!(rows.iter().any(told), "{scheme}: no answer tells a wait");
        total += rows.len();
    }
    println!("{total} answers on the wire");
    assert!(total >= 60, "{total}");
}
