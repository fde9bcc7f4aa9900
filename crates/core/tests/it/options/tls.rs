//! Whom we trust, who we are, and how a refused certificate is told.

use std::fs;
use std::sync::Arc;

use http::{Method, Request};
use polyvault_core::transport::{
    Advice, Call, Client, ClientOptions, Endpoint, ReadyToken, Repeat, Scheme, Service,
};
use polyvault_core::{Error, ErrorKind, Retry, SecretString};

use super::*;

#[tokio::test]
async fn a_private_ca_is_trusted_by_its_text_or_its_file() {
    let (authority, server) = service("localhost");
    let url = server.url("https", "localhost");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    // A bundle: another CA stands first.
    fs::write(&path, Authority::new().pem() + &authority.pem()).unwrap();

    for transport in [
        trusting(&authority),
        trusting(&authority).ca_only(),
        builder().ca_file(&path).unwrap(),
        builder().ca_file(&path).unwrap().ca_only(),
    ] {
        let answer = get(&transport.build(), &url).await.unwrap();
        assert_eq!(answer.body().as_bytes(), b"ok");
    }
    for transport in [builder().ca_only(), trusting(&Authority::new())] {
        let kind = kind(&transport.build(), &url).await;
        assert_eq!(kind, SendErrorKind::Untrusted);
    }
}

#[test]
fn what_is_no_ca_is_refused_with_its_file_and_without_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n";
    for text in ["", "hunter2", "-----BEGIN CERTIFICATE-----\n%", broken] {
        let path = folder.path().join("ca.pem");
        fs::write(&path, text).unwrap();

        for (field, error) in [
            ("ca_pem", builder().ca_pem(text).unwrap_err()),
            ("ca_file", builder().ca_file(&path).unwrap_err()),
        ] {
            assert_eq!(error.kind(), ErrorKind::Config);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(field), "{shown}");
            assert_eq!(shown.contains("ca.pem"), field == "ca_file", "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
    let missing = builder().ca_file("/nowhere/ca.pem").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Config);
    assert!(missing.message().contains("/nowhere/ca.pem"), "{missing}");

    let endless = folder.path().join("endless");
    fs::write(&endless, vec![b' '; 4 * 1024 * 1024 + 1]).unwrap();
    let error = builder().ca_file(&endless).unwrap_err();
    assert!(error.message().contains("4 MiB"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_service_that_asks() {
    let authority = Authority::new();
    let server = authority
        .issue(&["localhost"])
        .serve(&["http/1.1"], Some(&authority));
    let url = server.url("https", "localhost");
    let pem = authority.issue(&["a-client"]).pem();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.pem");
    fs::write(&path, &pem).unwrap();
    let strange = Authority::new().issue(&["a-client"]).pem();

    let by_text = trusting(&authority).client_certificate_pem(&SecretString::from(pem));
    let by_file = trusting(&authority).client_certificate_file(&path);
    for transport in [by_text.unwrap(), by_file.unwrap()] {
        assert_eq!(get(&transport.build(), &url).await.unwrap().status(), 200);
    }

    let other = trusting(&authority).client_certificate_pem(&SecretString::from(strange));
    for transport in [trusting(&authority), other.unwrap()] {
        let error = get(&transport.build(), &url).await.unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::Untrusted, "{error}");
        let help = error.help().unwrap();
        assert!(help.contains("client_certificate_file"), "{help}");
    }
}

#[test]
fn a_client_certificate_without_its_own_key_is_refused_and_no_key_is_ever_shown() {
    let authority = Authority::new();
    let (issued, other) = (authority.issue(&["a"]), authority.issue(&["b"]));
    let key = issued.key_pem();
    let mark = key.lines().nth(1).unwrap();
    for pem in [
        String::new(),
        key.clone(),
        issued.certificate_pem(),
        other.certificate_pem() + &key,
        key.replace("PRIVATE", "ENCRYPTED PRIVATE") + &issued.certificate_pem(),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.pem");
        fs::write(&path, &pem).unwrap();
        let pem = SecretString::from(pem);

        let by_text = builder().client_certificate_pem(&pem).unwrap_err();
        let by_file = builder().client_certificate_file(&path).unwrap_err();

        for error in [by_text, by_file] {
            assert_eq!(error.kind(), ErrorKind::Config);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("client_certificate_"), "{shown}");
            assert!(!shown.contains(mark), "{shown}");
        }
    }
    // Who writes the text where the path belongs sees it nowhere.
    let error = builder().client_certificate_file(&key).unwrap_err();
    assert!(!format!("{error:?}").contains(mark), "{error:?}");

    let pem = SecretString::from(issued.pem());
    let good = builder().client_certificate_pem(&pem).unwrap();
    let shown = format!("{good:?} {:?}", good.clone().build());
    assert!(!shown.contains(mark), "{shown}");
}

/// A client of the service at `url`, as an adapter makes it.
fn client(url: &str, transport: ReqwestTransport) -> Client {
    let service = Service {
        provider: "test",
        endpoints: vec![Endpoint::parse("endpoint", url).unwrap()],
        tokens: Box::new(ReadyToken::new("t0ken".into())),
        scheme: Scheme::Bearer,
        advice: Advice::default(),
        request_id: "x-request-id",
        refusal: |_| Error::new(ErrorKind::Unexpected, "refused"),
    };
    let options = ClientOptions {
        transport: Some(Arc::new(transport)),
        ..ClientOptions::default()
    };
    Client::new(service, options).unwrap()
}

#[tokio::test]
async fn a_refused_certificate_is_a_matter_of_configuration_and_asked_for_once() {
    let authority = Authority::named("ours");
    let stranger = Authority::new();
    let renewed = Authority::named("ours");
    for (issued, why) in [
        (stranger.issue(&["localhost"]), "no CA that is trusted"),
        (renewed.issue(&["localhost"]), "no CA that is trusted"),
        (authority.issue(&["another.example"]), "another host name"),
        (authority.issue_until(&["localhost"], 2001), "expired"),
    ] {
        let server = issued.serve(&["http/1.1"], None);
        let url = server.url("https", "localhost");
        let client = client(&url, trusting(&authority).ca_only().build());
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = url.parse().unwrap();

        let error = client
            .send(Call {
                operation: "get",
                secret: None,
                repeat: Repeat::Safe,
                request,
            })
            .await
            .unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_eq!(error.retry(), Retry::Never);
        assert!(error.message().contains(why), "{error}");
        assert!(error.help().contains("ca_file"), "{}", error.help());
        assert_eq!(server.seen.count("connection"), 1);
    }
}
