//! Tools with which a person has signed in on this machine.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use polyvault_core::transport::{Token, json};
use polyvault_core::{Error, ErrorKind, Result, Timestamp};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use zeroize::Zeroizing;

use super::challenge::is_tenant;
use super::issuer::absent;
use super::{Credential, TokenRequest};
use crate::wire::ToolToken;

/// A tool that a person has signed in with: the Azure CLI or the Azure Developer CLI.
///
/// The tool is started for each token, which takes about a second; the store keeps the token. It
/// must run in a tokio runtime with I/O.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::DeveloperTool;
///
/// let tool = DeveloperTool::azure_cli("/usr/bin/az");
/// let store = AzureKeyVault::builder("my-vault").credential(tool).build()?;
/// let other = DeveloperTool::azure_developer_cli("/usr/bin/azd");
/// # let _ = (store, other);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct DeveloperTool {
    program: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Az,
    Azd,
}

/// The vendor's own clients wait as long for the tool.
const PATIENCE: Duration = Duration::from_secs(13);

/// More than any token.
const MAX_OUTPUT: usize = 64 * 1024;

impl DeveloperTool {
    /// `az`, at this path. <https://learn.microsoft.com/cli/azure/account#az-account-get-access-token>
    pub fn azure_cli(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            kind: Kind::Az,
        }
    }

    /// `azd`, at this path. <https://learn.microsoft.com/azure/developer/azure-developer-cli/reference#azd-auth-token>
    pub fn azure_developer_cli(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            kind: Kind::Azd,
        }
    }

    fn command(&self, request: &TokenRequest) -> Result<Command> {
        let (words, tenant) = match self.kind {
            Kind::Az => (
                &["account", "get-access-token", "--output", "json"][..],
                "--tenant",
            ),
            Kind::Azd => (&["auth", "token", "--output", "json"][..], "--tenant-id"),
        };
        // On some systems a shell stands between.
        let plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_".contains(c);
        if !request.scope().chars().all(plain) || request.scope().starts_with('-') {
            return Err(absent("the scope holds characters that no tool is handed"));
        }
        let mut command = Command::new(&self.program);
        command.args(words).args(["--scope", request.scope()]);
        if let Some(of) = request
            .tenant()
            .filter(|of| is_tenant(of) && !of.starts_with('-'))
        {
            command.args([tenant, of]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }

    /// What the tool prints; its complaints may name accounts, and are dropped.
    async fn run(&self, mut command: Command) -> Result<Zeroizing<Vec<u8>>> {
        let started = command.spawn();
        let mut child =
            started.map_err(|error| absent(format!("it can't be started: {}", error.kind())))?;
        let Some(output) = child.stdout.take() else {
            return Err(absent("it has no output"));
        };
        let printed = printed(output).await?;
        let status = child.wait().await;
        match status.map(|status| status.success()) {
            Ok(true) => Ok(printed),
            _ => Err(absent("it gives no token").with_help(match self.kind {
                Kind::Az => "Sign in with `az login`.",
                Kind::Azd => "Sign in with `azd auth login`.",
            })),
        }
    }
}

#[async_trait]
impl Credential for DeveloperTool {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Az => "az",
            Kind::Azd => "azd",
        }
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        let command = self.command(request)?;
        // The tool runs in real time, whatever the store's clock says.
        let printed = tokio::time::timeout(PATIENCE, self.run(command)).await;
        let printed = printed.map_err(|_| absent("it took longer than 13 s"))??;
        let answer: ToolToken<'_> = json::decode(&printed).map_err(unread)?;
        let secret = answer.access_token.or(answer.token);
        let secret = secret.ok_or_else(|| unread(json::missing("accessToken")))?;
        let seconds = answer.expires_on_seconds.and_then(number);
        let seconds = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        // `az` also tells a local time without its zone, of which nothing can be made.
        let time = answer.expires_on.and_then(|text| text.parse().ok());
        Ok(Token {
            secret: json::text(secret).map_err(unread)?.to_secret_string()?,
            expires_at: seconds.or(time),
        })
    }
}

fn unread(error: Error) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("it prints something else: {}", error.message()),
    )
}

/// Reads into one buffer that never moves.
async fn printed(mut output: impl AsyncRead + Unpin + Send) -> Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(vec![0; MAX_OUTPUT]);
    let mut filled = 0;
    while let Some(free) = text.get_mut(filled..).filter(|free| !free.is_empty()) {
        match output.read(free).await {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(_) => return Err(absent("its output can't be read")),
        }
    }
    text.truncate(filled);
    Ok(text)
}

/// A whole number, which older versions of the tools print as a text.
fn number(raw: &RawValue) -> Option<i64> {
    raw.get().trim_matches('"').parse().ok()
}
