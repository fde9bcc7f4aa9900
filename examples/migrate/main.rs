//! Moves secrets with their history from store to store, and proves it.
//!
//! `cargo run --example migrate` runs offline, on emulators: Azure Key Vault to
//! Yandex Lockbox with all versions, then on to Wix with the current values.
//! `cargo run --example migrate -- --from URL --to URL` does it between real
//! stores, with credentials from the environment. No value is ever printed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

mod copy;
mod offline;
mod place;
mod report;
mod seed;
mod verify;

use std::error::Error;
use std::process::ExitCode;

use polyvault::{GetOptions, SecretRef, SecretStore, VersionSelector};

use crate::copy::Scale;
use crate::offline::Offline;
use crate::place::Place;
use crate::report::Report;
use crate::verify::Expected;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] => on_emulators().await,
        ["--from", from, "--to", to] | ["--to", to, "--from", from] => between(from, to).await,
        _ => {
            eprintln!("usage: migrate [--from URL --to URL]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("migrate: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn on_emulators() -> Result<bool, Box<dyn Error>> {
    let offline = Offline::start().await?;
    let versions: usize = offline.seeded.iter().map(|s| s.versions.len()).sum();
    println!(
        "Azure Key Vault at {}, Lockbox at {}, Wix at {}",
        offline.azure.url(),
        offline.lockbox.url(),
        offline.wix.url()
    );
    println!(
        "seeded: {} secrets, {versions} versions\n",
        offline.seeded.len()
    );
    let outcome = offline.copy().await?;
    println!("{}\n{}", outcome.to_lockbox, outcome.to_wix);
    let wrong = offline.verify(&outcome).await?;
    Ok(conclude(&wrong, &[&outcome.to_lockbox, &outcome.to_wix]))
}

async fn between(from: &str, to: &str) -> Result<bool, Box<dyn Error>> {
    let (from, to) = (Place::real(from.to_owned()), Place::real(to.to_owned()));
    let (source, target) = (from.open()?, to.open()?);
    let mut report = copy::copy(&*source, &*target, Scale::History).await?;
    report.requests = vec![
        (source.to_string(), from.sent()),
        (target.to_string(), to.sent()),
    ];
    println!("{report}");
    let expected = read_again(&*from.open()?, &report).await?;
    let wrong = verify::verify(&*to.open()?, &report, &expected, &[]).await?;
    Ok(conclude(&wrong, &[&report]))
}

/// What the source holds of what was copied, through a new client.
async fn read_again(
    from: &dyn SecretStore,
    report: &Report,
) -> Result<Vec<Expected>, polyvault::Error> {
    let mut expected = Vec::new();
    for copied in &report.copied {
        let source = SecretRef::from(&copied.source);
        let mut versions = Vec::new();
        for (id, _) in &copied.versions {
            let version = id.clone().map_or(VersionSelector::Current, Into::into);
            let secret = from.get(&source, GetOptions { version }).await?;
            versions.push((id.clone(), secret.payload));
        }
        expected.push(Expected {
            name: copied.name.clone(),
            versions,
        });
    }
    Ok(expected)
}

fn conclude(wrong: &[String], reports: &[&Report]) -> bool {
    for line in wrong {
        println!("DIFFERS {line}");
    }
    let copied = reports.iter().flat_map(|report| &report.copied);
    let versions: usize = copied.map(|copied| copied.versions.len()).sum();
    let failures: usize = reports.iter().map(|report| report.failures.len()).sum();
    println!(
        "verified through new clients: {versions} versions read back, {} differ, {failures} failures",
        wrong.len()
    );
    wrong.is_empty() && failures == 0
}
