//! Deliveries: who may make them, and the two handshakes.

use std::num::NonZeroU32;

use http::{HeaderMap, Method, Request};
use polyvault_azure_key_vault::events::{Delivery, EventKind, MAX_BODY, Receiver};
use polyvault_core::{ErrorKind, Result};
use serde_json::json;

use super::body;

const KEY: &str = "hunter2-hunter2-1";
const URL: &str = "https://app.example/events?a=b&code=hunter2-hunter2-1";
const CODE: &str = "512d38b6-0000-4000-8000-000000000001";

fn receiver() -> Receiver {
    let receiver = Receiver::with_query_key("code", KEY.into()).unwrap();
    receiver.subscription("My-Subscription")
}

fn request(method: Method, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(url);
    let add = |request: http::request::Builder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    headers.iter().fold(request, add).body(body).unwrap()
}

fn post(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Request<Vec<u8>> {
    request(Method::POST, url, headers, body)
}

fn validation(url: &str, subscription: &[(&str, &str)]) -> Request<Vec<u8>> {
    let kind = [("aeg-event-type", "SubscriptionValidation")];
    let headers = [&kind, subscription].concat();
    post(url, &headers, body("subscription-validation"))
}

fn options(url: &str, headers: &[(&str, &str)]) -> Request<Vec<u8>> {
    request(Method::OPTIONS, url, headers, Vec::new())
}

fn refused(delivery: Result<Delivery>) -> ErrorKind {
    let error = delivery.unwrap_err();
    assert_eq!(error.provider(), Some("azure-key-vault"));
    let shown = format!("{error} {error:?} {}", error.help());
    assert!(
        !shown.contains("hunter2") && !shown.contains(CODE),
        "{shown}"
    );
    error.kind()
}

fn answered(headers: &HeaderMap, name: &str) -> String {
    headers[name].to_str().unwrap().to_owned()
}

#[test]
fn events_of_a_right_key_are_delivered() {
    let sample = body("event-grid-sample");
    for headers in [
        &[][..],
        &[
            ("aeg-event-type", "Notification"),
            ("aeg-subscription-name", "MY-SUBSCRIPTION"),
        ],
        &[("origin", "eventgrid.azure.net")],
    ] {
        let delivery = receiver()
            .receive(&post(URL, headers, sample.clone()))
            .unwrap();
        let Delivery::Events(events) = delivery else {
            panic!("{delivery:?}");
        };
        assert_eq!(events[0].kind, EventKind::SecretNewVersionCreated);
    }
}

#[test]
fn a_key_in_the_query_is_asked_of_every_request() {
    let without = [
        "https://app.example/events",
        "https://app.example/events?code=",
        "https://app.example/events?code=hunter2-hunter2-",
        "https://app.example/events?code=hunter2-hunter2-2",
        "https://app.example/events?code=Hunter2-hunter2-1",
        "https://app.example/events?code=hunter2-hunter2-11",
        "https://app.example/events?CODE=hunter2-hunter2-1",
        "https://app.example/events?code=hunter2-hunter2-1&code=hunter2-hunter2-1",
        "https://app.example/events?code=x&code=hunter2-hunter2-1",
    ];
    let known = [("aeg-subscription-name", "my-subscription")];
    for url in without {
        for request in [
            post(url, &known, body("event-grid-sample")),
            validation(url, &known),
            options(url, &[("webhook-request-origin", "eventgrid.azure.net")]),
        ] {
            assert_eq!(
                refused(receiver().receive(&request)),
                ErrorKind::Unauthenticated,
                "{url}"
            );
        }
    }
    let escaped = "https://app.example/events?code=hunter2%2Dhunter2-1";
    assert!(
        receiver()
            .receive(&post(escaped, &[], b"[]".to_vec()))
            .is_ok()
    );
}

#[test]
fn a_key_in_a_header_is_asked_of_events_and_may_be_missing_in_handshakes() {
    let receiver = Receiver::with_header_key("X-Events-Key", KEY.into()).unwrap();
    let receiver = receiver.subscription("my-subscription");
    let url = "https://app.example/events?x-events-key=hunter2-hunter2-1";
    let known = ("aeg-subscription-name", "my-subscription");
    let from = ("webhook-request-origin", "eventgrid.azure.net");
    let (right, wrong) = (("x-events-key", KEY), ("x-events-key", "hunter2-hunter2-2"));

    assert!(
        receiver
            .receive(&post(url, &[right], b"[]".to_vec()))
            .is_ok()
    );
    assert!(receiver.receive(&validation(url, &[known])).is_ok());
    assert!(receiver.receive(&options(url, &[from])).is_ok());
    for request in [
        post(url, &[], b"[]".to_vec()),
        post(url, &[wrong], b"[]".to_vec()),
        post(url, &[right, right], b"[]".to_vec()),
        post(
            url,
            &[("aeg-event-type", "SubscriptionDeletion")],
            body("subscription-deleted"),
        ),
        validation(url, &[known, wrong]),
        options(url, &[from, wrong]),
    ] {
        assert_eq!(
            refused(receiver.receive(&request)),
            ErrorKind::Unauthenticated
        );
    }
}

#[test]
fn two_keys_are_right_while_one_is_being_changed() {
    let receiver = receiver().or_key("hunter2-hunter2-2".into()).unwrap();
    let takes = |key: &str| {
        let url = format!("https://app.example/events?code={key}");
        receiver.receive(&post(&url, &[], b"[]".to_vec())).is_ok()
    };

    assert!(takes(KEY) && takes("hunter2-hunter2-2"));
    assert!(!takes("hunter2-hunter2-3"));
    assert!(!format!("{receiver:?}").contains("hunter2"));
}

#[test]
fn a_key_that_could_be_guessed_or_would_not_arrive_is_refused() {
    let config = |made: Result<Receiver>| {
        let error = made.unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        error.kind() == ErrorKind::Config
    };
    for key in [
        "",
        "hunter2-hunter2",
        "hunter2+hunter2-1",
        "hunter2 hunter2-1",
        "hunter2-hunter2&1",
    ] {
        assert!(
            config(Receiver::with_query_key("code", key.into())),
            "{key}"
        );
        assert!(config(receiver().or_key(key.into())), "{key}");
    }
    for key in ["", "hunter2-hunter2", "hunter2 hunter2-1"] {
        assert!(config(Receiver::with_header_key("x", key.into())), "{key}");
    }
    assert!(Receiver::with_header_key("x", "hunter2+hunter2/1=".into()).is_ok());
    assert!(config(Receiver::with_header_key("x y", KEY.into())));
    assert!(config(
        Receiver::authenticated_elsewhere().or_key(KEY.into())
    ));
}

#[test]
fn a_validation_of_a_listed_subscription_is_answered_with_its_code() {
    for name in ["my-subscription", "MY-SUBSCRIPTION"] {
        let request = validation(URL, &[("aeg-subscription-name", name)]);
        let delivery = receiver().receive(&request).unwrap();
        let Delivery::Validation {
            subscription,
            response,
        } = delivery
        else {
            panic!("{delivery:?}");
        };

        assert_eq!(subscription, name);
        assert_eq!(response.status(), 200);
        assert_eq!(
            answered(response.headers(), "content-type"),
            "application/json"
        );
        let answer = format!(r#"{{"validationResponse":"{CODE}"}}"#);
        assert_eq!(String::from_utf8(response.into_body()).unwrap(), answer);
    }
}

#[test]
fn no_code_is_given_back_for_a_subscription_that_is_not_listed() {
    let other = ("aeg-subscription-name", "other");
    let own = ("aeg-subscription-name", "my-subscription");
    for names in [
        &[][..],
        &[other],
        &[own, other],
        &[("aeg-subscription-name", "")],
    ] {
        let request = validation(URL, names);
        assert_eq!(
            refused(receiver().receive(&request)),
            ErrorKind::Forbidden,
            "{names:?}"
        );
    }
    let nothing_listed = Receiver::with_query_key("code", KEY.into()).unwrap();
    for receiver in [nothing_listed, Receiver::authenticated_elsewhere()] {
        let request = validation(URL, &[own]);
        assert_eq!(refused(receiver.receive(&request)), ErrorKind::Forbidden);
    }
    // Only the header makes it one: an event in a body is anybody's who may publish.
    let request = post(URL, &[own], body("subscription-validation"));
    let delivery = receiver().receive(&request).unwrap();
    assert!(matches!(delivery, Delivery::Events(_)), "{delivery:?}");
}

#[test]
fn a_validation_without_its_one_code_is_refused() {
    let kind = "Microsoft.EventGrid.SubscriptionValidationEvent";
    let event =
        |kind: &str, data: serde_json::Value| json!({"id": "1", "eventType": kind, "data": data});
    let whole = event(kind, json!({"validationCode": CODE}));
    for (body, taken) in [
        (json!([whole]), true),
        (json!([]), false),
        (json!([whole, whole]), false),
        (
            json!([event(
                "Microsoft.KeyVault.SecretExpired",
                json!({"validationCode": CODE})
            )]),
            false,
        ),
        (json!([event(kind, json!({"validationCode": ""}))]), false),
        (
            json!([event(kind, json!({"validationCode": ["hunter2"]}))]),
            false,
        ),
        (json!([event(kind, json!(null))]), false),
    ] {
        let headers = [
            ("aeg-event-type", "SubscriptionValidation"),
            ("aeg-subscription-name", "my-subscription"),
        ];
        let delivery = receiver().receive(&post(URL, &headers, body.to_string().into_bytes()));
        match taken {
            true => assert!(delivery.is_ok()),
            false => assert_eq!(refused(delivery), ErrorKind::Decode, "{body}"),
        }
    }
}

#[test]
fn events_of_another_subscription_or_origin_are_refused() {
    let other = [("aeg-subscription-name", "other")];
    let request = post(URL, &other, b"[]".to_vec());
    assert_eq!(refused(receiver().receive(&request)), ErrorKind::Forbidden);
    let nothing_listed = Receiver::with_query_key("code", KEY.into()).unwrap();
    assert!(nothing_listed.receive(&request).is_ok());

    let evil = post(
        URL,
        &[("origin", "eventgrid.azure.net.evil.example")],
        b"[]".to_vec(),
    );
    assert_eq!(refused(receiver().receive(&evil)), ErrorKind::Forbidden);
    let deleted = [("aeg-event-type", "SubscriptionDeletion"), other[0]];
    let deleted = post(URL, &deleted, body("subscription-deleted"));
    assert_eq!(refused(receiver().receive(&deleted)), ErrorKind::Forbidden);
}

#[test]
fn an_allowed_origin_and_no_other_gets_consent() {
    let china = receiver().origin("EventGrid.azure.cn");
    for origin in [
        "eventgrid.azure.net",
        "EventGrid.Azure.Net",
        "eventgrid.azure.cn",
    ] {
        let headers = [
            ("WebHook-Request-Origin", origin),
            ("WebHook-Request-Rate", "120"),
        ];
        let delivery = china.receive(&options(URL, &headers)).unwrap();
        let Delivery::Consent { response } = delivery else {
            panic!("{delivery:?}");
        };
        assert_eq!(response.status(), 200);
        assert_eq!(
            answered(response.headers(), "webhook-allowed-origin"),
            origin
        );
        assert_eq!(answered(response.headers(), "webhook-allowed-rate"), "*");
        assert!(response.body().is_empty());
    }
    let bounded = receiver().allowed_rate(NonZeroU32::new(120).unwrap());
    let request = options(URL, &[("webhook-request-origin", "eventgrid.azure.net")]);
    let Delivery::Consent { response } = bounded.receive(&request).unwrap() else {
        panic!("no consent");
    };
    assert_eq!(answered(response.headers(), "webhook-allowed-rate"), "120");
    for headers in [
        &[][..],
        &[("webhook-request-origin", "")],
        &[("webhook-request-origin", "*")],
        &[("webhook-request-origin", "evil.example")],
        &[("webhook-request-origin", "eventgrid.azure.cn")],
        &[(
            "webhook-request-origin",
            "evil.example, eventgrid.azure.net",
        )],
        &[
            ("webhook-request-origin", "eventgrid.azure.net"),
            ("webhook-request-origin", "evil.example"),
        ],
    ] {
        let request = options(URL, headers);
        assert_eq!(
            refused(receiver().receive(&request)),
            ErrorKind::Forbidden,
            "{headers:?}"
        );
    }
}

#[test]
fn a_deleted_subscription_is_told() {
    let headers = [("aeg-event-type", "SubscriptionDeletion")];
    let request = post(URL, &headers, body("subscription-deleted"));

    let delivery = receiver().receive(&request).unwrap();

    let Delivery::SubscriptionDeleted { id } = delivery else {
        panic!("{delivery:?}");
    };
    assert!(id.unwrap().ends_with("/eventSubscriptions/my-subscription"));
}

#[test]
fn other_methods_are_no_deliveries() {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let request = request(method, URL, &[], body("event-grid-sample"));
        assert_eq!(
            refused(receiver().receive(&request)),
            ErrorKind::Unsupported
        );
    }
}

#[test]
fn a_body_is_bounded_and_not_read_before_the_key_is_right() {
    let long = vec![b' '; MAX_BODY + 1];
    let validates = [
        ("aeg-event-type", "SubscriptionValidation"),
        ("aeg-subscription-name", "my-subscription"),
    ];
    for headers in [
        &[][..],
        &validates,
        &[("aeg-event-type", "SubscriptionDeletion")],
    ] {
        let request = post(URL, headers, long.clone());
        assert_eq!(refused(receiver().receive(&request)), ErrorKind::TooLarge);
        let request = post("https://app.example/", headers, long.clone());
        assert_eq!(
            refused(receiver().receive(&request)),
            ErrorKind::Unauthenticated
        );
    }
    assert_eq!(
        refused(receiver().receive(&post(URL, &[], b"hunter2".to_vec()))),
        ErrorKind::Decode
    );
}
