//! The rules of the passwords that the service generates.

use polyvault_core::{Capabilities, Error, ErrorKind, PasswordSpec, Punctuation, Result};

use crate::config::SCHEME;

/// The rules of generated passwords as the service keeps them: with a secret, and with each version
/// that it generated. What is `None` is left to the service.
///
/// [`PasswordSpec`] says all of them and turns into this; a put of one needs no more.
/// <https://yandex.cloud/docs/lockbox/api-ref/Secret/create#yandex.cloud.lockbox.v1.PasswordPayloadSpecification>
///
/// # Example
///
/// ```
/// use polyvault_core::{PasswordSpec, Punctuation};
/// use polyvault_yandex_lockbox::PasswordSpecification;
///
/// let pin = PasswordSpec {
///     length: 20,
///     punctuation: Punctuation::Only("-_-".into()),
///     ..PasswordSpec::default()
/// };
/// let rules = PasswordSpecification::from(&pin);
/// assert_eq!((rules.length, rules.included_punctuation.as_deref()), (Some(20), Some("-_")));
///
/// // A class that is not said is on.
/// let said = PasswordSpecification { digits: None, ..rules.clone() };
/// assert!(said.same_as(&rules));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordSpecification {
    /// The key of the entry that holds the password.
    pub entry_key: String,
    /// The number of characters, at most 256; the service's choice where `None`.
    pub length: Option<u16>,
    /// Whether it has letters `A` to `Z`; it has unless said.
    pub uppercase: Option<bool>,
    /// Whether it has letters `a` to `z`; it has unless said.
    pub lowercase: Option<bool>,
    /// Whether it has digits; it has unless said.
    pub digits: Option<bool>,
    /// Whether it has punctuation; it has unless said.
    pub punctuation: Option<bool>,
    /// The punctuation to choose from, at most the 32 of ASCII; not together with `excluded_punctuation`.
    pub included_punctuation: Option<String>,
    /// What to leave out of the 32, at most 31 of them.
    pub excluded_punctuation: Option<String>,
}

impl From<&PasswordSpec> for PasswordSpecification {
    /// The same rules with nothing left to the service.
    fn from(spec: &PasswordSpec) -> Self {
        let (included, excluded) = match &spec.punctuation {
            Punctuation::Only(these) => (Some(these.as_str()), None),
            Punctuation::Except(these) => (None, Some(these.as_str())),
            _ => (None, None),
        };
        let once = |these: &str| in_order(|c| these.contains(c));
        Self {
            entry_key: spec.entry_key.clone(),
            length: Some(spec.length),
            uppercase: Some(spec.uppercase),
            lowercase: Some(spec.lowercase),
            digits: Some(spec.digits),
            punctuation: Some(spec.punctuation != Punctuation::None),
            included_punctuation: included.map(once),
            excluded_punctuation: excluded.map(once).filter(|none| !none.is_empty()),
        }
    }
}

impl PasswordSpecification {
    /// Whether both ask for the same passwords under the same key.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let key = |one: &Self| (one.entry_key.clone(), one.length, one.classes());
        key(self) == key(other)
    }

    /// Refuses what the service is known to refuse; `at` is the path of the field.
    pub(crate) fn check(&self, can: &Capabilities, at: &str) -> Result<()> {
        let refuse = |field: &str, rule: &str| {
            Err(Error::new(
                ErrorKind::InvalidInput,
                format!("field `{at}.{field}`: {rule}"),
            )
            .with_provider(SCHEME))
        };
        if can.check_key(&self.entry_key).is_err() {
            return refuse(
                "entry_key",
                "1 to 256 letters, digits and characters of -_./\\@",
            );
        }
        if self.length.is_some_and(|length| length > 256) {
            return refuse("length", "at most 256 characters");
        }
        if self.included_punctuation.is_some() && self.excluded_punctuation.is_some() {
            return refuse(
                "excluded_punctuation",
                "not together with `included_punctuation`",
            );
        }
        for (field, most, text) in [
            ("included_punctuation", 32, &self.included_punctuation),
            ("excluded_punctuation", 31, &self.excluded_punctuation),
        ] {
            let text = text.as_deref().unwrap_or_default();
            if text.chars().count() > most || !text.chars().all(|c| c.is_ascii_punctuation()) {
                return refuse(
                    field,
                    &format!("at most {most} of the 32 punctuation characters of ASCII"),
                );
            }
        }
        let classes = self.classes();
        let on = classes.iter().filter(|class| class.is_some()).count();
        if on == 0 {
            return refuse(
                "punctuation",
                "all classes of characters are off: turn one on",
            );
        }
        match self.length {
            Some(length) if usize::from(length) < on => {
                refuse("length", "one character of each class at least")
            }
            _ => Ok(()),
        }
    }

    /// What each class chooses from beside letters and digits; `None` where the class is off.
    fn classes(&self) -> [Option<String>; 4] {
        let plain = |on: Option<bool>| (on != Some(false)).then(String::new);
        let included = self.included_punctuation.as_deref();
        let excluded = self.excluded_punctuation.as_deref().unwrap_or_default();
        let kept = |c| included.is_none_or(|these| these.contains(c)) && !excluded.contains(c);
        let punctuation = plain(self.punctuation).map(|_| in_order(kept));
        [
            plain(self.uppercase),
            plain(self.lowercase),
            plain(self.digits),
            punctuation,
        ]
    }
}

/// The 32 of ASCII that are wanted, each once.
fn in_order(wanted: impl Fn(char) -> bool) -> String {
    let all = ('!'..='~').filter(char::is_ascii_punctuation);
    all.filter(|c| wanted(*c)).collect()
}
