//! Who may do what with a secret.

use polyvault_core::{Error, ErrorKind, Result};

use super::create::check_chars;
use crate::config::SCHEME;

/// A role on a secret, and who has it.
///
/// <https://yandex.cloud/docs/lockbox/api-ref/Secret/listAccessBindings>
///
/// # Example
///
/// ```
/// use polyvault_core::{PageRequest, WaitPolicy};
/// use polyvault_yandex_lockbox::emulator::Emulator;
/// use polyvault_yandex_lockbox::{AccessBinding, AccessChange, Subject};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let lockbox = Emulator::start().await;
/// # lockbox.seed(&serde_json::json!({"name": "db"}))?;
/// # let store = lockbox.store();
/// let reader = AccessBinding {
///     role: "lockbox.payloadViewer".into(),
///     subject: Subject::service_account("ajeaccount0000000001"),
/// };
/// let secret = "db".try_into()?;
/// let change = AccessChange::Add(reader.clone());
/// store.begin_update_access_bindings(&secret, [change]).await?.wait(WaitPolicy::default()).await?;
///
/// let page = store.list_access_bindings_page(&secret, PageRequest::default()).await?;
/// assert_eq!(page.items, [reader]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessBinding {
    /// The id of the role, such as `lockbox.payloadViewer`, at most 64 characters.
    pub role: String,
    /// Who has it.
    pub subject: Subject,
}

/// Somebody who may have a role.
///
/// # Example
///
/// ```
/// use polyvault_yandex_lockbox::Subject;
///
/// let robot = Subject::service_account("ajeaccount0000000001");
/// assert_eq!(robot.kind, "serviceAccount");
/// let everybody = Subject { id: "allAuthenticatedUsers".into(), kind: "system".into() };
/// # let _ = everybody;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The id, at most 100 characters.
    pub id: String,
    /// The type: `userAccount`, `serviceAccount`, `federatedUser` or `system`, at most 100 characters.
    pub kind: String,
}

/// A change to the roles on a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessChange {
    /// Give a role.
    Add(AccessBinding),
    /// Take a role away.
    Remove(AccessBinding),
}

impl Subject {
    /// The service account of this id.
    #[must_use]
    pub fn service_account(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind: "serviceAccount".to_owned(),
        }
    }
}

impl AccessChange {
    pub(crate) fn binding(&self) -> &AccessBinding {
        match self {
            Self::Add(binding) | Self::Remove(binding) => binding,
        }
    }
}

/// The most bindings that one request takes.
const MOST: usize = 1000;

/// Refuses what the service is known to refuse of the bindings in `field`.
pub(crate) fn check<'a>(
    field: &str,
    bindings: impl ExactSizeIterator<Item = &'a AccessBinding>,
    least: usize,
) -> Result<()> {
    if !(least..=MOST).contains(&bindings.len()) {
        return refuse(format!("field `{field}`: {least} to {MOST} of them"));
    }
    for (at, binding) in bindings.enumerate() {
        for (name, text, most) in [
            ("role", &binding.role, 64),
            ("subject.id", &binding.subject.id, 100),
            ("subject.kind", &binding.subject.kind, 100),
        ] {
            let path = format!("{field}[{at}].{name}");
            if text.is_empty() {
                return refuse(format!("field `{path}`: must not be empty"));
            }
            check_chars(&path, Some(text), most)?;
        }
    }
    Ok(())
}

fn refuse(rule: String) -> Result<()> {
    Err(Error::new(ErrorKind::InvalidInput, rule).with_provider(SCHEME))
}
