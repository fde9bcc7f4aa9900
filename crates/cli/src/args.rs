//! What the command line takes.
//!
//! Fields are plain texts where a user may put something secret by mistake: the
//! commands read them, since clap's own errors quote what they refuse.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use polyvault::{PutMode, Result, SecretId, SecretName, SecretRef, SecretStore};

use crate::stores::Stores;

/// Secrets of several clouds, with versions.
///
/// STORE is a URL such as `azure-key-vault://my-vault`, or a name in a file of
/// stores. Credentials come from the environment, never from a URL, a file of
/// stores or an argument, and so do values: they come from stdin or from files.
#[derive(Parser)]
#[command(name = "polyvault", version, after_help = crate::exit::help())]
pub(crate) struct Cli {
    /// Write results to stdout and errors to stderr as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Find STORE by its name in this TOML file; the variable POLYVAULT_CONFIG says so too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write the bytes of a value, and nothing else, to stdout or to a new file
    Get(Get),
    /// Store a value: stdin, byte for byte, unless files are named
    Put(Put),
    /// List the secrets of a store, without values
    List(List),
    /// List the versions of a secret, in the service's order
    Versions(Target),
    /// Tell what is known of a secret, without its value
    Describe(Target),
    /// Delete a secret with all its versions
    Delete(Remove),
    /// Recover a deleted secret
    Recover(Target),
    /// Purge a deleted secret: nothing brings it back
    Purge(Remove),
    /// Serve stand-ins for the services until interrupted; all on free ports unless some are named
    ///
    /// The first line on stdout is a JSON object of their URLs. They take any
    /// credential and keep everything in memory, so give them made-up values only.
    Emulate(Emulate),
}

/// Which secret of which store.
#[derive(Args)]
pub(crate) struct Target {
    /// The store's URL, or its name in the file of --config
    pub(crate) store: String,
    /// The secret's name
    pub(crate) name: String,
    /// NAME is the service's id of the secret
    #[arg(long)]
    pub(crate) id: bool,
}

#[derive(Args)]
pub(crate) struct Get {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Read this version instead of the current one
    #[arg(long, value_name = "ID")]
    pub(crate) version: Option<String>,
    /// Read the entry of this key
    #[arg(long, value_name = "KEY")]
    pub(crate) entry: Option<String>,
    /// Write the value to this file, which must not exist; only its owner can read it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Put {
    #[command(flatten)]
    pub(crate) target: Target,
    /// What to do where the secret exists or doesn't
    #[arg(long, value_enum, default_value_t = Mode::Upsert)]
    pub(crate) mode: Mode,
    /// Read the value from this file instead of stdin
    #[arg(long, value_name = "FILE", conflicts_with = "entry")]
    pub(crate) value_file: Option<PathBuf>,
    /// Store several entries, each from a file; stdin isn't read
    #[arg(long, value_name = "KEY=@FILE")]
    pub(crate) entry: Vec<String>,
    /// Replace the labels by these
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) label: Vec<String>,
    /// Set the content type; an empty one clears it
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Set the description; an empty one clears it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Set the end of the version's validity
    #[arg(long, value_name = "RFC3339")]
    pub(crate) expires: Option<String>,
    /// Set the start of the version's validity
    #[arg(long, value_name = "RFC3339")]
    pub(crate) not_before: Option<String>,
    /// Store a version that can't be read until it is enabled
    #[arg(long)]
    pub(crate) disabled: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    /// Make the secret, or add a version to it
    Upsert,
    /// Make the secret, which must not exist
    Create,
    /// Add a version to the secret, which must exist
    AddVersion,
}

#[derive(Args)]
pub(crate) struct List {
    /// The store's URL, or its name in the file of --config
    pub(crate) store: String,
    /// List the deleted secrets that can be recovered
    #[arg(long)]
    pub(crate) deleted: bool,
}

#[derive(Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Don't ask; needed where nobody can be asked
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Emulate {
    /// Serve Azure Key Vault here, such as 127.0.0.1:0
    #[arg(long, value_name = "ADDR")]
    pub(crate) azure: Option<String>,
    /// Serve Yandex Lockbox here
    #[arg(long, value_name = "ADDR")]
    pub(crate) lockbox: Option<String>,
    /// Serve Wix Secrets here
    #[arg(long, value_name = "ADDR")]
    pub(crate) wix: Option<String>,
    /// Serve https, and write the certificates of the CAs to this new file, for clients to trust
    #[arg(long, value_name = "FILE")]
    pub(crate) https: Option<PathBuf>,
    /// How many seconds each delete, recovery and purge of Azure Key Vault takes
    #[arg(long, value_name = "SECONDS")]
    pub(crate) azure_delays: Option<u64>,
}

impl Target {
    /// The store, and the secret in it; nothing is sent.
    pub(crate) fn open(&self, stores: &Stores) -> Result<(Arc<dyn SecretStore>, SecretRef)> {
        let store = stores.open(&self.store)?;
        let secret = if self.id {
            SecretId::new(self.name.as_str())?.into()
        } else {
            SecretName::new(self.name.as_str())?.into()
        };
        Ok((store, secret))
    }
}

impl From<Mode> for PutMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Upsert => Self::Upsert,
            Mode::Create => Self::Create,
            Mode::AddVersion => Self::AddVersion,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }
}
