//! What a 401 says for what to sign in, and who is told.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};

use super::*;

/// Numbered tokens, once a challenge was seen; says of each challenge what it was made to.
#[derive(Debug, Default)]
struct Challenged {
    ready: AtomicUsize,
    fetched: AtomicUsize,
    seen: Mutex<Vec<String>>,
    learns: Mutex<VecDeque<Result<bool>>>,
}

#[async_trait]
impl TokenSource for Arc<Challenged> {
    async fn fetch(&self) -> Result<Token> {
        let number = self.fetched.fetch_add(1, Ordering::SeqCst);
        Ok(Token {
            secret: format!("token-{number}").into(),
            expires_at: None,
        })
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst) > 0
    }

    fn challenged(&self, headers: &HeaderMap) -> Result<bool> {
        self.ready.fetch_add(1, Ordering::SeqCst);
        let told = headers.get(WWW_AUTHENTICATE).unwrap().to_str().unwrap();
        self.seen.lock().unwrap().push(told.to_owned());
        self.learns.lock().unwrap().pop_front().unwrap_or(Ok(true))
    }
}

fn challenge(text: &str) -> Result<Response<Body>, SendErrorKind> {
    let builder = Response::builder().status(401);
    Ok(builder
        .header(WWW_AUTHENTICATE, text)
        .body(Body::empty())
        .unwrap())
}

fn source(ready: bool) -> Arc<Challenged> {
    let source = Challenged::default();
    source.ready.store(usize::from(ready), Ordering::SeqCst);
    Arc::new(source)
}

/// A put with a body.
async fn put(fixed: &Fixed) -> Result<Response<Body>> {
    let request = Request::put("https://a.example/x")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from_wiped(b"hunter2".to_vec().into()))
        .unwrap();
    let call = Call {
        operation: "put",
        secret: Some("name"),
        repeat: Repeat::Unsafe,
        request,
    };
    fixed.client.send(call).await
}

/// Method, token and size of what was sent.
fn sent(fixed: &Fixed) -> Vec<String> {
    let line = |request: &Request<Body>| {
        let token = request.headers().get(AUTHORIZATION);
        let token = token.map_or("none", |token| token.to_str().unwrap());
        format!("{} {token} {}", request.method(), request.body().len())
    };
    fixed
        .script
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(line)
        .collect()
}

#[tokio::test]
async fn an_unknown_service_is_shown_neither_token_nor_body_before_its_challenge() {
    let source = source(false);
    let answers = [challenge("sign in for x"), answer(200), answer(200)];
    let fixed = client(answers, Box::new(Arc::clone(&source)));

    put(&fixed).await.unwrap();
    put(&fixed).await.unwrap();

    let once = "PUT Bearer token-0 7";
    assert_eq!(sent(&fixed), ["GET none 0", once, once]);
    assert_eq!(*source.seen.lock().unwrap(), ["sign in for x"]);
}

#[tokio::test]
async fn a_service_that_asks_for_nothing_or_refuses_is_no_place_for_a_token() {
    for (first, kind) in [
        (answer(200), ErrorKind::Config),
        (answer(403), ErrorKind::Forbidden),
    ] {
        let source = source(false);
        let fixed = client([first], Box::new(Arc::clone(&source)));

        let error = put(&fixed).await.unwrap_err();

        assert_eq!(error.kind(), kind);
        assert_eq!(error.retry(), Retry::Never);
        assert_eq!(sent(&fixed), ["GET none 0"]);
    }
}

#[tokio::test]
async fn many_callers_at_once_ask_once_what_to_sign_in_for() {
    let source = source(false);
    let answers = [challenge("x")]
        .into_iter()
        .chain((0..8).map(|_| answer(200)));
    let fixed = client(answers, Box::new(Arc::clone(&source)));

    let all = futures_util::future::join_all((0..8).map(|_| put(&fixed))).await;

    assert!(all.iter().all(Result::is_ok));
    assert_eq!(source.seen.lock().unwrap().len(), 1);
    assert_eq!(source.fetched.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_second_401_renews_only_what_its_challenge_teaches_and_a_third_is_the_callers() {
    for (learns, tokens) in [(vec![true, false], 2), (vec![true, true, true], 3)] {
        let source = source(true);
        source
            .learns
            .lock()
            .unwrap()
            .extend(learns.into_iter().map(Ok));
        let answers = (0..4).map(|number| challenge(&number.to_string()));
        let fixed = client(answers, Box::new(Arc::clone(&source)));

        let error = put(&fixed).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(sent(&fixed).len(), tokens);
        assert_eq!(source.fetched.load(Ordering::SeqCst), tokens);
    }
}

#[tokio::test]
async fn after_a_challenge_that_must_not_be_met_no_token_is_sent() {
    let source = source(true);
    let hostile = Error::new(ErrorKind::Unexpected, "not for you");
    source.learns.lock().unwrap().push_back(Err(hostile));
    let fixed = client([challenge("evil"), answer(200)], Box::new(source));

    let error = put(&fixed).await.unwrap_err();

    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unexpected, Some(401))
    );
    assert_eq!(sent(&fixed), ["PUT Bearer token-0 7"]);
}

#[tokio::test]
async fn where_no_credential_is_sent_none_is_asked_for() {
    let source = source(false);
    let fixed = with_scheme(
        [answer(503), answer(401)],
        Box::new(Arc::clone(&source)),
        Scheme::Absent,
    );

    let error = send(&fixed, Repeat::Safe).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(sent(&fixed), ["GET none 0", "GET none 0"]);
    assert_eq!(source.fetched.load(Ordering::SeqCst), 0);
}
