//! Secrets that are files of one directory.

use std::fmt;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use crate::capabilities::Alphabet;
use crate::file::read_file;
use crate::{Error, ErrorKind, NameRule, Result, Value};

/// The keys of a Secret of Kubernetes, which begin with two dots no more than its own links do:
/// <https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data>.
pub(super) const RULE: NameRule = NameRule {
    max_chars: 253,
    alphabet: Alphabet::AlphanumericAnd("-_."),
    forbidden_prefix: Some(".."),
    case_sensitive: true,
};

/// What a Secret of Kubernetes may have.
const MOST: usize = 1024 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(path: PathBuf) -> Result<Self> {
        match path.is_dir() {
            true => Ok(Self(path)),
            false => Err(Error::new(
                ErrorKind::Config,
                format!("{} is no directory that can be read", path.display()),
            )),
        }
    }

    pub(super) async fn read(&self, name: &str) -> Result<Option<Value>> {
        let (folder, path) = (self.0.clone(), self.0.join(name));
        blocking(move || read(&folder, &path)).await
    }

    pub(super) async fn has(&self, name: &str) -> Result<bool> {
        let (folder, path) = (self.0.clone(), self.0.join(name));
        blocking(move || {
            let is_file = path.metadata().map(|meta| meta.is_file());
            is_file.or_else(|error| unless_missing(&folder, &error).map(|()| false))
        })
        .await
    }

    pub(super) async fn names(&self) -> Result<Vec<String>> {
        let folder = self.0.clone();
        blocking(move || names(&folder)).await
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Unexpected,
            "the thread that reads the file has ended",
        ))
    })
}

fn read(folder: &Path, path: &Path) -> Result<Option<Value>> {
    match read_file(path, MOST) {
        Ok(bytes) => Ok(Some(Value::text_or_binary(&bytes))),
        Err(error) => unless_missing(folder, &error).map(|()| None),
    }
}

/// Without the directory nothing is known, least of all that the secret is not there.
fn unless_missing(folder: &Path, error: &std::io::Error) -> Result<()> {
    match error.kind() {
        Io::NotFound if folder.is_dir() => Ok(()),
        Io::IsADirectory => Ok(()),
        _ => Err(refused(error)),
    }
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir().map_err(|error| refused(&error))? {
        let entry = entry.map_err(|error| refused(&error))?;
        // Follows links; one that has no end is no secret.
        let is_file = entry.path().is_file();
        names.extend(entry.file_name().into_string().ok().filter(|_| is_file));
    }
    Ok(names)
}

fn refused(error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        Io::PermissionDenied => ErrorKind::Forbidden,
        Io::FileTooLarge => ErrorKind::TooLarge,
        _ => ErrorKind::Unavailable,
    };
    let help = match kind {
        ErrorKind::Forbidden => "Let the process's user read the directory and its files.",
        ErrorKind::TooLarge => "Keep no more than 1 MiB in a file.",
        _ => "Check that the directory is mounted.",
    };
    Error::new(
        kind,
        format!("the file or directory can't be read: {}", error.kind()),
    )
    .with_help(help)
}
