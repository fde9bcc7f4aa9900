//! Answers as large as they may be, of as many parts as fit: time and memory grow with the bytes, and no faster.

use std::time::{Duration, Instant};

use super::*;

/// `first`, as many different parts as fit, `last`.
fn many(size: usize, first: &str, part: impl Fn(usize) -> String, last: &str) -> String {
    let mut text = first.to_owned();
    for count in 0.. {
        let part = part(count);
        if text.len() + part.len() + last.len() > size {
            break;
        }
        text.push_str(&part);
        text.push(',');
    }
    text.pop();
    text + last
}

/// Answers of this size, of any of the services, that hold many of one thing.
fn answers(size: usize) -> Vec<(&'static str, String)> {
    let many =
        |first: &str, part: &dyn Fn(usize) -> String, last: &str| many(size, first, part, last);
    let id = r#""id":"https://my-vault.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef","name":"db""#;
    let label = |count: usize| format!(r#""{count:x}":"""#);
    let mark = "application/vnd.polyvault.payload+json";
    let parameters = |count: usize| format!("{count:x}=");
    vec![
        (
            "labels",
            many(&format!(r#"{{{id},"value":"x","tags":{{"#), &label, "}}"),
        ),
        (
            "one label",
            many(
                &format!(r#"{{{id},"value":"x","tags":{{"#),
                &|_| r#""a":"""#.to_owned(),
                "}}",
            ),
        ),
        (
            "labels of Lockbox",
            many(
                r#"{"secrets":[{"id":"e6q","name":"db","labels":{"#,
                &label,
                "}}]}",
            ),
        ),
        (
            "entries",
            many(
                r#"{"versionId":"v","entries":["#,
                &|count| format!(r#"{{"key":"{count:x}","textValue":""}}"#),
                "]}",
            ),
        ),
        (
            "keys",
            many(
                r#"{"id":"e6q","currentVersion":{"id":"v","payloadEntryKeys":["#,
                &|count| format!(r#""{count:x}""#),
                "]}}",
            ),
        ),
        (
            "empty items",
            many(r#"{"value":["#, &|_| "{}".to_owned(), "]}"),
        ),
        (
            "empty secrets",
            many(r#"{"secrets":["#, &|_| "{}".to_owned(), "]}"),
        ),
        (
            "empty versions",
            many(r#"{"versions":["#, &|_| "{}".to_owned(), "]}"),
        ),
        (
            "items",
            many(
                r#"{"value":["#,
                &|count| format!(r#"{{"id":"https://v/secrets/{count:x}","name":"a"}}"#),
                "]}",
            ),
        ),
        (
            "secrets",
            many(
                r#"{"secrets":["#,
                &|count| format!(r#"{{"id":"{count:x}"}}"#),
                "]}",
            ),
        ),
        (
            "twins",
            many(
                r#"{"secrets":["#,
                &|count| format!(r#"{{"id":"{count:x}","name":"db"}}"#),
                "]}",
            ),
        ),
        (
            "versions",
            many(
                r#"{"versions":["#,
                &|count| format!(r#"{{"id":"{count:x}","status":"ACTIVE"}}"#),
                "]}",
            ),
        ),
        ("nulls", many(r#"{"value":["#, &|_| "null".to_owned(), "]}")),
        ("unknown fields", many(&format!("{{{id},"), &label, "}")),
        (
            "violations",
            many(
                r#"{"details":{"validationError":{"fieldViolations":["#,
                &|_| "{}".to_owned(),
                "]}}}",
            ),
        ),
        (
            "details",
            many(
                r#"{"code":3,"details":["#,
                &|_| r#"{"fieldViolations":[{}]}"#.to_owned(),
                "]}",
            ),
        ),
        (
            "parameters",
            many(
                &format!(r#"{{{id},"value":"x","contentType":"{mark}"#),
                &|count| format!(";{}", parameters(count)),
                r#""}"#,
            )
            .replace(",;", ";"),
        ),
        (
            "document",
            format!(
                r#"{{{id},"contentType":"{mark};version=1","value":{}}}"#,
                serde_json::json!(many(
                    r#"{"polyvault":1,"crc32":"00000000","entries":["#,
                    &|count| format!(r#"{{"key":"{count:x}","text":""}}"#),
                    "]}"
                ))
            ),
        ),
        (
            "escapes",
            format!(r#"{{{id},"value":"{}"}}"#, r"\u0000".repeat(size / 6 - 100)),
        ),
    ]
}

/// What the two calls that read the most come to; none tells an error as long as its answer.
async fn call(url: &str, status: u16, body: &str) -> (Duration, Vec<Error>) {
    let script = Script::always(answer(status, body));
    let store = open(url, &script);
    let started = Instant::now();
    let errors = calls(&*store).await;
    for error in &errors {
        let shown = format!("{error} {error:?}");
        assert!(shown.len() < 10_000, "{url}: {} characters", shown.len());
    }
    (started.elapsed(), errors)
}

#[tokio::test]
async fn an_answer_of_as_many_parts_as_fit_is_read_or_refused_in_a_time_that_grows_with_its_bytes()
{
    for (what, body) in answers(1024 * 1024) {
        let refusal = ["violations", "details", "unknown fields"].contains(&what);
        let status = if refusal { 400 } else { 200 };
        for (url, _, _) in STORES {
            let (elapsed, _) = call(url, status, &body).await;

            // A second or two, unless each part is compared with each.
            let most = Duration::from_secs(60);
            assert!(elapsed < most, "{what} {url}: {elapsed:?}");
        }
    }
}

#[tokio::test]
async fn a_request_id_as_long_as_a_head_may_be_is_cut_before_it_is_looked_through() {
    let mut refusal = answer(403, "");
    let id = "0".repeat(400_000).parse().unwrap();
    let headers = refusal.as_mut().unwrap().headers_mut();
    headers.insert("x-ms-request-id", id);
    let (url, _, _) = STORES[0];
    let store = open(url, &Script::always(refusal));
    let options = PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    let started = Instant::now();

    let error = store.put_with("db", "x".repeat(20_000), options).await;

    // Each place in the one compared with each in the other takes minutes.
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(error.unwrap_err().request_id().map(str::len), Some(100));
}
