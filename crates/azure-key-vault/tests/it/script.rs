//! Stores that speak to a script, and the fixtures' exchanges.

use std::sync::Arc;

use http::Request;
use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_core::transport::Body;
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_testkit::script::{Answer, Script, answer, body_of};
use serde_json::Value;

/// A store on the vault that the fixtures tell of.
pub(crate) fn store_on(script: &Arc<Script>) -> AzureKeyVault {
    AzureKeyVault::builder("myvault")
        .token("made-up-token".into())
        .client_options(script.options())
        .build()
        .unwrap()
}

/// Verb, path and query of what was sent.
pub(crate) fn lines(script: &Script) -> Vec<String> {
    let line = |request: &Request<Body>| {
        let path = request.uri().path_and_query().unwrap();
        format!("{} {path}", request.method())
    };
    script.sent().iter().map(line).collect()
}

/// An answer of 200 with JSON.
pub(crate) fn json(body: Value) -> Answer {
    answer(200, body.to_string())
}

pub(crate) fn load(name: &str) -> Fixture {
    let mut all = fixture::load("azure-key-vault").unwrap();
    all.retain(|fixture| fixture.name == name);
    all.pop().unwrap()
}

/// Calls a store that gets the fixture's answer, and holds what it asked to the fixture's request.
pub(crate) async fn exchange<T>(fixture: &str, call: impl AsyncFnOnce(AzureKeyVault) -> T) -> T {
    exchange_after([], fixture, call).await
}

/// The same, where these looks come before.
pub(crate) async fn exchange_after<T, const LOOKS: usize>(
    looks: [Answer; LOOKS],
    fixture: &str,
    call: impl AsyncFnOnce(AzureKeyVault) -> T,
) -> T {
    let fixture = load(fixture);
    let last = Ok(fixture.http_response().unwrap());
    let script = Script::new(looks.into_iter().chain([last]));
    let outcome = call(store_on(&script)).await;
    let sent = script.sent();
    let lines = script.lines();
    assert_eq!(sent.len(), LOOKS + 1, "{}: {lines:?}", fixture.name);
    assert!(
        sent[..LOOKS].iter().all(|look| look.method() == "GET"),
        "{lines:?}"
    );
    same_request(&sent[LOOKS], &fixture);
    outcome
}

/// Method, host, path and query, body, and the headers that matter.
pub(crate) fn same_request(sent: &Request<Body>, fixture: &Fixture) {
    let name = &fixture.name;
    // Both spellings of "the current version" are known; ours has no slash at its end.
    let path = fixture.request.path.replace("/?", "?");
    let uri = sent.uri();
    assert_eq!(sent.method().as_str(), fixture.request.method, "{name}");
    assert_eq!(
        uri.authority().unwrap(),
        "myvault.vault.azure.net",
        "{name}"
    );
    assert_eq!(uri.path_and_query().unwrap(), path.as_str(), "{name}");
    assert_eq!(body_of(sent), fixture.request.body, "{name}");
    for header in ["authorization", "accept", "content-type"] {
        let got = sent.headers().get(header).map(|v| v.to_str().unwrap());
        let due = fixture.request.headers.get(header).map(String::as_str);
        assert_eq!(got, due, "{name}: {header}");
    }
}
