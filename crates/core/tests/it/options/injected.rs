//! A client of the caller's.
#![expect(clippy::disallowed_methods, reason = "a client of the caller's")]

use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, HeaderValue, Method};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

#[tokio::test]
async fn a_client_that_is_handed_in_sends_with_its_own_settings() {
    let server = Server::plain();
    let key = HeaderValue::from_static("hunter2");
    let client = reqwest::Client::builder()
        .user_agent("mine")
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, key)]))
        .build();
    let transport = ReqwestTransport::from_client(client.unwrap());
    assert!(!format!("{transport:?}").contains("hunter2"));

    let answer = get(&transport, &server.url("http", "127.0.0.1")).await;

    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(server.seen.count("user-agent: mine\r\n"), 1);
}

#[tokio::test]
async fn an_answer_behind_a_redirect_is_refused() {
    let other = MockServer::start().await;
    let server = MockServer::start().await;
    for (from, to) in [("/far", other.uri()), ("/near", "/there".to_owned())] {
        let redirect = ResponseTemplate::new(307).insert_header(LOCATION, to);
        let mock = Mock::given(path(from)).respond_with(redirect);
        mock.mount(&server).await;
    }
    let follows = reqwest::Client::builder().build().unwrap();
    let stays = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());

    for from in ["/far", "/near"] {
        let url = format!("{}{from}", server.uri());
        let transport = ReqwestTransport::from_client(follows.clone());
        let mut request = http::Request::new(Body::empty());
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = url.parse().unwrap();

        let error = transport.send(request, LONG).await.unwrap_err();

        assert_eq!(error.kind(), SendErrorKind::Redirected);
        assert!(error.help().unwrap().contains("Policy::none()"));
    }
    let transport = ReqwestTransport::from_client(stays.build().unwrap());
    let answer = get(&transport, &format!("{}/far", server.uri())).await;
    assert_eq!(answer.unwrap().status(), 307);
}
