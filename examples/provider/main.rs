//! A provider in miniature: the rooms of an adapter, its emulator and its harness.
//!
//! The service, Cubby, is made up. It keeps one text under each key:
//!
//! | call | answer |
//! |---|---|
//! | `GET /keys?after=KEY&limit=N` | `{"keys": [..], "more": true}` |
//! | `GET /keys/KEY` | `{"key": ..}` |
//! | `GET /values/KEY` | `{"key": .., "value": ..}` |
//! | `PUT /values/KEY` of `{"value": ..}`, maybe with `if-match` or `if-none-match: *` | `{"key": .., "created": true}` |
//! | `DELETE /values/KEY` | 204 |
//!
//! `cargo run --example provider` runs the conformance suite on it. CONTRIBUTING.md
//! walks through the files.

#![expect(clippy::print_stdout, reason = "a program")]

mod config;
mod emulator;
mod error;
mod harness;
mod request;
mod response;
mod store;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;

use harness::Place;
use polyvault_testkit::conformance::{Report, run_all};

/// The whole suite on one place.
pub(crate) async fn run() -> polyvault::Result<Report> {
    let place = Arc::new(Place::start().await?);
    Ok(run_all(async || Arc::clone(&place) as _).await)
}

#[tokio::main]
async fn main() -> polyvault::Result<ExitCode> {
    let report = run().await?;
    println!("{report}");
    Ok(match report.is_green() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
