//! What a secret is to be.

use jiff::Timestamp;

use crate::model::{Edit, Labels};
use crate::options::PutValue;
use crate::{Error, Result, SecretName};

/// What a secret is to be: what is left out is not managed, and stays as it is.
///
/// `Debug` shows no value.
///
/// # Example
///
/// ```
/// use polyvault_core::ensure::Desired;
/// use polyvault_core::{Edit, PasswordSpec, Timestamp};
///
/// let start: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
/// let desired = Desired::new("db-password")?
///     .value("s3cret")
///     .labels([("team", "payments")])
///     .content_type("text/plain")
///     .description("of the main database")
///     .not_before(start)
///     .expires_at(Edit::Clear) // it shall have no end
///     .enabled(true)
///     .deletion_protection(true);
/// assert!(!format!("{desired:?}").contains("s3cret"));
///
/// // Made once, with the secret, and then left alone:
/// let generated = Desired::new("session-key")?.value(PasswordSpec::default());
/// # let _ = generated;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Desired {
    /// The name: a secret is always meant by it, never by an id.
    pub name: SecretName,
    /// The value. A password that is to be generated is made with the secret, and never compared.
    pub value: Option<PutValue>,
    /// The labels, all of them: others are taken off.
    pub labels: Option<Labels>,
    /// The content type; the empty one is none.
    pub content_type: Option<String>,
    /// The description; the empty one is none.
    pub description: Option<String>,
    /// The start of the current version's validity, UTC; `Clear` is none, `Keep` is not managed.
    pub not_before: Edit<Timestamp>,
    /// The end of the current version's validity, UTC; `Clear` is none, `Keep` is not managed.
    pub expires_at: Edit<Timestamp>,
    /// Whether it can be read.
    pub enabled: Option<bool>,
    /// Whether the service shall refuse to delete it.
    pub deletion_protection: Option<bool>,
}

impl Desired {
    /// A secret of this name, of which nothing is managed yet.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the name is empty or holds a control character.
    pub fn new<N>(name: N) -> Result<Self>
    where
        N: TryInto<SecretName, Error: Into<Error>>,
    {
        Ok(Self {
            name: name.try_into().map_err(Into::into)?,
            value: None,
            labels: None,
            content_type: None,
            description: None,
            not_before: Edit::Keep,
            expires_at: Edit::Keep,
            enabled: None,
            deletion_protection: None,
        })
    }

    /// With this value.
    #[must_use]
    pub fn value(mut self, value: impl Into<PutValue>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// With these labels and no others.
    #[must_use]
    pub fn labels<K: Into<String>, V: Into<String>>(
        mut self,
        labels: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let labels = labels.into_iter();
        self.labels = Some(
            labels
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        );
        self
    }

    /// With this content type; the empty one is none.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// With this description; the empty one is none.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Valid from this time on; [`Edit::Clear`] for no start.
    #[must_use]
    pub fn not_before(mut self, start: impl Into<Edit<Timestamp>>) -> Self {
        self.not_before = start.into();
        self
    }

    /// Valid until this time; [`Edit::Clear`] for no end.
    #[must_use]
    pub fn expires_at(mut self, end: impl Into<Edit<Timestamp>>) -> Self {
        self.expires_at = end.into();
        self
    }

    /// Readable, or not.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Protected from deletion, or not.
    #[must_use]
    pub fn deletion_protection(mut self, protected: bool) -> Self {
        self.deletion_protection = Some(protected);
        self
    }
}
