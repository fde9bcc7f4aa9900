//! Making a secret with all that the service lets one say of it.

use polyvault_core::{
    Capabilities, Error, ErrorKind, IdempotencyKey, InfoPatch, Labels, Payload, PutOptions, Result,
    SecretName, SecretRef,
};

use super::PasswordSpecification;
use crate::config::SCHEME;
use crate::store::check_payload;

/// A secret to be made in the store's folder: every field of
/// <https://yandex.cloud/docs/lockbox/api-ref/Secret/create>.
///
/// # Example
///
/// ```
/// use polyvault_core::{PasswordSpec, WaitPolicy};
/// use polyvault_yandex_lockbox::emulator::Emulator;
/// use polyvault_yandex_lockbox::{CreateSecret, FirstVersion};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// # use std::sync::Arc;
/// # let clock = polyvault_core::clock::ManualClock::at(polyvault_core::Timestamp::UNIX_EPOCH);
/// # let lockbox = Emulator::builder().clock(Arc::new(clock)).start().await;
/// # let store = lockbox.store();
/// let secret = CreateSecret {
///     kms_key: Some("abjkey00000000000001".into()),
///     deletion_protection: true,
///     first_version: FirstVersion::Password((&PasswordSpec::default()).into()),
///     ..CreateSecret::named("db-password".parse()?)
/// };
/// let made = store.begin_create(secret).await?.wait(WaitPolicy::default()).await?;
/// assert!(made.created && made.version.id.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CreateSecret {
    /// The name; the service makes secrets without one too.
    pub name: Option<SecretName>,
    /// The description, at most 1024 characters.
    pub description: Option<String>,
    /// The labels.
    pub labels: Labels,
    /// The id of the key that its values are to be encrypted with; it can't be changed later.
    pub kms_key: Option<String>,
    /// Whether the service shall refuse to delete it.
    pub deletion_protection: bool,
    /// What the first version is to hold.
    pub first_version: FirstVersion,
    /// The description of the first version, at most 256 characters.
    pub version_description: Option<String>,
    /// Whether a version is made: where it is not said, if there is something to hold. With `true`
    /// there must be; with `false` none is made, and rules of a password are only remembered.
    pub create_version: Option<bool>,
    /// Names this call, so that a repeat after a lost answer makes no second secret.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What the first version of a secret is to hold.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum FirstVersion {
    /// Nothing.
    #[default]
    None,
    /// These entries.
    Payload(Payload),
    /// A password that the service generates; it generates the next ones by the same rules.
    Password(PasswordSpecification),
}

impl CreateSecret {
    /// A secret of this name, all else as the service has it.
    #[must_use]
    pub fn named(name: SecretName) -> Self {
        Self {
            name: Some(name),
            ..Self::default()
        }
    }

    /// Refuses what the service is known to refuse.
    pub(crate) fn check(&self, can: &Capabilities) -> Result<()> {
        let nobody = SecretRef::Name(self.name.clone().unwrap_or(SecretName::new("-")?));
        let patch = InfoPatch {
            description: self.description.clone(),
            labels: Some(self.labels.clone()),
            ..InfoPatch::default()
        };
        can.check_update(&nobody, &patch)?;
        check_chars("kms_key", self.kms_key.as_deref(), 50)?;
        check_chars(
            "version_description",
            self.version_description.as_deref(),
            256,
        )?;
        match (&self.first_version, self.create_version) {
            (FirstVersion::None, Some(true)) => Err(Error::new(
                ErrorKind::InvalidInput,
                "field `create_version`: a version needs entries or the rules of a password",
            )
            .with_provider(SCHEME)),
            (FirstVersion::None, _) => Ok(()),
            (FirstVersion::Payload(payload), _) => {
                check_payload(can, &nobody, payload, &PutOptions::default())
            }
            (FirstVersion::Password(rules), _) => rules.check(can, "first_version"),
        }
    }
}

/// Refuses a text of more than `most` characters; `field` is its path.
pub(super) fn check_chars(field: &str, text: Option<&str>, most: usize) -> Result<()> {
    match text {
        Some(text) if text.chars().count() > most => Err(Error::new(
            ErrorKind::InvalidInput,
            format!("field `{field}`: at most {most} characters"),
        )
        .with_provider(SCHEME)),
        _ => Ok(()),
    }
}
