//! Identities that Azure manages for what runs on it.
//!
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>,
//! <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue, Method, Request};
use polyvault_core::transport::{Body, Endpoint, RetryPolicy, Token, request};
use polyvault_core::{Error, ErrorKind, Result, SecretString};
use secrecy::ExposeSecret;

use super::issuer::absent;
use super::{Credential, TokenRequest};

/// The managed identity of what this process runs on.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::AzureKeyVault;
/// use polyvault_azure_key_vault::credential::ManagedIdentity;
///
/// let identity = ManagedIdentity::on_machine().of_client("the-client-id-of-a-user-assigned-one");
/// let store = AzureKeyVault::builder("my-vault").credential(identity).build()?;
/// # let _ = store;
///
/// let url = polyvault_core::transport::Endpoint::parse("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/MSI/token")?;
/// let identity = ManagedIdentity::on_app_service(url.clone(), "made-up".into());
/// let elsewhere = ManagedIdentity::on_machine().at(url);
/// # let _ = (identity, elsewhere);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ManagedIdentity {
    place: Place,
    client: Option<String>,
}

#[derive(Debug)]
enum Place {
    Machine(Option<Endpoint>),
    AppService(Endpoint, SecretString),
}

/// The metadata service of a machine.
const METADATA: &str = "http://169.254.169.254";

impl ManagedIdentity {
    /// On a virtual machine or a node of a cluster: its metadata service is asked.
    #[must_use]
    pub fn on_machine() -> Self {
        Self {
            place: Place::Machine(None),
            client: None,
        }
    }

    /// On App Service, Functions and Container Apps: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` of
    /// the process's environment.
    #[must_use]
    pub fn on_app_service(endpoint: Endpoint, header: SecretString) -> Self {
        Self {
            place: Place::AppService(endpoint, header),
            client: None,
        }
    }

    /// Another address for the machine's metadata service.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        if let Place::Machine(place) = &mut self.place {
            *place = Some(endpoint);
        }
        self
    }

    /// The user-assigned identity with this client id, where the system-assigned one is not meant.
    #[must_use]
    pub fn of_client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    fn endpoint(&self) -> Result<Endpoint> {
        match &self.place {
            Place::Machine(None) => Endpoint::parse("endpoint", METADATA),
            Place::Machine(Some(endpoint)) | Place::AppService(endpoint, _) => Ok(endpoint.clone()),
        }
    }

    fn request(&self, endpoint: &Endpoint, resource: &str) -> Result<Request<Body>> {
        let url = endpoint.url();
        let (url, version) = match &self.place {
            Place::Machine(_) => (url.literal("/metadata/identity/oauth2/token"), "2018-02-01"),
            Place::AppService(..) => (url, "2019-08-01"),
        };
        let mut url = url
            .query("api-version", version)
            .query("resource", resource);
        if let Some(client) = &self.client {
            url = url.query("client_id", client);
        }
        let (name, value) = match &self.place {
            Place::Machine(_) => ("metadata", HeaderValue::from_static("true")),
            Place::AppService(_, header) => {
                #[expect(clippy::disallowed_methods, reason = "the header that proves who asks")]
                let header = HeaderValue::from_str(header.expose_secret());
                let header = header
                    .map_err(|_| absent("variable `IDENTITY_HEADER`: no header can carry it"));
                ("x-identity-header", header?)
            }
        };
        let mut request = request(Method::GET, url.build()?, None);
        let mut value = value;
        value.set_sensitive(true);
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
        Ok(request)
    }
}

#[async_trait]
impl Credential for ManagedIdentity {
    fn name(&self) -> &'static str {
        "managed identity"
    }

    async fn token(&self, request: &TokenRequest) -> Result<Token> {
        let endpoint = self.endpoint()?;
        let mut asked = request.clone();
        asked.options.retry = impatient(&request.options.retry);
        let token = asked
            .issue(&endpoint, self.request(&endpoint, request.resource())?)
            .await;
        token.map_err(not_here)
    }
}

/// It is near or it is not there: nobody waits for it as for a service far away.
fn impatient(retry: &RetryPolicy) -> RetryPolicy {
    RetryPolicy {
        max_repeats: retry.max_repeats.min(3),
        attempt: retry.attempt.min(Duration::from_secs(5)),
        ..*retry
    }
}

/// Where nothing answers, or no identity is assigned, there is none to be had.
fn not_here(error: Error) -> Error {
    let away = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
    let ours = match (error.status(), error.kind()) {
        (None, _) if away => "nothing answers where a managed identity would be",
        (Some(400 | 404), _) => "no such identity is assigned here",
        _ => return error,
    };
    let told = absent(ours).with_retry(error.retry());
    match error.status() {
        Some(status) => told.with_status(status),
        None => told,
    }
}
