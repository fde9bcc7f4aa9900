//! Generated passwords: what a specification allows, and one that it allows.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::message;
use super::status::Status;

const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
/// What the service picks for a missing length is not known; this is what its terraform provider picks.
const LENGTH: usize = 36;

/// The characters of each class that `specification` turns on.
fn classes(specification: &Map<String, Value>) -> Result<Vec<String>, Status> {
    let on = |name: &str| specification.get(name).and_then(Value::as_bool) != Some(false);
    let listed = |name: &str| {
        let text = specification.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let mut classes = Vec::new();
    if on("includeUppercase") {
        classes.push("ABCDEFGHIJKLMNOPQRSTUVWXYZ".to_owned());
    }
    if on("includeLowercase") {
        classes.push("abcdefghijklmnopqrstuvwxyz".to_owned());
    }
    if on("includeDigits") {
        classes.push("0123456789".to_owned());
    }
    if on("includePunctuation") {
        let (with, without) = (listed("includedPunctuation"), listed("excludedPunctuation"));
        if with.is_some() && without.is_some() {
            return Err(refused("", "punctuation is included and excluded"));
        }
        for (name, listed) in [
            ("includedPunctuation", with),
            ("excludedPunctuation", without),
        ] {
            let mut listed = listed.unwrap_or_default().chars();
            if listed.any(|c| !PUNCTUATION.contains(c)) {
                return Err(refused(name, "holds what is no punctuation"));
            }
        }
        let kept = |c: &char| !without.unwrap_or_default().contains(*c);
        let class: String = with.unwrap_or(PUNCTUATION).chars().filter(kept).collect();
        classes.push(class);
    }
    match classes.is_empty() {
        true => Err(refused("", "every class of characters is off")),
        false => Ok(classes),
    }
}

/// A new password of `specification`.
pub(super) fn generate(specification: &Map<String, Value>) -> Result<String, Status> {
    let classes = classes(specification)?;
    let length = specification
        .get("length")
        .and_then(message::integer)
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| *length > 0)
        .unwrap_or(LENGTH);
    if length < classes.len() {
        return Err(refused("length", "is less than the classes of characters"));
    }
    // Each class in turn: at least one character of every class comes of itself.
    Ok(classes
        .iter()
        .cycle()
        .take(length)
        .map(|class| pick(class))
        .collect())
}

fn pick(class: &str) -> char {
    let number = Uuid::new_v4().as_u128();
    let count = class.chars().count().max(1) as u128;
    let index = usize::try_from(number % count).unwrap_or_default();
    class.chars().nth(index).unwrap_or('x')
}

fn refused(field: &str, rule: &str) -> Status {
    let field = match field {
        "" => "passwordPayloadSpecification".to_owned(),
        field => format!("passwordPayloadSpecification.{field}"),
    };
    Status::invalid(field, rule)
}
