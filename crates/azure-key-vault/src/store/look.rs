//! Reads that take more than one request.

use std::collections::HashSet;

use polyvault_core::{
    Error, ErrorKind, GetOptions, Page, PageRequest, PageToken, Result, Secret, SecretInfo,
    SecretName, VersionId, VersionSelector, VersionState,
};

use super::AzureKeyVault;
use crate::properties::{DeletedProperties, SecretProperties};
use crate::{request, response};

impl AzureKeyVault {
    pub(super) async fn get_named(
        &self,
        operation: &'static str,
        name: &str,
        options: &GetOptions,
    ) -> Result<Secret> {
        let request = request::get(&self.config, name, exact(&options.version))?;
        let answer = self.send(operation, Some(name), request).await?;
        response::secret(&self.config, &answer)
    }

    pub(super) async fn describe_named(&self, name: &str) -> Result<SecretInfo> {
        let request = request::get(&self.config, name, None)?;
        match self.send("describe", Some(name), request).await {
            Ok(answer) => response::info(&self.config, &answer),
            Err(error) if error.kind() == ErrorKind::Disabled => self.describe_disabled(name).await,
            Err(error) => Err(error),
        }
    }

    /// What the versions tell of a secret whose current one can't be read.
    async fn describe_disabled(&self, name: &str) -> Result<SecretInfo> {
        let mut disabled = Vec::new();
        let mut page = PageRequest::default();
        let mut seen = HashSet::new();
        loop {
            let listed = self.versions_page("describe", name, &page).await?;
            let found = listed.items.into_iter().map(|item| item.version);
            disabled.extend(found.filter(|version| version.state == VersionState::Disabled));
            match listed.next {
                Some(next) => page.token = Some(unseen(&mut seen, next)?),
                None => break,
            }
        }
        // The current one is disabled; which of several it is, no list tells.
        let current = match disabled.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        Ok(SecretInfo {
            name: Some(SecretName::new(name)?),
            state: VersionState::Disabled,
            labels: current.as_ref().and_then(|version| version.labels.clone()),
            updated_at: current.as_ref().and_then(|version| version.updated_at),
            current,
            ..SecretInfo::new(self.config.secret_id(name)?)
        })
    }

    pub(super) async fn list_secrets(
        &self,
        operation: &'static str,
        page: &PageRequest,
    ) -> Result<Page<SecretProperties>> {
        self.capabilities.check_page(page)?;
        let request = request::list(&self.config, page)?;
        let answer = self.send(operation, None, request).await?;
        response::list(&self.config, &answer)
    }

    pub(super) async fn list_deleted(
        &self,
        operation: &'static str,
        page: &PageRequest,
    ) -> Result<Page<DeletedProperties>> {
        self.capabilities.check_list_deleted(page)?;
        let request = request::list_deleted(&self.config, page)?;
        let answer = self.send(operation, None, request).await?;
        response::list_deleted(&self.config, &answer)
    }

    /// A page of versions; the first one is not empty, for the service answers an
    /// unknown name with an empty list, and empty pages may go on.
    pub(super) async fn list_versions_named(
        &self,
        operation: &'static str,
        name: &str,
        mut page: PageRequest,
    ) -> Result<Page<SecretProperties>> {
        let from_start = page.token.is_none();
        let mut seen = HashSet::new();
        loop {
            let listed = self.versions_page(operation, name, &page).await?;
            if !from_start || !listed.items.is_empty() {
                return Ok(listed);
            }
            match listed.next {
                Some(next) => page.token = Some(unseen(&mut seen, next)?),
                None => return Err(Error::new(ErrorKind::NotFound, "there is no such secret")),
            }
        }
    }

    async fn versions_page(
        &self,
        operation: &'static str,
        name: &str,
        page: &PageRequest,
    ) -> Result<Page<SecretProperties>> {
        let request = request::list_versions(&self.config, name, page)?;
        let answer = self.send(operation, Some(name), request).await?;
        response::list(&self.config, &answer)
    }
}

/// The version that is asked for, unless it is the current one.
pub(super) fn exact(version: &VersionSelector) -> Option<&VersionId> {
    match version {
        VersionSelector::Exact(version) => Some(version),
        _ => None,
    }
}

/// The next page, unless the list has been there.
fn unseen(seen: &mut HashSet<PageToken>, next: PageToken) -> Result<PageToken> {
    if seen.insert(next.clone()) {
        return Ok(next);
    }
    Err(Error::new(
        ErrorKind::Unexpected,
        "the service gave the same link twice, the list would never end",
    ))
}
