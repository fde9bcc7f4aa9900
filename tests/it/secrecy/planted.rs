//! A leak that is planted in any channel, in any form, is found.

use std::fmt::Write as _;

use http::Request;
use polyvault::provider::OpenOptions;
use polyvault::transport::Body;
use polyvault::{Environment, Error, ErrorKind, Labels, SecretId, SecretInfo, StoreConfig};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Script, answer};

use super::capture::{Heard, panicked};
use super::told::Told;

type Form = (&'static str, fn(&str) -> String);

/// The testkit has more of them, and holds the search to each.
const FORMS: &[Form] = &[
    ("plain", str::to_owned),
    ("base64", base64),
    ("hex", |text| {
        text.bytes().fold(String::new(), |mut all, byte| {
            let _ = write!(all, "{byte:02x}");
            all
        })
    }),
    ("percent", |text| {
        text.bytes().fold(String::new(), |mut all, byte| {
            let _ = write!(all, "%{byte:02X}");
            all
        })
    }),
    ("JSON", |text| {
        serde_json::json!({ "value": text }).to_string()
    }),
    ("Debug", |text| format!("{text:?}")),
    ("first half", |text| text[..text.len() / 2].to_owned()),
    ("second half", |text| text[text.len() / 2..].to_owned()),
];

/// Of what Azure calls a backup.
fn base64(text: &str) -> String {
    let value = polyvault::Value::text(text);
    let body = polyvault::transport::json::encode(&polyvault::transport::json::PlainBase64(&value));
    String::from_utf8(body.unwrap().as_bytes().to_vec()).unwrap()
}

type Channel = (&'static str, fn(String, &mut Told, &Heard));

fn error() -> Error {
    Error::new(ErrorKind::Unexpected, "planted")
}

const CHANNELS: &[Channel] = &[
    ("message", |text, told, _| {
        told.error("x", &Error::new(ErrorKind::Unexpected, text))
    }),
    ("help", |text, told, _| {
        told.error("x", &error().with_help(text))
    }),
    ("code", |text, told, _| {
        told.error("x", &error().with_code(text))
    }),
    ("request id", |text, told, _| {
        told.error("x", &error().with_request_id(text))
    }),
    ("secret's name", |text, told, _| {
        told.error("x", &error().with_secret(text))
    }),
    ("Debug", |text, told, _| {
        let id = SecretId::new("a").unwrap();
        let info = SecretInfo {
            labels: Some(Labels::from([("team".to_owned(), text)])),
            ..SecretInfo::new(id)
        };
        told.show("x", &info);
    }),
    ("serde", |text, told, _| {
        let endpoint = format!("https://a.example/{}", url_safe(&text));
        let config = StoreConfig::new("wix-secrets", "x").with("endpoint", endpoint);
        told.text("x", serde_json::to_string(&config).unwrap());
    }),
    ("span", |text, _, heard| {
        within(heard, || {
            drop(tracing::trace_span!("planted", text).entered())
        })
    }),
    ("field recorded later", |text, _, heard| {
        within(heard, || {
            let span = tracing::trace_span!("planted", text = tracing::field::Empty);
            span.record("text", text);
        })
    }),
    ("event", |text, _, heard| {
        within(heard, || tracing::trace!("planted {text}"))
    }),
    ("event's field", |text, _, heard| {
        within(heard, || tracing::trace!(text, "planted"))
    }),
    ("log", |text, _, heard| {
        within(heard, || log::trace!("planted {text}"))
    }),
    ("metrics", |text, _, heard| {
        heard.push("metrics", format!("{:?}", Some(text)));
    }),
    ("URL", |text, _, heard| {
        send(heard, |request| {
            let url = format!("http://127.0.0.1:1/{}", url_safe(&text));
            *request.uri_mut() = url.parse().unwrap();
        })
    }),
    ("header", |text, _, heard| {
        send(heard, |request| {
            request
                .headers_mut()
                .insert("x-planted", text.parse().unwrap());
        })
    }),
    ("panic", |text, _, heard| {
        panicked(heard, || panic!("planted {text}"))
    }),
    ("unwrap", |text, _, heard| {
        panicked(heard, || {
            let refused = SecretId::new("").map_err(|_| Error::new(ErrorKind::Unexpected, text));
            refused.unwrap();
        })
    }),
    ("assertion", |text, _, heard| {
        panicked(heard, || assert_eq!("planted", text))
    }),
    ("panic in a span", |text, _, heard| {
        panicked(heard, || {
            within(&heard.clone(), || {
                panic!("planted {text}");
            })
        })
    }),
];

fn url_safe(text: &str) -> String {
    text.replace(['"', '{', '}', '\\', ':'], "-")
}

fn within(heard: &Heard, work: impl FnOnce()) {
    let listening = heard.while_in(async { work() });
    futures_util::FutureExt::now_or_never(listening).unwrap();
}

fn send(heard: &Heard, change: impl FnOnce(&mut Request<Body>)) {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = "http://127.0.0.1:1/".parse().unwrap();
    change(&mut request);
    let transport = heard.options().transport.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sent = transport.send(request, std::time::Duration::from_secs(1));
    let _ = runtime.block_on(sent);
}

#[test]
fn a_leak_in_any_channel_and_form_is_found() {
    let mark = Mark::new();
    for (channel, plant) in CHANNELS {
        for (form, make) in FORMS {
            let (mut told, heard) = (Told::default(), Heard::default());

            plant(make(mark.text()), &mut told, &heard);

            heard.tell(&mut told);
            let leaks = told.leaks(&[&mark]);
            assert!(!leaks.is_empty(), "{form} in {channel}");
        }
    }
}

#[test]
fn what_was_not_planted_is_not_found() {
    let (mark, other) = (Mark::new(), Mark::new());
    for (_, plant) in CHANNELS {
        let (mut told, heard) = (Told::default(), Heard::default());
        plant(other.text().to_owned(), &mut told, &heard);
        heard.tell(&mut told);
        assert!(told.len() > 0);
        assert_eq!(told.leaks(&[&mark]), [""; 0]);
    }
}

#[test]
fn a_credential_in_a_url_is_found_where_the_url_is_shown() {
    let mark = Mark::new();
    let script = Script::always(answer(200, "{}"));
    let environment = Environment::empty().with("WIX_API_KEY", "made-up");
    let client = script.options();
    let url = format!("wix-secrets://{}", mark.text());
    let options = OpenOptions {
        environment,
        client,
    };
    let store = polyvault::open_with(&url, options).unwrap();
    let mut told = Told::default();

    told.text("the store's name", store.to_string());

    assert_eq!(told.leaks(&[&mark]), ["the store's name, plain"]);
}
