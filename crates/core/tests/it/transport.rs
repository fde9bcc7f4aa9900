//! The default transport over real loopback connections.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use http::header::{AUTHORIZATION, LOCATION};
use http::{Method, Response};
use polyvault_core::transport::{Body, ReqwestTransport, SendError, SendErrorKind, Transport};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

async fn serving(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// The address of a server that takes one connection, answers it with these bytes and closes it.
fn raw(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = answer.into();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        // The client may have hung up on an answer that is too large.
        let _ = stream.write_all(&answer);
    });
    format!("http://{address}")
}

/// An address where nobody listens.
fn nobody(scheme: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("{scheme}://{}", listener.local_addr().unwrap())
}

async fn get(
    transport: &ReqwestTransport,
    url: &str,
    timeout: Duration,
) -> Result<Response<Body>, SendError> {
    let request = http::Request::get(url)
        .header(AUTHORIZATION, "Bearer t0ken")
        .body(Body::empty())
        .unwrap();
    transport.send(request, timeout).await
}

async fn kind(transport: &ReqwestTransport, url: &str, timeout: Duration) -> SendErrorKind {
    let error = get(transport, url, timeout).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("127.0.0.1"), "a URL in {shown}");
    assert!(!shown.contains("t0ken"), "a token in {shown}");
    error.kind()
}

fn small() -> ReqwestTransport {
    ReqwestTransport::builder().max_answer_bytes(1024).build()
}

#[tokio::test]
async fn plain_http_on_this_machine_is_answered() {
    let server = serving(ResponseTemplate::new(201).set_body_string("hello")).await;

    let answer = get(&ReqwestTransport::default(), &server.uri(), LONG)
        .await
        .unwrap();

    assert_eq!(answer.status(), 201);
    assert_eq!(answer.body().as_bytes(), b"hello");
}

#[tokio::test]
async fn https_where_nobody_listens_is_an_error_before_anything_was_sent() {
    let kind = kind(&ReqwestTransport::default(), &nobody("https"), LONG).await;

    // A machine without a CA store can't even make the client.
    let bare = std::env::args().any(|argument| argument == "--exact");
    assert!(
        kind == SendErrorKind::NotSent || bare && kind == SendErrorKind::Setup,
        "{kind:?}"
    );
}

/// Runs the two tests above in a process that has a proxy and no CA store.
#[test]
fn this_machine_is_reached_without_a_ca_store_and_past_a_proxy() {
    let proxy = nobody("http");
    for test in [
        "transport::plain_http_on_this_machine_is_answered",
        "transport::https_where_nobody_listens_is_an_error_before_anything_was_sent",
    ] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .envs([
                ("SSL_CERT_FILE", "/dev/null"),
                ("SSL_CERT_DIR", "/dev/null"),
            ])
            .envs([("HTTP_PROXY", &proxy), ("ALL_PROXY", &proxy)])
            .output()
            .unwrap();

        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("1 passed"), "{shown}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_takes_no_token_along() {
    let other = serving(ResponseTemplate::new(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let server =
            serving(ResponseTemplate::new(status).insert_header(LOCATION, other.uri())).await;

        let answer = get(&ReqwestTransport::default(), &server.uri(), LONG)
            .await
            .unwrap();

        assert_eq!(answer.status(), status);
        assert!(other.received_requests().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_answer_of_the_bound_is_taken_and_a_larger_one_refused() {
    for (size, fits) in [(1024, true), (1025, false)] {
        let server = serving(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; size])).await;

        let outcome = get(&small(), &server.uri(), LONG).await;

        match outcome {
            Ok(answer) => assert!(fits && answer.body().len() == size),
            Err(error) => assert!(!fits && error.kind() == SendErrorKind::AnswerTooLarge),
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_tell_its_size_is_bounded_too() {
    let chunk = format!("200\r\n{}\r\n", "x".repeat(0x200));
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

    let two = raw(format!("{head}{}0\r\n\r\n", chunk.repeat(2)));
    let three = raw(format!("{head}{}0\r\n\r\n", chunk.repeat(3)));

    let answer = get(&small(), &two, LONG).await.unwrap();
    assert_eq!(answer.body().as_bytes(), vec![b'x'; 1024]);
    assert_eq!(
        kind(&small(), &three, LONG).await,
        SendErrorKind::AnswerTooLarge
    );
}

#[tokio::test]
async fn an_answer_that_says_it_is_too_large_is_not_read() {
    // Who reads on finds the connection closed and says something else.
    let url = raw("HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\nx");

    assert_eq!(
        kind(&small(), &url, LONG).await,
        SendErrorKind::AnswerTooLarge
    );
}

#[tokio::test]
async fn a_connection_that_ends_too_early_loses_the_answer() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "this is not HTTP\r\n\r\n",
    ] {
        let kind = kind(&ReqwestTransport::default(), &raw(answer), LONG).await;

        assert_eq!(kind, SendErrorKind::AnswerLost, "{answer:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let kind = kind(&ReqwestTransport::default(), &nobody("http"), LONG).await;

    assert_eq!(kind, SendErrorKind::NotSent);
}

#[tokio::test]
async fn a_url_that_no_client_can_ask_is_a_matter_of_setup() {
    let kind = kind(&ReqwestTransport::default(), "ftp://127.0.0.1/", LONG).await;

    assert_eq!(kind, SendErrorKind::Setup);
}

#[tokio::test]
async fn silence_is_a_timeout_of_the_attempt_or_of_the_read() {
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
    let server = serving(late).await;
    let patient = ReqwestTransport::default();
    let impatient = ReqwestTransport::builder().read_timeout(SHORT).build();

    let url = server.uri();
    let (attempt, read) =
        futures_util::join!(kind(&patient, &url, SHORT), kind(&impatient, &url, LONG));

    assert_eq!(attempt, SendErrorKind::TimedOut);
    assert_eq!(read, SendErrorKind::TimedOut);
}

#[tokio::test]
async fn a_write_without_a_body_tells_its_length() {
    let server = serving(ResponseTemplate::new(200)).await;
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let mut request = http::Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = server.uri().parse().unwrap();

        ReqwestTransport::default()
            .send(request, LONG)
            .await
            .unwrap();
    }

    let asked = server.received_requests().await.unwrap();
    let lengths: Vec<_> = asked
        .iter()
        .map(|r| r.headers.get("content-length"))
        .collect();
    assert!(
        lengths.iter().all(|l| l.is_some_and(|l| l == "0")),
        "{lengths:?}"
    );
    assert_eq!(lengths.len(), 3);
}
