//! Where tokens come from, and what a vault says when it gets none.

use polyvault_core::provider::{Variable, no_credential};
use polyvault_core::transport::{ReadyToken, TokenSource};
use polyvault_core::{Environment, Result};

use crate::config::SCHEME;

pub(crate) const TOKEN: &str = "POLYVAULT_AZURE_TOKEN";

pub(crate) const VARIABLES: &[Variable] = &[Variable {
    name: TOKEN,
    default: "none",
    what: "a ready bearer token for the vault",
}];

/// The credential that the environment holds.
pub(crate) fn from_environment(environment: &Environment) -> Result<Box<dyn TokenSource>> {
    match environment.secret(TOKEN) {
        Some(token) => Ok(Box::new(ReadyToken::new(token))),
        None => Err(no_credential(SCHEME, VARIABLES)),
    }
}

/// What a vault asks for in the `WWW-Authenticate` header of a 401.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) authority: Option<String>,
    pub(crate) resource: Option<String>,
}

impl Challenge {
    /// Reads `Bearer key="value", key=value`: in any order, quoted or not.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (scheme, parameters) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Self::default();
        for parameter in split_unquoted(parameters) {
            let (key, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"').to_owned();
            match key.trim().to_ascii_lowercase().as_str() {
                "authorization" | "authorization_uri" => challenge.authority = Some(value),
                "resource" | "scope" => challenge.resource = Some(value),
                _ => {}
            }
        }
        Some(challenge)
    }
}

/// The parts between commas that stand outside quotes.
fn split_unquoted(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .filter(|part| !part.trim().is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_challenges_in_every_order_and_quoting() {
        let expected = Challenge {
            authority: Some("https://login.windows.net/tenant".into()),
            resource: Some("https://vault.azure.net".into()),
        };
        for header in [
            r#"Bearer authorization="https://login.windows.net/tenant", resource="https://vault.azure.net""#,
            r#"bearer resource="https://vault.azure.net",authorization_uri="https://login.windows.net/tenant""#,
            "Bearer authorization=https://login.windows.net/tenant, resource=https://vault.azure.net",
            r#"Bearer realm="a,b", resource="https://vault.azure.net", authorization="https://login.windows.net/tenant""#,
        ] {
            assert_eq!(
                Challenge::parse(header).as_ref(),
                Some(&expected),
                "{header}"
            );
        }
        assert_eq!(Challenge::parse("Basic realm=x"), None);
        assert_eq!(Challenge::parse("Bearer"), None);
    }
}
