//! Putting: a set makes a version that inherits nothing, and must not be repeated.

use polyvault_core::transport::{Call, Repeat};
use polyvault_core::{
    Error, ErrorKind, OnSoftDeleted, PageRequest, Payload, PutMode, PutOptions, Result, Retry,
    VersionId, VersionInfo, WaitPolicy, Written,
};

use super::AzureKeyVault;
use crate::request::{self, Metadata, Stored};
use crate::{error, response};

/// What was there before the set.
#[derive(Debug)]
enum Before {
    /// Nobody looked: the set needs nothing of it.
    Unread,
    Absent,
    /// Only that there is one.
    Exists,
    /// The current version.
    Current(Box<VersionInfo>),
}

impl AzureKeyVault {
    pub(super) async fn put(
        &self,
        name: &str,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<Written> {
        let error = match self.put_live(name, payload, options, options.mode).await {
            Err(error) if error.kind() == ErrorKind::SoftDeleted => error,
            // Before adding, only what is live was looked for.
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    && options.on_soft_deleted == OnSoftDeleted::Recover =>
            {
                error
            }
            outcome => return outcome,
        };
        match options.on_soft_deleted {
            OnSoftDeleted::Recover => {
                let recovery = self.recover_named(name).await?;
                recovery.wait(WaitPolicy::default()).await?;
                let put = self.put_live(name, payload, options, PutMode::AddVersion);
                put.await.map_err(still_away)
            }
            OnSoftDeleted::Purge => {
                self.purge_named(name).await?;
                self.put_live(name, payload, options, options.mode).await
            }
            _ => Err(error),
        }
    }

    async fn put_live(
        &self,
        name: &str,
        payload: &Payload,
        options: &PutOptions,
        mode: PutMode,
    ) -> Result<Written> {
        let before = self.before(name, options, mode).await?;
        match (mode, &before) {
            (PutMode::Create, Before::Exists | Before::Current(_)) => {
                return Err(options.name_taken());
            }
            (PutMode::AddVersion, Before::Absent) => {
                return Err(Error::new(ErrorKind::NotFound, "there is no such secret"));
            }
            _ => {}
        }
        let kept = match &before {
            Before::Current(version) => VersionInfo::clone(version),
            _ => VersionInfo::default(),
        };
        let (metadata, content_type) = metadata(options, kept);
        let stored = request::stored(payload, content_type.as_deref())?;
        // What is carried over may be too long with the mark.
        if let Some(mark) = stored.mark() {
            self.capabilities.check_mark(&mark)?;
        }
        self.set_once("put", name, &stored, &metadata, &before)
            .await
    }

    /// A set; one whose answer was lost is looked for, and never sent again.
    async fn set_once(
        &self,
        operation: &'static str,
        name: &str,
        stored: &Stored,
        metadata: &Metadata,
        before: &Before,
    ) -> Result<Written> {
        let created = matches!(before, Before::Absent);
        let written = self
            .settled(|| self.set(operation, name, stored, metadata, created))
            .await;
        match written {
            Err(error) if error.retry() == Retry::OutcomeUnknown => {
                match self.confirm(operation, name, stored, before).await {
                    Some(written) => Ok(written),
                    None => Err(error),
                }
            }
            written => written,
        }
    }

    /// Looks where something of the answer is needed, and no more than that.
    async fn before(&self, name: &str, options: &PutOptions, mode: PutMode) -> Result<Before> {
        let silent = options.labels.is_none() || options.content_type.is_none();
        let looked = match mode {
            PutMode::Create => self.exists(name).await,
            _ if options.keep_metadata && silent => self
                .read_named("put", name, None)
                .await
                .and_then(|answer| response::version(&answer))
                .map(|version| Before::Current(Box::new(version))),
            PutMode::AddVersion => self.exists(name).await,
            _ => return Ok(Before::Unread),
        };
        match looked {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Before::Absent),
            Err(error) if error.kind() == ErrorKind::Disabled => Err(error.with_help(
                "Tags and content type of the disabled current version can't be read and would be \
                 lost: enable it, give both, or put with keep_metadata = false.",
            )),
            Err(error) if error.kind() == ErrorKind::Forbidden => Err(error.with_help(
                "A put looks first: grant get (list for create and add-version), or upsert with \
                 keep_metadata = false, which drops the tags and content type you don't give.",
            )),
            looked => looked,
        }
    }

    async fn exists(&self, name: &str) -> Result<Before> {
        let page = PageRequest {
            size: Some(1),
            token: None,
        };
        self.list_versions_named("put", name, page)
            .await
            .map(|_| Before::Exists)
    }

    async fn set(
        &self,
        operation: &'static str,
        name: &str,
        stored: &Stored,
        metadata: &Metadata,
        created: bool,
    ) -> Result<Written> {
        let request = request::set(&self.config, name, stored, metadata)?;
        let call = Call {
            operation,
            secret: Some(name),
            repeat: Repeat::Unsafe,
            request,
        };
        let answer = self.client.send(call).await?;
        response::written(&self.config, &answer, created)
            .map_err(|error| error::ADVICE.unknown(operation, error))
    }

    /// Whether a set whose answer was lost took place: the current version is
    /// another than before and holds what was put. Anything else proves nothing.
    ///
    /// The stored texts are compared, and whether they are marked: the encoding of a payload is
    /// always the same.
    async fn confirm(
        &self,
        operation: &'static str,
        name: &str,
        stored: &Stored,
        before: &Before,
    ) -> Option<Written> {
        let (old, created) = match before {
            Before::Absent => (None, true),
            Before::Current(version) => (version.id.as_ref(), false),
            Before::Unread | Before::Exists => return None,
        };
        let answer = self.read_named(operation, name, None).await.ok()?;
        let (now, version) = response::stored(&answer).ok()?;
        let new = version.id.is_some() && version.id.as_ref() != old;
        let same = Payload::of(now.value.clone()).same_as(&Payload::of(stored.value.clone()));
        let ours = same && now.mark().is_some() == stored.mark().is_some();
        (new && ours).then_some(())?;
        Some(Written {
            secret: self.config.secret_id(name).ok()?,
            version,
            created,
        })
    }

    /// Makes an older version current: what it stores and says of itself, as a new version.
    pub(super) async fn copy_version(
        &self,
        name: &str,
        version: &VersionId,
    ) -> Result<VersionInfo> {
        let operation = "update_version";
        let before = match self.read_named(operation, name, None).await {
            Ok(answer) => Before::Current(Box::new(response::version(&answer)?)),
            // A disabled current version tells no id, so nothing can be confirmed.
            Err(error) if error.kind() == ErrorKind::Disabled => Before::Exists,
            Err(error) => return Err(needs_get(error)),
        };
        let answer = self.read_named(operation, name, Some(version)).await;
        let (stored, kept) = response::stored(&answer.map_err(needs_get)?)?;
        if let Before::Current(current) = &before
            && current.id == kept.id
        {
            return Ok(kept);
        }
        let metadata = Metadata {
            labels: kept.labels.filter(|labels| !labels.is_empty()),
            ..Metadata::default()
        };
        let set = self.set_once(operation, name, &stored, &metadata, &before);
        set.await.map(|written| written.version)
    }
}

fn needs_get(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Forbidden => error
            .with_help("Making a version current reads it and sets it anew: grant get and set."),
        _ => error,
    }
}

/// Who may not read can't see when a recovery ends, so a secret that was recovered may not be
/// back: it is not missing.
fn still_away(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::new(
            ErrorKind::InTransition,
            "the secret was recovered and is not back yet",
        ),
        _ => error,
    }
}

/// What the new version says of itself: as the options say, else as before.
pub(crate) fn metadata(options: &PutOptions, kept: VersionInfo) -> (Metadata, Option<String>) {
    // A new version has nothing to clear, so what is empty is left out.
    let metadata = Metadata {
        labels: (options.labels.clone())
            .or(kept.labels)
            .filter(|labels| !labels.is_empty()),
        enabled: options.enabled,
        not_before: options.not_before,
        expires_at: options.expires_at,
    };
    let content_type = options.content_type.clone().or(kept.content_type);
    (metadata, content_type.filter(|text| !text.is_empty()))
}
