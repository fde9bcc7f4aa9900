//! Apps that sign in for themselves.
//!
//! <https://dev.wix.com/docs/rest/app-management/oauth-2/create-access-token>

use std::fmt;

use async_trait::async_trait;
use http::Method;
use polyvault_core::transport::{
    ClientOptions, Endpoint, Token, TokenSource, bearer_token, json, request,
};
use polyvault_core::{Result, SecretString};
use secrecy::ExposeSecret;

use crate::error;
use crate::wire::ClientCredentials;

/// An app that is installed on the site: its client credentials, and its instance there.
///
/// Its tokens live for four hours and are renewed five minutes before their end, by one caller at a
/// time; clones of a store share them. The instance tells the site, so none is named beside it.
///
/// # Example
///
/// ```
/// use polyvault_wix_secrets::WixSecrets;
/// use polyvault_wix_secrets::credential::App;
///
/// let app = App::new("the-app-id", "made-up".into(), "the-instance-id");
/// assert!(!format!("{app:?}").contains("made-up"));
/// let store = WixSecrets::builder("11111111-2222-4333-8444-555555555555").app(app).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub struct App {
    id: String,
    secret: SecretString,
    instance: String,
}

impl App {
    /// `id` and `secret` are the app's, `instance` is the id of its instance on the site.
    pub fn new(id: impl Into<String>, secret: SecretString, instance: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret,
            instance: instance.into(),
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("id", &self.id)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

/// An app at its token endpoint, as a source of tokens.
#[derive(Debug)]
pub(crate) struct SignIn {
    app: App,
    endpoint: Endpoint,
    options: ClientOptions,
}

impl SignIn {
    pub(crate) fn new(app: App, endpoint: Endpoint, options: ClientOptions) -> Self {
        Self {
            app,
            endpoint,
            options,
        }
    }
}

#[async_trait]
impl TokenSource for SignIn {
    async fn fetch(&self) -> Result<Token> {
        #[expect(clippy::disallowed_methods, reason = "the body of the sign-in")]
        let secret = self.app.secret.expose_secret();
        // JSON, where OAuth 2.0 has a form, and with a field of the service's own.
        let body = json::encode(&ClientCredentials {
            grant_type: "client_credentials",
            client_id: &self.app.id,
            client_secret: secret,
            instance_id: &self.app.instance,
        })?;
        let request = request(Method::POST, self.endpoint.url().build()?, Some(body));
        error::ISSUER
            .token(&self.endpoint, request, &self.options, bearer_token)
            .await
    }
}
