//! No value and no credential shows in anything that a program could print, whatever the services answer.

mod calls;
mod capture;
mod echo;
mod planted;
mod services;
mod told;
mod types;

use std::sync::Arc;

use polyvault::Payload;
use polyvault::observability::Traced;
use polyvault_testkit::interrupt::{Open, Reply, interrupt_all_with};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::Script;

use self::capture::{Heard, panicked};
use self::services::Service;
use self::told::Told;
use crate::hostile::tokens::{Door, doors};

fn reply(number: usize, value: &Mark, token: &Mark) -> Reply {
    let echo = echo::ECHOES[number % echo::ECHOES.len()];
    let (value, token) = (value.clone(), token.clone());
    Arc::new(move |request| echo(&echo::told_by(request, &value, &token)))
}

/// Each request of each call is answered by each echo.
async fn interrupted_by_echoes(which: &str) {
    let (value, token) = (Mark::large(), Mark::new());
    let (mut told, heard) = (Told::default(), Heard::default());
    let start = async || {
        let (service, token) = (Service::start(which).await, token.clone());
        Box::new(move |options| service.open(&token, options)) as Open
    };
    let most = &value.text()[..1_920];
    let values = [most, &most[64..]].map(Payload::text);
    let number = echo::ECHOES.len();
    for from in 0..number {
        let replies = (from..from + number).map(|at| reply(at, &value, &token));
        let replies: Vec<_> = replies.collect();
        for one in interrupt_all_with(start, &replies, &values).await.unwrap() {
            let what = format!("{:?}, {} after {}", one.call, one.request, one.before);
            if one.outcome.is_err() {
                panicked(&heard, || one.outcome.as_ref().copied().unwrap());
            }
            told.outcome(&what, one.outcome);
        }
    }
    println!("{which}: {} outcomes, {} errors", told.len(), told.errors());
    assert!(told.errors() > 50);
    assert_eq!(heard.count("panic"), 2 * told.errors());
    heard.tell(&mut told);
    assert_eq!(told.leaks(&[&value, &token]), [""; 0]);
}

#[tokio::test]
async fn no_error_of_azure_key_vault_shows_what_the_service_repeats() {
    interrupted_by_echoes("azure-key-vault").await;
}

#[tokio::test]
async fn no_error_of_the_control_plane_shows_what_the_service_repeats() {
    interrupted_by_echoes("azure-key-vault-arm").await;
}

#[tokio::test]
async fn no_error_of_wix_secrets_shows_what_the_service_repeats() {
    interrupted_by_echoes("wix-secrets").await;
    interrupted_by_echoes("wix-secrets encoded").await;
}

#[tokio::test]
async fn no_error_of_lockbox_shows_what_the_service_repeats() {
    interrupted_by_echoes("yandex-lockbox").await;
}

/// Calls of a store of which everything is heard, some of them answered by echoes.
async fn heard(which: &str) {
    let (value, token) = (Mark::large(), Mark::new());
    let (mut told, heard) = (Told::default(), Heard::default());
    let service = Service::start(which).await;
    heard
        .while_in(async {
            let store = Traced::new(service.open(&token, heard.options()));
            calls::all(&store, &value, &mut told).await;
            for from in 0..3 {
                let replies = (from..from + echo::ECHOES.len()).map(|at| reply(at, &value, &token));
                let options = heard.options_with(replies.collect());
                let store = Traced::new(service.open(&token, options));
                calls::all(&store, &value, &mut told).await;
            }
        })
        .await;
    for channel in ["fmt", "json", "metrics", "url", "request", "answer", "log"] {
        let count = heard.count(channel);
        println!("{which}: {channel} {count}");
        assert!(count > 10, "{which}: {channel} heard {count}");
    }
    heard.tell(&mut told);
    assert_eq!(told.leaks(&[&value, &token]), [""; 0]);
}

#[tokio::test]
async fn nothing_that_a_program_hears_of_azure_key_vault_shows_a_value_or_a_token() {
    heard("azure-key-vault").await;
    heard("azure-key-vault-arm").await;
}

#[tokio::test]
async fn nothing_that_a_program_hears_of_wix_secrets_shows_a_value_or_a_token() {
    heard("wix-secrets").await;
    heard("wix-secrets encoded").await;
}

#[tokio::test]
async fn nothing_that_a_program_hears_of_lockbox_shows_a_value_or_a_token() {
    heard("yandex-lockbox").await;
}

#[tokio::test]
async fn no_sign_in_shows_what_an_issuer_repeats() {
    let (token, mut told) = (Mark::new(), Told::default());
    let mut echoes: Vec<_> = echo::ECHOES.iter().map(|echo| echo(token.text())).collect();
    echoes.push(echo::oauth(token.text()));
    // The others prove themselves by nothing, or by what is made anew for each request.
    let shown = |door: &Door| door.variables.iter().any(|(_, told)| told == token.text());
    let doors: Vec<_> = doors(token.text())
        .await
        .into_iter()
        .filter(shown)
        .collect();
    assert_eq!(doors.len(), 4);
    for door in doors {
        let before = told.errors();
        for echo in &echoes {
            let script = Script::always(echo.clone());
            let store = door.open(&script);
            let described = store.describe(&"db".try_into().unwrap()).await;
            told.outcome(door.url, described);
        }
        assert_eq!(told.errors() - before, echoes.len(), "{}", door.url);
    }
    assert_eq!(told.leaks(&[&token]), [""; 0]);
}
