//! How long a service asks to wait: <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use polyvault_core::Timestamp;
use polyvault_core::transport::server_wait;

use super::*;

fn told(name: &'static str, value: &str, now: Timestamp) -> Option<Duration> {
    let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
    let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value)]);
    server_wait(&headers, now)
}

/// Within the years that such a date can tell.
fn times() -> impl Strategy<Value = Timestamp> {
    (0..253_402_207_200_i64).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_number_is_so_many_seconds_or_milliseconds(number in any::<u64>(), blanks in "[ \t]{0,3}", now in times()) {
        let text = format!("{blanks}{number}{blanks}");
        prop_assert_eq!(told("retry-after", &text, now), Some(Duration::from_secs(number)));
        for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
            prop_assert_eq!(told(name, &text, now), Some(Duration::from_millis(number)));
        }
    }

    #[test]
    fn a_date_is_the_time_until_then_and_none_once_it_is_over(at in times(), now in times()) {
        let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let seconds = u64::try_from(at.as_second() - now.as_second()).unwrap_or(0);
        prop_assert_eq!(told("retry-after", &date, now), Some(Duration::from_secs(seconds)));
    }

    #[test]
    fn any_other_text_is_no_wait(text in "[^0-9\\p{Cc}]{0,40}", now in any::<bool>()) {
        let now = if now { Timestamp::MAX } else { Timestamp::MIN };
        for name in ["retry-after", "retry-after-ms", "x-ms-retry-after-ms"] {
            prop_assert_eq!(told(name, &text, now), None);
        }
    }

    #[test]
    fn nearly_a_number_or_a_date_is_read_or_no_wait(
        text in joined(&[
            "Sun", ", ", "22", " ", "Nov", "2026", "99999", "10:00:30", "24:60:61", "GMT", "+9999", "-", "+", ".5",
            "e9", "(x)", "18446744073709551616", "\u{e9}",
        ], 8),
        now in any::<bool>(),
    ) {
        let now = if now { Timestamp::MAX } else { Timestamp::MIN };
        for name in ["retry-after", "retry-after-ms", "x-ms-retry-after-ms"] {
            let wait = told(name, &text, now);
            prop_assert!(wait.is_none() || text.contains(|c: char| c.is_ascii_digit()), "{:?}", wait);
        }
    }
}
