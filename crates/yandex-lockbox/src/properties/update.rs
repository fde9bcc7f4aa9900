//! Changing what the service keeps of a secret beside its versions.

use polyvault_core::{
    Capabilities, Edit, Error, ErrorKind, IdempotencyKey, InfoPatch, Labels, Result, SecretName,
    SecretRef,
};

use super::PasswordSpecification;
use crate::config::SCHEME;

/// Changes to a secret; what is not said stays: every field of
/// <https://yandex.cloud/docs/lockbox/api-ref/Secret/update>.
///
/// # Example
///
/// ```
/// use polyvault_core::{Edit, PasswordSpec, WaitPolicy};
/// use polyvault_yandex_lockbox::UpdateSecret;
/// use polyvault_yandex_lockbox::emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let lockbox = Emulator::start().await;
/// # lockbox.seed(&serde_json::json!({"name": "db"}))?;
/// # let store = lockbox.store();
/// let rules = PasswordSpec { length: 48, ..PasswordSpec::default() };
/// let change = UpdateSecret { password: Edit::Set((&rules).into()), ..UpdateSecret::default() };
/// store.begin_update_secret(&"db".try_into()?, change).await?.wait(WaitPolicy::default()).await?;
///
/// let told = store.properties(&"db".try_into()?).await?;
/// assert_eq!(told.password.and_then(|rules| rules.length), Some(48));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateSecret {
    /// The name; the service lets it be cleared.
    pub name: Edit<SecretName>,
    /// The description, at most 1024 characters.
    pub description: Edit<String>,
    /// The labels, all of them: those not mentioned are gone.
    pub labels: Edit<Labels>,
    /// Whether the service shall refuse to delete it.
    pub deletion_protection: Option<bool>,
    /// The rules by which the service generates its passwords from now on.
    pub password: Edit<PasswordSpecification>,
    /// Names this call for the service.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl UpdateSecret {
    /// Refuses what the service is known to refuse.
    pub(crate) fn check(&self, can: &Capabilities, secret: &SecretRef) -> Result<()> {
        can.check_secret(secret)?;
        if self.mask().is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "field `change`: there is nothing to change",
            )
            .with_provider(SCHEME));
        }
        let patch = InfoPatch {
            name: set(&self.name).cloned(),
            description: set(&self.description).cloned(),
            labels: set(&self.labels).cloned(),
            deletion_protection: self.deletion_protection,
            ..InfoPatch::default()
        };
        if patch != InfoPatch::default() {
            can.check_update(secret, &patch)?;
        }
        match set(&self.password) {
            Some(rules) => rules.check(can, "password"),
            None => Ok(()),
        }
    }
}

/// What a field is set to.
pub(crate) fn set<T>(edit: &Edit<T>) -> Option<&T> {
    match edit {
        Edit::Set(new) => Some(new),
        Edit::Keep | Edit::Clear => None,
    }
}

impl From<&InfoPatch> for UpdateSecret {
    /// All but `enabled`, which the service has requests of its own for.
    fn from(patch: &InfoPatch) -> Self {
        Self {
            name: patch.name.clone().map_or(Edit::Keep, Edit::Set),
            description: patch.description.clone().map_or(Edit::Keep, Edit::Set),
            labels: patch.labels.clone().map_or(Edit::Keep, Edit::Set),
            deletion_protection: patch.deletion_protection,
            ..Self::default()
        }
    }
}
