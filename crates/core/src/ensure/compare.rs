//! What differs, and why.

use std::fmt;

use jiff::Timestamp;

use super::desired::Desired;
use super::digest::{Digester, Kept};
use super::look::{Content, Present};
use super::{DIGEST_LABEL, OnUnknown};
use crate::Capabilities;
use crate::model::{Edit, Labels, VersionState};
use crate::options::PutValue;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// What of a secret can differ from what is desired.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Field { $($(#[$doc])* $name,)* }

        impl Field {
            /// The name, as it stands in plans and in machine-readable output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

fields! {
    /// The value.
    Value => "value",
    /// The labels.
    Labels => "labels",
    /// The content type.
    ContentType => "content_type",
    /// The description.
    Description => "description",
    /// The start of the current version's validity.
    NotBefore => "not_before",
    /// The end of the current version's validity.
    ExpiresAt => "expires_at",
    /// Whether it can be read.
    Enabled => "enabled",
    /// Whether the service refuses to delete it.
    DeletionProtection => "deletion_protection",
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One field that differs from what is desired.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Which.
    pub field: Field,
    /// How, in words for people; of a value never more than that it differs.
    pub why: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

/// How the present value stands to the desired one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the same, or none is desired.
    Same,
    Differs(&'static str),
    Unknown,
}

pub(super) fn value(
    can: &Capabilities,
    desired: &Desired,
    present: &Present,
    digester: Option<&Digester>,
    on_unknown: OnUnknown,
) -> Standing {
    let standing = match (&desired.value, &present.content) {
        (None, _) => Standing::Same,
        (Some(_), Content::Gone) => Standing::Differs("it is destroyed, or about to be"),
        (Some(PutValue::Generate(_)), _) => Standing::Same,
        (Some(PutValue::Payload(payload)), Content::Read(there)) => match payload.same_as(there) {
            true => Standing::Same,
            false => Standing::Differs("it is another"),
        },
        (Some(PutValue::Payload(payload)), Content::Hidden) => {
            let kept = present
                .labels
                .as_ref()
                .and_then(|labels| labels.get(DIGEST_LABEL));
            let told = digester.map(|by| {
                let digest = by.digest(can, &desired.name, payload);
                by.compare(kept.map(String::as_str), &digest)
            });
            match told {
                Some(Kept::Same) => Standing::Same,
                Some(Kept::Other) => Standing::Differs("its digest is another"),
                Some(Kept::Unknown) | None => Standing::Unknown,
            }
        }
    };
    match (standing, on_unknown) {
        (Standing::Unknown, OnUnknown::Put) => {
            Standing::Differs("it is unknown, and put each time")
        }
        (standing, _) => standing,
    }
}

/// The differences in all but the value.
pub(super) fn metadata(desired: &Desired, present: &Present) -> Vec<Difference> {
    let current = &present.current;
    let info = present.info.as_ref();
    let description = info.and_then(|info| info.description.as_deref());
    let protected = info.and_then(|info| info.deletion_protection);
    let found = [
        (
            Field::Labels,
            labels(desired.labels.as_ref(), present.labels.as_ref()),
        ),
        (
            Field::ContentType,
            text(
                desired.content_type.as_deref(),
                current.content_type.as_deref(),
            ),
        ),
        (
            Field::Description,
            text(desired.description.as_deref(), description),
        ),
        (
            Field::NotBefore,
            time(desired.not_before, current.not_before),
        ),
        (
            Field::ExpiresAt,
            time(desired.expires_at, current.expires_at),
        ),
        (Field::Enabled, enabled(desired.enabled, &present.state)),
        (
            Field::DeletionProtection,
            protection(desired.deletion_protection, protected.unwrap_or(false)),
        ),
    ];
    let found = found.into_iter();
    found
        .filter_map(|(field, why)| why.map(|why| Difference { field, why }))
        .collect()
}

fn labels(desired: Option<&Labels>, present: Option<&Labels>) -> Option<String> {
    let (desired, none) = (desired?, Labels::new());
    let present = present.unwrap_or(&none);
    let wrong = desired
        .iter()
        .filter_map(|(key, value)| match present.get(key) {
            Some(there) if there == value => None,
            Some(there) => Some(format!("{key:?} is {there:?}, not {value:?}")),
            None => Some(format!("{key:?} is missing")),
        });
    let more = present
        .keys()
        .filter(|key| *key != DIGEST_LABEL && !desired.contains_key(*key))
        .map(|key| format!("{key:?} is too many"));
    let why: Vec<String> = wrong.chain(more).collect();
    (!why.is_empty()).then(|| why.join(", "))
}

fn text(desired: Option<&str>, present: Option<&str>) -> Option<String> {
    let (desired, present) = (desired?, present.unwrap_or_default());
    (desired != present).then(|| match present {
        "" => "it is missing".to_owned(),
        present => format!("it is {present:?}"),
    })
}

fn time(desired: Edit<Timestamp>, present: Option<Timestamp>) -> Option<String> {
    let wanted = match desired {
        Edit::Keep => return None,
        Edit::Set(time) => Some(time),
        Edit::Clear => None,
    };
    let same = match (wanted, present) {
        (Some(wanted), Some(present)) => is_told_as(wanted, present),
        (wanted, present) => wanted == present,
    };
    (!same).then(|| match present {
        Some(present) => format!("it is {present}"),
        None => "it is missing".to_owned(),
    })
}

/// Whether a store may tell `wanted` as `present`: some know whole seconds only.
fn is_told_as(wanted: Timestamp, present: Timestamp) -> bool {
    let cut = Timestamp::from_second(wanted.as_second()).unwrap_or(wanted);
    present == wanted || present == cut
}

fn enabled(desired: Option<bool>, state: &VersionState) -> Option<String> {
    let is = *state == VersionState::Enabled;
    (desired? != is).then(|| format!("it is {}", state.as_str()))
}

fn protection(desired: Option<bool>, present: bool) -> Option<String> {
    (desired? != present).then(|| format!("it is {}", if present { "on" } else { "off" }))
}
