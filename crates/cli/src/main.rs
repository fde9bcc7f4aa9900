//! The command line: secrets of several clouds, for people and for programs.

mod args;
mod commands;
mod emulate;
mod exit;
mod input;
mod json;
mod output;
mod stores;
mod table;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let json = cli.json;
    match commands::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::failure(&error, json),
    }
}
