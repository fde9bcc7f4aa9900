//! Names and ids of secrets and versions.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Result};

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Takes ", $what, " as it is.")]
            ///
            /// # Errors
            ///
            /// `InvalidInput` if it is empty or holds a control character.
            ///
            /// # Example
            ///
            /// ```
            #[doc = concat!("use polyvault_core::", stringify!($name), ";")]
            ///
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(\"e6q0\")?.as_str(), \"e6q0\");")]
            #[doc = concat!("assert!(", stringify!($name), "::new(\"\").is_err());")]
            /// # Ok::<(), polyvault_core::Error>(())
            /// ```
            pub fn new(text: impl Into<String>) -> Result<Self> {
                let text = text.into();
                if text.is_empty() || text.chars().any(char::is_control) {
                    return Err(Error::new(
                        ErrorKind::InvalidInput,
                        concat!($what, " must not be empty or hold control characters"),
                    ));
                }
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                Self::new(text)
            }
        }
    };
}

text_type!(
    /// The name that a user gave a secret.
    ///
    /// Stores have narrower rules; see [`NameRule`](crate::NameRule).
    SecretName, "the name of a secret"
);
text_type!(
    /// The id that the service gave a secret; opaque, meant for its own store.
    SecretId, "the id of a secret"
);
text_type!(
    /// The id that the service gave a version; opaque and unordered.
    VersionId, "the id of a version"
);
text_type!(
    /// What names an operation of the service, so that another process can resume it.
    OperationId, "the id of an operation"
);

/// Which secret is meant: by the user's name or by the service's id.
///
/// A plain text is a name; an id is said to be one.
///
/// # Example
///
/// ```
/// use polyvault_core::{SecretId, SecretRef};
///
/// let by_name = SecretRef::try_from("db-password")?;
/// let by_id = SecretRef::from(SecretId::new("e6qsec00000000000001")?);
/// assert_ne!(by_name, by_id);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretRef {
    /// By the user's name.
    Name(SecretName),
    /// By the service's id.
    Id(SecretId),
}

impl SecretRef {
    /// The text of the name or of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Id(id) => id.as_str(),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<SecretName> for SecretRef {
    fn from(name: SecretName) -> Self {
        Self::Name(name)
    }
}

impl From<SecretId> for SecretRef {
    fn from(id: SecretId) -> Self {
        Self::Id(id)
    }
}

impl From<&Self> for SecretRef {
    fn from(secret: &Self) -> Self {
        secret.clone()
    }
}

impl From<&SecretName> for SecretRef {
    fn from(name: &SecretName) -> Self {
        Self::Name(name.clone())
    }
}

impl From<&SecretId> for SecretRef {
    fn from(id: &SecretId) -> Self {
        Self::Id(id.clone())
    }
}

impl TryFrom<&str> for SecretRef {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self> {
        SecretName::new(name).map(Self::Name)
    }
}

impl TryFrom<String> for SecretRef {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        SecretName::new(name).map(Self::Name)
    }
}

impl TryFrom<&String> for SecretRef {
    type Error = Error;

    fn try_from(name: &String) -> Result<Self> {
        Self::try_from(name.as_str())
    }
}

/// Which version of a secret is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionSelector {
    /// The one that the service says is current.
    #[default]
    Current,
    /// This one and no other.
    Exact(VersionId),
}

impl From<VersionId> for VersionSelector {
    fn from(id: VersionId) -> Self {
        Self::Exact(id)
    }
}
