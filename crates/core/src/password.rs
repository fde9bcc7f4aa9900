//! Passwords by rule.

use zeroize::Zeroizing;

use crate::payload::DEFAULT_KEY;
use crate::{Error, ErrorKind, Payload, Result, Value};

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Which punctuation a generated password has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Punctuation {
    /// At least one of the 32 ASCII punctuation characters.
    #[default]
    Any,
    /// None at all.
    None,
    /// At least one of these, and no other.
    Only(String),
    /// At least one of the 32 but these.
    Except(String),
}

/// The rules of a generated password: at least one character of every class that is on.
///
/// # Example
///
/// ```
/// use polyvault_core::{PasswordSpec, Punctuation};
///
/// let spec = PasswordSpec { length: 20, punctuation: Punctuation::None, ..PasswordSpec::default() };
/// assert_eq!(spec.generate()?.single()?.len(), 20);
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSpec {
    /// The key of the entry that holds the password.
    pub entry_key: String,
    /// The number of characters, at most 256.
    pub length: u16,
    /// Whether it has letters `A` to `Z`.
    pub uppercase: bool,
    /// Whether it has letters `a` to `z`.
    pub lowercase: bool,
    /// Whether it has digits.
    pub digits: bool,
    /// Which punctuation it has.
    pub punctuation: Punctuation,
}

impl Default for PasswordSpec {
    /// 36 characters of all classes, under [`DEFAULT_KEY`].
    fn default() -> Self {
        Self {
            entry_key: DEFAULT_KEY.to_owned(),
            length: 36,
            uppercase: true,
            lowercase: true,
            digits: true,
            punctuation: Punctuation::Any,
        }
    }
}

impl PasswordSpec {
    /// Checks the rules, before they are told to a service that makes the password.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if no class is on, a class is empty, or the length is over 256 or
    /// too short for one character of each class.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{ErrorKind, PasswordSpec};
    ///
    /// let short = PasswordSpec { length: 3, ..PasswordSpec::default() };
    /// assert_eq!(short.check().map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
    /// ```
    pub fn check(&self) -> Result<()> {
        self.classes().map(drop)
    }

    /// Makes a password from the system's randomness, every character equally likely.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if no class is on, a class is empty, or the length is over 256 or
    /// too short for one character of each class; `Unexpected` if the system gives no randomness.
    pub fn generate(&self) -> Result<Payload> {
        let classes = self.classes()?;
        let alphabet: Vec<u8> = classes.concat();
        let mut password = Zeroizing::new(vec![0; usize::from(self.length)]);
        // Drawing again until every class is there keeps all fitting passwords equally likely.
        for _ in 0..100_000 {
            fill(&mut password, &alphabet)?;
            let fits = |class: &Vec<u8>| password.iter().any(|c| class.contains(c));
            if classes.iter().all(fits) {
                let value = Value::text_or_binary(&password);
                return Payload::from_entries([(self.entry_key.clone(), value)]);
            }
        }
        Err(invalid(
            "field `length`: it leaves too little room for one of each class",
        ))
    }

    fn classes(&self) -> Result<Vec<Vec<u8>>> {
        let punctuation: String = match &self.punctuation {
            Punctuation::Any => PUNCTUATION.to_owned(),
            Punctuation::None => String::new(),
            Punctuation::Only(these) if these.chars().any(|c| !PUNCTUATION.contains(c)) => {
                return Err(invalid(
                    "field `punctuation`: it may only be of the 32 of ASCII",
                ));
            }
            // By the 32, so that a character named twice is no likelier.
            Punctuation::Only(these) => only(|c| these.contains(c)),
            Punctuation::Except(these) => only(|c| !these.contains(c)),
        };
        if punctuation.is_empty() && self.punctuation != Punctuation::None {
            return Err(invalid("field `punctuation`: none is left to choose from"));
        }
        let classes: Vec<Vec<u8>> = [
            (self.uppercase, UPPER),
            (self.lowercase, LOWER),
            (self.digits, DIGITS),
            (self.punctuation != Punctuation::None, &punctuation),
        ]
        .into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, class)| class.as_bytes().to_vec())
        .collect();
        match usize::from(self.length) {
            _ if classes.is_empty() => {
                Err(invalid("all classes of characters are off: turn one on"))
            }
            length if length < classes.len() || length > 256 => Err(invalid(
                "field `length`: at most 256, and one character of each class at least",
            )),
            _ => Ok(classes),
        }
    }
}

fn only(wanted: impl Fn(char) -> bool) -> String {
    PUNCTUATION.chars().filter(|c| wanted(*c)).collect()
}

fn invalid(rule: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, rule)
}

/// Characters of `alphabet`, without the bias that a remainder would have: what is over the last
/// whole multiple is drawn again.
fn fill(password: &mut [u8], alphabet: &[u8]) -> Result<()> {
    let count = u8::try_from(alphabet.len()).unwrap_or(u8::MAX).max(1);
    let fair = u8::MAX - u8::MAX % count;
    let mut drawn = Zeroizing::new([0; 64]);
    let mut places = password.iter_mut();
    let mut place = places.next();
    while place.is_some() {
        getrandom::fill(&mut *drawn)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the system gives no randomness"))?;
        for byte in drawn.iter().filter(|byte| **byte < fair) {
            let Some(character) = alphabet.get(usize::from(byte % count)) else {
                continue;
            };
            if let Some(free) = place.take() {
                *free = *character;
                place = places.next();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn has_one_of_each_class_and_nothing_else() {
        let spec = PasswordSpec {
            length: 4,
            punctuation: Punctuation::Only("-_".into()),
            ..PasswordSpec::default()
        };
        for _ in 0..50 {
            let payload = spec.generate().unwrap();
            let text = payload.single().unwrap().expose_text().unwrap();
            assert_eq!(text.len(), 4);
            for class in [UPPER, LOWER, DIGITS, "-_"] {
                assert_eq!(text.chars().filter(|c| class.contains(*c)).count(), 1);
            }
        }
    }

    /// The characters of passwords of `length`, as many as it takes for `wanted` of them.
    fn drawn(spec: &PasswordSpec, wanted: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < wanted {
            let payload = spec.generate().unwrap();
            all.extend_from_slice(payload.single().unwrap().expose_bytes());
        }
        all
    }

    /// How far the counts of `alphabet` are from all being equal.
    fn chi_squared(characters: &[u8], alphabet: &[u8]) -> f64 {
        let due = characters.len() as f64 / alphabet.len() as f64;
        let count = |wanted: &u8| characters.iter().filter(|c| *c == wanted).count() as f64;
        alphabet
            .iter()
            .map(|c| (count(c) - due).powi(2) / due)
            .sum()
    }

    #[test]
    fn every_character_is_equally_likely() {
        // Where classes leave no password out, each place is drawn evenly; at 256 characters of
        // all classes next to none is left out.
        let digits = PasswordSpec {
            length: 250,
            uppercase: false,
            lowercase: false,
            punctuation: Punctuation::None,
            ..PasswordSpec::default()
        };
        let all = PasswordSpec {
            length: 256,
            ..PasswordSpec::default()
        };
        let alphabet = [UPPER, LOWER, DIGITS, PUNCTUATION].concat();
        // The values that chance exceeds once in a million: of 9 and of 93 degrees of freedom.
        for (spec, alphabet, most) in [
            (digits, DIGITS.as_bytes(), 46.0),
            (all, alphabet.as_bytes(), 174.0),
        ] {
            let characters = drawn(&spec, 1_000_000);

            let found = chi_squared(&characters, alphabet);

            assert!(found < most, "{found} of {} characters", alphabet.len());
        }
    }

    #[test]
    fn every_class_is_in_every_password_of_the_least_length() {
        let spec = PasswordSpec {
            length: 4,
            ..PasswordSpec::default()
        };
        for password in drawn(&spec, 400_000).chunks(4) {
            for class in [UPPER, LOWER, DIGITS, PUNCTUATION] {
                assert!(password.iter().any(|c| class.as_bytes().contains(c)));
            }
        }
    }

    #[test]
    fn a_character_named_twice_is_no_likelier() {
        let spec = PasswordSpec {
            length: 256,
            punctuation: Punctuation::Only("-".repeat(1000)),
            ..PasswordSpec::default()
        };

        let payload = spec.generate().unwrap();

        let text = payload.single().unwrap().expose_text().unwrap();
        // 4 of 256 are to be expected, and half of all only by a wonder.
        assert!(text.matches('-').count() < 128);
    }

    #[test]
    fn refuses_rules_that_no_password_can_follow() {
        let base = PasswordSpec::default;
        for spec in [
            PasswordSpec {
                length: 3,
                ..base()
            },
            PasswordSpec {
                length: 257,
                ..base()
            },
            PasswordSpec {
                punctuation: Punctuation::Except(PUNCTUATION.into()),
                ..base()
            },
            PasswordSpec {
                punctuation: Punctuation::Only("é".into()),
                ..base()
            },
            PasswordSpec {
                uppercase: false,
                lowercase: false,
                digits: false,
                punctuation: Punctuation::None,
                ..base()
            },
        ] {
            assert_eq!(spec.generate().unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
