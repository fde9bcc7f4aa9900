#![no_main]
//! Texts and base64 in JSON: they read as serde_json and the base64 crate read them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use polyvault::transport::json;
use serde_json::value::RawValue;

fuzz_target!(|input: &[u8]| {
    let Ok(raw) = json::decode::<&RawValue>(input) else {
        return;
    };
    let ours = json::text(raw).ok();
    let theirs = serde_json::from_str::<String>(raw.get()).ok();
    let ours = ours.as_ref().and_then(|value| value.expose_text().ok());
    assert_eq!(ours, theirs.as_deref());

    let ours = json::binary(raw).ok();
    if let Some(Ok(theirs)) = theirs.map(|text| STANDARD.decode(text)) {
        assert_eq!(ours.expect("base64").expose_bytes(), theirs);
    }
});
