//! Putting: a set makes a version that inherits nothing, and must not be repeated.

use std::time::Duration;

use polyvault_core::transport::Repeat;
use polyvault_core::{
    Error, ErrorKind, GetOptions, OnSoftDeleted, PageRequest, Payload, PutMode, PutOptions, Result,
    Retry, Secret, Value, VersionInfo, WaitPolicy, Written,
};

use super::AzureKeyVault;
use crate::operation::INTERVAL;
use crate::request::{self, Metadata};
use crate::response;

/// How long a secret may be on its way before its refusals are handed on.
const SETTLE: Duration = Duration::from_secs(60);

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
        value: &Value,
        options: &PutOptions,
    ) -> Result<Written> {
        let error = match self.put_live(name, value, options, options.mode).await {
            Err(error) if error.kind() == ErrorKind::SoftDeleted => error,
            outcome => return outcome,
        };
        match options.on_soft_deleted {
            OnSoftDeleted::Recover => {
                let recovery = self.recover_named(name).await?;
                recovery.wait(WaitPolicy::default()).await?;
                self.put_live(name, value, options, PutMode::AddVersion)
                    .await
            }
            OnSoftDeleted::Purge => {
                self.purge_named(name).await?;
                self.put_live(name, value, options, options.mode).await
            }
            _ => Err(error),
        }
    }

    async fn put_live(
        &self,
        name: &str,
        value: &Value,
        options: &PutOptions,
        mode: PutMode,
    ) -> Result<Written> {
        let before = self.before(name, options, mode).await?;
        match (mode, &before) {
            (PutMode::Create, Before::Exists | Before::Current(_)) => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "a secret of this name exists",
                ));
            }
            (PutMode::AddVersion, Before::Absent) => {
                return Err(Error::new(ErrorKind::NotFound, "there is no such secret"));
            }
            _ => {}
        }
        let metadata = metadata(options, &before);
        let created = matches!(before, Before::Absent);
        let written = self
            .settled(|| self.set(name, value, &metadata, created))
            .await;
        match written {
            Err(error) if error.retry() == Retry::OutcomeUnknown => {
                match self.confirm(name, value, &before).await {
                    Some(written) => Ok(written),
                    None => Err(error.with_help(
                        "Read the current version: if it is not the one you put, put again.",
                    )),
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
                .get_named(name, &GetOptions::default())
                .await
                .map(|secret| Before::Current(Box::new(secret.info.unwrap_or_default()))),
            PutMode::AddVersion => self.exists(name).await,
            _ => return Ok(Before::Unread),
        };
        match looked {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Before::Absent),
            Err(error) if error.kind() == ErrorKind::Disabled => Err(error.with_help(
                "Tags and content type of the disabled current version can't be read and would be \
                 lost: enable it, give both, or put with keep_metadata = false.",
            )),
            looked => looked,
        }
    }

    async fn exists(&self, name: &str) -> Result<Before> {
        let page = PageRequest {
            size: Some(1),
            token: None,
        };
        self.first_versions(name, page)
            .await
            .map(|_| Before::Exists)
    }

    async fn set(
        &self,
        name: &str,
        value: &Value,
        metadata: &Metadata,
        created: bool,
    ) -> Result<Written> {
        let request = request::set(&self.config, name, value, metadata)?;
        let answer = self
            .send("put", Some(name), Repeat::Unsafe, request)
            .await?;
        response::written(&self.config, &answer, created)
            .map_err(|error| error.with_retry(Retry::OutcomeUnknown))
    }

    /// Whether a set whose answer was lost took place: the current version is
    /// another than before and holds what was put. Anything else proves nothing.
    async fn confirm(&self, name: &str, value: &Value, before: &Before) -> Option<Written> {
        let (old, created) = match before {
            Before::Absent => (None, true),
            Before::Current(version) => (version.id.as_ref(), false),
            Before::Unread | Before::Exists => return None,
        };
        let now: Secret = self.get_named(name, &GetOptions::default()).await.ok()?;
        let new = now.version.is_some() && now.version.as_ref() != old;
        let ours = now.payload.same_as(&Payload::of(value.clone()));
        Some(Written {
            secret: now.id.filter(|_| new && ours)?,
            version: now.info?,
            created,
        })
    }

    /// Tries again while the secret is on its way: a recovered one is not yet
    /// writable, a purged one keeps its name for a while.
    pub(super) async fn settled<T, F, Fut>(&self, attempt: F) -> Result<T>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let clock = self.client.clock();
        let start = clock.now();
        loop {
            match attempt().await {
                Err(error) if error.kind() == ErrorKind::InTransition => {
                    let waited = clock.now().duration_since(start);
                    if waited >= SETTLE.try_into().unwrap_or_default() {
                        return Err(error);
                    }
                    clock.sleep(INTERVAL).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// What the new version says of itself: as the options say, else as before.
fn metadata(options: &PutOptions, before: &Before) -> Metadata {
    let kept = match before {
        Before::Current(version) => VersionInfo::clone(version),
        _ => VersionInfo::default(),
    };
    // A new version has nothing to clear, so what is empty is left out.
    Metadata {
        labels: (options.labels.clone())
            .or(kept.labels)
            .filter(|labels| !labels.is_empty()),
        content_type: (options.content_type.clone())
            .or(kept.content_type)
            .filter(|text| !text.is_empty()),
        enabled: options.enabled,
        not_before: options.not_before,
        expires_at: options.expires_at,
    }
}
