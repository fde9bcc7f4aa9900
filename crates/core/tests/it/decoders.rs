//! Whatever a text is: a value that says the same, or a typed error that does not repeat what is secret in it.

mod env;
#[cfg(feature = "reqwest")]
mod pem;
mod url;
mod wait;

use polyvault_core::{Error, ErrorKind, OperationId, SecretId, SecretName, SecretRef, VersionId};
use proptest::prelude::*;

/// What stands where a secret would.
const MARK: &str = "hunter2";

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Pieces in a row.
fn joined(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(pieces), 0..most);
    pieces.prop_map(|pieces| pieces.concat())
}

/// One of each, in a row.
fn rows(parts: Vec<&'static [&'static str]>) -> impl Strategy<Value = String> {
    let parts: Vec<_> = parts.into_iter().map(proptest::sample::select).collect();
    parts.prop_map(|parts| parts.concat())
}

/// All that an error shows, which is not the mark.
fn quotes_nothing(error: &Error, kind: ErrorKind) -> Result<(), TestCaseError> {
    let shown = format!("{error} {error:?} {}", error.help());
    prop_assert_eq!(error.kind(), kind, "{}", shown);
    prop_assert!(!shown.contains(MARK), "{}", shown);
    Ok(())
}

/// What the five ways to make a name or an id come to.
macro_rules! is_kept {
    ($type:ty, $text:expr, $fits:expr) => {{
        let text: String = $text;
        let made = [
            <$type>::new(text.clone()),
            <$type>::new(text.as_str()),
            text.parse(),
            <$type>::try_from(text.as_str()),
            <$type>::try_from(text.clone()),
        ];
        for made in made {
            match made {
                Ok(made) => {
                    prop_assert!($fits, "{:?}", made);
                    prop_assert_eq!(made.as_str(), text.as_str());
                    prop_assert_eq!(made.to_string(), text.as_str());
                }
                Err(error) => {
                    prop_assert!(!$fits, "{:?}", text);
                    quotes_nothing(&error, ErrorKind::InvalidInput)?;
                }
            }
        }
    }};
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_name_or_id_is_kept_as_it_is_or_refused(
        text in "( )?\\PC{0,40}",
        control in proptest::option::of(("[\u{0}-\u{1f}\u{7f}-\u{9f}]", any::<prop::sample::Index>())),
    ) {
        let mut characters: Vec<char> = text.chars().chain(MARK.chars()).collect();
        if text.is_empty() {
            characters.clear();
        }
        if let Some((control, at)) = &control {
            characters.splice(at.index(characters.len() + 1).., control.chars());
        }
        let text: String = characters.into_iter().collect();
        let fits = !text.is_empty() && control.is_none();

        is_kept!(SecretName, text.clone(), fits);
        is_kept!(SecretId, text.clone(), fits);
        is_kept!(VersionId, text.clone(), fits);
        is_kept!(OperationId, text.clone(), fits);
        prop_assert_eq!(SecretRef::try_from(text.as_str()).is_ok(), fits);
    }
}
