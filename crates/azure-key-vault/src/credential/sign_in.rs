//! A credential before one vault: for what it signs in, and what a challenge changes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::HeaderMap;
use polyvault_core::transport::{ClientOptions, Endpoint, Token, TokenSource};
use polyvault_core::{Error, ErrorKind, Result};
use url::Url;

use super::challenge::{Challenge, scope_of};
use super::{Credential, TokenRequest};
use crate::config::SCHEME;

/// For what a store may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// For this resource alone, whatever a challenge says.
    Resource(String),
    /// For the resource of a challenge that the vault's host is below, this one before any.
    Below(Option<String>),
    /// For whatever a challenge names.
    Any,
}

/// Signs in to one vault with a credential.
#[derive(Debug)]
pub(crate) struct SignIn {
    credential: Box<dyn Credential>,
    /// The host of the vault, in lower case.
    host: String,
    authority: Endpoint,
    audience: Audience,
    options: ClientOptions,
    learned: Mutex<Learned>,
}

/// What challenges have told so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Learned {
    scope: Option<String>,
    tenant: Option<String>,
    claims: Option<String>,
}

impl SignIn {
    pub(crate) fn new(
        credential: Box<dyn Credential>,
        vault: &Endpoint,
        authority: Endpoint,
        audience: Audience,
        options: ClientOptions,
    ) -> Self {
        let scope = match &audience {
            Audience::Resource(resource) | Audience::Below(Some(resource)) => {
                Some(scope_of(resource))
            }
            Audience::Below(None) | Audience::Any => None,
        };
        Self {
            credential,
            host: vault.host().to_owned(),
            authority,
            audience,
            options,
            learned: Mutex::new(Learned {
                scope,
                ..Learned::default()
            }),
        }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a token for this scope may be shown to the vault: else a server in its place, or
    /// one that is wrong by mistake, would be handed tokens for something else.
    fn check(&self, scope: &str) -> Result<()> {
        let url = Url::parse(scope).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let plain = url.as_ref().is_some_and(|url| is_plain(url, scope));
        let allowed = match &self.audience {
            Audience::Any => true,
            Audience::Resource(resource) => scope == scope_of(resource),
            Audience::Below(_) => {
                plain
                    && self
                        .host
                        .strip_suffix(host)
                        .is_some_and(|vault| vault.len() > 1 && vault.ends_with('.'))
            }
        };
        if allowed {
            return Ok(());
        }
        let asked = match (host, plain) {
            ("", _) => "something that is no URL".to_owned(),
            (host, true) => format!("the host {host}"),
            (host, false) => format!(
                "the host {host} in a URL that is not of https, or has a user, a port, a query or an escape"
            ),
        };
        Err(Error::new(
            ErrorKind::Unauthenticated,
            format!(
                "the vault asks for a token for {asked}, which the store must not sign in for: no token was sent"
            ),
        )
        .with_provider(SCHEME)
        .with_help(
            "Check the endpoint. Behind a private DNS name set `resource` to the resource of the \
             vault's cloud, https://vault.azure.net in the public one; for an emulator set \
             `verify_challenge=false`.",
        ))
    }
}

/// Whether a scope is a URL of https that the issuer reads as it is read here. Behind a blank there would be
/// a second scope, and readers differ in backslashes, escapes and users.
fn is_plain(url: &Url, scope: &str) -> bool {
    url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && !scope.contains(['%', '\\', '?', '#'])
        && url.as_str().eq_ignore_ascii_case(scope)
}

#[async_trait]
impl TokenSource for SignIn {
    async fn fetch(&self) -> Result<Token> {
        let learned = self.learned().clone();
        let Some(scope) = learned.scope else {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the vault refuses, and tells nothing to sign in for",
            )
            .with_help(
                "Check the endpoint, or set `resource` to what tokens of this cloud are for.",
            ));
        };
        let request = TokenRequest {
            scope,
            tenant: learned.tenant,
            claims: learned.claims,
            authority: self.authority.clone(),
            options: self.options.clone(),
        };
        let token = self.credential.token(&request).await?;
        // Claims are asked for of the token at hand, and no later one need have them.
        let mut learned = self.learned();
        if learned.claims == request.claims {
            learned.claims = None;
        }
        Ok(token)
    }

    fn is_ready(&self) -> bool {
        self.learned().scope.is_some()
    }

    fn challenged(&self, headers: &HeaderMap) -> Result<bool> {
        let Some(challenge) = Challenge::of(headers) else {
            return Ok(false);
        };
        let scope = challenge.scope();
        if let Some(scope) = &scope {
            self.check(scope)?;
        }
        let mut learned = self.learned();
        let before = learned.clone();
        learned.scope = scope.or(learned.scope.take());
        learned.claims = challenge.claims.clone();
        if challenge.authority.is_some() {
            learned.tenant = challenge.tenant();
        }
        Ok(*learned != before)
    }
}
