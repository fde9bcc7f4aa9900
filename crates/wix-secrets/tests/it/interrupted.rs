//! Every call with one of its requests refused or unanswered: what is forbidden is never missing.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::{ErrorKind, Timestamp};
use polyvault_testkit::interrupt::Call::{AddVersion, Create, PutMetadata, Upsert};
use polyvault_testkit::interrupt::{Exception, Open, check_kind, interrupt_all};
use polyvault_testkit::refusals::check_help;
use polyvault_testkit::script::{Answer, answer, lost};
use polyvault_wix_secrets::emulator::Emulator;
use serde_json::json;

async fn site() -> Open {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let site = Emulator::builder().clock(clock).start().await;
    Box::new(move |options| Arc::new(site.store_with(options)))
}

/// A refusal with this code.
fn coded(status: u16, code: &str) -> Answer {
    let body = json!({
        "message": "Secret not found",
        "details": {"applicationError": {"code": code}},
    });
    answer(status, body.to_string())
}

#[tokio::test]
async fn what_is_forbidden_is_never_missing_nor_done() {
    // All that could read as missing, as an empty list and as done.
    let trap = json!({
        "details": {"applicationError": {"code": "NOT_FOUND"}},
        "secrets": [],
        "value": "made-up",
        "id": "11111111-2222-4333-8444-555555555555",
    });
    let mut others: Vec<Answer> = [
        "UNAUTHENTICATED",
        "UNAUTHORIZED",
        "PERMISSION_DENIED",
        "SECRET_NOT_FOUND",
        "ALREADY_EXISTS",
        "ABORTED",
        "RESOURCE_EXHAUSTED",
        "SomethingNew",
    ]
    .map(|code| coded(403, code))
    .into();
    others.push(answer(403, ""));
    others.push(answer(403, "{}"));
    others.push(answer(403, "<html><body>404 Not Found</body></html>"));
    others.push(answer(
        403,
        r#"{"details":{"applicationError":{"code":"NOT_F"#,
    ));
    let mut exists = vec![coded(403, "ALREADY_EXISTS")];
    exists.extend(others.iter().take(4).cloned());

    let mut tried = 0;
    for answers in [&[answer(403, trap.to_string())][..], &others, &exists] {
        let checked = check_kind(site, answers, ErrorKind::Forbidden, &[]).await;
        tried += checked.unwrap_or_else(|why| panic!("{answers:?}\n{why}"));
    }

    println!("{tried} requests forbidden");
}

#[tokio::test]
async fn what_is_missing_is_never_forbidden_nor_an_empty_list() {
    const OVERTAKEN: &str = "what another writer deleted in between is looked for and made again";
    let exceptions: [Exception; 1] = [(
        &[Create, Upsert, AddVersion, PutMetadata],
        "P",
        &[],
        OVERTAKEN,
    )];
    let answers = [
        coded(404, "NOT_FOUND"),
        coded(404, "PERMISSION_DENIED"),
        answer(404, ""),
    ];

    let checked = check_kind(site, &answers, ErrorKind::NotFound, &exceptions).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn a_refused_credential_is_never_anything_else() {
    let answers = [
        coded(401, "UNAUTHENTICATED"),
        coded(401, "NOT_FOUND"),
        answer(401, ""),
    ];

    let checked = check_kind(site, &answers, ErrorKind::Unauthenticated, &[]).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn whatever_is_lost_the_help_says_how_to_find_out() {
    let answers = [lost(), answer(503, "{}"), answer(200, "<html>")];

    for one in interrupt_all(site, &answers).await.unwrap() {
        if let Err(error) = one.outcome {
            let helped = check_help(&error);
            assert_eq!(helped, Ok(()), "{:?}, {}", one.call, one.request);
        }
    }
}
