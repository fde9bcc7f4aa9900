//! Everything that a program could print of what polyvault gives it.

use std::any::type_name;
use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::{Debug, Write as _};

use polyvault::{Error, Result};
use polyvault_testkit::leak::Mark;

/// Texts, each with what it was of.
#[derive(Default)]
pub(crate) struct Told {
    texts: Vec<(String, String)>,
    errors: usize,
    types: BTreeSet<String>,
}

impl Told {
    /// `{:?}` and `{:#?}` of a thing.
    pub(crate) fn show<T: Debug + ?Sized>(&mut self, what: &str, thing: &T) {
        let words = type_name::<T>().split(|c: char| !(c.is_alphanumeric() || c == '_'));
        self.types.extend(words.map(str::to_owned));
        self.text(what, format!("{thing:?}\n{thing:#?}"));
    }

    pub(crate) fn text(&mut self, what: &str, text: impl Into<String>) {
        self.texts.push((what.to_owned(), text.into()));
    }

    /// An outcome as `{:?}`, and all that an error can be asked; gives what came of it.
    pub(crate) fn outcome<T: Debug>(&mut self, what: &str, outcome: Result<T>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.show(what, &value);
                Some(value)
            }
            Err(error) => {
                self.error(what, &error);
                None
            }
        }
    }

    pub(crate) fn error(&mut self, what: &str, error: &Error) {
        self.errors += 1;
        self.show(what, error);
        let mut all = format!(
            "{error}\n{error:#}\n{}\n{}\n{}\n{:?} {:?} {:?} {:?} {:?} {:?}",
            error.message(),
            error.help(),
            error.kind(),
            error.retry(),
            error.provider(),
            error.operation(),
            error.secret(),
            error.code(),
            error.request_id(),
        );
        let mut cause = error.source();
        while let Some(told) = cause {
            let _ = write!(all, "\n{told} {told:#} {told:?} {told:#?}");
            cause = told.source();
        }
        self.text(what, all);
    }

    /// Something of this type was shown in another way.
    pub(crate) fn saw(&mut self, name: &str) {
        self.types.insert(name.to_owned());
    }

    /// The words in the names of the types of all that was shown.
    pub(crate) fn types(&self) -> &BTreeSet<String> {
        &self.types
    }

    /// How many outcomes were errors.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// What shows one of the marks, and how.
    pub(crate) fn leaks(&self, marks: &[&Mark]) -> Vec<String> {
        let mut leaks: Vec<String> = self
            .texts
            .iter()
            .flat_map(|(what, text)| {
                let found = marks.iter().filter_map(|mark| mark.find_in(text));
                found.map(move |how| format!("{what}, {how}"))
            })
            .collect();
        leaks.sort();
        leaks.dedup();
        leaks
    }
}
