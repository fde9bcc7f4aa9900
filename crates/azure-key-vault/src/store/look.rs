//! Reads that take more than one request.

use http::Response;
use polyvault_core::encoding::Mark;
use polyvault_core::transport::Body;
use polyvault_core::{
    Error, ErrorKind, GetOptions, Page, PageRequest, Pagination, Result, Secret, SecretInfo,
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
        let version = exact(&options.version);
        let answer = self.read_named(operation, name, version).await?;
        response::secret(&self.config, &answer)
    }

    pub(super) async fn read_named(
        &self,
        operation: &'static str,
        name: &str,
        version: Option<&VersionId>,
    ) -> Result<Response<Body>> {
        let request = request::get(&self.config, name, version)?;
        self.send(operation, Some(name), request).await
    }

    /// A version's content type as it is to be stored: the mark of an encoded one stays. Also the
    /// id of that version, so that no other one is changed where the current one was meant.
    pub(super) async fn remarked(
        &self,
        operation: &'static str,
        name: &str,
        version: Option<&VersionId>,
        content_type: &str,
    ) -> Result<(Option<VersionId>, String)> {
        let (seen, mark) = match (self.read_named(operation, name, version).await, version) {
            (Ok(answer), _) => (response::version(&answer)?.id, response::mark_of(&answer)?),
            (Err(error), Some(version)) if error.kind() == ErrorKind::Disabled => {
                let listed = self.listed_mark(operation, name, version).await;
                let listed =
                    listed.map_err(|error| needs(error, "list, for the version is disabled"));
                (None, listed?)
            }
            (Err(error), None) if error.kind() == ErrorKind::Disabled => {
                return Err(error.with_help(
                    "Say which version: of a disabled secret the service does not tell which is current.",
                ));
            }
            (Err(error), _) => return Err(needs(error, "get")),
        };
        let version = version.cloned().or(seen);
        let Some(mark) = mark else {
            return Ok((version, content_type.to_owned()));
        };
        mark.check_version()?;
        let mark = Mark::of(Some(content_type));
        self.capabilities.check_mark(&mark)?;
        Ok((version, mark.to_string()))
    }

    async fn listed_mark(
        &self,
        operation: &'static str,
        name: &str,
        version: &VersionId,
    ) -> Result<Option<Mark>> {
        let same = |id: &Option<VersionId>| {
            let id = id.as_ref().map(VersionId::as_str);
            id.is_some_and(|id| id.eq_ignore_ascii_case(version.as_str()))
        };
        let (mut page, mut pagination) = (PageRequest::default(), Pagination::within_a_call());
        loop {
            let request = request::list_versions(&self.config, name, &page)?;
            let listed = response::marks(&self.send(operation, Some(name), request).await?)?;
            let next = pagination.after(&listed);
            if let Some((_, mark)) = listed.items.into_iter().find(|(id, _)| same(id)) {
                return Ok(mark);
            }
            page.token = next?;
            if page.token.is_none() {
                return Err(Error::new(ErrorKind::NotFound, "there is no such version"));
            }
        }
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
        let (mut page, mut pagination) = (PageRequest::default(), Pagination::within_a_call());
        loop {
            let listed = self.versions_page("describe", name, &page).await?;
            page.token = pagination.after(&listed)?;
            let found = listed.items.into_iter().map(|item| item.version);
            disabled.extend(found.filter(|version| version.state == VersionState::Disabled));
            // Two are as good as all.
            disabled.truncate(2);
            if page.token.is_none() {
                break;
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
        let mut pagination = Pagination::within_a_call();
        loop {
            let listed = self.versions_page(operation, name, &page).await?;
            if !from_start || !listed.items.is_empty() {
                return Ok(listed);
            }
            page.token = pagination.after(&listed)?;
            if page.token.is_none() {
                return Err(Error::new(ErrorKind::NotFound, "there is no such secret"));
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

/// A content type is looked at before it is changed, for it may mark an encoded payload.
fn needs(error: Error, right: &str) -> Error {
    match error.kind() {
        ErrorKind::Forbidden => error.with_help(format!(
            "To change a content type the version is looked at first: grant {right}, or leave the \
             content type as it is."
        )),
        _ => error,
    }
}
