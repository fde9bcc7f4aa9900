//! Answers that are changed: as JSON, by their shape, since the proxy knows no service.
#![expect(
    clippy::disallowed_methods,
    reason = "a test's answers hold made-up values only"
)]

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::Fault;

/// Maps whose keys the user chose: a field added there would be a label.
const LABELS: [&str; 2] = ["labels", "tags"];

/// Fields whose texts are of a list that may grow.
const ENUMS: [&str; 4] = ["status", "state", "type", "recoveryLevel"];

/// What later answers depend on.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By path: the first token of the last listing, and the field that it stood in.
    tokens: HashMap<String, (String, Value)>,
    /// By the token of an empty page: what it leads to.
    held_back: HashMap<String, String>,
    /// Ids of operations that are never done.
    never_done: HashSet<String>,
}

/// What an answer belongs to.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) reads: bool,
    pub(super) origin: &'a str,
    /// Whether an empty page came before it: one is enough.
    pub(super) held_back: bool,
    /// Path and query.
    pub(super) target: &'a str,
}

impl Asked<'_> {
    /// Whether a page is asked for by a token: what every service calls it ends so.
    fn goes_on(&self) -> bool {
        self.target.to_lowercase().contains("token=")
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

impl Memory {
    /// What is to be asked in place of `target`: the page that an empty one was put in front of.
    pub(super) fn resolve(&self, target: &str) -> Option<String> {
        let mut values = target.split(['?', '&']).filter_map(|pair| {
            let (_, value) = pair.split_once('=')?;
            self.held_back.get(value)
        });
        values.next().cloned()
    }

    /// Changes the answer. Gives the fault that it shows and the new body, unless nothing fits.
    pub(super) fn edit(
        &mut self,
        fault: Option<Fault>,
        asked: &Asked<'_>,
        body: &[u8],
    ) -> Option<(Fault, Vec<u8>)> {
        let mut answer: Value = serde_json::from_slice(body).ok()?;
        let first = self.note(asked, &answer);
        let goes_on = self.is_never_done(&answer) && self.go_on(&mut answer).is_some();
        let fits = match fault {
            Some(Fault::RepeatedPageToken) => first.is_some_and(|(field, token)| {
                let own = answer.get(&field) == Some(&token);
                set(&mut answer, &field, token);
                !own
            }),
            Some(Fault::EmptyPage) => self.hold_back(asked, &mut answer).is_some(),
            Some(Fault::UnknownField) => add_field(&mut answer),
            Some(Fault::UnknownEnum) => replace_enums(&mut answer),
            Some(Fault::FailedOperation) => fail(&mut answer).is_some(),
            Some(Fault::NeverDone) => self.go_on(&mut answer).is_some(),
            _ => false,
        };
        let going_on = goes_on.then_some(Fault::NeverDone);
        let shown = fault.filter(|_| fits).or(going_on)?;
        Some((shown, answer.to_string().into_bytes()))
    }

    fn is_never_done(&self, answer: &Value) -> bool {
        let id = answer.get("id").and_then(Value::as_str);
        id.is_some_and(|id| self.never_done.contains(id))
    }

    /// The token that was the first of this listing, before this answer.
    fn note(&mut self, asked: &Asked<'_>, answer: &Value) -> Option<(String, Value)> {
        if !asked.reads {
            return None;
        }
        if !asked.goes_on() {
            self.tokens.remove(asked.path());
        }
        let known = self.tokens.get(asked.path()).cloned();
        if let (None, Some(own)) = (&known, next(answer)) {
            self.tokens.insert(asked.path().to_owned(), own);
        }
        known
    }

    fn hold_back(&mut self, asked: &Asked<'_>, answer: &mut Value) -> Option<()> {
        let (field, token) = next(answer).filter(|_| asked.reads && !asked.held_back)?;
        let fields = answer.as_object_mut()?.values_mut();
        let mut items = fields.filter_map(Value::as_array_mut);
        items.find(|items| !items.is_empty())?.clear();
        let marker = format!("empty-page-{}", self.held_back.len());
        let between = if asked.target.contains('?') { '&' } else { '?' };
        let token = match token.as_str()?.starts_with("http") {
            true => format!("{}{}{between}page={marker}", asked.origin, asked.target),
            false => marker.clone(),
        };
        set(answer, &field, token.into());
        self.held_back.insert(marker, asked.target.to_owned());
        Some(())
    }

    fn go_on(&mut self, answer: &mut Value) -> Option<()> {
        let object = answer.as_object_mut()?;
        let id = object.get("id")?.as_str()?.to_owned();
        object.get("done")?.as_bool()?;
        object.insert("done".to_owned(), false.into());
        object.remove("response");
        object.remove("error");
        self.never_done.insert(id);
        Some(())
    }
}

/// The field that leads to the next page, and what it says.
fn next(answer: &Value) -> Option<(String, Value)> {
    let mut fields = answer.as_object()?.iter();
    let told = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let (field, token) = fields.find(|(field, value)| field.starts_with("next") && told(value))?;
    Some((field.clone(), token.clone()))
}

fn set(answer: &mut Value, field: &str, value: Value) {
    if let Some(object) = answer.as_object_mut() {
        object.insert(field.to_owned(), value);
    }
}

fn fail(answer: &mut Value) -> Option<()> {
    let object = answer.as_object_mut()?;
    object.get("done")?.as_bool()?;
    object.remove("response");
    object.insert("done".to_owned(), true.into());
    let error = json!({"code": 13, "message": "a fault of the plan"});
    object.insert("error".to_owned(), error);
    Some(())
}

fn add_field(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |any, item| add_field(item) | any),
        Value::Object(fields) => {
            for (_, field) in fields.iter_mut().filter(|(name, _)| !is_labels(name)) {
                add_field(field);
            }
            let unknown = json!({"since": "a later version", "count": [1, 2]});
            fields.insert("fieldOfALaterVersion".to_owned(), unknown);
            true
        }
        _ => false,
    }
}

fn replace_enums(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |any, item| replace_enums(item) | any),
        Value::Object(fields) => {
            let mut any = false;
            for (name, field) in fields.iter_mut().filter(|(name, _)| !is_labels(name)) {
                if ENUMS.contains(&name.as_str()) && field.is_string() {
                    *field = "OF_A_LATER_VERSION".into();
                    any = true;
                } else {
                    any |= replace_enums(field);
                }
            }
            any
        }
        _ => false,
    }
}

fn is_labels(field: &str) -> bool {
    LABELS.contains(&field)
}

#[cfg(test)]
mod tests;
