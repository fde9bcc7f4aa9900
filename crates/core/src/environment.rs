//! The variables that credentials and settings are read from.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use zeroize::Zeroizing;

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
    fn read(&self, name: &str) -> Option<Zeroizing<String>> {
        let set = self.extra.get(name).cloned();
        let set = match set {
            None if self.process => std::env::var(name).ok().map(Zeroizing::new),
            set => set,
        };
        set.filter(|value| !value.is_empty())
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
