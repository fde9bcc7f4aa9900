//! The store: each call checks, builds a request, sends it and reads the answer.

use std::fmt;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault::transport::{
    Advice, Body, Call, Client, ClientOptions, Endpoint, ReadyToken, Repeat, Scheme, Service,
};
use polyvault::{
    Capabilities, DeleteOptions, DeletedSecretInfo, Error, GetOptions, InfoPatch, Operation,
    OperationId, Outcome, Page, PageRequest, PutOptions, PutValue, Result, Secret, SecretInfo,
    SecretRef, SecretStore, SecretString, VersionChange, VersionId, VersionInfo, Written,
};

use super::config::{CAPABILITIES, SCHEME};
use super::{error, request, response};

#[derive(Clone)]
pub(crate) struct Cubby {
    endpoint: Endpoint,
    client: Client,
}

impl Cubby {
    pub(crate) fn new(endpoint: &str, key: SecretString, options: ClientOptions) -> Result<Self> {
        let endpoint = Endpoint::parse("endpoint", endpoint)?;
        let service = Service {
            provider: SCHEME,
            endpoints: vec![endpoint.clone()],
            tokens: Box::new(ReadyToken::new(key)),
            scheme: Scheme::Bearer,
            advice: Advice::default(),
            request_id: "x-request-id",
            refusal: error::from_refusal,
        };
        let client = Client::new(service, options)?;
        Ok(Self { endpoint, client })
    }

    /// What the capabilities refuse is never sent.
    async fn call<T>(
        &self,
        operation: &'static str,
        secret: Option<&SecretRef>,
        checked: Result<()>,
        request: Result<Request<Body>>,
        read: fn(&Response<Body>) -> Result<T>,
    ) -> Result<T> {
        let done = async {
            checked?;
            let call = call(operation, secret, request?);
            read(&self.client.send(call).await?)
        };
        done.await.map_err(|error| about(error, operation, secret))
    }
}

/// Every call may be repeated: a put replaces, and what a repeat finds changed by a call
/// whose answer was lost, the client tells as an outcome unknown.
fn call<'a>(
    operation: &'static str,
    secret: Option<&'a SecretRef>,
    request: Request<Body>,
) -> Call<'a> {
    Call {
        operation,
        secret: secret.map(SecretRef::as_str),
        repeat: Repeat::Safe,
        request,
    }
}

fn about(error: Error, operation: &'static str, secret: Option<&SecretRef>) -> Error {
    error.about(SCHEME, operation, secret.map(SecretRef::as_str))
}

#[async_trait]
impl SecretStore for Cubby {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        let checked = CAPABILITIES.check_get(secret, &options);
        let request = request::get(&self.endpoint, secret);
        self.call("get", Some(secret), checked, request, response::secret)
            .await
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        let checked = CAPABILITIES.check_secret(secret);
        let request = request::describe(&self.endpoint, secret);
        self.call("describe", Some(secret), checked, request, response::info)
            .await
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        let checked = CAPABILITIES.check_page(&page);
        let request = request::list(&self.endpoint, &page);
        self.call("list", None, checked, request, response::page)
            .await
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        let checked = CAPABILITIES.check_list_versions(secret, &page);
        CAPABILITIES.refuse(checked, "list_versions", Some(secret))
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        let payload = value.into_payload()?;
        let checked = CAPABILITIES.check_put(secret, &payload, &options);
        let request = request::put(&self.endpoint, secret, &payload, options.mode);
        self.call("put", Some(secret), checked, request, response::written)
            .await
            .map(Operation::done)
            .map_err(|error| match error.kind() {
                // The service knows no keys: the secret may be what an earlier call of this one made.
                polyvault::ErrorKind::AlreadyExists => options.maybe_own(error),
                _ => error,
            })
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        let checked = CAPABILITIES.check_update(secret, &patch);
        CAPABILITIES.refuse(checked, "update", Some(secret))
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        _version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        let checked = CAPABILITIES.check_update_version(secret, &change);
        CAPABILITIES.refuse(checked, "update_version", Some(secret))
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        let delete = async {
            CAPABILITIES.check_delete(secret, &options)?;
            let request = request::delete(&self.endpoint, secret)?;
            // `None` is our own delete, whose answer was lost.
            let call = call("delete", Some(secret), request);
            self.client.send_delete(call).await
        };
        let deleted = delete.await.map(|_| Operation::done(()));
        deleted.map_err(|error| about(error, "delete", Some(secret)))
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        let checked = CAPABILITIES.check_list_deleted(&page);
        CAPABILITIES.refuse(checked, "list_deleted", None)
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        let checked = CAPABILITIES.check_recover(secret);
        CAPABILITIES.refuse(checked, "recover", Some(secret))
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        let checked = CAPABILITIES.check_purge(secret);
        CAPABILITIES.refuse(checked, "purge", Some(secret))
    }

    async fn resume(&self, _id: &OperationId) -> Result<Operation<Outcome>> {
        CAPABILITIES.refuse(CAPABILITIES.check_resume(), "resume", None)
    }
}

impl fmt::Display for Cubby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}://{}", self.endpoint.host())
    }
}

impl fmt::Debug for Cubby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cubby")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
