//! A service that repeats what it was sent wherever it can.

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response};
use polyvault::transport::Body;
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::Answer;
use serde_json::{Value, json};

/// Makes an answer that shows what the request held: its credential, and a value if it took one along.
pub(crate) type Echo = fn(&str) -> Answer;

/// Every form of an answer, with the text in each place where one can stand.
pub(crate) const ECHOES: &[Echo] = &[
    |text| refused(400, text, objects(text)),
    |text| refused(401, text, objects(text)),
    |text| refused(400, text, wix_rule(text)),
    |text| refused(412, text, lockbox(text)),
    |text| with_headers(503, text, format!("<html><body>{text}</body></html>")),
    |text| refused(302, text, json!(text)),
    |text| refused(200, text, misshapen(text)),
    |text| refused(200, text, failed(text)),
    |text| refused(200, text, elsewhere(text)),
    |text| with_headers(200, text, cut_off(text)),
];

/// An issuer of tokens, which refuses so and repeats what it was sent.
pub(crate) fn oauth(text: &str) -> Answer {
    let body = json!({"error": word(text), "error_description": text, "error_uri": text,
        "trace_id": text, "correlation_id": text, "message": text});
    refused(401, text, body)
}

/// What a request can be answered with by who repeats all of it: the token, and the value where it was sent.
pub(crate) fn told_by(request: &Request<Body>, value: &Mark, token: &Mark) -> String {
    let mut text = token.text().to_owned();
    let sent = request.body().as_bytes();
    if value.find_in_bytes(sent).is_some() {
        // What fits into a header and a word, and all of it.
        text.insert_str(0, &value.text()[..27]);
        text.push_str(value.text());
    }
    text
}

fn refused(status: u16, text: &str, body: Value) -> Answer {
    with_headers(status, text, body.to_string())
}

fn with_headers(status: u16, text: &str, body: impl Into<Vec<u8>>) -> Answer {
    let mut answer = Response::new(Body::from_wiped(body.into().into()));
    *answer.status_mut() = status.try_into().unwrap();
    // No line ends, and not too long, as proxies have them.
    let plain: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(2_000)
        .collect();
    for (name, value) in [
        ("x-ms-request-id", plain.clone()),
        ("x-wix-request-id", plain.clone()),
        ("x-request-id", plain.clone()),
        ("content-type", format!("application/{plain}")),
        ("location", format!("https://elsewhere.example/{plain}")),
        ("retry-after", plain.clone()),
        (
            "www-authenticate",
            format!(
                r#"Bearer authorization="https://{plain}.example/{plain}", resource="https://{plain}.example", error="{plain}""#
            ),
        ),
    ] {
        let name = HeaderName::from_static(name);
        answer
            .headers_mut()
            .insert(name, HeaderValue::try_from(value).unwrap());
    }
    Ok(answer)
}

/// As much as a code has at most.
fn word(text: &str) -> &str {
    &text[..text.len().min(60)]
}

/// As Azure and Wix have it.
fn objects(text: &str) -> Value {
    json!({
        "error": {"code": text, "message": text, "target": text, "innererror": {"code": word(text)}},
        "message": text,
        "details": {
            "applicationError": {"code": word(text), "description": text, "data": {"value": text}},
        },
    })
}

fn wix_rule(text: &str) -> Value {
    json!({"message": text, "details": {"validationError": {"fieldViolations": [
        {"field": word(text), "description": text, "violatedRule": word(text), "data": {"value": text}},
        {"field": text, "description": text, "violatedRule": text},
    ]}}})
}

fn lockbox(text: &str) -> Value {
    json!({"code": 3, "message": text, "details": [
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
            {"field": word(text), "description": text},
        ]},
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": text, "servingData": text},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "message": text},
    ]})
}

/// What holds no field of the right shape.
fn misshapen(text: &str) -> Value {
    json!({"value": [text], "secret": text, "secrets": text, "versions": text, "entries": text,
        "id": [text], "attributes": text, "properties": text, "metadata": text, "done": text,
        "response": text, "createdAt": text, "access_token": [text], "iamToken": [text],
        "versionId": [text], "currentVersion": text})
}

/// An operation that failed, and one of the wrong kind.
fn failed(text: &str) -> Value {
    json!({"id": "e6q0123456789abcdef0", "done": true, "error": {"code": 9, "message": text,
        "details": [
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": text},
            {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "message": text},
        ]}, "metadata": {"secretId": "e6q0123456789abcdef0"}})
}

/// A list whose next page is another host's.
fn elsewhere(text: &str) -> Value {
    let plain: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(2_000)
        .collect();
    json!({"value": [], "nextLink": format!("https://elsewhere.example/{plain}?$skiptoken={plain}")})
}

fn cut_off(text: &str) -> String {
    let body = json!({"value": text, "entries": [{"key": "value", "textValue": text}]}).to_string();
    let mut end = body.len() - 20;
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    body[..end].to_owned()
}
