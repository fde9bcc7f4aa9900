//! Every call with one of its requests refused or unanswered: what is forbidden is never missing.

use std::sync::Arc;

use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::ErrorKind::{self, InTransition};
use polyvault_testkit::interrupt::Call::{
    Create, Delete, Describe, DescribeDisabled, PutMetadata, PutPurging, PutRecovering, Recover,
    Resume, Upsert,
};
use polyvault_testkit::interrupt::{Exception, Open, check_kind, interrupt_all};
use polyvault_testkit::refusals::check_help;
use polyvault_testkit::script::{Answer, answer, lost};
use serde_json::json;

use crate::manual_clock;

/// A vault with short pages, where deletes and recoveries take two looks.
async fn vault() -> Open {
    let vault = Emulator::builder().clock(manual_clock()).start().await;
    vault.page_size(1);
    vault.delete_polls(1);
    vault.recover_polls(1);
    Box::new(move |options| Arc::new(vault.store_with(options)))
}

/// A refusal with this inner code.
fn coded(status: u16, code: &str) -> Answer {
    let body = json!({"error": {
        "code": "Forbidden",
        "message": "SecretNotFound",
        "innererror": {"code": code},
    }});
    answer(status, body.to_string())
}

const READ_BY_OTHERS: &str = "as the vendor's clients: who may change need not be allowed to look";

/// Where the wire page says that a refusal is no end.
const LOOKS: [Exception; 4] = [
    (&[Delete], "GET /deletedsecrets/", &[], READ_BY_OTHERS),
    (&[Resume], "GET ", &[], READ_BY_OTHERS),
    (&[Recover], "GET /secrets/", &[], READ_BY_OTHERS),
    (
        &[PutRecovering],
        "GET /secrets/",
        &[InTransition],
        "the recovery can't be watched to its end: the put may come too early, and says so",
    ),
];

#[tokio::test]
async fn what_is_forbidden_is_never_missing_nor_done() {
    // All that could read as missing and as an empty list.
    let trap = json!({
        "error": {"code": "SecretNotFound", "innererror": {"code": "SecretNotFound"}},
        "value": [],
        "nextLink": null,
    });
    let traps = [
        answer(403, trap.to_string()),
        coded(403, "ObjectIsBeingDeleted"),
    ];
    let mut others: Vec<Answer> = [
        "Forbidden",
        "ForbiddenByRbac",
        "ForbiddenByPolicy",
        "ForbiddenByFirewall",
        "ForbiddenByConnection",
        "ObjectIsBeingRecovered",
        "ObjectIsDeletedButRecoverable",
        "Throttled",
        "BadParameter",
        "Unauthorized",
        "SomethingNew",
    ]
    .map(|code| coded(403, code))
    .into();
    others.push(answer(403, ""));
    others.push(answer(403, "<html><body>404 Not Found</body></html>"));
    others.push(answer(403, r#"{"error":{"code":"SecretNot"#));

    let mut tried = 0;
    for answers in traps.chunks(1).chain([&others[..]]) {
        let checked = check_kind(vault, answers, ErrorKind::Forbidden, &LOOKS).await;
        tried += checked.unwrap_or_else(|why| panic!("{answers:?}\n{why}"));
    }

    println!("{tried} requests forbidden");
}

#[tokio::test]
async fn what_is_disabled_is_never_forbidden_nor_missing() {
    let read = [
        &LOOKS[..],
        &[(
            &[Describe, DescribeDisabled],
            "GET ",
            &[],
            "its versions tell of it",
        )],
    ]
    .concat();
    let answers = [coded(403, "SecretDisabled")];

    let checked = check_kind(vault, &answers, ErrorKind::Disabled, &read).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn what_is_missing_is_never_forbidden_nor_an_empty_list() {
    const ON_ITS_WAY: &str = "a change shows with a delay";
    const LOOKS_FIRST: &str = "what is not there is made";
    let exceptions: [Exception; 5] = [
        (&[Delete], "GET /deletedsecrets/", &[], ON_ITS_WAY),
        (&[Resume], "GET ", &[], ON_ITS_WAY),
        (&[Recover], "GET /secrets/", &[], ON_ITS_WAY),
        (&[PutRecovering], "", &[InTransition], ON_ITS_WAY),
        (
            &[Create, Upsert, PutMetadata, PutPurging],
            "GET ",
            &[],
            LOOKS_FIRST,
        ),
    ];
    let answers = [
        coded(404, "SecretNotFound"),
        coded(404, "ForbiddenByRbac"),
        answer(404, ""),
    ];

    let checked = check_kind(vault, &answers, ErrorKind::NotFound, &exceptions).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn a_refused_token_is_never_anything_else() {
    let answers = [
        coded(401, "Unauthorized"),
        coded(401, "SecretNotFound"),
        answer(401, ""),
    ];

    let checked = check_kind(vault, &answers, ErrorKind::Unauthenticated, &[]).await;

    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn whatever_is_lost_the_help_says_how_to_find_out() {
    let answers = [
        lost(),
        answer(503, ""),
        answer(200, "<html>"),
        answer(200, "{}"),
    ];

    for one in interrupt_all(vault, &answers).await.unwrap() {
        if let Err(error) = one.outcome {
            let helped = check_help(&error);
            assert_eq!(helped, Ok(()), "{:?}, {}", one.call, one.request);
        }
    }
}
