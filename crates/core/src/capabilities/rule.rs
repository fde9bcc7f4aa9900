//! Limits, as data that docs, checks and tests read alike.

use std::fmt;

use crate::{Error, ErrorKind, Result, Value};

/// Which characters a text may hold.
///
/// # Example
///
/// ```
/// use polyvault_core::capabilities::Alphabet;
///
/// let names = Alphabet::AlphanumericAnd("-");
/// assert!(names.allows('A') && names.allows('-') && !names.allows('_'));
/// assert_eq!(names.to_string(), "ASCII letters, digits and -");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Any but control characters.
    Any,
    /// ASCII letters and digits, and these.
    AlphanumericAnd(&'static str),
    /// ASCII small letters and digits, and these.
    LowercaseAnd(&'static str),
}

impl Alphabet {
    /// Whether `character` is one of them.
    #[must_use]
    pub fn allows(self, character: char) -> bool {
        match self {
            Self::Any => !character.is_control(),
            Self::AlphanumericAnd(more) => {
                character.is_ascii_alphanumeric() || more.contains(character)
            }
            Self::LowercaseAnd(more) => {
                character.is_ascii_lowercase()
                    || character.is_ascii_digit()
                    || more.contains(character)
            }
        }
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything but control characters"),
            Self::AlphanumericAnd("") => f.write_str("ASCII letters and digits"),
            Self::AlphanumericAnd(more) => write!(f, "ASCII letters, digits and {more}"),
            Self::LowercaseAnd(more) => write!(f, "small ASCII letters, digits and {more}"),
        }
    }
}

/// What the name of a secret may be.
///
/// # Example
///
/// ```
/// use polyvault_core::capabilities::{Alphabet, NameRule};
///
/// let rule = NameRule {
///     max_chars: 127,
///     alphabet: Alphabet::AlphanumericAnd("-"),
///     forbidden_prefix: None,
///     case_sensitive: false,
/// };
/// assert!(rule.check("db-password").is_ok());
/// assert!(rule.check("db_password").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// The most characters.
    pub max_chars: usize,
    /// The characters allowed.
    pub alphabet: Alphabet,
    /// What a name must not begin with, in whatever case.
    pub forbidden_prefix: Option<&'static str>,
    /// Whether the service takes names that differ in case only as two.
    pub case_sensitive: bool,
}

impl NameRule {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// `InvalidInput` that states the rule.
    pub fn check(&self, name: &str) -> Result<()> {
        let prefixed = self.forbidden_prefix.is_some_and(|prefix| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        });
        let fits = !name.is_empty()
            && name.chars().count() <= self.max_chars
            && name.chars().all(|c| self.alphabet.allows(c))
            && !prefixed;
        if fits {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            format!("field `name`: {self}"),
        ))
    }
}

impl fmt::Display for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 to {} characters of {}", self.max_chars, self.alphabet)?;
        match self.forbidden_prefix {
            Some(prefix) => write!(f, ", not beginning with {prefix}"),
            None => Ok(()),
        }
    }
}

/// What labels may be.
///
/// # Example
///
/// ```
/// use polyvault_core::capabilities::{Alphabet, LabelRule};
///
/// let rule = LabelRule {
///     max_count: 64,
///     max_key_chars: 63,
///     max_value_chars: 63,
///     keys: Alphabet::LowercaseAnd("-_./\\@"),
///     values: Alphabet::LowercaseAnd("-_./\\@"),
/// };
/// assert!(rule.check("team", "payments").is_ok());
/// assert!(rule.check("Team", "payments").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelRule {
    /// The most labels.
    pub max_count: usize,
    /// The most characters of a key.
    pub max_key_chars: usize,
    /// The most characters of a value.
    pub max_value_chars: usize,
    /// The characters of keys; a key of small letters also begins with a letter.
    pub keys: Alphabet,
    /// The characters of values.
    pub values: Alphabet,
}

impl LabelRule {
    /// Checks one label.
    ///
    /// # Errors
    ///
    /// `InvalidInput` that names the key and states the rule.
    pub fn check(&self, key: &str, value: &str) -> Result<()> {
        let begins = match self.keys {
            Alphabet::LowercaseAnd(_) => key.starts_with(|c: char| c.is_ascii_lowercase()),
            _ => !key.is_empty(),
        };
        if !begins
            || key.chars().count() > self.max_key_chars
            || !key.chars().all(|c| self.keys.allows(c))
        {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "field `labels`: the key {key:?} must be 1 to {} characters of {}",
                    self.max_key_chars, self.keys
                ),
            ));
        }
        if value.chars().count() > self.max_value_chars
            || !value.chars().all(|c| self.values.allows(c))
        {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "field `labels`: the value of {key:?} must be at most {} characters of {}",
                    self.max_value_chars, self.values
                ),
            ));
        }
        Ok(())
    }
}

/// What the size of a payload is counted in.
///
/// # Example
///
/// ```
/// use polyvault_core::Value;
/// use polyvault_core::capabilities::SizeUnit;
///
/// let key = Value::text("🔑");
/// assert_eq!(SizeUnit::Bytes.size_of(&key), 4);
/// assert_eq!(SizeUnit::Utf16.size_of(&key), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeUnit {
    /// Bytes, of text as UTF-8.
    Bytes,
    /// Units of UTF-16: one for most characters, two for the rarer ones.
    Utf16,
}

impl SizeUnit {
    /// The size of a value in this unit.
    #[must_use]
    pub fn size_of(self, value: &Value) -> usize {
        match (self, value.expose_text()) {
            (Self::Utf16, Ok(text)) => text.encode_utf16().count(),
            _ => value.len(),
        }
    }
}

impl fmt::Display for SizeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Utf16 => "UTF-16 units",
        })
    }
}

/// Limits of a store; `None` where there is none to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What names may be.
    pub name: NameRule,
    /// The most that a payload's values have together, or its document where it is stored encoded,
    /// counted in `payload_unit`.
    pub payload_size: Option<usize>,
    /// What `payload_size` counts.
    pub payload_unit: SizeUnit,
    /// What keys of entries may be: the most characters, and which.
    pub entry_key: Option<(usize, Alphabet)>,
    /// What labels may be.
    pub labels: Option<LabelRule>,
    /// The most characters of a content type.
    pub content_type_chars: Option<usize>,
    /// The most characters of a description.
    pub description_chars: Option<usize>,
    /// The most items of a page that may be asked for.
    pub page_size: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_held_to_length_alphabet_and_prefix() {
        let rule = NameRule {
            max_chars: 5,
            alphabet: Alphabet::AlphanumericAnd("-_"),
            forbidden_prefix: Some("wix"),
            case_sensitive: true,
        };

        for good in ["a", "A-_9", "wi", "awix"] {
            assert!(rule.check(good).is_ok(), "{good}");
        }
        for bad in ["", "abcdef", "a.b", "wixa", "WIXa", "é", "éé"] {
            assert!(rule.check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_label_key_of_small_letters_begins_with_a_letter() {
        let rule = LabelRule {
            max_count: 2,
            max_key_chars: 3,
            max_value_chars: 3,
            keys: Alphabet::LowercaseAnd("-_"),
            values: Alphabet::LowercaseAnd("-_"),
        };

        assert!(rule.check("a1", "").is_ok());
        for (key, value) in [
            ("1a", ""),
            ("", ""),
            ("A", ""),
            ("abcd", ""),
            ("a", "abcd"),
            ("a", "A"),
        ] {
            assert!(rule.check(key, value).is_err(), "{key} {value}");
        }
    }
}
