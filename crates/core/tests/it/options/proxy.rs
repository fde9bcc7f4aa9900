//! Through a proxy, past it, and without one.

use polyvault_core::ErrorKind;
use polyvault_core::transport::Proxy;

use super::*;

fn proxy(server: &Server) -> Proxy {
    Proxy::new(&server.url("http", "127.0.0.1")).unwrap()
}

#[tokio::test]
async fn a_service_is_reached_through_the_proxy_which_sees_its_name_only() {
    let (authority, service) = service("vault.test");
    let server = Server::proxy(service.address);
    let transport = trusting(&authority).proxy(proxy(&server)).build();

    let answer = get(&transport, "https://vault.test/secrets/x").await;

    assert_eq!(answer.unwrap().body().as_bytes(), b"ok");
    assert_eq!(server.seen.count("CONNECT vault.test:443 HTTP/1.1"), 1);
    assert_eq!(server.seen.count("/secrets/x"), 0);
    assert_eq!(server.seen.count("authorization"), 0);
    assert_eq!(service.seen.count("GET /secrets/x"), 1);
}

#[tokio::test]
async fn the_login_goes_to_the_proxy_and_to_nobody_else() {
    let (authority, service) = service("vault.test");
    let server = Server::proxy(service.address);
    let proxy = proxy(&server)
        .login("build-agent", "hunter2%41".into())
        .unwrap();
    let transport = trusting(&authority).proxy(proxy.clone());
    let shown = format!("{proxy:?} {transport:?}");
    let transport = transport.build();

    get(&transport, "https://vault.test/").await.unwrap();

    // printf 'build-agent:hunter2%%41' | base64
    let header = "proxy-authorization: Basic YnVpbGQtYWdlbnQ6aHVudGVyMiU0MQ==\r\n";
    let seen = server.seen.all().concat().to_lowercase();
    assert!(seen.contains(&header.to_lowercase()), "{seen}");
    assert_eq!(service.seen.count("uthorization"), 0);
    let shown = format!("{shown} {transport:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("YnVpbGQ"),
        "{shown}"
    );
}

#[tokio::test]
async fn named_hosts_are_reached_past_the_proxy() {
    let (authority, service) = service(FAR);
    let url = service.url("https", FAR);
    for (list, past) in [
        ("", false),
        ("other.example", false),
        ("other.example, 0.0.0.0/8", true),
        ("0.0.0.0", true),
    ] {
        let server = Server::proxy(service.address);
        let transport = trusting(&authority)
            .proxy(proxy(&server).no_proxy(list))
            .build();

        assert_eq!(get(&transport, &url).await.unwrap().status(), 200);

        assert_eq!(server.seen.count("CONNECT") == 0, past, "{list:?}");
    }
}

#[tokio::test]
async fn this_machine_is_reached_without_the_proxy_that_is_set() {
    let (authority, service) = service("localhost");
    let plain = Server::plain();
    let server = Server::proxy(service.address);
    let transport = trusting(&authority).proxy(proxy(&server)).build();

    for url in [
        service.url("https", "localhost"),
        plain.url("http", "127.0.0.1"),
    ] {
        assert_eq!(get(&transport, &url).await.unwrap().status(), 200);
    }

    assert_eq!(server.seen.all(), [""; 0]);
}

#[test]
fn what_is_no_proxy_is_refused_without_being_quoted() {
    for url in [
        "",
        "hunter2",
        "hunter2:3128",
        "http://user:hunter2@proxy.example",
        "http://hunter2@proxy.example",
        "socks5://hunter2.example",
        "http://proxy.example/hunter2",
        "http://proxy.example/?hunter2",
        "http://proxy.example/#hunter2",
    ] {
        let error = Proxy::new(url).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        let shown = format!("{error} {error:?} {}", error.help());
        assert!(shown.contains("`proxy`"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let good = Proxy::new("http://proxy.example:3128").unwrap();
    let error = good.login("a:b", "hunter2".into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
