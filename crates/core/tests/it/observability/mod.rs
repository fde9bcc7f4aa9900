//! What is told of the work, by name and value as `docs/observability.md` has it.

mod capture;
mod page;
mod remote;
mod scenario;

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::observability::Traced;
use polyvault_core::{
    ErrorKind, GetOptions, MemoryStore, SecretStoreExt, VersionId, VersionSelector,
};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::answer;
use tokio::time::timeout;

use self::capture::{Capture, Recorder, each_thread_for_itself};
use self::remote::Setup;
use self::scenario::ALL;

/// A store that stands still is a failure, not a hanging test.
const LONG: Duration = Duration::from_secs(9);

#[tokio::test]
async fn a_read_is_a_call_with_a_request_with_an_attempt() {
    scenario::read().await.tells(
        "
        INFO polyvault.call polyvault.elapsed_ms=8 polyvault.operation=get polyvault.provider=test polyvault.secret=db polyvault.store=test://a polyvault.version=v-1
          DEBUG polyvault.request polyvault.elapsed_ms=8 polyvault.operation=get polyvault.provider=test polyvault.secret=db
            DEBUG polyvault.token polyvault.elapsed_ms=3
            DEBUG polyvault.attempt http.request.body.size=0 http.request.method=GET http.response.body.size=36 http.response.status_code=200 otel.kind=client polyvault.elapsed_ms=5 polyvault.request_id=r-1
              DEBUG answered
        ",
        &[
            r#"Token { provider: "test", error: None, elapsed: 3ms }"#,
            r#"Attempt { provider: "test", operation: "get", attempt: 1, status: Some(200), error: None, lost: false, elapsed: 5ms, sent: 0, received: 36 }"#,
        ],
    );
}

#[tokio::test]
async fn each_repeat_is_an_attempt_of_its_own_and_tells_why() {
    scenario::throttled().await.tells(
        "
        INFO polyvault.call polyvault.elapsed_ms=2263 polyvault.operation=get polyvault.provider=test polyvault.secret=db polyvault.store=test://a polyvault.version=v-1
          DEBUG polyvault.request polyvault.elapsed_ms=2263 polyvault.operation=get polyvault.provider=test polyvault.secret=db
            DEBUG polyvault.token polyvault.elapsed_ms=3
            DEBUG polyvault.attempt error.type=RateLimited http.request.body.size=0 http.request.method=GET http.response.body.size=4 http.response.status_code=429 otel.kind=client otel.status_code=ERROR polyvault.elapsed_ms=5 polyvault.request_id=r-1
              DEBUG refused
            DEBUG repeating error.type=RateLimited polyvault.delay_ms=2000
            DEBUG polyvault.attempt error.type=Unavailable http.request.body.size=0 http.request.method=GET http.request.resend_count=1 http.response.body.size=0 http.response.status_code=503 otel.kind=client otel.status_code=ERROR polyvault.elapsed_ms=5
              DEBUG refused
            DEBUG repeating error.type=Unavailable polyvault.delay_ms=0
            DEBUG queued
            DEBUG polyvault.attempt http.request.body.size=0 http.request.method=GET http.request.resend_count=2 http.response.body.size=36 http.response.status_code=200 otel.kind=client polyvault.elapsed_ms=5
              DEBUG answered
        ",
        &[
            r#"Token { provider: "test", error: None, elapsed: 3ms }"#,
            r#"Attempt { provider: "test", operation: "get", attempt: 1, status: Some(429), error: Some(RateLimited), lost: false, elapsed: 5ms, sent: 0, received: 4 }"#,
            r#"Throttled { provider: "test", operation: "get", wait: Some(2s) }"#,
            r#"Retry { provider: "test", operation: "get", attempt: 1, error: RateLimited, delay: 2s }"#,
            r#"Attempt { provider: "test", operation: "get", attempt: 2, status: Some(503), error: Some(Unavailable), lost: true, elapsed: 5ms, sent: 0, received: 0 }"#,
            r#"Retry { provider: "test", operation: "get", attempt: 2, error: Unavailable, delay: 0ns }"#,
            r#"Queued { provider: "test", operation: "get", waited: 245ms }"#,
            r#"Attempt { provider: "test", operation: "get", attempt: 3, status: Some(200), error: None, lost: false, elapsed: 5ms, sent: 0, received: 36 }"#,
        ],
    );
}

#[tokio::test]
async fn a_request_that_is_refused_at_the_gate_was_not_queued_there() {
    let run = scenario::held().await;

    let tree = run.capture.tree();
    assert_eq!(tree.matches("polyvault.attempt ").count(), 1, "{tree}");
    assert_eq!(
        tree.matches("INFO polyvault.call error.type=RateLimited")
            .count(),
        2,
        "{tree}"
    );
    assert!(!tree.contains("queued"), "{tree}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_fetched_anew_in_the_same_request() {
    scenario::renewed().await.tells(
        "
        INFO polyvault.call polyvault.elapsed_ms=16 polyvault.operation=get polyvault.provider=test polyvault.secret=db polyvault.store=test://a polyvault.version=v-1
          DEBUG polyvault.request polyvault.elapsed_ms=16 polyvault.operation=get polyvault.provider=test polyvault.secret=db
            DEBUG polyvault.token polyvault.elapsed_ms=3
            DEBUG polyvault.attempt error.type=Unauthenticated http.request.body.size=0 http.request.method=GET http.response.body.size=0 http.response.status_code=401 otel.kind=client otel.status_code=ERROR polyvault.elapsed_ms=5
              DEBUG refused
            DEBUG polyvault.token polyvault.elapsed_ms=3
            DEBUG repeating error.type=Unauthenticated polyvault.delay_ms=0
            DEBUG polyvault.attempt http.request.body.size=0 http.request.method=GET http.request.resend_count=1 http.response.body.size=36 http.response.status_code=200 otel.kind=client polyvault.elapsed_ms=5
              DEBUG answered
        ",
        &[
            r#"Token { provider: "test", error: None, elapsed: 3ms }"#,
            r#"Attempt { provider: "test", operation: "get", attempt: 1, status: Some(401), error: Some(Unauthenticated), lost: false, elapsed: 5ms, sent: 0, received: 0 }"#,
            r#"Token { provider: "test", error: None, elapsed: 3ms }"#,
            r#"Retry { provider: "test", operation: "get", attempt: 1, error: Unauthenticated, delay: 0ns }"#,
            r#"Attempt { provider: "test", operation: "get", attempt: 2, status: Some(200), error: None, lost: false, elapsed: 5ms, sent: 0, received: 36 }"#,
        ],
    );
}

#[tokio::test]
async fn a_lost_answer_to_a_write_is_told_as_lost() {
    scenario::lost_put().await.tells(
        "
        INFO polyvault.call error.type=Unavailable otel.status_code=ERROR polyvault.elapsed_ms=8 polyvault.operation=put polyvault.provider=test polyvault.secret=db polyvault.store=test://a
          DEBUG polyvault.request error.type=Unavailable otel.status_code=ERROR polyvault.elapsed_ms=8 polyvault.operation=put polyvault.provider=test polyvault.secret=db
            DEBUG polyvault.token polyvault.elapsed_ms=3
            DEBUG polyvault.attempt error.type=Unavailable http.request.body.size=36 http.request.method=PUT otel.kind=client otel.status_code=ERROR polyvault.elapsed_ms=5
              DEBUG no answer
        ",
        &[
            r#"Token { provider: "test", error: None, elapsed: 3ms }"#,
            r#"Attempt { provider: "test", operation: "put", attempt: 1, status: None, error: Some(Unavailable), lost: true, elapsed: 5ms, sent: 36, received: 0 }"#,
        ],
    );
}

#[tokio::test]
async fn waiting_for_an_operation_belongs_to_the_call_that_began_it() {
    scenario::deleted().await.tells(
        "
        INFO polyvault.call polyvault.elapsed_ms=8 polyvault.operation=delete polyvault.provider=test polyvault.secret=db polyvault.store=test://a
          DEBUG polyvault.request polyvault.elapsed_ms=8 polyvault.operation=delete polyvault.provider=test polyvault.secret=db
            DEBUG polyvault.token polyvault.elapsed_ms=3
            DEBUG polyvault.attempt http.request.body.size=0 http.request.method=DELETE http.response.body.size=0 http.response.status_code=202 otel.kind=client polyvault.elapsed_ms=5
              DEBUG answered
          DEBUG polyvault.wait polyvault.elapsed_ms=3010 polyvault.operation_id=op-1 polyvault.polls=2
            DEBUG polyvault.request polyvault.elapsed_ms=5 polyvault.operation=delete polyvault.provider=test polyvault.secret=db
              DEBUG polyvault.attempt http.request.body.size=0 http.request.method=GET http.response.body.size=0 http.response.status_code=200 otel.kind=client polyvault.elapsed_ms=5
                DEBUG answered
            DEBUG still at work polyvault.delay_ms=3000
            DEBUG polyvault.request error.type=NotFound otel.status_code=ERROR polyvault.elapsed_ms=5 polyvault.operation=delete polyvault.provider=test polyvault.secret=db
              DEBUG polyvault.attempt error.type=NotFound http.request.body.size=0 http.request.method=GET http.response.body.size=0 http.response.status_code=404 otel.kind=client otel.status_code=ERROR polyvault.elapsed_ms=5
                DEBUG refused
        ",
        &[
            r#"Token { provider: "test", error: None, elapsed: 3ms }"#,
            r#"Attempt { provider: "test", operation: "delete", attempt: 1, status: Some(202), error: None, lost: false, elapsed: 5ms, sent: 0, received: 0 }"#,
            r#"Attempt { provider: "test", operation: "delete", attempt: 1, status: Some(200), error: None, lost: false, elapsed: 5ms, sent: 0, received: 0 }"#,
            r#"Attempt { provider: "test", operation: "delete", attempt: 1, status: Some(404), error: Some(NotFound), lost: false, elapsed: 5ms, sent: 0, received: 0 }"#,
        ],
    );
}

#[tokio::test]
async fn an_operation_that_does_not_end_is_an_error_of_the_wait() {
    let run = scenario::never_deleted().await;

    // The deadline is 2 s, and each poll takes 5 ms, the one at the deadline too.
    let tree = run.capture.tree();
    let wait = "\n  DEBUG polyvault.wait error.type=Timeout otel.status_code=ERROR polyvault.elapsed_ms=2005 polyvault.operation_id=op-1 polyvault.polls=2\n";
    assert!(tree.contains(wait), "{tree}");
    let pause = "\n    DEBUG still at work polyvault.delay_ms=1995\n";
    assert_eq!(tree.matches(pause).count(), 1, "{tree}");
}

#[tokio::test]
async fn a_request_that_waits_for_a_place_tells_how_long() {
    let run = scenario::queued().await;

    // It begins when the other one has its token, and waits for the answer to it.
    let queued: Vec<_> = (run.events.iter().filter(|e| e.starts_with("Queued"))).collect();
    assert_eq!(
        queued,
        [r#"Queued { provider: "test", operation: "get", waited: 5ms }"#]
    );
    let tree = run.capture.tree();
    assert_eq!(tree.matches("    DEBUG queued\n").count(), 1, "{tree}");
}

#[tokio::test]
async fn a_token_that_can_not_be_had_is_told_also_where_no_call_fails_of_it() {
    let run = scenario::without_token().await;
    let tree = run.capture.tree();
    let failed = "DEBUG polyvault.token error.type=Unauthenticated otel.status_code=ERROR polyvault.elapsed_ms=3\n";
    assert!(tree.contains(failed), "{tree}");
    assert_eq!(
        run.events,
        [r#"Token { provider: "test", error: Some(Unauthenticated), elapsed: 3ms }"#]
    );

    let run = scenario::kept_token().await;
    let tree = run.capture.tree();
    let warned = "\n    WARN token not renewed early error.type=Unauthenticated\n";
    assert_eq!(tree.matches(warned).count(), 1, "{tree}");
    assert_eq!(tree.matches("INFO polyvault.call polyvault").count(), 2);
    assert!(run.events.contains(
        &r#"Token { provider: "test", error: Some(Unauthenticated), elapsed: 3ms }"#.to_owned()
    ));
}

#[tokio::test]
async fn a_store_without_http_is_told_of_by_call_and_version() {
    let (capture, _guard) = Capture::start();
    let store = Traced::new(MemoryStore::new());
    let made = store.put("db", "s3cret").await.unwrap().version.id.unwrap();
    let exact = VersionSelector::Exact(VersionId::new("nope").unwrap());
    let options = GetOptions { version: exact };

    let error = store.get_with("db", options).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::NotFound);
    capture.look(|all| {
        let fields: Vec<_> = all
            .iter()
            .map(|seen| {
                let field = |name| seen.fields.get(name).map(String::as_str);
                (
                    field("polyvault.operation"),
                    field("polyvault.version"),
                    field("error.type"),
                )
            })
            .collect();
        assert_eq!(
            fields,
            [
                (Some("put"), Some(made.as_str()), None),
                (Some("get"), Some("nope"), Some("NotFound")),
            ]
        );
    });
}

#[tokio::test]
async fn no_value_token_url_or_word_of_the_service_is_told() {
    for scenario in ALL {
        let run = scenario().await;
        let told = run.capture.look(|all| format!("{all:#?} {:?}", run.events));

        assert_eq!(run.mark.find_in(&told), None, "{told}");
        for word in ["a.example", "q=1", "Bearer", "the service's words"] {
            assert!(!told.contains(word), "{word} in {told}");
        }
    }
}

#[tokio::test]
async fn a_hook_and_a_subscriber_that_are_not_there_cost_no_look_at_the_clock() {
    each_thread_for_itself();
    // The beginning, the token's age, what is left of the deadline, both ends of the attempt; the token once.
    for (watched, reads) in [(false, [5, 4]), (true, [6, 4])] {
        let mut setup = Setup::new(Mark::new(), [answer(200, "a"), answer(200, "a")]);
        if watched {
            setup = setup.metrics(Arc::new(Recorder::default()));
        }
        let store = setup.store();
        for reads in reads {
            store.get_text("db").await.unwrap();
            assert_eq!(setup.clock.reads(), reads);
        }
    }
}

#[tokio::test]
async fn a_hook_that_panics_leaves_the_store_usable() {
    for kind in ["Token", "Attempt", "Throttled", "Retry", "Queued"] {
        let told_off = || scenario::with(answer(429, ""), "retry-after", "1");
        let mut answers = vec![told_off()];
        answers.extend((0..9).map(|_| answer(200, "a")));
        let recorder = Arc::new(Recorder::default());
        *recorder.panic_at.lock().unwrap() = Some(kind);
        let mut setup = Setup::new(Mark::new(), answers).metrics(Arc::clone(&recorder) as _);
        setup.options.max_in_flight = 1;
        let store = setup.store();
        let reads = (0..3).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.get_text("db").await })
        });

        let reads = futures_util::future::join_all(reads.collect::<Vec<_>>());
        let ends = timeout(LONG, reads).await.unwrap();

        let panics = ends.iter().filter(|end| end.is_err()).count();
        assert_eq!(panics, 1, "{kind}");
        assert!(ends.iter().flatten().all(Result::is_ok), "{kind}");
        timeout(LONG, store.get_text("db")).await.unwrap().unwrap();
    }
}
