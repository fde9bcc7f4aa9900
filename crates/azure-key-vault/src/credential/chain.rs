//! One credential after the other, until one is there.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use polyvault_core::transport::Token;
use polyvault_core::{Environment, Error, ErrorKind, Result, Retry};

use super::environment::links;
use super::{Credential, TokenRequest};
use crate::config::SCHEME;

/// Credentials that are tried in turn.
///
/// One that is not there (`Config`) lets the next one try; one that is refused ends the chain, so
/// that nobody is served under another identity than the one that was set up. The first that gives
/// a token is asked alone from then on. The error lists what was tried and why each failed.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::{Chain, DeveloperTool, ManagedIdentity};
/// use polyvault_core::Environment;
///
/// let chain = Chain::new()
///     .then(ManagedIdentity::on_machine())
///     .then(DeveloperTool::azure_cli("/usr/bin/az"));
/// let store = AzureKeyVault::builder("my-vault").credential(chain).build()?;
/// # let _ = store;
///
/// let none = Chain::from_environment(&Environment::empty());
/// assert!(none.is_err(), "it says what each credential lacks");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Default)]
pub struct Chain {
    links: Vec<Box<dyn Credential>>,
    /// What was passed over when the chain was made, and why.
    passed: Vec<String>,
    /// Which one gave the last token.
    used: Mutex<Option<usize>>,
}

impl Chain {
    /// A chain of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more at its end.
    #[must_use]
    pub fn then(mut self, credential: impl Credential) -> Self {
        self.links.push(Box::new(credential));
        self
    }

    /// The credentials that an environment holds: client secret, client certificate, workload
    /// identity, managed identity, Azure CLI, Azure Developer CLI, in this order.
    ///
    /// `AZURE_TOKEN_CREDENTIALS` narrows the choice as in the vendor's own clients: `prod` to all
    /// but the developer tools, `dev` to them, or the name of one. The machine's own identity is
    /// asked only where that variable allows it by name or by `prod`: on a machine of another
    /// owner, somebody else would answer at that address.
    ///
    /// # Errors
    ///
    /// `Config` that says of each credential what it lacks, if there is none.
    pub fn from_environment(environment: &Environment) -> Result<Self> {
        let mut chain = Self::new();
        for (name, found) in links(environment)? {
            match found {
                Ok(credential) => chain.links.push(credential),
                Err(why) => chain.passed.push(format!("{name}: {why}")),
            }
        }
        match chain.links.is_empty() {
            true => Err(chain.failed(&[])),
            false => Ok(chain),
        }
    }

    /// One error of all.
    fn failed(&self, tried: &[(&str, Error)]) -> Error {
        let mut told = self.passed.clone();
        let messages = tried
            .iter()
            .map(|(name, error)| format!("{name}: {}", error.message()));
        told.extend(messages);
        let message = format!("no credential gave a token. {}", told.join("; "));
        let last = tried.last().map(|(_, error)| error);
        let Some(ended) = last.filter(|error| error.kind() != ErrorKind::Config) else {
            let error = Error::new(ErrorKind::Config, message)
                .with_provider(SCHEME)
                .with_help(HELP);
            // A managed identity may only be slow to come up.
            let mut again = tried.iter().map(|(_, error)| error.retry());
            return match again.find(|retry| matches!(retry, Retry::After(_))) {
                Some(again) => error.with_retry(again),
                None => error,
            };
        };
        // The one that ended the chain says what became of it.
        let mut error = Error::new(ended.kind(), message)
            .with_provider(SCHEME)
            .with_retry(ended.retry())
            .with_help(ended.help().to_owned());
        if let Some(status) = ended.status() {
            error = error.with_status(status);
        }
        if let Some(code) = ended.code() {
            error = error.with_code(code);
        }
        match ended.request_id() {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    }

    fn used(&self) -> Option<usize> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const HELP: &str = "Set up one of them: for a service, AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret, a \
    certificate or a federated token; for a machine of Azure's, AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential; \
    for a person, `az login`. Or hand a credential to the builder.";

#[async_trait]
impl Credential for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        if let Some(used) = self.used().and_then(|at| self.links.get(at)) {
            return used.token(request).await;
        }
        let mut tried = Vec::new();
        for (at, credential) in self.links.iter().enumerate() {
            match credential.token(request).await {
                Ok(token) => {
                    *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
                    return Ok(token);
                }
                Err(error) => {
                    let next = error.kind() == ErrorKind::Config;
                    tried.push((credential.name(), error));
                    if !next {
                        break;
                    }
                }
            }
        }
        Err(self.failed(&tried))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.links.iter().map(|credential| credential.name());
        f.debug_list().entries(names).finish()
    }
}
