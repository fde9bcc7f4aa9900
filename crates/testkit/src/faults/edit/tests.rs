//! Each edit fits its shape and no other.
#![expect(clippy::indexing_slicing, reason = "tests")]

use super::*;

fn edited(memory: &mut Memory, fault: Fault, target: &str, body: Value) -> Option<Value> {
    let asked = Asked {
        reads: true,
        origin: "http://127.0.0.1:1",
        held_back: false,
        target,
    };
    let (_, body) = memory.edit(Some(fault), &asked, body.to_string().as_bytes())?;
    serde_json::from_slice(&body).ok()
}

fn once(fault: Fault, body: Value) -> Option<Value> {
    edited(&mut Memory::default(), fault, "/secrets", body)
}

#[test]
fn labels_get_no_field_and_keep_their_values() {
    let body = json!({"type": "A", "tags": {"type": "mine"}, "labels": {"status": "mine"}});
    let unknown = once(Fault::UnknownField, body.clone()).unwrap_or_default();
    assert_eq!(
        (&unknown["tags"], &unknown["labels"]),
        (&body["tags"], &body["labels"])
    );
    assert!(unknown["fieldOfALaterVersion"].is_object());

    let other = once(Fault::UnknownEnum, body).unwrap_or_default();
    let due = json!({"type": "OF_A_LATER_VERSION", "tags": {"type": "mine"}, "labels": {"status": "mine"}});
    assert_eq!(other, due);
}

#[test]
fn what_has_not_the_shape_stays_as_it_is() {
    let plain = json!({"value": "v", "nextLink": ""});
    for fault in [
        Fault::RepeatedPageToken,
        Fault::EmptyPage,
        Fault::UnknownEnum,
        Fault::FailedOperation,
        Fault::NeverDone,
    ] {
        assert_eq!(once(fault, plain.clone()), None, "{fault}");
    }
}

#[test]
fn an_empty_page_leads_to_the_page_that_was_asked_for() {
    for (token, next) in [
        ("two", "empty-page-0"),
        (
            "http://127.0.0.1:1/secrets?token=two",
            "http://127.0.0.1:1/secrets?size=1&page=empty-page-0",
        ),
    ] {
        let mut memory = Memory::default();
        let page = json!({"items": ["a"], "nextToken": token});
        let target = "/secrets?size=1";
        let empty = edited(&mut memory, Fault::EmptyPage, target, page);
        assert_eq!(empty, Some(json!({"items": [], "nextToken": next})));
        let asked = "/secrets?size=1&pageToken=empty-page-0";
        assert_eq!(memory.resolve(asked).as_deref(), Some(target));
        assert_eq!(memory.resolve("/secrets?pageToken=two"), None);
    }
}

#[test]
fn a_token_is_repeated_within_its_listing_alone() {
    let mut memory = Memory::default();
    let mut page = |target: &str, next: &str| {
        let page = json!({"items": [], "next": next});
        edited(&mut memory, Fault::RepeatedPageToken, target, page)
    };
    assert_eq!(page("/secrets", "two"), None);
    assert_eq!(page("/secrets?pageToken=two", "two"), None);
    let repeated = Some(json!({"items": [], "next": "two"}));
    assert_eq!(page("/secrets?pageToken=two", "three"), repeated);
    assert_eq!(page("/secrets", "one"), None);
    let repeated = Some(json!({"items": [], "next": "one"}));
    assert_eq!(page("/secrets?pageToken=one", ""), repeated);
}

#[test]
fn an_operation_that_is_never_done_stays_so_and_others_are_done() {
    let mut memory = Memory::default();
    let done = |id: &str| json!({"id": id, "done": true, "response": {}});
    let going_on = Some(json!({"id": "one", "done": false}));
    let hit = edited(&mut memory, Fault::NeverDone, "/one", done("one"));
    assert_eq!(hit, going_on);
    let asked = Asked {
        reads: true,
        origin: "",
        held_back: false,
        target: "/one",
    };
    let mut later = |body: Value| memory.edit(None, &asked, body.to_string().as_bytes());
    assert!(later(done("two")).is_none());
    let (fault, body) = later(done("one")).unwrap_or((Fault::CutBody, Vec::new()));
    assert_eq!(fault, Fault::NeverDone);
    assert_eq!(serde_json::from_slice(&body).ok(), going_on);

    let failed = once(Fault::FailedOperation, done("one")).unwrap_or_default();
    assert_eq!(
        (&failed["done"], &failed["error"]["code"]),
        (&json!(true), &json!(13))
    );
    assert_eq!(failed.get("response"), None);
}
