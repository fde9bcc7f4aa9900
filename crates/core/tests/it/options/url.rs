//! The parameters of store URLs that set the transport.

use std::fs;

use polyvault_core::provider::{HTTP_PARAMETERS, OpenOptions, StoreUrl};
use polyvault_core::transport::{ClientOptions, RetryPolicy};
use polyvault_core::{Environment, ErrorKind};
use std::sync::Arc;

use super::*;

fn store(parameters: &[(&str, &str)]) -> polyvault_core::Result<StoreUrl> {
    let query = ::url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    StoreUrl::parse(&format!("wix-secrets://site?{query}"))
}

fn client(parameters: &[(&str, &str)]) -> polyvault_core::Result<ClientOptions> {
    OpenOptions::default().client_for(&store(parameters)?)
}

/// What a store of these parameters sends by.
async fn ask(options: &OpenOptions, parameters: &[(&str, &str)], url: &str) -> bool {
    let client = options.client_for(&store(parameters).unwrap()).unwrap();
    let request = http::Request::get(url).body(Body::empty()).unwrap();
    let answer = client.transport.unwrap().send(request, LONG).await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn certificates_and_the_proxy_are_those_of_the_url() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let authority = Authority::new();
    let service = authority
        .issue(&[FAR])
        .serve(&["http/1.1"], Some(&authority));
    fs::write(path("ca.pem"), authority.pem()).unwrap();
    fs::write(path("client.pem"), authority.issue(&["client"]).pem()).unwrap();
    let (ca, client) = (path("ca.pem"), path("client.pem"));
    let trusted = ("ca_file", ca.as_str());
    let known = ("client_certificate_file", client.as_str());
    let url = service.url("https", FAR);
    let server = Server::proxy(service.address);
    let address = server.url("http", "127.0.0.1");
    let proxy = ("proxy", address.as_str());
    let nowhere = OpenOptions::default();
    let past = OpenOptions {
        environment: Environment::empty().with("NO_PROXY", FAR),
        ..OpenOptions::default()
    };

    assert!(ask(&nowhere, &[trusted, known], &url).await);
    assert!(!ask(&nowhere, &[trusted], &url).await);
    assert!(!ask(&nowhere, &[known], &url).await);
    assert_eq!(server.seen.count("CONNECT"), 0);
    assert!(ask(&nowhere, &[trusted, known, proxy], &url).await);
    assert_eq!(server.seen.count("CONNECT"), 1);
    assert!(ask(&past, &[trusted, known, proxy], &url).await);
    assert!(ask(&nowhere, &[trusted, known, ("proxy", "none")], &url).await);
    assert_eq!(server.seen.count("CONNECT"), 1);
}

#[test]
fn times_have_units_and_defaults_are_the_tables() {
    let default = |name| {
        let mut rows = HTTP_PARAMETERS.iter();
        rows.find(|row| row.name == name).unwrap().default
    };
    let plain = format!("{:?}", ReqwestTransport::default());
    let said = client(&[("connect_timeout", default("connect_timeout"))]).unwrap();
    assert_eq!(format!("{:?}", said.transport.unwrap()), plain);
    let said = client(&[("timeout", default("timeout"))]).unwrap();
    assert_eq!(said.retry, RetryPolicy::default());

    let set = client(&[("connect_timeout", "1500ms"), ("timeout", "2m5s")]).unwrap();
    let transport = format!("{:?}", set.transport.unwrap());
    assert!(transport.contains("connect_timeout: 1.5s"), "{transport}");
    assert_eq!(set.retry.total, Duration::from_secs(125));

    for name in ["connect_timeout", "timeout"] {
        for text in ["", "10", "0s", "-1s", "soon", "10 parsecs", "1mo"] {
            let error = client(&[(name, text)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{text:?}");
            assert!(error.message().contains(name), "{error}");
        }
    }
}

#[test]
fn a_parameter_beside_a_transport_that_was_handed_in_is_refused() {
    let options = OpenOptions {
        client: ClientOptions {
            transport: Some(Arc::new(ReqwestTransport::default())),
            ..ClientOptions::default()
        },
        ..OpenOptions::default()
    };
    for parameter in HTTP_PARAMETERS {
        let url = store(&[(parameter.name, "1s")]).unwrap();

        let outcome = options.client_for(&url);

        match parameter.name {
            // The repeats are not the transport's.
            "timeout" => assert_eq!(outcome.unwrap().retry.total, Duration::from_secs(1)),
            name => {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Config);
                assert!(error.message().contains(name), "{error}");
            }
        }
    }
    let without = client(&[]).unwrap();
    assert!(without.transport.is_none());
}

#[test]
fn a_bad_value_is_refused_by_its_name_and_a_login_never_quoted() {
    for (name, value) in [
        ("ca_file", "/nowhere/ca.pem"),
        ("client_certificate_file", "/nowhere/client.pem"),
        ("proxy", "proxy.example"),
        ("proxy", "http://user:hunter2@proxy.example"),
    ] {
        let error = client(&[(name, value)]).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(name), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
