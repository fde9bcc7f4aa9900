//! Where tokens come from, and what a vault says when it gets none.
//!
//! [`Chain::from_environment`] takes whichever credential the environment holds, as `open` does.
//! Each credential also stands for itself, and [`AzureKeyVaultBuilder::credential`] takes any.
//!
//! What a credential signs in for, a vault's host tells in the clouds that are known; else the
//! vault's challenge does, which must name a resource that the vault's host is below.
//!
//! [`AzureKeyVaultBuilder::credential`]: crate::AzureKeyVaultBuilder::credential

mod app;
mod certificate;
mod chain;
mod challenge;
mod cloud;
mod developer;
mod environment;
mod issuer;
mod managed;
mod sign_in;
#[cfg(feature = "azure-core")]
mod token_credential;

use std::fmt;

use async_trait::async_trait;
use polyvault_core::Result;
use polyvault_core::transport::Token;

pub use self::app::{ClientCertificate, ClientSecret, WorkloadIdentity};
pub use self::chain::Chain;
pub use self::cloud::Cloud;
pub use self::developer::DeveloperTool;
pub use self::issuer::TokenRequest;
pub use self::managed::ManagedIdentity;
#[cfg(feature = "azure-core")]
pub use self::token_credential::SdkCredential;

pub(crate) use self::challenge::Challenge;
pub(crate) use self::cloud::authority_host;
pub(crate) use self::environment::{AUTHORITY, Found, VARIABLES, from_environment};
pub(crate) use self::sign_in::{Audience, SignIn};

/// Something that obtains tokens for a vault.
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::{Credential, TokenRequest};
/// use polyvault_core::Result;
/// use polyvault_core::transport::Token;
///
/// /// Asks a broker of the company's own.
/// #[derive(Debug)]
/// struct Broker;
///
/// #[async_trait]
/// impl Credential for Broker {
///     fn name(&self) -> &'static str {
///         "the broker"
///     }
///     async fn token(&self, request: &TokenRequest) -> Result<Token> {
///         let secret = format!("a token for {}", request.scope());
///         Ok(Token { secret: secret.into(), expires_at: None })
///     }
/// }
///
/// let store = AzureKeyVault::builder("my-vault").credential(Broker).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[async_trait]
pub trait Credential: fmt::Debug + Send + Sync + 'static {
    /// What errors call it.
    fn name(&self) -> &'static str;

    /// Obtains a token. It is kept until shortly before its end, and asked for by one caller at a time.
    ///
    /// # Errors
    ///
    /// `Config` if this machine, process or person is not set up for it: a [`Chain`] then tries
    /// the next one. `Unauthenticated` if it is refused, `Unavailable` and `Timeout` if the issuer
    /// gives no answer.
    async fn token(&self, request: &TokenRequest) -> Result<Token>;
}

#[async_trait]
impl Credential for Box<dyn Credential> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        (**self).token(request).await
    }
}
