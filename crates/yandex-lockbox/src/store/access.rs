//! Who may do what with a secret.

use polyvault_core::{IdempotencyKey, Operation, Page, PageRequest, Result, SecretRef};

use super::{About, YandexLockbox};
use crate::operation::Effect;
use crate::properties::{AccessBinding, AccessChange, check_access_bindings};
use crate::{request, response};

/// Roles on a secret itself; those on its folder and cloud, which it inherits, are not shown.
/// Needs `lockbox.admin`. An example is at [`AccessBinding`].
impl YandexLockbox {
    /// A page of the roles on a secret.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/listAccessBindings>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the page; `NotFound`, `Ambiguous`, `Forbidden`.
    pub async fn list_access_bindings_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<AccessBinding>> {
        let about = About::new("list_access_bindings", Some(secret));
        let read = async {
            self.capabilities.check_list_versions(secret, &page)?;
            let (about, page) = (&about, &page);
            let read = |id| async move {
                let request = request::list_access_bindings(&self.config, &id, page)?;
                response::access_bindings(&self.send(about, request).await?)
            };
            self.by_id(about, secret, read).await
        };
        read.await.map_err(|error| about.name(error))
    }

    /// Replaces all roles on a secret, by at most 1000; none takes them all away.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/setAccessBindings>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a role or a subject; `NotFound`, `Ambiguous`, `Forbidden`.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::WaitPolicy;
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let lockbox = Emulator::start().await;
    /// # lockbox.seed(&serde_json::json!({"name": "db"}))?;
    /// let nobody = lockbox.store().begin_set_access_bindings(&"db".try_into()?, []).await?;
    /// nobody.wait(WaitPolicy::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin_set_access_bindings(
        &self,
        secret: &SecretRef,
        bindings: impl IntoIterator<Item = AccessBinding> + Send,
    ) -> Result<Operation<()>> {
        let bindings: Vec<AccessBinding> = bindings.into_iter().collect();
        let about = About::new("set_access_bindings", Some(secret));
        let write = async {
            self.capabilities.check_secret(secret)?;
            check_access_bindings("bindings", bindings.iter(), 0)?;
            let id = self.resolve(&about, secret).await?;
            let key = IdempotencyKey::random();
            let request = request::set_access_bindings(&self.config, &id, &bindings, key)?;
            self.begin(about.expect(Effect::Nothing, &id), request)
                .await
        };
        write.await.map_err(|error| about.name(error))
    }

    /// Gives and takes away roles on a secret, 1 to 1000 at once.
    ///
    /// <https://yandex.cloud/docs/lockbox/api-ref/Secret/updateAccessBindings>
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no change, for a role or a subject; `NotFound`, `Ambiguous`, `Forbidden`.
    pub async fn begin_update_access_bindings(
        &self,
        secret: &SecretRef,
        changes: impl IntoIterator<Item = AccessChange> + Send,
    ) -> Result<Operation<()>> {
        let changes: Vec<AccessChange> = changes.into_iter().collect();
        let about = About::new("update_access_bindings", Some(secret));
        let write = async {
            self.capabilities.check_secret(secret)?;
            let bindings = changes.iter().map(AccessChange::binding);
            check_access_bindings("changes", bindings, 1)?;
            let id = self.resolve(&about, secret).await?;
            let key = IdempotencyKey::random();
            let request = request::update_access_bindings(&self.config, &id, &changes, key)?;
            self.begin(about.expect(Effect::Nothing, &id), request)
                .await
        };
        write.await.map_err(|error| about.name(error))
    }
}
