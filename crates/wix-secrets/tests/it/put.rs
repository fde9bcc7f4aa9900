//! Puts that race with others, and puts whose answers are lost.

use polyvault_core::transport::SendErrorKind;
use polyvault_core::{
    ErrorKind, IdempotencyKey, PutMode, PutOptions, Result, Retry, SecretId, SecretStoreExt,
    Written,
};
use polyvault_testkit::script::{Answer, Script, answer, lost};

use crate::script::{store_on, verbs};

const ID: &str = "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01";

fn empty() -> Answer {
    answer(200, r#"{"secrets":[]}"#)
}

fn listed() -> Answer {
    answer(
        200,
        format!(r#"{{"secrets":[{{"id":"{ID}","name":"db"}}]}}"#),
    )
}

fn created() -> Answer {
    answer(200, format!(r#"{{"id":"{ID}"}}"#))
}

fn value(text: &str) -> Answer {
    answer(200, format!(r#"{{"value":"{text}"}}"#))
}

fn refused(status: u16) -> Answer {
    answer(status, r#"{"details":{"applicationError":{"code":"X"}}}"#)
}

/// Puts `mine` under `db`, and tells the outcome with the verbs that were sent.
async fn put(
    mode: PutMode,
    description: Option<&str>,
    answers: Vec<Answer>,
) -> (Result<Written>, String) {
    let script = Script::new(answers);
    let options = PutOptions {
        mode,
        description: description.map(str::to_owned),
        ..PutOptions::default()
    };
    let outcome = store_on(&script, None, 2)
        .put_with("db", "mine", options)
        .await;
    (outcome, verbs(&script).join(" "))
}

fn told(outcome: Result<Written>) -> (String, bool) {
    let written = outcome.unwrap();
    (written.secret.to_string(), written.created)
}

#[tokio::test]
async fn an_upsert_overtaken_by_a_create_updates_what_is_there() {
    let answers = vec![empty(), refused(409), listed(), answer(200, "{}")];

    let (outcome, verbs) = put(PutMode::Upsert, None, answers).await;

    assert_eq!(told(outcome), (ID.to_owned(), false));
    assert_eq!(verbs, "GET POST GET PATCH");
}

#[tokio::test]
async fn an_upsert_overtaken_by_a_delete_creates_anew() {
    let answers = vec![listed(), refused(404), empty(), created()];

    let (outcome, verbs) = put(PutMode::Upsert, None, answers).await;

    assert_eq!(told(outcome), (ID.to_owned(), true));
    assert_eq!(verbs, "GET PATCH GET POST");
}

#[tokio::test]
async fn an_added_version_overtaken_by_a_delete_is_not_found() {
    let answers = vec![listed(), refused(404), empty()];

    let (outcome, _) = put(PutMode::AddVersion, None, answers).await;

    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_put_that_is_overtaken_again_and_again_gives_up() {
    let answers = (0..4).flat_map(|_| [listed(), refused(404)]).collect();

    let (outcome, verbs) = put(PutMode::Upsert, None, answers).await;

    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Conflict, Retry::Never)
    );
    assert_eq!(verbs.matches("PATCH").count(), 4);
}

#[tokio::test]
async fn a_create_refused_as_a_duplicate_exists_already() {
    for (answers, sent) in [
        (vec![empty(), refused(409)], "GET POST"),
        (vec![listed()], "GET"),
    ] {
        let (outcome, verbs) = put(PutMode::Create, None, answers).await;

        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(error.retry(), Retry::Never);
        assert_eq!(verbs, sent);
    }
}

#[tokio::test]
async fn a_write_that_another_broke_off_is_a_conflict_and_no_duplicate() {
    let aborted = || {
        let body = r#"{"details":{"applicationError":{"code":"ABORTED"}}}"#;
        answer(409, body)
    };
    for (mode, before) in [(PutMode::Create, empty()), (PutMode::AddVersion, listed())] {
        let (outcome, verbs) = put(mode, None, vec![before, aborted()]).await;

        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict, "{verbs}");
    }
}

#[tokio::test]
async fn a_duplicate_after_a_lost_answer_is_ours_if_it_is_equal() {
    for mode in [PutMode::Create, PutMode::Upsert] {
        let answers = vec![empty(), lost(), refused(409), listed(), value("mine")];

        let (outcome, verbs) = put(mode, None, answers).await;

        assert_eq!(told(outcome), (ID.to_owned(), true));
        assert_eq!(verbs, "GET POST POST GET GET");
    }
}

#[tokio::test]
async fn a_duplicate_after_a_lost_answer_that_differs_is_a_conflict_for_create() {
    for (description, there) in [(None, "theirs"), (Some("main database"), "mine")] {
        let answers = vec![empty(), lost(), refused(409), listed(), value(there)];

        let (outcome, _) = put(PutMode::Create, description, answers).await;

        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.retry(), Retry::OutcomeUnknown);
    }
}

#[tokio::test]
async fn a_duplicate_after_a_lost_answer_that_differs_is_updated_by_an_upsert() {
    let mut answers = vec![empty(), lost(), refused(409), listed(), value("theirs")];
    answers.push(answer(200, "{}"));

    let (outcome, verbs) = put(PutMode::Upsert, None, answers).await;

    assert_eq!(told(outcome), (ID.to_owned(), false));
    assert_eq!(verbs, "GET POST POST GET GET PATCH");
}

#[tokio::test]
async fn a_lost_create_that_did_not_take_place_is_made_by_its_repeat() {
    let (outcome, _) = put(PutMode::Create, None, vec![empty(), lost(), created()]).await;

    assert_eq!(told(outcome), (ID.to_owned(), true));
}

/// Under a key the call may be the repeat of one that was cut off, and its secret the one in the way.
#[tokio::test]
async fn a_refused_create_that_may_be_its_own_keeps_what_the_service_said() {
    for (key, retry) in [
        (None, Retry::Never),
        (Some(IdempotencyKey::random()), Retry::OutcomeUnknown),
    ] {
        let script = Script::new([empty(), refused(409)]);
        let options = PutOptions {
            idempotency_key: key,
            ..PutOptions::from(PutMode::Create)
        };

        let store = store_on(&script, None, 2);

        let error = store.put_with("db", "mine", options).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!((error.status(), error.code()), (Some(409), Some("X")));
        assert_eq!(error.retry(), retry);
    }
}

/// What a connection leaves that dies within the answer.
fn half() -> Answer {
    answer(200, r#"{"id":"3f2b"#)
}

#[tokio::test]
async fn a_put_that_may_have_taken_place_says_that_its_outcome_is_unknown() {
    for (answers, kind) in [
        (
            vec![empty(), lost(), lost(), lost()],
            ErrorKind::Unavailable,
        ),
        (
            vec![listed(), lost(), lost(), lost()],
            ErrorKind::Unavailable,
        ),
        (vec![empty(), lost(), refused(403)], ErrorKind::Forbidden),
        (vec![listed(), lost(), refused(403)], ErrorKind::Forbidden),
        (
            vec![empty(), lost(), refused(409), refused(403)],
            ErrorKind::Forbidden,
        ),
        (
            vec![empty(), lost(), refused(409), listed(), refused(403)],
            ErrorKind::Forbidden,
        ),
        (
            vec![empty(), Err(SendErrorKind::AnswerTooLarge)],
            ErrorKind::Decode,
        ),
        (vec![empty(), answer(200, "")], ErrorKind::Decode),
        (
            vec![empty(), answer(200, "<html></html>")],
            ErrorKind::Decode,
        ),
        (
            vec![empty(), answer(200, r#"{"id":null}"#)],
            ErrorKind::Decode,
        ),
        (vec![empty(), half(), half(), half()], ErrorKind::Decode),
    ] {
        let (outcome, verbs) = put(PutMode::Upsert, None, answers).await;

        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), kind, "{verbs}");
        assert_eq!(error.retry(), Retry::OutcomeUnknown, "{verbs}: {error}");
    }
}

#[tokio::test]
async fn a_put_that_did_not_take_place_says_so() {
    for answers in [
        vec![refused(403)],
        vec![empty(), refused(403)],
        vec![listed(), refused(400)],
        vec![answer(200, "<html></html>")],
    ] {
        let (outcome, verbs) = put(PutMode::Upsert, None, answers).await;

        assert_eq!(outcome.unwrap_err().retry(), Retry::Never, "{verbs}");
    }
}

#[tokio::test]
async fn an_upsert_by_an_unknown_id_makes_nothing() {
    let script = Script::new([listed()]);
    let id = SecretId::new("8c7d6e5f-4b3a-4291-8f0e-1d2c3b4a5f02").unwrap();

    let error = store_on(&script, None, 0)
        .put(&id, "mine")
        .await
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(verbs(&script), ["GET"]);
}

#[tokio::test]
async fn an_update_with_an_empty_answer_is_done() {
    for done in [answer(204, ""), answer(200, "")] {
        let (outcome, _) = put(PutMode::Upsert, None, vec![listed(), done]).await;

        assert_eq!(told(outcome), (ID.to_owned(), false));
    }
}

#[tokio::test]
async fn an_update_that_somebody_else_answers_may_have_taken_place_or_not() {
    for page in ["<html></html>", "null", "true", "[]", "[[]]"] {
        let (outcome, _) = put(PutMode::Upsert, None, vec![listed(), answer(200, page)]).await;

        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{page}");
        assert_eq!(error.retry(), Retry::OutcomeUnknown, "{page}");
    }
}
