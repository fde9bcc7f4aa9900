//! Copies secrets from store to store.

use futures_util::TryStreamExt;
use polyvault::capabilities::{Scope, Versions};
use polyvault::{
    Error, ErrorKind, GetOptions, Labels, Payload, PutMode, PutOptions, Result, SecretInfo,
    SecretName, SecretRef, SecretStore, SecretStoreExt, VersionInfo, VersionSelector, VersionState,
};

use super::report::{Copied, Report};

/// How much of each secret is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// All versions that can be read, the current one last.
    History,
    /// The current version.
    Current,
}

/// A version on its way.
struct Loaded {
    info: VersionInfo,
    payload: Payload,
}

/// Copies every secret of `from` into `to`, which must not have one of its name.
///
/// A secret that can't be copied is told in the report, and the others go on.
///
/// # Errors
///
/// That of the source's list.
pub(crate) async fn copy(
    from: &dyn SecretStore,
    to: &dyn SecretStore,
    scale: Scale,
) -> Result<Report> {
    let mut report = Report {
        from: from.to_string(),
        to: to.to_string(),
        ..Report::default()
    };
    let secrets: Vec<SecretInfo> = from.list().try_collect().await?;
    for secret in secrets {
        let Some(name) = secret.name.clone() else {
            report.leave(secret.id.as_str(), "the secret", "it has no name");
            continue;
        };
        if secret.managed {
            report.leave(name.as_str(), "the secret", "another service owns it");
            continue;
        }
        match one(from, to, &secret, &name, scale, &mut report).await {
            Ok(Some(copied)) => report.copied.push(copied),
            Ok(None) => {}
            Err(error) if is_limit(&error) => {
                report.leave(name.as_str(), "the secret", why(&error))
            }
            Err(error) => report.failures.push(error.to_string()),
        }
    }
    Ok(report)
}

async fn one(
    from: &dyn SecretStore,
    to: &dyn SecretStore,
    secret: &SecretInfo,
    name: &SecretName,
    scale: Scale,
    report: &mut Report,
) -> Result<Option<Copied>> {
    let source = SecretRef::from(secret.id.clone());
    let target = SecretRef::from(name.clone());
    let described = from.describe(&source).await?;
    let versions = readable(from, &source, name, &described, scale, report).await?;
    let Some((last, older)) = versions.split_last() else {
        return Ok(None);
    };
    let current = load(from, &source, last.clone()).await?;
    let options = options(to, name, &described, &current.info, report);
    // The current value decides: without it, an older one would become current.
    to.capabilities()
        .check_put(&target, &current.payload, &options)?;

    let mut copied = Copied {
        name: name.to_string(),
        source: secret.id.clone(),
        versions: Vec::new(),
    };
    let keeps_history = to.capabilities().versions != Versions::None;
    if !older.is_empty() && !keeps_history {
        report.leave(
            name.as_str(),
            format!("{} older versions", older.len()),
            "the target has none",
        );
    }
    let mut mode = PutMode::Create;
    for version in older.iter().filter(|_| keeps_history) {
        let loaded = load(from, &source, version.clone()).await?;
        match put(to, &target, &loaded, &options, mode).await {
            Ok(id) => copied.versions.push((version.id.clone(), id)),
            Err(error) if is_limit(&error) => {
                report.leave(name.as_str(), one_version(version), why(&error));
                continue;
            }
            Err(error) => return Err(error),
        }
        mode = PutMode::AddVersion;
    }
    let id = put(to, &target, &current, &options, mode).await?;
    copied.versions.push((last.id.clone(), id));
    Ok(Some(copied))
}

/// The versions to copy, the current one last; none if the current one can't be read.
async fn readable(
    from: &dyn SecretStore,
    source: &SecretRef,
    name: &SecretName,
    described: &SecretInfo,
    scale: Scale,
    report: &mut Report,
) -> Result<Vec<VersionInfo>> {
    let current = described.current.clone().unwrap_or_default();
    let states = [&described.state, &current.state];
    if let Some(state) = states.into_iter().find(|s| **s != VersionState::Enabled) {
        let why = format!("its current version is {}", state.as_str());
        report.leave(name.as_str(), "the secret", why);
        return Ok(Vec::new());
    }
    if scale == Scale::Current || from.capabilities().versions != Versions::PinnedReads {
        return Ok(vec![current]);
    }
    let mut versions = from.history(source).await?;
    let mut tied = versions.windows(2).filter(|pair| match pair {
        [a, b] => a.created_at == b.created_at,
        _ => false,
    });
    if tied.next().is_some() {
        report.guesses.push(format!(
            "{name}: versions of the same second, the current one last"
        ));
    }
    versions.retain(|version| {
        let readable = version.state == VersionState::Enabled;
        if !readable {
            let why = format!("it is {}, and stays so", version.state.as_str());
            report.leave(name.as_str(), one_version(version), why);
        }
        readable && version.id != current.id
    });
    versions.push(current);
    Ok(versions)
}

async fn load(from: &dyn SecretStore, source: &SecretRef, info: VersionInfo) -> Result<Loaded> {
    let pinned = from.capabilities().versions == Versions::PinnedReads;
    let version = match info.id.clone() {
        Some(id) if pinned => VersionSelector::Exact(id),
        _ => VersionSelector::Current,
    };
    let secret = from.get(source, GetOptions { version }).await?;
    Ok(Loaded {
        info: secret.info.unwrap_or(info),
        payload: secret.payload,
    })
}

async fn put(
    to: &dyn SecretStore,
    target: &SecretRef,
    version: &Loaded,
    options: &PutOptions,
    mode: PutMode,
) -> Result<Option<polyvault::VersionId>> {
    let validity = to.capabilities().validity;
    let options = PutOptions {
        mode,
        not_before: version.info.not_before.filter(|_| validity),
        expires_at: version.info.expires_at.filter(|_| validity),
        ..options.clone()
    };
    let written = to
        .put_with(target, version.payload.clone(), options)
        .await?;
    Ok(written.version.id)
}

/// What the target can hold of the metadata; the rest is told.
fn options(
    to: &dyn SecretStore,
    name: &SecretName,
    secret: &SecretInfo,
    current: &VersionInfo,
    report: &mut Report,
) -> PutOptions {
    let can = to.capabilities();
    let name = name.as_str();
    let mut left = |what: String| report.leave(name, what, "the target can't hold it");
    if !can.validity && (current.expires_at.is_some() || current.not_before.is_some()) {
        left("the validity".to_owned());
    }
    let content_type = current.content_type.clone().filter(|text| !text.is_empty());
    if let Some(text) = content_type.as_ref().filter(|_| !can.content_type) {
        left(format!("the content type {text:?}"));
    }
    let description = secret.description.clone().filter(|text| !text.is_empty());
    if description.is_some() && can.description == Scope::None {
        left("the description".to_owned());
    }
    let fits = |key: &str, value: &str| {
        can.labels != Scope::None
            && can
                .limits
                .labels
                .is_none_or(|rule| rule.check(key, value).is_ok())
    };
    let (kept, lost): (Labels, Labels) = (secret.labels.clone().unwrap_or_default())
        .into_iter()
        .partition(|(key, value)| fits(key, value));
    for key in lost.keys() {
        left(format!("the label {key:?}"));
    }
    PutOptions {
        labels: Some(kept).filter(|kept| !kept.is_empty()),
        content_type: content_type.filter(|_| can.content_type),
        description: description.filter(|_| can.description != Scope::None),
        ..PutOptions::default()
    }
}

/// Whether the target can never hold it, so that a repeat is of no use.
fn is_limit(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidInput
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported
            | ErrorKind::AlreadyExists
            | ErrorKind::Ambiguous
    )
}

/// Kind and rule: the report names the secret itself.
fn why(error: &Error) -> String {
    format!("{}: {}", error.kind(), error.message())
}

fn one_version(version: &VersionInfo) -> String {
    match &version.id {
        Some(id) => format!("version {id}"),
        None => "a version".to_owned(),
    }
}
