//! What is done for one secret.

use std::fmt;

use super::OnUnknown;
use super::compare::{self, Difference, Field, Standing};
use super::desired::Desired;
use super::digest::Digester;
use super::look::Present;
use super::write::{self, Write};
use crate::capabilities::CreateStrength;
use crate::model::SecretInfo;
use crate::options::PutValue;
use crate::{Capabilities, Error, ErrorKind, Result, SecretRef, SecretStore, VersionId};

/// What is done, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The secret is made.
    Create,
    /// What differs is changed.
    Change(Vec<Difference>),
    /// Nothing: it is as desired, as far as is known.
    Unchanged,
}

impl Action {
    /// The name in machine-readable output: `create`, `change` or `unchanged`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change(_) => "change",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What would be done for one secret.
#[derive(Clone, Debug)]
pub struct Step {
    secret: SecretRef,
    action: Action,
    value_unknown: bool,
    writes: Vec<Write>,
    version: Option<VersionId>,
    /// What was told of the secret, by which a change since then is seen.
    seen: Option<SecretInfo>,
}

impl Step {
    pub(super) fn new(
        can: &Capabilities,
        desired: &Desired,
        present: Option<Present>,
        digester: Option<&Digester>,
        on_unknown: OnUnknown,
    ) -> Result<Self> {
        let digest = match (&desired.value, digester) {
            (Some(PutValue::Payload(payload)), Some(by)) => {
                Some(by.digest(can, &desired.name, payload))
            }
            _ => None,
        };
        let secret = SecretRef::from(&desired.name);
        let Some(present) = present else {
            return Ok(Self {
                secret,
                action: Action::Create,
                value_unknown: false,
                writes: write::to_create(can, desired, digest)?,
                version: None,
                seen: None,
            });
        };
        let standing = compare::value(can, desired, &present, digester, on_unknown);
        let mut differences = compare::metadata(desired, &present);
        if let Standing::Differs(why) = standing {
            let field = Field::Value;
            differences.push(Difference {
                field,
                why: why.to_owned(),
            });
        }
        let writes = match differences.is_empty() {
            true => Vec::new(),
            false => write::to_change(can, desired, &present, standing, &differences, digest)?,
        };
        Ok(Self {
            secret,
            action: match differences.is_empty() {
                true => Action::Unchanged,
                false => Action::Change(differences),
            },
            value_unknown: standing == Standing::Unknown,
            writes,
            version: present.version,
            seen: present.info,
        })
    }

    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &SecretRef {
        &self.secret
    }

    /// What would be done.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Whether a value is desired, and it can't be told whether it is the present one, which stays.
    #[must_use]
    pub fn value_unknown(&self) -> bool {
        self.value_unknown
    }

    /// The same step with all that it takes to see, later, that the secret has changed.
    pub(super) async fn held(mut self, store: &dyn SecretStore) -> Result<Self> {
        if self.writes.is_empty() || self.action == Action::Create || self.seen.is_some() {
            return Ok(self);
        }
        let info = store.describe(&self.secret).await?;
        let current = info
            .current
            .as_ref()
            .and_then(|current| current.id.as_ref());
        let read = self.version.as_ref();
        if read
            .zip(current)
            .is_some_and(|(read, current)| read != current)
        {
            return Err(changed("the secret changed while it was read"));
        }
        self.seen = Some(info);
        Ok(self)
    }

    /// Refuses where the secret is not as it was planned for; a put that creates refuses by itself.
    pub(super) async fn still_holds(&self, store: &dyn SecretStore) -> Result<()> {
        let asks = match self.action {
            Action::Unchanged => false,
            Action::Change(_) => true,
            Action::Create => store.capabilities().create == CreateStrength::None,
        };
        if !asks {
            return Ok(());
        }
        match (store.describe(&self.secret).await, &self.seen) {
            (Err(error), None) if error.kind() == ErrorKind::NotFound => Ok(()),
            (Err(error), _) => Err(error),
            (Ok(info), Some(seen)) if info == *seen => Ok(()),
            (Ok(_), Some(_)) => Err(changed("the secret changed since the plan")),
            (Ok(_), None) => Err(Error::new(
                ErrorKind::AlreadyExists,
                "the secret was made since the plan",
            )
            .with_help("Plan again.")),
        }
    }

    pub(super) async fn apply(&self, store: &dyn SecretStore) -> Result<Applied> {
        let mut version = self.version.clone();
        for write in &self.writes {
            version = write.make(store, &self.secret).await?.or(version);
        }
        Ok(Applied {
            action: self.action.clone(),
            value_unknown: self.value_unknown,
            version,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action.as_str(), self.secret)?;
        tell(f, &self.action, self.value_unknown)
    }
}

/// What was done for one secret, and why; shown to people by `Display`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// What was done.
    pub action: Action,
    /// Whether a value is desired, and it can't be told whether it is the present one, which stays.
    pub value_unknown: bool,
    /// The current version; `None` where there are none or it was not told.
    pub version: Option<VersionId>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action.as_str())?;
        tell(f, &self.action, self.value_unknown)
    }
}

fn tell(f: &mut fmt::Formatter<'_>, action: &Action, value_unknown: bool) -> fmt::Result {
    let differences = match action {
        Action::Change(differences) => differences.as_slice(),
        _ => &[],
    };
    let told = differences.iter().map(ToString::to_string);
    let unknown = value_unknown.then(|| format!("{}: unknown", Field::Value));
    let told: Vec<String> = told.chain(unknown).collect();
    match told.is_empty() {
        true => Ok(()),
        false => write!(f, ": {}", told.join("; ")),
    }
}

fn changed(what: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, what).with_help("Plan again.")
}
