//! What the service takes for a secret.

use serde_json::Value;

use super::answer::Violation;

/// The fields a request gives; `None` where one is absent or null.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) name: Option<String>,
    pub(super) value: Option<String>,
    pub(super) description: Option<String>,
}

/// Whether a request makes a secret, and so must give its name and value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
}

/// Reads `secret` out of a request's body and holds it against every rule at once.
pub(super) fn check(body: &[u8], purpose: Purpose) -> Result<Fields, Vec<Violation>> {
    let body = json(body).unwrap_or_default();
    let Some(secret) = body.get("secret").filter(|secret| secret.is_object()) else {
        return Err(vec![required("secret")]);
    };
    let mut broken = Vec::new();
    let mut text = |key: &str, field: &'static str| match secret.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            broken.push(violation(field, "must be text", "FORMAT"));
            None
        }
    };
    let fields = Fields {
        name: text("name", "secret.name"),
        value: text("value", "secret.value"),
        description: text("description", "secret.description"),
    };

    if purpose == Purpose::Create && broken.is_empty() {
        broken.extend(fields.name.is_none().then(|| required("secret.name")));
        broken.extend(fields.value.is_none().then(|| required("secret.value")));
    }
    if let Some(name) = &fields.name {
        size("secret.name", name, 1, 50, &mut broken);
        if !name.chars().all(is_name_char) {
            let text = "may hold letters, digits and _+=-@#$ only";
            broken.push(violation("secret.name", text, "FORMAT"));
        }
        if name
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("wix"))
        {
            broken.push(violation(
                "secret.name",
                "must not start with wix",
                "FORMAT",
            ));
        }
    }
    if let Some(value) = &fields.value {
        size("secret.value", value, 1, 3500, &mut broken);
    }
    if let Some(description) = &fields.description {
        size("secret.description", description, 0, 200, &mut broken);
    }
    if broken.is_empty() {
        Ok(fields)
    } else {
        Err(broken)
    }
}

/// A request's body, if it is JSON.
#[expect(
    clippy::disallowed_methods,
    reason = "a stand-in holds made-up values only, and the error is dropped"
)]
pub(super) fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=-@#$".contains(c)
}

/// The service runs on a JVM, so lengths are most likely UTF-16 units.
fn size(field: &'static str, text: &str, least: usize, most: usize, broken: &mut Vec<Violation>) {
    let units = text.encode_utf16().count();
    if units > most {
        let text = format!("has size {units}, expected {most} or less");
        broken.push(violation(field, text, "MAX_LENGTH"));
    }
    if units < least {
        let text = format!("has size {units}, expected {least} or more");
        broken.push(violation(field, text, "MIN_LENGTH"));
    }
}

fn required(field: &'static str) -> Violation {
    violation(field, "is required", "REQUIRED_FIELD")
}

fn violation(field: &'static str, description: impl Into<String>, rule: &'static str) -> Violation {
    Violation {
        field,
        description: description.into(),
        rule,
    }
}
