//! What only Yandex Lockbox has: every field of its answers, its patches and its operations.

use polyvault_core::{
    Error, ErrorKind, Operation, OperationId, Page, PageRequest, Result, Secret, SecretInfo,
    SecretRef, VersionSelector, WaitPolicy, Written,
};

use super::{About, YandexLockbox, key};
use crate::operation::{Effect, Expected};
use crate::properties::{
    CreateSecret, OperationProperties, PayloadPatch, SecretProperties, UpdateSecret,
    VersionProperties,
};
use crate::request::{self, Change};
use crate::response;

/// What only Yandex Lockbox has. Secrets are named as in the calls of
/// [`SecretStore`](polyvault_core::SecretStore).
///
/// Errors are the same too: `InvalidInput` for what is beyond a limit, before any request; `NotFound`,
/// `Ambiguous`, `Forbidden`, `Unauthenticated`, and those of the transport; each method names what it has besides.
/// Every write goes under an idempotency key, the caller's or one of its own, and is repeated under it.
impl YandexLockbox {
    /// All that the service tells of a secret, never a value. Needs `lockbox.viewer`.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/get>
    ///
    /// # Errors
    ///
    /// `NotFound`, `Ambiguous`, `Forbidden`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lockbox = Emulator::start().await;
    /// lockbox.seed(&serde_json::json!({"name": "db", "kmsKeyId": "abjkey00000000000001"}))?;
    ///
    /// let told = lockbox.store().properties(&"db".try_into()?).await?;
    /// assert_eq!(told.kms_key.as_deref(), Some("abjkey00000000000001"));
    /// assert!(told.current.is_none(), "a secret may have no version");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn properties(&self, secret: &SecretRef) -> Result<SecretProperties> {
        let about = About::new("properties", Some(secret));
        let read = async {
            self.capabilities.check_secret(secret)?;
            self.told(&about, secret).await
        };
        read.await.map_err(|error| about.name(error))
    }

    /// A page of the secrets in the folder, with all that is told of each.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/list>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a page of none or of more than 1000; `Forbidden`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::PageRequest;
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lockbox = Emulator::start().await;
    /// lockbox.seed(&serde_json::json!({"name": "db"}))?;
    ///
    /// let page = lockbox.store().list_properties_page(PageRequest::default()).await?;
    /// assert_eq!(page.items[0].info.name.as_ref().map(|name| name.as_str()), Some("db"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_properties_page(&self, page: PageRequest) -> Result<Page<SecretProperties>> {
        let about = About::new("list_properties", None);
        let read = async {
            self.capabilities.check_page(&page)?;
            let request = request::list(&self.config, &page)?;
            response::secrets(&self.send(&about, request).await?)
        };
        read.await.map_err(|error| about.name(error))
    }

    /// A page of the versions of a secret, those that are destroyed included.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/listVersions>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a page of none or of more than 1000; `NotFound`, `Ambiguous`, `Forbidden`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::PageRequest;
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lockbox = Emulator::start().await;
    /// let entries = [serde_json::json!({"key": "password", "textValue": "s3cret"})];
    /// lockbox.seed(&serde_json::json!({"name": "db", "versions": [{"entries": entries}]}))?;
    ///
    /// let store = lockbox.store();
    /// let page = store.list_version_properties_page(&"db".try_into()?, PageRequest::default()).await?;
    /// assert_eq!(page.items[0].info.entry_keys, Some(vec!["password".to_owned()]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_version_properties_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionProperties>> {
        let about = About::new("list_version_properties", Some(secret));
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            self.versions_page(&about, secret, &page).await
        };
        read.await.map_err(|error| about.name(error))
    }

    /// A payload by the secret's id or by its name in one request, for callers who may read payloads
    /// and nothing else (`lockbox.payloadViewer`).
    ///
    /// The service does not tell text from binary here: what is UTF-8 is text.
    /// <https://yandex.cloud/docs/lockbox/api-ref/Payload/getEx>
    ///
    /// # Errors
    ///
    /// `Disabled` for an inactive secret where the caller may look why; `FailedPrecondition` for a version
    /// that is scheduled for destruction or destroyed.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lockbox = Emulator::start().await;
    /// let entries = [serde_json::json!({"key": "password", "textValue": "s3cret"})];
    /// let id = lockbox.seed(&serde_json::json!({"name": "db", "versions": [{"entries": entries}]}))?;
    ///
    /// lockbox.forbid("Secret.List")?;
    /// let read = lockbox.store().get_ex(&"db".try_into()?, &Default::default()).await?;
    /// assert_eq!(read.id.map(|id| id.to_string()), Some(id));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_ex(&self, secret: &SecretRef, version: &VersionSelector) -> Result<Secret> {
        let about = About::new("get_ex", Some(secret));
        let read = async {
            self.capabilities.check_secret(secret)?;
            self.read_ex(&about, secret, version).await
        };
        read.await.map_err(|error| about.name(error))
    }

    /// Makes a secret, whether or not there is one of its name: the service keeps names no more
    /// than they are given. [`put`](polyvault_core::SecretStoreExt::put) looks first.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/create>, and an example at [`CreateSecret`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for what [`CreateSecret`] refuses; `TooLarge` for the values.
    pub async fn begin_create(&self, secret: CreateSecret) -> Result<Operation<Written>> {
        let about = About::new("create", None);
        let write = async {
            secret.check(&self.capabilities)?;
            self.names.forget().await;
            let request = request::create(&self.config, &secret, key(secret.idempotency_key))?;
            let expected = Expected::of(&about, Some(Effect::Create));
            self.begin(expected, request).await
        };
        write.await.map_err(|error| about.name(error))
    }

    /// Changes a secret beside its versions, the rules of its passwords included.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/update>, and an example at [`UpdateSecret`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is nothing to change.
    pub async fn begin_update_secret(
        &self,
        secret: &SecretRef,
        change: UpdateSecret,
    ) -> Result<Operation<SecretInfo>> {
        let about = About::new("update_secret", Some(secret));
        let write = async {
            change.check(&self.capabilities, secret)?;
            let id = self.resolve(&about, secret).await?;
            self.names.forget().await;
            let key = key(change.idempotency_key);
            let request = request::update(&self.config, &id, &change, key)?;
            self.begin(about.expect(Effect::Secret, &id), request).await
        };
        write.await.map_err(|error| about.name(error))
    }

    /// Adds a version that is another one changed in places: the service's own way, in which what is
    /// not mentioned is carried over. A put replaces.
    ///
    /// A patch of nothing copies its base. Where the secret has rules of a password it would generate one
    /// instead, or might, and is refused after a look.
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/addVersion>, and an example at [`PayloadPatch`].
    ///
    /// # Errors
    ///
    /// `FailedPrecondition` for a base that is not active, and for a copy in a secret with rules of a
    /// password; `InvalidInput` for an empty value.
    pub async fn begin_patch(
        &self,
        secret: &SecretRef,
        patch: PayloadPatch,
    ) -> Result<Operation<Written>> {
        let about = About::new("patch", Some(secret));
        let write = async {
            patch.check(&self.capabilities, secret)?;
            let id = self.resolve(&about, secret).await?;
            if patch.is_copy() && self.read(&about, &id).await?.password.is_some() {
                return Err(Error::new(
                    ErrorKind::FailedPrecondition,
                    "the secret has rules of a password: without a change, the service may generate one",
                )
                .with_help(
                    "Read the version and put what it holds, or put the rules to have a new password.",
                ));
            }
            let change = Change {
                set: patch.set.as_ref(),
                remove: patch.remove.iter().map(String::as_str).collect(),
                base: patch.base.as_ref(),
                description: patch.description.as_deref().filter(|text| !text.is_empty()),
            };
            let key = key(patch.idempotency_key);
            let request = request::add_version(&self.config, &id, &change, key)?;
            let expected = about.expect(Effect::AddVersion, &id);
            self.begin(expected, request).await
        };
        write.await.map_err(|error| about.name(error))
    }

    /// [`begin_patch`](Self::begin_patch), and waits until the version is there.
    ///
    /// # Errors
    ///
    /// As [`begin_patch`](Self::begin_patch), and those of the wait.
    pub async fn patch(&self, secret: &SecretRef, patch: PayloadPatch) -> Result<Written> {
        let begun = self.begin_patch(secret, patch).await?;
        begun.wait(WaitPolicy::default()).await
    }

    /// A page of what was done to a secret.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/listOperations>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a page of none or of more than 1000; `NotFound`, `Ambiguous`, `Forbidden`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{PageRequest, SecretStoreExt};
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    /// use polyvault_yandex_lockbox::OperationKind;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// # use std::sync::Arc;
    /// # let clock = polyvault_core::clock::ManualClock::at(polyvault_core::Timestamp::UNIX_EPOCH);
    /// # let lockbox = Emulator::builder().clock(Arc::new(clock)).start().await;
    /// let store = lockbox.store();
    /// store.put("db", "s3cret").await?;
    ///
    /// let page = store.list_operations_page(&"db".try_into()?, PageRequest::default()).await?;
    /// assert_eq!(page.items[0].kind, Some(OperationKind::CreateSecret));
    /// let same = store.operation(&page.items[0].id).await?;
    /// assert!(same.done && same.secret.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_operations_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<OperationProperties>> {
        let about = About::new("list_operations", Some(secret));
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            let page = &page;
            let about = &about;
            let read = |id| async move {
                let request = request::list_operations(&self.config, &id, page)?;
                response::operations(&self.send(about, request).await?)
            };
            self.by_id(about, secret, read).await
        };
        read.await.map_err(|error| about.name(error))
    }

    /// All that is told of an operation, looked at once; of any service of the cloud.
    /// An example is at [`list_operations_page`](Self::list_operations_page).
    ///
    /// An operation may not be found for some seconds after it began;
    /// [`resume`](polyvault_core::SecretStore::resume) waits for that, and for its end.
    /// <https://yandex.cloud/docs/api-design-guide/concepts/operation#monitoring>
    ///
    /// # Errors
    ///
    /// `NotFound` for an id that is none, or not yet.
    pub async fn operation(&self, id: &OperationId) -> Result<OperationProperties> {
        let about = About::new("operation", None);
        let told = self.progress(&about, id).await;
        told.map(|progress| progress.told)
            .map_err(|error| about.name(error))
    }
}
