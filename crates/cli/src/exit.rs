//! How a run that failed ends: what stderr is told, and the exit code.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind as UsageKind};
use polyvault::{Error, ErrorKind, PROVIDERS};

use crate::json;

/// One code a kind, for ever: programs rely on them. New kinds get the next number.
const CODES: &[(ErrorKind, u8)] = &[
    (ErrorKind::NotFound, 10),
    (ErrorKind::AlreadyExists, 11),
    (ErrorKind::Ambiguous, 12),
    (ErrorKind::InvalidInput, 13),
    (ErrorKind::TooLarge, 14),
    (ErrorKind::Disabled, 15),
    (ErrorKind::SoftDeleted, 16),
    (ErrorKind::InTransition, 17),
    (ErrorKind::Conflict, 18),
    (ErrorKind::FailedPrecondition, 19),
    (ErrorKind::Unauthenticated, 20),
    (ErrorKind::Forbidden, 21),
    (ErrorKind::RateLimited, 22),
    (ErrorKind::QuotaExceeded, 23),
    (ErrorKind::Unavailable, 24),
    (ErrorKind::Timeout, 25),
    (ErrorKind::Unsupported, 26),
    (ErrorKind::OperationFailed, 27),
    (ErrorKind::Decode, 28),
    (ErrorKind::Config, 29),
    (ErrorKind::Unexpected, 30),
];

/// A command line that can't be understood; clap's own code.
const USAGE: u8 = 2;

/// A kind that this program does not know yet.
const UNKNOWN: u8 = 1;

/// Tells an error, and gives its code.
pub(crate) fn failure(error: &Error, json: bool) -> ExitCode {
    tell(error, json);
    ExitCode::from(code(error.kind()))
}

/// Tells why the command line can't be understood, or shows the help that it asks for.
///
/// Clap's own message is not used: it quotes the arguments, and one of them may
/// be a value in the wrong place.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let asks_for_help = matches!(
        error.kind(),
        UsageKind::DisplayHelp
            | UsageKind::DisplayVersion
            | UsageKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if asks_for_help {
        // Nobody is left to be told.
        let _ = error.print();
    } else {
        let told = Error::new(ErrorKind::InvalidInput, usage_message(error)).with_help(
            "See `polyvault help COMMAND`. A value is never an argument: \
             it comes from stdin, --value-file FILE or --entry KEY=@FILE.",
        );
        tell(&told, std::env::args_os().any(|arg| arg == "--json"));
    }
    if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// What stands below the list of commands: stores and exit codes.
pub(crate) fn help() -> String {
    let mut text = "Stores, and the variables that their credentials come from:\n".to_owned();
    for provider in PROVIDERS {
        let names: Vec<&str> = provider.variables.iter().map(|v| v.name).collect();
        let line = format!("  {}://  {}", provider.scheme, names.join(", "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("\nExit codes:\n   0  done\n   2  the command line can't be understood\n");
    for (kind, code) in CODES {
        // Writing to a text can't fail.
        let _ = writeln!(text, "  {code}  {kind}");
    }
    text
}

fn tell(error: &Error, json: bool) {
    let text = if json {
        json::error(error).to_string()
    } else {
        format!("polyvault: error: {error}\nhelp: {}", error.help())
    };
    // The exit code still tells it if stderr is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

fn code(kind: ErrorKind) -> u8 {
    CODES
        .iter()
        .find_map(|(known, code)| (*known == kind).then_some(*code))
        .unwrap_or(UNKNOWN)
}

/// The rule that is broken, with names of arguments from the program's own list only.
fn usage_message(error: &clap::Error) -> String {
    let mut message = error
        .kind()
        .as_str()
        .unwrap_or("it can't be understood")
        .to_owned();
    // In errors of these two kinds the "argument" is what was typed.
    let typed = [UsageKind::UnknownArgument, UsageKind::InvalidSubcommand];
    if typed.contains(&error.kind()) {
        return message;
    }
    for (context, before) in [
        (ContextKind::InvalidArg, ": "),
        (ContextKind::PriorArg, " and "),
        (ContextKind::ValidValue, "; it takes "),
    ] {
        let names = match error.get(context) {
            Some(ContextValue::String(name)) => name.clone(),
            Some(ContextValue::Strings(names)) if !names.is_empty() => names.join(", "),
            _ => continue,
        };
        message.push_str(before);
        message.push_str(&names);
    }
    message
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        let codes: BTreeSet<u8> = ErrorKind::ALL.iter().map(|kind| code(*kind)).collect();

        assert_eq!(codes.len(), ErrorKind::ALL.len());
        assert!(codes.is_disjoint(&BTreeSet::from([0, UNKNOWN, USAGE])));
    }

    #[test]
    fn the_readme_lists_every_code() {
        let readme = include_str!("../README.md");

        for (kind, code) in CODES {
            let row = format!("| {code} | `{kind}` |");
            assert!(readme.contains(&row), "no row {row}");
        }
    }
}
