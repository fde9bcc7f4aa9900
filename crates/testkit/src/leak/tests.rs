#![expect(clippy::expect_used, reason = "tests")]

use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::*;

/// All of `bytes` as text, one after the other.
fn each(bytes: &[u8], one: impl Fn(u8) -> String) -> String {
    bytes.iter().map(|byte| one(*byte)).collect()
}

type Form = (&'static str, fn(&str) -> String);

/// What the marked text may be made into, by those who do it in earnest.
const FORMS: &[Form] = &[
    ("as it is", str::to_owned),
    ("in capitals", str::to_uppercase),
    ("base64", |text| STANDARD.encode(text)),
    ("base64, url-safe", |text| URL_SAFE.encode(text)),
    ("base64, unpadded", |text| URL_SAFE_NO_PAD.encode(text)),
    ("hex", |text| each(text.as_bytes(), |b| format!("{b:02x}"))),
    ("HEX", |text| each(text.as_bytes(), |b| format!("{b:02X}"))),
    ("hex dump", |text| {
        each(text.as_bytes(), |b| format!("{b:02x} "))
    }),
    ("fingerprint", |text| {
        each(text.as_bytes(), |b| format!("{b:02X}:"))
    }),
    ("percent", |text| {
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
    }),
    ("percent, all", |text| {
        each(text.as_bytes(), |b| format!("%{b:02X}"))
    }),
    ("JSON", |text| serde_json::json!([text]).to_string()),
    ("JSON, all", |text| {
        each(text.as_bytes(), |b| format!("\\u00{b:02x}"))
    }),
    ("JSON, twice", |text| {
        serde_json::json!(serde_json::json!([text]).to_string()).to_string()
    }),
    ("Debug", |text| format!("{text:?}")),
    ("Debug of a Debug", |text| {
        format!("{:?}", format!("{text:?}"))
    }),
    ("Debug of bytes", |text| format!("{:?}", text.as_bytes())),
    ("pretty Debug of bytes", |text| {
        format!("{:#?}", text.as_bytes())
    }),
    ("Debug of bytes in hex", |text| {
        format!("{:x?}", text.as_bytes())
    }),
    ("pretty Debug of bytes in hex", |text| {
        format!("{:#X?}", text.as_bytes())
    }),
    ("Debug of `Bytes`", |text| {
        format!("{:?}", bytes::Bytes::from(text.to_owned()))
    }),
    ("escaped by std", |text| text.escape_unicode().to_string()),
    ("an array of numbers in JSON", |text| {
        serde_json::json!(text.as_bytes()).to_string()
    }),
];

/// The text, its halves, and pieces of 26 bytes from the middle.
fn parts(mark: &Mark) -> Vec<String> {
    let text = mark.text().to_owned();
    let halves = text.split_at(text.len() / 2);
    let mut parts = vec![halves.0.to_owned(), halves.1.to_owned()];
    parts.extend((0..9).filter_map(|at| text.get(at..at + 26).map(str::to_owned)));
    parts.push(text);
    parts
}

#[test]
fn finds_the_mark_and_each_half_of_it_in_every_form() {
    for mark in [Mark::new(), Mark::large()] {
        for part in parts(&mark) {
            for (form, make) in FORMS {
                for before in ["", "a", "ab", "abc"] {
                    let output = make(&format!("{before}{part}"));
                    assert!(mark.find_in(&output).is_some(), "{form} behind {before:?}");
                }
            }
        }
    }
}

#[test]
fn finds_half_of_what_was_made_of_it() {
    for mark in [Mark::new(), Mark::large()] {
        for (form, make) in FORMS {
            let output: Vec<char> = make(mark.text()).chars().collect();
            let (front, back) = output.split_at(output.len() / 2);
            for half in [front, back] {
                let half: String = half.iter().collect();
                assert!(mark.find_in(&half).is_some(), "{form}");
            }
        }
    }
}

#[test]
fn finds_it_in_what_shows_bytes() {
    let mark = Mark::new();
    let bytes = [b"x", mark.text().as_bytes()].concat();

    assert!(mark.find_in_debug(&bytes).is_some());
    let cut = bytes.get(5..22).expect("17 bytes");
    assert_eq!(mark.find_in_bytes(cut), Some("plain"));
}

#[test]
fn does_not_find_another_mark() {
    let mark = Mark::large();

    for (_, make) in FORMS {
        assert_eq!(mark.find_in_all(&make(Mark::large().text())), None);
    }
}
