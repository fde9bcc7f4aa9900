//! What of an outcome must be the same: everything but ids, times and texts, of which only
//! whether they are told.

use polyvault::{
    DeletedSecretInfo, Error, Operation, Outcome, Page, Result, Secret, SecretInfo, VersionInfo,
    Written,
};

/// An outcome in words that two stores can be compared by.
pub(crate) trait Shown {
    fn shown(&self) -> String;
}

impl<T: Shown> Shown for Result<T> {
    fn shown(&self) -> String {
        match self {
            Ok(done) => format!("Ok {}", done.shown()),
            Err(error) => error.shown(),
        }
    }
}

impl Shown for Error {
    fn shown(&self) -> String {
        let capability = self.message().split_once("capability `");
        let capability = capability.and_then(|(_, rest)| rest.split_once('`'));
        format!(
            "Err {} {:?} {:?} {:?} {:?} {:?}",
            self.kind(),
            self.retry(),
            self.provider(),
            self.operation(),
            self.secret().is_some(),
            capability.map(|(name, _)| name),
        )
    }
}

impl Shown for () {
    fn shown(&self) -> String {
        "done".to_owned()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl Shown for VersionInfo {
    fn shown(&self) -> String {
        let Self {
            id,
            state,
            created_at,
            updated_at,
            not_before,
            expires_at,
            destroy_at,
            content_type,
            description,
            labels,
            entry_keys,
        } = self;
        let times = (created_at.is_some(), updated_at.is_some());
        format!(
            "version[id {} {state:?} {times:?} {not_before:?} {expires_at:?} {} \
             {content_type:?} {description:?} {labels:?} {entry_keys:?}]",
            id.is_some(),
            destroy_at.is_some(),
        )
    }
}

impl Shown for SecretInfo {
    fn shown(&self) -> String {
        let Self {
            id: _,
            name,
            description,
            labels,
            state,
            current,
            created_at,
            updated_at,
            deletion_protection,
            managed,
        } = self;
        let times = (created_at.is_some(), updated_at.is_some());
        format!(
            "secret[{name:?} {description:?} {labels:?} {state:?} {times:?} \
             {deletion_protection:?} {managed} {:?}]",
            current.as_ref().map(Shown::shown),
        )
    }
}

impl Shown for DeletedSecretInfo {
    fn shown(&self) -> String {
        let kept = match (self.deleted_at, self.purge_at) {
            (Some(from), Some(to)) => Some(to.duration_since(from)),
            _ => None,
        };
        let (info, deleted) = (self.info.shown(), self.deleted_at.is_some());
        format!("{info} {deleted} {kept:?} {}", self.recoverable)
    }
}

impl Shown for Secret {
    fn shown(&self) -> String {
        let Self {
            id,
            name,
            version,
            info,
            payload,
        } = self;
        let keys: Vec<&str> = payload.keys().collect();
        let told = (id.is_some(), version.is_some());
        let info = info.as_ref().map(Shown::shown);
        format!("read[{told:?} {name:?} {info:?} {keys:?} {payload:?}]")
    }
}

impl Shown for Written {
    fn shown(&self) -> String {
        format!("written[{} {}]", self.created, self.version.shown())
    }
}

impl Shown for Outcome {
    fn shown(&self) -> String {
        match self {
            Self::Written(written) => written.shown(),
            Self::Secret(info) => info.shown(),
            Self::Version(info) => info.shown(),
            other => format!("{other:?}"),
        }
    }
}

impl<T: Send + 'static> Shown for Operation<T> {
    fn shown(&self) -> String {
        format!("operation[id {}]", self.id().is_some())
    }
}

/// Items in no order: no service says which it gives.
impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> String {
        let mut items: Vec<String> = self.iter().map(Shown::shown).collect();
        items.sort();
        format!("{items:#?}")
    }
}

impl<T: Shown> Shown for Page<T> {
    fn shown(&self) -> String {
        format!("more {} {}", self.next.is_some(), self.items.shown())
    }
}
