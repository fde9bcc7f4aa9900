//! Finding: by name and by version, in lists that are read to their end.

use http::{Request, Response};
use polyvault_core::transport::Body;
use polyvault_core::{
    Error, ErrorKind, Page, PageRequest, Pagination, Result, Secret, SecretId, SecretName,
    SecretRef, VersionId, VersionInfo, VersionSelector, VersionState,
};

use super::names::no_list;
use super::{About, YandexLockbox, read_as};
use crate::properties::{SecretProperties, VersionProperties};
use crate::{error, request, response};

impl YandexLockbox {
    pub(super) async fn named(&self, about: &About, name: &SecretName) -> Result<Vec<SecretId>> {
        let request = |page: &_| request::list(&self.config, page);
        let ours = |told: &SecretProperties| told.info.name.as_ref() == Some(name);
        let found = self.filter(about, request, response::secrets, ours).await;
        let found = found.map_err(no_list)?;
        Ok(found.into_iter().map(|told| told.info.id).collect())
    }

    /// All names of the folder, and whose they are.
    pub(super) async fn list_names(&self, about: &About) -> Result<Vec<(SecretName, SecretId)>> {
        let request = |page: &_| request::list(&self.config, page);
        let found = self.filter(about, request, response::secrets, |_| true);
        let found = found.await.map_err(no_list)?.into_iter();
        let named = found.filter_map(|told| Some((told.info.name?, told.info.id)));
        Ok(named.collect())
    }

    /// The id of the secret that is to be changed: never one that was only remembered.
    pub(super) async fn resolve(&self, about: &About, secret: &SecretRef) -> Result<SecretId> {
        match secret {
            SecretRef::Id(id) => Ok(id.clone()),
            SecretRef::Name(name) => only(self.named(about, name).await?),
        }
    }

    pub(super) async fn told(&self, about: &About, secret: &SecretRef) -> Result<SecretProperties> {
        let read = |id| async move { self.read(about, &id).await };
        self.by_id(about, secret, read).await
    }

    /// A payload by name, for who may not list.
    pub(super) async fn read_ex(
        &self,
        about: &About,
        secret: &SecretRef,
        version: &VersionSelector,
    ) -> Result<Secret> {
        let request = request::payload_ex(&self.config, secret, version)?;
        let answer = match self.send(about, request).await {
            Err(refused) => return Err(self.why_not(about, secret, refused).await),
            Ok(answer) => answer,
        };
        let (id, version, payload) = response::payload_ex(&answer)?;
        let asked = match secret {
            SecretRef::Id(id) => Some(id.clone()),
            SecretRef::Name(_) => None,
        };
        Ok(read_as(secret, id.or(asked), version, payload))
    }

    /// What the service answers for a name that several secrets have is not known, and why it refuses
    /// a payload it does not tell: a look says more, where the caller may look.
    async fn why_not(&self, about: &About, secret: &SecretRef, refused: Error) -> Error {
        let refused = error::forbidden(refused, error::NO_PAYLOAD);
        let doubtful = matches!(
            refused.kind(),
            ErrorKind::FailedPrecondition
                | ErrorKind::AlreadyExists
                | ErrorKind::Conflict
                | ErrorKind::InvalidInput
        );
        if !doubtful {
            return refused;
        }
        let id = match secret {
            SecretRef::Id(id) => id.clone(),
            SecretRef::Name(name) => match self.named(about, name).await.and_then(only) {
                Ok(id) => id,
                Err(error) if error.kind() == ErrorKind::Ambiguous => return error,
                Err(_) => return refused,
            },
        };
        self.why(about, &id, refused).await
    }

    pub(super) async fn versions_page(
        &self,
        about: &About,
        secret: &SecretRef,
        page: &PageRequest,
    ) -> Result<Page<VersionProperties>> {
        let read = |id| async move {
            let request = request::list_versions(&self.config, &id, page)?;
            response::versions(&self.send(about, request).await?)
        };
        self.by_id(about, secret, read).await
    }

    /// There is no request for one version.
    pub(crate) async fn find_version(
        &self,
        about: &About,
        secret: &SecretId,
        version: &VersionId,
    ) -> Result<VersionInfo> {
        let ours = |told: &VersionProperties| told.info.id.as_ref() == Some(version);
        let mut found = self.versions(about, secret, ours).await?;
        found
            .pop()
            .map(|told| told.info)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such version"))
    }

    /// A version that a new one can be made of, where the current one is none.
    pub(super) async fn any_active(
        &self,
        about: &About,
        secret: &SecretId,
    ) -> Result<Option<VersionInfo>> {
        let active = |told: &VersionProperties| told.info.state == VersionState::Enabled;
        let found = self.versions(about, secret, active).await?;
        // The fewer keys are to be taken out again, the better; one that tells none is the last.
        let keys = |info: &VersionInfo| info.entry_keys.as_ref().map_or(usize::MAX, Vec::len);
        Ok(found.into_iter().map(|told| told.info).min_by_key(keys))
    }

    async fn versions(
        &self,
        about: &About,
        secret: &SecretId,
        wanted: impl Fn(&VersionProperties) -> bool + Send,
    ) -> Result<Vec<VersionProperties>> {
        let request = |page: &_| request::list_versions(&self.config, secret, page);
        self.filter(about, request, response::versions, wanted)
            .await
    }

    /// All items of a list that are wanted: an early stop would hide twins.
    async fn filter<T>(
        &self,
        about: &About,
        request: impl Fn(&PageRequest) -> Result<Request<Body>> + Send,
        read: fn(&Response<Body>) -> Result<Page<T>>,
        wanted: impl Fn(&T) -> bool + Send,
    ) -> Result<Vec<T>>
    where
        T: Send,
    {
        let (mut found, mut pagination) = (Vec::new(), Pagination::within_a_call());
        let mut page = PageRequest {
            size: self.capabilities.limits.page_size,
            token: None,
        };
        loop {
            let listed = read(&self.send(about, request(&page)?).await?)?;
            page.token = pagination.after(&listed)?;
            found.extend(listed.items.into_iter().filter(&wanted));
            if page.token.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The one secret that has a name; never a pick.
pub(super) fn only(found: Vec<SecretId>) -> Result<SecretId> {
    let mut ids = found.iter();
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id.clone()),
        (None, _) => Err(Error::new(
            ErrorKind::NotFound,
            "the folder has no secret of this name",
        )),
        (Some(_), Some(_)) => {
            let ids: Vec<&str> = found.iter().map(SecretId::as_str).collect();
            Err(Error::new(
                ErrorKind::Ambiguous,
                format!(
                    "the folder has {} secrets of this name: {}",
                    ids.len(),
                    ids.join(", ")
                ),
            ))
        }
    }
}
