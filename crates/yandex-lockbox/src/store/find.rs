//! Finding: by name and by version, in lists that are read to their end.

use std::collections::HashSet;

use http::{Request, Response};
use polyvault_core::transport::Body;
use polyvault_core::{
    Error, ErrorKind, Page, PageRequest, Result, SecretId, SecretInfo, SecretName, SecretRef,
    VersionId, VersionInfo,
};

use super::{About, YandexLockbox};
use crate::{request, response};

impl YandexLockbox {
    pub(super) async fn named(&self, about: &About, name: &SecretName) -> Result<Vec<SecretId>> {
        let request = |page: &_| request::list(&self.config, page);
        let ours = |info: &SecretInfo| info.name.as_ref() == Some(name);
        let found = self.filter(about, request, response::secrets, ours).await?;
        Ok(found.into_iter().map(|info| info.id).collect())
    }

    pub(super) async fn resolve(&self, about: &About, secret: &SecretRef) -> Result<SecretId> {
        match secret {
            SecretRef::Id(id) => Ok(id.clone()),
            SecretRef::Name(name) => only(self.named(about, name).await?),
        }
    }

    /// There is no request for one version.
    pub(crate) async fn find_version(
        &self,
        about: &About,
        secret: &SecretId,
        version: &VersionId,
    ) -> Result<VersionInfo> {
        let request = |page: &_| request::list_versions(&self.config, secret, page);
        let ours = |info: &VersionInfo| info.id.as_ref() == Some(version);
        let mut found = self
            .filter(about, request, response::versions, ours)
            .await?;
        found
            .pop()
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such version"))
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
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut page = PageRequest {
            size: self.capabilities.limits.page_size,
            token: None,
        };
        loop {
            let listed = read(&self.send(about, request(&page)?).await?)?;
            found.extend(listed.items.into_iter().filter(&wanted));
            match listed.next {
                None => return Ok(found),
                Some(token) if seen.insert(token.clone()) => page.token = Some(token),
                Some(_) => {
                    return Err(Error::new(
                        ErrorKind::Unexpected,
                        "the service gave the same page token twice, the list would never end",
                    ));
                }
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
