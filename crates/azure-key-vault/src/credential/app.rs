//! Applications that sign in for themselves at Entra.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use polyvault_core::transport::{Endpoint, Token, credential_file, form};
use polyvault_core::{Result, SecretString};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::issuer::absent;
use super::{Credential, TokenRequest, certificate, challenge};

/// An application with a secret of its own.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::ClientSecret;
///
/// let credential = ClientSecret::new("my-tenant", "my-client", "made-up".into());
/// assert!(!format!("{credential:?}").contains("made-up"));
/// let store = AzureKeyVault::builder("my-vault").credential(credential).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ClientSecret {
    app: App,
    secret: SecretString,
}

/// An application with a certificate: a file in PEM of the certificate and its unencrypted RSA key.
///
/// The file is read again for each token, so a certificate that is replaced is taken at once.
/// What is sent is a statement signed with the key (PS256), good for ten minutes.
/// <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::ClientCertificate;
///
/// let credential = ClientCertificate::new("my-tenant", "my-client", "/run/identity/app.pem");
/// let store = AzureKeyVault::builder("my-vault").credential(credential).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ClientCertificate {
    app: App,
    file: PathBuf,
}

/// A workload that another issuer vouches for, as Kubernetes does: a file holds its statement.
///
/// The file is read again for each token, since it is replaced while the workload runs.
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::WorkloadIdentity;
///
/// let file = "/var/run/secrets/azure/tokens/azure-identity-token";
/// let credential = WorkloadIdentity::new("my-tenant", "my-client", file);
/// let store = AzureKeyVault::builder("my-vault").credential(credential).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct WorkloadIdentity {
    app: App,
    file: PathBuf,
}

impl ClientSecret {
    /// `tenant` is the tenant's id or domain, `client` the application's id.
    pub fn new(tenant: impl Into<String>, client: impl Into<String>, secret: SecretString) -> Self {
        Self {
            app: App::new(tenant, client),
            secret,
        }
    }
}

impl ClientCertificate {
    /// `tenant` is the tenant's id or domain, `client` the application's id.
    pub fn new(
        tenant: impl Into<String>,
        client: impl Into<String>,
        file: impl AsRef<Path>,
    ) -> Self {
        Self {
            app: App::new(tenant, client),
            file: file.as_ref().to_owned(),
        }
    }
}

impl WorkloadIdentity {
    /// `tenant` is the tenant's id or domain, `client` the application's id.
    pub fn new(
        tenant: impl Into<String>,
        client: impl Into<String>,
        file: impl AsRef<Path>,
    ) -> Self {
        Self {
            app: App::new(tenant, client),
            file: file.as_ref().to_owned(),
        }
    }
}

#[async_trait]
impl Credential for ClientSecret {
    fn name(&self) -> &'static str {
        "client secret"
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        #[expect(clippy::disallowed_methods, reason = "the form of the sign-in")]
        let secret = self.secret.expose_secret();
        let proof = [("client_secret", secret)];
        self.app.token(request, &proof).await
    }
}

#[async_trait]
impl Credential for ClientCertificate {
    fn name(&self) -> &'static str {
        "client certificate"
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        let pem = read("AZURE_CLIENT_CERTIFICATE_PATH", &self.file)?;
        let tenant = self.app.tenant(request)?;
        let audience = self.app.token_url(&request.authority, tenant)?;
        let assertion = certificate::assertion(&pem, &self.app.client, &audience, request.now())?;
        self.app.token(request, &asserted(&assertion)).await
    }
}

#[async_trait]
impl Credential for WorkloadIdentity {
    fn name(&self) -> &'static str {
        "workload identity"
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        let file = read("AZURE_FEDERATED_TOKEN_FILE", &self.file)?;
        let assertion = std::str::from_utf8(&file)
            .map(str::trim)
            .unwrap_or_default();
        if assertion.is_empty() {
            return Err(absent(
                "variable `AZURE_FEDERATED_TOKEN_FILE`: the file holds no token",
            ));
        }
        self.app.token(request, &asserted(assertion)).await
    }
}

fn asserted(assertion: &str) -> [(&'static str, &str); 2] {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    [
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ]
}

/// An application in its tenant.
#[derive(Debug)]
struct App {
    tenant: String,
    client: String,
}

impl App {
    fn new(tenant: impl Into<String>, client: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            client: client.into(),
        }
    }

    /// The tenant that the vault is of, where it told so; else the application's own.
    fn tenant<'a>(&'a self, request: &'a TokenRequest) -> Result<&'a str> {
        let tenant = request.tenant().unwrap_or(&self.tenant);
        match challenge::is_tenant(tenant) {
            true => Ok(tenant),
            false => Err(absent(
                "variable `AZURE_TENANT_ID`: not the id or domain of a tenant",
            )),
        }
    }

    fn token_url(&self, authority: &Endpoint, tenant: &str) -> Result<String> {
        let url = authority
            .url()
            .segment(tenant)?
            .literal("/oauth2/v2.0/token");
        Ok(url.build()?.to_string())
    }

    async fn token(&self, request: &TokenRequest, proof: &[(&'static str, &str)]) -> Result<Token> {
        let tenant = self.tenant(request)?;
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &self.client),
            ("scope", request.scope()),
        ];
        fields.extend_from_slice(proof);
        fields.extend(request.claims().map(|claims| ("claims", claims)));
        let url = request.authority.url().segment(tenant)?;
        let asked = form(url.literal("/oauth2/v2.0/token").build()?, &fields);
        request.issue(&request.authority, asked).await
    }
}

/// The file that a variable names; one that can't be had is a credential that can't be had.
fn read(variable: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    credential_file(path)
        .map_err(|error| absent(format!("variable `{variable}`: {}", error.message())))
}
