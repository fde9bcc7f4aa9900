//! The variables that credentials and settings are read from.

use std::collections::{BTreeMap, BTreeSet};
use std::env::VarError;
use std::fmt;
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::transport::credential_file;
use crate::{Error, ErrorKind, Result};

/// The environment that a store is opened in: the process's own, or one that is put together.
///
/// `Debug` shows the names of the variables only.
///
/// # Example
///
/// ```
/// use polyvault_core::Environment;
///
/// let environment = Environment::empty().with("WIX_API_KEY", "IST.made-up");
/// assert!(environment.secret("WIX_API_KEY").is_some());
/// assert!(environment.secret("YC_IAM_TOKEN").is_none());
///
/// let process = Environment::process().with("AZURE_TENANT_ID", "over the process's own");
/// assert_eq!(process.text("AZURE_TENANT_ID").as_deref(), Some("over the process's own"));
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    process: bool,
    extra: BTreeMap<String, Zeroizing<String>>,
}

impl Environment {
    /// The process's environment, read when asked.
    #[must_use]
    pub fn process() -> Self {
        Self {
            process: true,
            extra: BTreeMap::new(),
        }
    }

    /// An environment of no variables.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The variables of a dotenv file of up to 256 KiB, without a process's own. As in other programs
    /// that read such files, `$NAME` outside of single quotes stands for a variable of the process, or
    /// of the file.
    ///
    /// The parser, [dotenvy](https://docs.rs/dotenvy), does not wipe its own buffers.
    ///
    /// # Errors
    ///
    /// `Config` if the file can't be read, or after how many variables it is not as such files are.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::Environment;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join(".env");
    /// std::fs::write(&path, "# mine\nWIX_API_KEY='IST.made-up'\n").unwrap();
    /// let environment = Environment::dotenv(&path)?;
    /// assert!(environment.secret("WIX_API_KEY").is_some());
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn dotenv(path: impl AsRef<Path>) -> Result<Self> {
        let file = credential_file(path.as_ref())?;
        let mut environment = Self::empty();
        for (before, line) in dotenvy::from_read_iter(file.as_slice()).enumerate() {
            // The parser's error quotes the line, and what it took for a name may be the next line of a value.
            let (name, value) = line.map_err(|_| {
                Error::new(
                    ErrorKind::Config,
                    format!("the file is no dotenv file: variables before the fault: {before}"),
                )
            })?;
            environment = environment.with(name, value);
        }
        Ok(environment)
    }

    /// Sets a variable, over the process's.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.insert(name.into(), Zeroizing::new(value.into()));
        self
    }

    /// A credential; a variable that is empty counts as missing.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.read(name)
            .map(|value| SecretString::from(value.as_str()))
    }

    /// A setting that is no secret; a variable that is empty counts as missing.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.read(name).map(|value| value.as_str().to_owned())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the process's environment"
    )]
    pub(crate) fn value(&self, name: &str) -> Result<Option<Zeroizing<String>>> {
        let set = match self.extra.get(name) {
            Some(set) => Some(set.clone()),
            None if !self.process => None,
            None => match std::env::var(name) {
                Ok(value) => Some(Zeroizing::new(value)),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(value)) => {
                    drop(Zeroizing::new(value.into_encoded_bytes()));
                    return Err(Error::new(
                        ErrorKind::Decode,
                        format!("the variable {name} is not UTF-8"),
                    ));
                }
            },
        };
        Ok(set.filter(|value| !value.is_empty()))
    }

    /// The names of the variables that are not empty.
    #[expect(
        clippy::disallowed_methods,
        reason = "the other place that reads the process's environment"
    )]
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        if self.process {
            for (name, value) in std::env::vars_os() {
                let value = Zeroizing::new(value.into_encoded_bytes());
                names.extend(name.into_string().ok().filter(|_| !value.is_empty()));
            }
        }
        for (name, value) in &self.extra {
            match value.is_empty() {
                true => names.remove(name),
                false => names.insert(name.clone()),
            };
        }
        names
    }

    fn read(&self, name: &str) -> Option<Zeroizing<String>> {
        self.value(name).ok().flatten()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("process", &self.process)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}
