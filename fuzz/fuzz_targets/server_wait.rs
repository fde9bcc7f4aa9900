#![no_main]
//! How long a service asks to wait.

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use polyvault::Timestamp;
use polyvault::transport::server_wait;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(input) else {
        return;
    };
    for name in ["retry-after", "retry-after-ms", "x-ms-retry-after-ms"] {
        let headers = HeaderMap::from_iter([(name.parse().expect("a header"), value.clone())]);
        for now in [Timestamp::UNIX_EPOCH, Timestamp::MIN, Timestamp::MAX] {
            let _ = server_wait(&headers, now).is_some();
        }
    }
});
