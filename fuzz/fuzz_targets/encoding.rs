#![no_main]
//! The document of a payload, and its mark: what is written reads the same.

use libfuzzer_sys::fuzz_target;
use polyvault::encoding::{self, Mark};
use polyvault::{Payload, Value};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let (mark, document) = text.split_once('\n').unwrap_or((&text, &text));

    if let Some(mark) = Mark::read(mark) {
        let again = Mark::read(&mark.to_string()).expect("a mark that was written");
        assert_eq!(again.content_type(), mark.content_type());
        let _ = mark.check_version().is_ok();
        let _ = mark.decode(&Value::text(document)).is_ok();
    }
    if let Ok(payload) = Mark::of(None).decode(&Value::text(document)) {
        same(&payload);
    }

    let of = Mark::of(Some(mark));
    let again = Mark::read(&of.to_string()).expect("a mark that was written");
    assert_eq!(again.content_type(), of.content_type());

    let (own, told) = encoding::split_description(document);
    assert!(told.is_none() || own.len() < document.len());
    let _ = encoding::check_description(document).is_ok();
    let marked = encoding::mark_description(own);
    assert_eq!(encoding::split_description(&marked).0, own);

    let entries = input.split(|byte| *byte == b'\n').enumerate();
    let entries = entries.map(|(at, value)| (format!("{at}\u{0}\""), Value::text_or_binary(value)));
    if let Ok(payload) = Payload::from_entries(entries) {
        same(&payload);
    }
});

fn same(payload: &Payload) {
    if encoding::is_plain(payload) {
        return;
    }
    let document = encoding::encode(payload).expect("a document");
    let again = Mark::of(None)
        .decode(&document)
        .expect("a document that was written");
    assert!(again.same_as(payload));
}
