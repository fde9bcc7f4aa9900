#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn payloads() -> impl Strategy<Value = Payload> {
    let value = prop_oneof![
        any::<String>().prop_map(Value::text),
        any::<Vec<u8>>().prop_map(Value::binary),
    ];
    let entries = proptest::collection::vec((".{1,8}", value), 1..5);
    entries.prop_map(|entries| {
        let unique: BTreeMap<String, Value> = entries.into_iter().collect();
        // From the last to the first: not in the order of keys.
        Payload::from_entries(unique.into_iter().rev()).unwrap()
    })
}

/// Keys, marks and bytes, in order.
fn all(payload: &Payload) -> Vec<(&str, bool, &[u8])> {
    let entries = payload.iter();
    entries
        .map(|(key, value)| (key, value.is_text(), value.expose_bytes()))
        .collect()
}

fn read(document: &[u8]) -> Result<Payload> {
    Mark::of(None).decode(&Value::text_or_binary(document))
}

fn document(entries: &str, crc32: &str) -> String {
    format!(r#"{{"polyvault":1,"crc32":"{crc32}","entries":[{entries}]}}"#)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_comes_back(payload in payloads()) {
        let document = encode(&payload).unwrap();

        let read = Mark::of(None).decode(&document).unwrap();

        prop_assert_eq!(all(&read), all(&payload));
        prop_assert!(!document.expose_text().unwrap().contains('\n'));
    }

    #[test]
    fn whatever_is_read_is_refused_or_a_payload(bytes in any::<Vec<u8>>()) {
        let refused = read(&bytes).map_err(|error| error.kind()).err();
        prop_assert_eq!(refused, Some(ErrorKind::Decode));
    }

    #[test]
    fn a_byte_changed_is_refused_or_the_same_payload(
        payload in payloads(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&payload).unwrap().expose_bytes().to_vec();
        *at.get_mut(&mut bytes) = byte;

        match read(&bytes) {
            Ok(read) => prop_assert_eq!(all(&read), all(&payload)),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Decode),
        }
    }

    #[test]
    fn a_mark_keeps_any_content_type(text in any::<String>()) {
        let mark = Mark::of(Some(&text));

        prop_assert_eq!(Mark::read(&mark.to_string()), Some(mark.clone()));
        prop_assert_eq!(mark.content_type().unwrap_or_default(), text);
    }

    #[test]
    fn any_content_type_is_a_mark_that_is_written_the_same_or_none(text in marks()) {
        let Some(mark) = Mark::read(&text) else {
            return Ok(());
        };
        let again = Mark::read(&mark.to_string()).unwrap();
        prop_assert_eq!(again.content_type(), mark.content_type());
        prop_assert_eq!(again.check_version().is_ok(), mark.check_version().is_ok());
        let lower = text.to_ascii_lowercase();
        let told = lower.contains("version=1") || lower.contains("version=\"1\"");
        prop_assert!(told || mark.check_version().is_err());
        prop_assert!(lower.contains("application/vnd.polyvault.payload+json"));
        let refused = mark.decode(&Value::text(&*text)).unwrap_err();
        prop_assert_eq!(refused.kind(), ErrorKind::Decode);
    }

    #[test]
    fn a_byte_more_or_less_is_refused_or_the_same_payload(
        payload in payloads(),
        at in any::<prop::sample::Index>(),
        byte in proptest::option::of(any::<u8>()),
    ) {
        let mut bytes = encode(&payload).unwrap().expose_bytes().to_vec();
        let at = at.index(bytes.len());
        match byte {
            Some(byte) => bytes.insert(at, byte),
            None => drop(bytes.remove(at)),
        }

        match read(&bytes) {
            Ok(read) => prop_assert_eq!(all(&read), all(&payload)),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Decode),
        }
    }

    #[test]
    fn a_description_comes_back_from_behind_its_mark(text in descriptions()) {
        let marked = mark_description(&text);

        prop_assert_eq!(split_description(&marked), (text.as_str(), Some(Mark::of(None))));
        prop_assert!(check_description(&marked).is_err());
    }

    #[test]
    fn any_description_is_the_users_alone_or_has_a_mark_at_its_end(text in descriptions()) {
        let (own, mark) = split_description(&text);

        prop_assert!(text.starts_with(own));
        match mark {
            None => {
                prop_assert_eq!(own, text.as_str());
                prop_assert!(check_description(&text).is_ok());
            }
            Some(_) => {
                let rest = text.get(own.len()..).unwrap().to_ascii_lowercase();
                prop_assert!(rest.trim().starts_with('[') && rest.trim().ends_with(']'));
                prop_assert!(rest.contains("application/vnd.polyvault.payload+json"));
                let refused = check_description(&text).unwrap_err();
                prop_assert_eq!(refused.kind(), ErrorKind::InvalidInput);
            }
        }
    }
}

/// Pieces of which marks are made, in any order.
fn pieces(more: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    let own = [
        "application/vnd.polyvault.payload+json",
        ";version=1",
        "; Version=\"1\"",
        ";version=2",
        ";type=text/x",
        ";type=\"a;\\\"",
        "\"",
        ";",
        "=",
        " ",
        "\t",
    ];
    let all = [own.as_slice(), more].concat();
    proptest::collection::vec(prop::sample::select(all), 0..6).prop_map(|pieces| pieces.concat())
}

fn marks() -> impl Strategy<Value = String> {
    let ours = pieces(&["x", "\u{e9}"]);
    let ours = ours.prop_map(|rest| format!("Application/VND.polyvault.payload+json{rest}"));
    prop_oneof![4 => ours, 1 => pieces(&["x"]), 1 => any::<String>()]
}

fn descriptions() -> impl Strategy<Value = String> {
    let own = "[application/vnd.polyvault.payload+json;version=1]";
    let more = ["[", "]", "[", "]", "of the shop", "\n", own, own];
    prop_oneof![2 => pieces(&more), 1 => any::<String>()]
}

#[test]
fn every_byte_of_a_document_is_held() {
    let entries = [
        ("user", Value::text("scott \"\n\u{e9}")),
        ("blob", Value::binary([0xff, 0, 1, 0xfb].as_slice())),
        ("none", Value::text("")),
    ];
    let payload = Payload::from_entries(entries).unwrap();
    let document = encode(&payload).unwrap();
    for at in 0..document.len() {
        for byte in 0..=u8::MAX {
            let mut bytes = document.expose_bytes().to_vec();
            *bytes.get_mut(at).unwrap() = byte;
            match read(&bytes) {
                Ok(read) => assert_eq!(all(&read), all(&payload), "{at} {byte}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
            }
        }
        let cut = read(document.expose_bytes().get(..at).unwrap());
        assert_eq!(cut.unwrap_err().kind(), ErrorKind::Decode, "{at}");
    }
}

/// The sums are zlib's, of what the module's page says.
#[test]
fn a_document_is_what_the_page_says() {
    let user = r#"{"key":"user","text":"scott"}"#;
    let blob = r#"{"key":"blob","base64":"AAEC"}"#;
    let both = document(&format!("{user},{blob}"), "badc26fd");

    let payload = read(both.as_bytes()).unwrap();

    assert_eq!(
        all(&payload),
        [("user", true, &b"scott"[..]), ("blob", false, &[0, 1, 2])]
    );
    assert_eq!(encode(&payload).unwrap().expose_text().unwrap(), both);
    let more = both.replace(r#""polyvault""#, r#""later":{"a":[1]},"polyvault""#);
    assert!(read(more.as_bytes()).unwrap().same_as(&payload));
    let upper = both.replace("badc26fd", "BADC26FD");
    assert!(read(upper.as_bytes()).unwrap().same_as(&payload));
}

#[test]
fn a_document_that_breaks_a_rule_is_refused_and_not_quoted() {
    let user = r#"{"key":"user","text":"hunter2"}"#;
    let right = encode(&Payload::from_entries([("user", Value::text("hunter2"))]).unwrap());
    let right = right.unwrap().expose_text().unwrap().to_owned();
    let sum = right.split('"').nth(5).unwrap().to_owned();
    assert!(read(right.as_bytes()).is_ok());
    for (what, document) in [
        ("another version", right.replace(":1,", ":2,")),
        ("a version that is a text", right.replace(":1,", ":\"1\",")),
        ("no version", right.replace(r#""polyvault":1,"#, "")),
        (
            "no checksum",
            right.replace(&format!(r#""crc32":"{sum}","#), ""),
        ),
        ("another checksum", document(user, "00000000")),
        ("a short checksum", document(user, sum.get(1..).unwrap())),
        (
            "a binary value",
            right.replace(r#""text":"hunter2""#, r#""base64":"aHVudGVyMg==""#),
        ),
        ("a key twice", document(&format!("{user},{user}"), &sum)),
        ("no entries", document("", "00000000")),
        (
            "an empty key",
            document(r#"{"key":"","text":"hunter2"}"#, &sum),
        ),
        ("no key", document(r#"{"text":"hunter2"}"#, &sum)),
        ("no value", document(r#"{"key":"user"}"#, &sum)),
        (
            "two values",
            document(r#"{"key":"user","text":"hunter2","base64":""}"#, &sum),
        ),
        (
            "bad base64",
            document(r#"{"key":"user","base64":"hunter2!"}"#, &sum),
        ),
        ("a number", document(r#"{"key":"user","text":7}"#, &sum)),
        ("more behind", format!("{right}x")),
        ("no JSON", "hunter2".to_owned()),
        ("nothing", String::new()),
    ] {
        let error = read(document.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
        assert!(
            !format!("{error} {error:?} {}", error.help()).contains("hunter2"),
            "{what}"
        );
    }
}

#[test]
fn the_order_of_parts_is_in_the_checksum() {
    let sums = [
        Payload::from_entries([("ab", Value::text("c"))]),
        Payload::from_entries([("a", Value::text("bc"))]),
        Payload::from_entries([("a", Value::text("b")), ("c", Value::text(""))]),
        Payload::from_entries([("c", Value::text("")), ("a", Value::text("b"))]),
        Payload::from_entries([("ab", Value::binary(b"c".as_slice()))]),
    ]
    .map(|payload| checksum(&payload.unwrap()));

    let different: std::collections::BTreeSet<_> = sums.iter().collect();
    assert_eq!(different.len(), sums.len(), "{sums:?}");
}

#[test]
fn only_our_own_media_type_is_a_mark() {
    const OURS: &str = "application/vnd.polyvault.payload+json";
    for (text, known, content_type) in [
        (format!("{OURS};version=1"), true, None),
        (
            format!(" {} ; VERSION=\"1\" ;", OURS.to_uppercase()),
            true,
            None,
        ),
        (
            format!("{OURS};type=\"a;version=2\\\"\\\\\";version=1"),
            true,
            Some("a;version=2\"\\"),
        ),
        (
            format!("{OURS};x=y; version=1; type=text/plain"),
            true,
            Some("text/plain"),
        ),
        (OURS.to_owned(), false, None),
        (
            format!("{OURS};version=2;type=\"text/plain\""),
            false,
            Some("text/plain"),
        ),
        (format!("{OURS};version=1;version=1"), false, None),
        (format!("{OURS};version=1;type=\"open"), false, None),
        (format!("{OURS};version"), false, None),
        (format!("{OURS};version=01"), false, None),
    ] {
        let mark = Mark::read(&text).unwrap();
        assert_eq!(mark.check_version().is_ok(), known, "{text}");
        assert_eq!(mark.content_type(), content_type, "{text}");
    }
    for text in [
        "",
        "application/json",
        "application/vnd.polyvault.payload+jsonx",
        "application/vnd.polyvault.payload+json/1;version=1",
        "application/vnd.polyvault.payload;version=1",
        "text/plain;type=\"application/vnd.polyvault.payload+json;version=1\"",
    ] {
        assert_eq!(Mark::read(text), None, "{text}");
    }
}

#[test]
fn a_content_type_of_a_million_parameters_takes_no_time() {
    let parameters: String = (0..1_000_000).map(|count| format!(";{count:x}=")).collect();
    let text = format!("{}{parameters}", Mark::of(None));
    let started = std::time::Instant::now();

    let mark = Mark::read(&text).unwrap();

    assert!(mark.check_version().is_ok());
    // Comparing each with each took hours.
    assert!(started.elapsed() < std::time::Duration::from_secs(60));
}
