#![expect(clippy::unwrap_used, reason = "tests")]

mod challenges;

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use secrecy::SecretString;

use super::*;
use crate::clock::ManualClock;
use crate::transport::{Advice, ReadyToken, SendError, SendErrorKind, Token};

/// Answers from a list and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Result<Response<Body>, SendErrorKind>>>,
    asked: Mutex<Vec<Request<Body>>>,
    timeouts: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        // As on a network, others go on meanwhile.
        tokio::task::yield_now().await;
        self.timeouts.lock().unwrap().push(timeout);
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        answer
            .unwrap()
            .map_err(|kind| SendError::new(kind, "scripted"))
    }
}

#[derive(Debug)]
struct Renewable(Mutex<u32>);

#[async_trait]
impl TokenSource for Renewable {
    async fn fetch(&self) -> Result<Token> {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        Ok(Token {
            secret: SecretString::from(format!("token-{count}")),
            expires_at: None,
        })
    }
}

fn answer(status: u16) -> Result<Response<Body>, SendErrorKind> {
    Ok(Response::builder()
        .status(status)
        .body(Body::empty())
        .unwrap())
}

fn told_to_wait(status: u16, seconds: &str) -> Result<Response<Body>, SendErrorKind> {
    let builder = Response::builder()
        .status(status)
        .header("retry-after", seconds);
    Ok(builder.body(Body::empty()).unwrap())
}

fn refusal(refusal: &Refusal<'_>) -> Error {
    let kind = match refusal.status() {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        430 => {
            let wait = Retry::After(Some(Duration::from_secs(45)));
            return Error::new(ErrorKind::RateLimited, "refused").with_retry(wait);
        }
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "refused")
}

struct Fixed {
    script: Arc<Script>,
    clock: Arc<ManualClock>,
    client: Client,
}

fn client(
    answers: impl IntoIterator<Item = Result<Response<Body>, SendErrorKind>>,
    tokens: Box<dyn TokenSource>,
) -> Fixed {
    with_scheme(answers, tokens, Scheme::Bearer)
}

fn with_scheme(
    answers: impl IntoIterator<Item = Result<Response<Body>, SendErrorKind>>,
    tokens: Box<dyn TokenSource>,
    scheme: Scheme,
) -> Fixed {
    let script = Arc::new(Script::default());
    script.answers.lock().unwrap().extend(answers);
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let service = Service {
        provider: "test",
        endpoints: vec![Endpoint::parse("endpoint", "https://a.example").unwrap()],
        tokens,
        scheme,
        refusal,
        advice: Advice::default(),
        request_id: "x-request-id",
    };
    let options = ClientOptions {
        transport: Some(Arc::clone(&script) as _),
        clock: Arc::clone(&clock) as _,
        ..ClientOptions::default()
    };
    Fixed {
        client: Client::new(service, options).unwrap(),
        script,
        clock,
    }
}

fn ready() -> Box<dyn TokenSource> {
    Box::new(ReadyToken::new("t0ken".into()))
}

async fn send(fixed: &Fixed, repeat: Repeat) -> Result<Response<Body>> {
    let method = match repeat {
        Repeat::Safe => Method::GET,
        Repeat::Unsafe => Method::PUT,
    };
    let request = Request::builder()
        .method(method)
        .uri("https://a.example/x")
        .body(Body::empty())
        .unwrap();
    let call = Call {
        operation: "get",
        secret: Some("name"),
        repeat,
        request,
    };
    fixed.client.send(call).await
}

impl Fixed {
    fn asked(&self) -> usize {
        self.script.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_safe_request_is_repeated_until_it_goes_through() {
    let lost = Err(SendErrorKind::AnswerLost);
    let fixed = client([answer(503), lost, answer(429), answer(200)], ready());

    assert_eq!(send(&fixed, Repeat::Safe).await.unwrap().status(), 200);
    assert_eq!(fixed.asked(), 4);
}

#[tokio::test]
async fn an_unsafe_request_is_not_repeated_once_the_service_may_have_seen_it() {
    for lost in [
        answer(503),
        answer(500),
        Err(SendErrorKind::AnswerLost),
        Err(SendErrorKind::TimedOut),
        Err(SendErrorKind::AnswerTooLarge),
    ] {
        let fixed = client([lost, answer(200)], ready());

        let error = send(&fixed, Repeat::Unsafe).await.unwrap_err();

        assert_eq!(error.retry(), Retry::OutcomeUnknown);
        assert_eq!(fixed.asked(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_in_the_middle_is_a_lost_one() {
    let half = |kind: &str| {
        let body = Body::from_wiped(b"{\"value\":\"s3c".to_vec().into());
        let builder = Response::builder().header("content-type", kind);
        Ok(builder.body(body).unwrap())
    };
    for kind in [
        "application/json; charset=utf-8",
        "application/problem+json",
    ] {
        let fixed = client([half(kind), answer(200)], ready());
        assert_eq!(send(&fixed, Repeat::Safe).await.unwrap().body().len(), 0);

        let fixed = client([half(kind), answer(200)], ready());
        let error = send(&fixed, Repeat::Unsafe).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Decode, Retry::OutcomeUnknown)
        );
    }
    let fixed = client([half("text/plain"), answer(200)], ready());
    assert_eq!(send(&fixed, Repeat::Safe).await.unwrap().body().len(), 13);
}

#[tokio::test]
async fn an_unsafe_request_is_repeated_where_the_service_has_not_begun_it() {
    let fixed = client(
        [Err(SendErrorKind::NotSent), answer(429), answer(200)],
        ready(),
    );

    assert_eq!(send(&fixed, Repeat::Unsafe).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_services_wait_is_kept_and_a_long_one_is_handed_on() {
    let fixed = client([told_to_wait(429, "17"), answer(200)], ready());
    send(&fixed, Repeat::Safe).await.unwrap();
    assert_eq!(fixed.clock.now().as_second(), 17);

    let fixed = client([told_to_wait(429, "3600"), answer(200)], ready());
    let error = send(&fixed, Repeat::Safe).await.unwrap_err();
    assert_eq!(error.retry(), Retry::After(Some(Duration::from_secs(3600))));
    assert_eq!(fixed.asked(), 1);
}

#[tokio::test]
async fn a_pace_that_the_adapter_knows_is_kept_where_the_answer_tells_none() {
    let fixed = client([answer(430), answer(200)], ready());
    send(&fixed, Repeat::Safe).await.unwrap();
    assert_eq!(fixed.clock.now().as_second(), 45);

    let fixed = client([told_to_wait(430, "7"), answer(200)], ready());
    send(&fixed, Repeat::Safe).await.unwrap();
    assert_eq!(fixed.clock.now().as_second(), 7);
}

#[tokio::test]
async fn repeats_end_by_number_and_by_time() {
    let fixed = client((0..9).map(|_| answer(503)), ready());
    send(&fixed, Repeat::Safe).await.unwrap_err();
    assert_eq!(fixed.asked(), 6);

    let fixed = client((0..9).map(|_| told_to_wait(503, "40")), ready());
    send(&fixed, Repeat::Safe).await.unwrap_err();
    assert_eq!(fixed.asked(), 3);
}

#[tokio::test]
async fn a_401_renews_the_token_once() {
    let fixed = client(
        [answer(401), answer(200)],
        Box::new(Renewable(Mutex::new(0))),
    );
    send(&fixed, Repeat::Unsafe).await.unwrap();
    let asked = fixed.script.asked.lock().unwrap().clone();
    let tokens: Vec<_> = asked.iter().map(|r| &r.headers()[AUTHORIZATION]).collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
    assert!(tokens.iter().all(|token| token.is_sensitive()));

    let fixed = client(
        [answer(401), answer(401)],
        Box::new(Renewable(Mutex::new(0))),
    );
    let error = send(&fixed, Repeat::Safe).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);

    let fixed = client([answer(401)], ready());
    send(&fixed, Repeat::Safe).await.unwrap_err();
    assert_eq!(fixed.asked(), 1);
}

#[tokio::test]
async fn nothing_goes_to_another_origin() {
    for url in [
        "https://b.example/x",
        "http://a.example/x",
        "https://a.example:444/",
    ] {
        let fixed = client([answer(200)], ready());
        let call = Call {
            operation: "get",
            secret: None,
            repeat: Repeat::Safe,
            request: Request::get(url).body(Body::empty()).unwrap(),
        };

        fixed.client.send(call).await.unwrap_err();

        assert_eq!(fixed.asked(), 0);
    }
}

#[tokio::test]
async fn an_error_names_provider_operation_and_secret_and_no_token() {
    let fixed = client([answer(403)], ready());

    let error = send(&fixed, Repeat::Safe).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "test: get \"name\": Forbidden: refused (status 403)"
    );
    let shown = format!("{error:?} {:?}", fixed.client);
    assert!(!shown.contains("t0ken"), "{shown}");
}

#[tokio::test]
async fn a_delete_that_finds_nothing_after_a_lost_answer_was_our_own() {
    for (answers, gone) in [
        (vec![Err(SendErrorKind::AnswerLost), answer(404)], true),
        (vec![answer(503), answer(404)], true),
        (vec![answer(404)], false),
        (vec![answer(429), answer(404)], false),
        (vec![Err(SendErrorKind::NotSent), answer(404)], false),
    ] {
        let fixed = client(answers, ready());
        let call = Call {
            operation: "delete",
            secret: None,
            repeat: Repeat::Safe,
            request: Request::delete("https://a.example/x")
                .body(Body::empty())
                .unwrap(),
        };

        let outcome = fixed.client.send_delete(call).await;

        assert_eq!(matches!(outcome, Ok(None)), gone, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_told_also_of_the_last_attempt() {
    for (answers, told) in [
        (vec![Err(SendErrorKind::AnswerLost), answer(403)], true),
        (vec![Err(SendErrorKind::AnswerTooLarge)], true),
        ((0..6).map(|_| answer(503)).collect(), true),
        (vec![answer(429), answer(403)], false),
        (vec![Err(SendErrorKind::NotSent), answer(200)], false),
    ] {
        let fixed = client(answers, ready());
        let call = Call {
            operation: "put",
            secret: None,
            repeat: Repeat::Safe,
            request: Request::post("https://a.example/x")
                .body(Body::empty())
                .unwrap(),
        };

        let (outcome, lost) = fixed.client.send_tracked(call).await;

        assert_eq!(lost, told, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_change_that_lost_every_answer_may_have_taken_place() {
    for (method, retry) in [
        (Method::PATCH, Retry::OutcomeUnknown),
        (Method::GET, Retry::After(None)),
    ] {
        let lost = (0..6).map(|_| Err(SendErrorKind::TimedOut));
        let fixed = client(lost, ready());
        let call = Call {
            operation: "update",
            secret: None,
            repeat: Repeat::Safe,
            request: Request::builder()
                .method(method)
                .uri("https://a.example/x")
                .body(Body::empty())
                .unwrap(),
        };

        assert_eq!(fixed.client.send(call).await.unwrap_err().retry(), retry);
    }
}

#[tokio::test]
async fn no_option_is_too_large() {
    let script = Arc::new(Script::default());
    let wait = || told_to_wait(429, &u64::MAX.to_string());
    let answers = [wait(), answer(200)];
    script.answers.lock().unwrap().extend(answers);
    let service = Service {
        provider: "test",
        endpoints: vec![Endpoint::parse("endpoint", "https://a.example").unwrap()],
        tokens: ready(),
        scheme: Scheme::Raw,
        refusal,
        advice: Advice::default(),
        request_id: "x-request-id",
    };
    let options = ClientOptions {
        transport: Some(Arc::clone(&script) as _),
        clock: Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap())),
        retry: RetryPolicy {
            first_delay: Duration::MAX,
            max_delay: Duration::MAX,
            max_server_wait: Duration::MAX,
            total: Duration::MAX,
            ..RetryPolicy::default()
        },
        max_in_flight: usize::MAX,
        ..ClientOptions::default()
    };
    let client = Client::new(service, options).unwrap();
    let call = Call {
        operation: "get",
        secret: None,
        repeat: Repeat::Safe,
        request: Request::get("https://a.example/x")
            .body(Body::empty())
            .unwrap(),
    };

    assert_eq!(client.send(call).await.unwrap().status(), 200);
}

#[tokio::test]
async fn no_attempt_outlives_the_total_deadline() {
    // 90 s in all and 30 s for an attempt, unless said.
    let answers = [
        told_to_wait(503, "55"),
        told_to_wait(503, "25"),
        told_to_wait(503, "10"),
    ];
    let fixed = client(answers, ready());

    let error = send(&fixed, Repeat::Safe).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let timeouts = fixed.script.timeouts.lock().unwrap().clone();
    assert_eq!(timeouts, [30, 30, 10].map(Duration::from_secs));
}

#[tokio::test]
async fn a_refused_certificate_is_a_setting_to_mend_and_not_repeated() {
    let fixed = client([Err(SendErrorKind::Untrusted)], ready());

    let error = send(&fixed, Repeat::Safe).await.unwrap_err();

    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Config, Retry::Never)
    );
}

#[tokio::test]
async fn a_write_that_a_redirect_took_away_may_have_happened() {
    let fixed = client([Err(SendErrorKind::Redirected)], ready());

    let error = send(&fixed, Repeat::Unsafe).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.retry(), Retry::OutcomeUnknown);
}

/// A sign-in that takes longer than a request may with all its repeats.
#[derive(Debug, Default)]
struct SlowSignIn(Arc<std::sync::OnceLock<Arc<ManualClock>>>);

#[async_trait]
impl TokenSource for SlowSignIn {
    async fn fetch(&self) -> Result<Token> {
        self.0.get().unwrap().advance(Duration::from_secs(90));
        ReadyToken::new("t0ken".into()).fetch().await
    }
}

#[tokio::test]
async fn a_write_that_the_sign_in_left_no_time_for_is_not_sent_and_not_unknown() {
    let clock = Arc::default();
    let fixed = client([answer(200)], Box::new(SlowSignIn(Arc::clone(&clock))));
    clock.set(Arc::clone(&fixed.clock)).unwrap();

    let error = send(&fixed, Repeat::Unsafe).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.retry(), Retry::After(None));
    assert!(fixed.script.timeouts.lock().unwrap().is_empty());
}
