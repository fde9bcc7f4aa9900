//! Errors as the service words them: a bare Status, and its way to HTTP.

use serde_json::{Value, json};

use super::render::Writer;

pub(super) const INVALID_ARGUMENT: u32 = 3;
pub(super) const NOT_FOUND: u32 = 5;
pub(super) const PERMISSION_DENIED: u32 = 7;
pub(super) const RESOURCE_EXHAUSTED: u32 = 8;
pub(super) const FAILED_PRECONDITION: u32 = 9;
pub(super) const UNIMPLEMENTED: u32 = 12;
pub(super) const UNAUTHENTICATED: u32 = 16;

/// Why a request or an operation failed. Never holds a value of a secret.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) code: u32,
    pub(super) message: String,
    field: Option<String>,
}

impl Status {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }

    /// A field of the request that breaks `rule`.
    pub(super) fn invalid(field: impl Into<String>, rule: &str) -> Self {
        let field = field.into();
        Self {
            code: INVALID_ARGUMENT,
            message: format!("Invalid request: {field}: {rule}"),
            field: Some(field),
        }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(NOT_FOUND, format!("{what} not found"))
    }

    /// A state that does not allow the call.
    pub(super) fn refused(message: &str) -> Self {
        Self::new(FAILED_PRECONDITION, message)
    }

    /// The gateway's table from gRPC codes to HTTP.
    pub(super) fn http(&self) -> u16 {
        match self.code {
            1 => 499,
            3 | 9 | 11 => 400,
            4 => 504,
            5 => 404,
            6 | 10 => 409,
            7 => 403,
            8 => 429,
            12 => 501,
            14 => 503,
            16 => 401,
            _ => 500,
        }
    }

    /// The body of an error answer.
    pub(super) fn body(&self, request_id: &str, writer: Writer) -> Value {
        let mut details = Vec::new();
        if let Some(field) = &self.field {
            let violation = writer.object([
                ("field", field.as_str().into()),
                ("description", self.message.as_str().into()),
                ("reason", "".into()),
            ]);
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [violation],
            }));
        }
        details.push(writer.object([
            ("@type", "type.googleapis.com/google.rpc.RequestInfo".into()),
            ("requestId", request_id.into()),
            ("servingData", "".into()),
        ]));
        json!({"code": self.code, "message": self.message, "details": details})
    }

    /// The `error` of an operation.
    pub(super) fn in_operation(&self, writer: Writer) -> Value {
        let mut error = writer.object([
            ("message", self.message.as_str().into()),
            ("details", json!([])),
        ]);
        if let Value::Object(error) = &mut error {
            // An int32 stays a number.
            error.insert("code".into(), self.code.into());
        }
        error
    }
}
