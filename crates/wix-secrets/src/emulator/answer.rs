//! The answers of the service, and its error bodies.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

/// One broken rule of a request.
pub(super) struct Violation {
    /// The field's path, such as `secret.name`.
    pub(super) field: &'static str,
    pub(super) description: String,
    pub(super) rule: &'static str,
}

/// The only success there is: 200 and a JSON body.
pub(super) fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal that names the service's code.
pub(super) fn refused(status: u16, code: &str, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "message": text,
        "details": {"applicationError": {"code": code, "description": text, "data": {}}},
    }))
}

pub(super) fn not_found() -> ResponseTemplate {
    refused(404, "NOT_FOUND", "The secret was not found.")
}

/// A path that leads nowhere: not a secret that is missing, hence no code.
pub(super) fn no_route() -> ResponseTemplate {
    ResponseTemplate::new(404).set_body_json(json!({"message": "", "details": {}}))
}

pub(super) fn throttled(retry_after: Option<Duration>) -> ResponseTemplate {
    let answer = refused(429, "RESOURCE_EXHAUSTED", "Too many requests.");
    match retry_after {
        Some(wait) => answer.insert_header("retry-after", wait.as_secs()),
        None => answer,
    }
}

pub(super) fn invalid(violations: &[Violation]) -> ResponseTemplate {
    let message: Vec<_> = violations
        .iter()
        .map(|v| format!("\"{}\" {}", v.field, v.description))
        .collect();
    let violations: Vec<_> = violations
        .iter()
        .map(|v| json!({"field": v.field, "description": v.description, "violatedRule": v.rule}))
        .collect();
    ResponseTemplate::new(400).set_body_json(json!({
        "message": format!("INVALID_ARGUMENT: {}", message.join("; ")),
        "details": {"validationError": {"fieldViolations": violations}},
    }))
}

/// A refusal of the token endpoint, whose shape is OAuth's and not the service's.
pub(super) fn no_token(status: u16, error: &str, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": error, "error_description": text}))
}
