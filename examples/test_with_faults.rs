//! How to test a function of your own against an emulator, with a fault in front.
//!
//! The emulator is a wiremock server, so a fault that is an answer is a wiremock mock. What is none, such as a
//! connection that is cut, is done by the testkit's proxy, by chance from a seed. This would
//! be a `#[tokio::test]` in your crate; here it is a program, so that it can be run.

#![expect(clippy::print_stdout, reason = "a program")]

use polyvault::azure_key_vault::emulator::Emulator;
use polyvault::{Environment, ErrorKind, SecretStore, SecretStoreExt};
use polyvault_testkit::faults::{Fault, FaultPlan, FaultProxy};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

/// The function under test: what to log in with, and whether it is the fallback.
async fn login(secrets: &dyn SecretStore) -> polyvault::Result<(String, bool)> {
    let fallback = match secrets.get_text("db-password-next").await {
        Ok(_) => return Ok(("db-password-next".into(), false)),
        Err(error) if error.kind() == ErrorKind::NotFound => "db-password",
        Err(error) => return Err(error),
    };
    secrets.get_text(fallback).await?;
    Ok((fallback.into(), true))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let vault = Emulator::start().await;
    vault.seed("db-password", ["s3cret"])?;
    let store = polyvault::open_in(
        &format!("azure-key-vault://test?endpoint={}", vault.url()),
        &Environment::empty().with("POLYVAULT_AZURE_TOKEN", "made-up"),
    )?;

    let calm = login(&*store).await?;
    assert_eq!(calm, ("db-password".to_owned(), true));
    println!("without a fault: logs in with {}", calm.0);

    // One bad answer: the store repeats a read by itself.
    Mock::given(method("GET"))
        .and(path("/secrets/db-password-next"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(vault.server())
        .await;
    assert_eq!(login(&*store).await?, calm);
    println!("one 503: the same");

    // A refusal is not a missing secret: no fallback.
    Mock::given(method("GET"))
        .and(path("/secrets/db-password-next"))
        .respond_with(ResponseTemplate::new(403))
        .up_to_n_times(1)
        .mount(vault.server())
        .await;
    let error = match login(&*store).await {
        Err(error) => error,
        Ok((name, _)) => return Err(format!("logged in with {name}").into()),
    };
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    println!("a 403: {error}");

    // Whatever the network does, it logs in as ever or says why not; the same seed does the same again.
    let network = [Fault::ResetBeforeCommit, Fault::CutBody, Fault::HtmlPage];
    let plan = FaultPlan::new(7).one_in(3, network);
    let proxy = FaultProxy::start(plan).await?;
    let store = vault.store_with(proxy.options());
    for _ in 0..5 {
        match login(&store).await {
            Ok(outcome) => assert_eq!(outcome, calm),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
        }
    }
    for traced in proxy.trace().iter().filter(|traced| traced.fault.is_some()) {
        println!("{traced}");
    }
    Ok(())
}
