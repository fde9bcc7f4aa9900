//! Every call with one of its requests refused or unanswered: what is forbidden is never missing.

use std::sync::Arc;

use polyvault_core::clock::ManualClock;
use polyvault_core::{ErrorKind, Timestamp};
use polyvault_testkit::interrupt::Call::{
    AddVersion, Create, Delete, Disable, PutMetadata, Resume, Update, Upsert,
};
use polyvault_testkit::interrupt::{Exception, Open, check_kind, interrupt_all};
use polyvault_testkit::refusals::check_help;
use polyvault_testkit::script::{Answer, answer, lost};
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::json;

/// A folder with short pages, where operations take a look.
async fn folder() -> Open {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let folder = Emulator::builder().clock(clock).start().await;
    folder.page_size(2);
    folder.pending_polls(1);
    Box::new(move |options| Arc::new(folder.store_with(options)))
}

/// The same, where what came of an operation must be read anew.
async fn stored_empty() -> Open {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let folder = Emulator::builder().clock(clock).start().await;
    folder.stored_empty(true);
    folder.pending_polls(1);
    Box::new(move |options| Arc::new(folder.store_with(options)))
}

/// A refusal with this code of gRPC.
fn coded(status: u16, code: i64) -> Answer {
    let body = json!({"code": code, "message": "Secret not found", "details": [
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "r-1"},
    ]});
    answer(status, body.to_string())
}

#[tokio::test]
async fn what_is_forbidden_is_never_missing_nor_done() {
    // All that could read as missing, as an empty list and as done.
    let trap = json!({"code": 5, "secrets": [], "versions": [], "done": true, "id": "e6q"});
    let mut others: Vec<Answer> = (0..=17).map(|code| coded(403, code)).collect();
    others.push(answer(403, ""));
    others.push(answer(403, "<html><body>404 Not Found</body></html>"));
    others.push(answer(403, r#"{"code":5"#));

    let mut tried = 0;
    for answers in [&[answer(403, trap.to_string())][..], &others] {
        let checked = check_kind(folder, answers, ErrorKind::Forbidden, &[]).await;
        tried += checked.unwrap_or_else(|why| panic!("{answers:?}\n{why}"));
    }

    println!("{tried} requests forbidden");
}

#[tokio::test]
async fn a_write_that_is_done_stays_done_if_reading_it_back_is_forbidden() {
    const DONE: &str = "the operation has told that the version is there, and its id";
    let exceptions: [Exception; 1] = [(
        &[Create, Upsert, AddVersion, PutMetadata],
        "GET /lockbox/v1/secrets/",
        &[],
        DONE,
    )];
    let answers = [coded(403, 7)];

    let checked = check_kind(stored_empty, &answers, ErrorKind::Forbidden, &exceptions).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn what_is_missing_is_never_forbidden_nor_an_empty_list() {
    const EARLY: &str = "as the vendor's clients: an operation may not be on every replica yet";
    let exceptions: [Exception; 1] = [(
        &[
            Create,
            Upsert,
            AddVersion,
            PutMetadata,
            Update,
            Disable,
            Delete,
            Resume,
        ],
        "GET /operations/",
        &[],
        EARLY,
    )];
    let answers = [coded(404, 5), coded(404, 7), answer(404, "")];

    let checked = check_kind(folder, &answers, ErrorKind::NotFound, &exceptions).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn a_refused_token_is_never_anything_else() {
    let answers = [coded(401, 16), coded(401, 5), answer(401, "")];

    let checked = check_kind(folder, &answers, ErrorKind::Unauthenticated, &[]).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn whatever_is_lost_the_help_says_how_to_find_out() {
    let answers = [
        lost(),
        coded(503, 14),
        answer(200, "<html>"),
        answer(200, "{}"),
    ];

    for one in interrupt_all(folder, &answers).await.unwrap() {
        if let Err(error) = one.outcome {
            let helped = check_help(&error);
            assert_eq!(helped, Ok(()), "{:?}, {}", one.call, one.request);
        }
    }
}
