//! Timeouts, the pool, the version of HTTP and the user agent.

use std::io::Read;

use polyvault_core::ErrorKind;

use super::*;

#[tokio::test]
async fn a_connection_that_does_not_come_about_in_time_has_sent_nothing() {
    // Takes the connection and never says a word of TLS.
    let silent = Server::start(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let transport = builder()
        .connect_timeout(Duration::from_millis(200))
        .ca_pem(Authority::new().pem())
        .unwrap()
        .build();

    let kind = kind(&transport, &silent.url("https", "localhost")).await;

    assert_eq!(kind, SendErrorKind::NotSent);
}

#[tokio::test]
async fn an_idle_connection_is_used_again_unless_the_pool_keeps_none_or_not_so_long() {
    for (transport, connections) in [
        (builder(), 1),
        (builder().pool_max_idle_per_host(0), 2),
        (builder().pool_idle_timeout(Duration::from_nanos(1)), 2),
    ] {
        let server = Server::plain();
        let shown = format!("{transport:?}");
        let transport = transport.build();

        for _ in 0..2 {
            let url = server.url("http", "127.0.0.1");
            assert_eq!(get(&transport, &url).await.unwrap().status(), 200);
        }

        assert_eq!(server.seen.count("connection"), connections, "{shown}");
    }
}

#[tokio::test]
async fn tls_finds_the_version_of_http_unless_one_is_said() {
    let authority = Authority::new();
    let issued = authority.issue(&["localhost"]);
    for (transport, offered, agreed) in [
        (trusting(&authority), vec!["h2", "http/1.1"], Some("h2")),
        (trusting(&authority), vec!["http/1.1"], Some("http/1.1")),
        (
            trusting(&authority).http1_only(),
            vec!["h2", "http/1.1"],
            Some("http/1.1"),
        ),
        (
            trusting(&authority).http2_only(),
            vec!["http/1.1", "h2"],
            Some("h2"),
        ),
        (trusting(&authority).http2_only(), vec!["http/1.1"], None),
    ] {
        let server = issued.serve(&offered, None);

        // The server speaks HTTP/1.1 whatever was agreed, so only the agreement counts.
        let _ = get(&transport.build(), &server.url("https", "localhost")).await;

        let seen = server.seen.all();
        let protocol = seen.iter().find_map(|seen| seen.strip_prefix("protocol "));
        assert_eq!(protocol, agreed, "{offered:?}");
    }
}

#[tokio::test]
async fn http2_over_plain_http_is_spoken_without_asking() {
    let server = Server::plain();

    let _ = get(
        &builder().http2_only().build(),
        &server.url("http", "127.0.0.1"),
    )
    .await;

    assert_eq!(server.seen.count("PRI * HTTP/2.0"), 1);
}

#[tokio::test]
async fn the_callers_product_stands_before_ours() {
    let server = Server::plain();
    let url = server.url("http", "127.0.0.1");
    let named = builder().user_agent("my-app/1.2 (tests)").unwrap();

    get(&named.build(), &url).await.unwrap();
    get(&ReqwestTransport::default(), &url).await.unwrap();

    let ours = concat!("polyvault/", env!("CARGO_PKG_VERSION"));
    let both = format!("user-agent: my-app/1.2 (tests) {ours}\r\n");
    let alone = format!("user-agent: {ours}\r\n");
    assert_eq!(server.seen.count(&both), 1, "{:?}", server.seen.all());
    assert_eq!(server.seen.count(&alone), 1, "{:?}", server.seen.all());
}

#[test]
fn a_product_that_no_header_can_carry_is_refused() {
    for product in ["", " ", "two\r\nlines", "caf\u{e9}\u{2603}", "nul\0"] {
        let error = builder().user_agent(product).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{product:?}");
        assert!(error.message().contains("user_agent"), "{error}");
    }
}
