//! Answers: what is sent back, and the refusals that the service was seen to give.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{Request, ResponseTemplate};

/// A success.
#[derive(Debug)]
pub(super) enum Reply {
    /// 200 and a body.
    Json(Value),
    /// 201 and a body.
    Created(Value),
    /// 204.
    Nothing,
}

/// An error answer.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    inner: Option<String>,
    header: Option<(&'static str, String)>,
}

impl Refusal {
    /// 400 `BadParameter`.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadParameter", message)
    }

    /// 400 for a property in the body; the service leaves its name out.
    pub(super) fn bad_property() -> Self {
        Self::bad("Property  has invalid value\r\n")
    }

    /// 415; the service's own answer is not known.
    pub(super) fn not_json() -> Self {
        Self::new(
            415,
            "BadParameter",
            "The content type is not application/json",
        )
    }

    /// 400 for a blob that is no backup.
    pub(super) fn malformed_backup() -> Self {
        Self::new(400, "Malformed backup blob", "Backup blob is corrupt.")
    }

    /// 404 of the resource manager for what is no resource here.
    pub(super) fn no_resource() -> Self {
        Self::new(
            404,
            "InvalidResourceType",
            "The resource type could not be found.",
        )
    }

    /// 401 with a challenge.
    pub(super) fn challenge(message: &str, authorization: &str, resource: &str) -> Self {
        let challenge = format!(r#"Bearer authorization="{authorization}", resource="{resource}""#);
        Self {
            header: Some(("www-authenticate", challenge)),
            ..Self::new(401, "Unauthorized", message)
        }
    }

    /// 404 below `/secrets`; `id` is a name, or a name and a version.
    pub(super) fn not_found(id: &str) -> Self {
        Self::new(
            404,
            "SecretNotFound",
            format!(
                "A secret with (name/id) {id} was not found in this key vault. If you recently \
                 deleted this secret you may be able to recover it using the correct recovery \
                 command. For help resolving this issue, please see \
                 https://go.microsoft.com/fwlink/?linkid=2125182"
            ),
        )
    }

    /// 404 below `/deletedsecrets`.
    pub(super) fn deleted_not_found(name: &str) -> Self {
        let message = format!("Deleted Secret not found: {name}");
        Self::new(404, "SecretNotFound", message)
    }

    /// 403 for the value of a disabled version.
    pub(super) fn disabled() -> Self {
        Self::new(
            403,
            "Forbidden",
            "Operation get is not allowed on a disabled secret.",
        )
        .inner("SecretDisabled")
    }

    /// 403 with the inner code of the rule that forbids; an empty one is left out.
    pub(super) fn forbidden(inner: &str) -> Self {
        let caller = "Caller: appid=00000000-0000-0000-0000-000000000000;\
             oid=00000000-0000-0000-0000-000000000000;\
             iss=https://sts.windows.net/00000000-0000-0000-0000-000000000000/";
        let vault = "Vault: emulator;location=westus";
        let why = match inner {
            "ForbiddenByFirewall" => {
                "Client address is not authorized and caller is not a trusted service."
            }
            "ForbiddenByRbac" => "Caller is not authorized to perform action on resource.",
            _ => "Access is denied.",
        };
        let refusal = Self::new(403, "Forbidden", format!("{why}\r\n{caller}\r\n{vault}"));
        match inner {
            "" => refusal,
            _ => refusal.inner(inner),
        }
    }

    /// 403 for a purge in a vault with purge protection.
    pub(super) fn purge_protected() -> Self {
        Self::new(
            403,
            "Forbidden",
            "Operation \"purge\" is not allowed because purge protection is enabled for this \
             vault. Key Vault service will automatically purge it after the retention period has \
             passed.",
        )
    }

    /// 409; `inner` tells which of the many conflicts it is.
    pub(super) fn conflict(inner: &str, message: impl Into<String>) -> Self {
        Self::new(409, "Conflict", message).inner(inner)
    }

    /// 409 while a delete or a purge goes on.
    pub(super) fn being_deleted() -> Self {
        Self::conflict("ObjectIsBeingDeleted", "Secret is currently being deleted.")
    }

    /// 409 while a recovery goes on.
    pub(super) fn being_recovered(name: &str) -> Self {
        let message = format!(
            "Secret {name} is currently being recovered and cannot be re-created; retry later."
        );
        Self::conflict("ObjectIsBeingRecovered", message)
    }

    /// 409 for a name that a deleted secret holds.
    pub(super) fn deleted_but_recoverable(name: &str) -> Self {
        let message = format!(
            "Secret {name} is currently in a deleted but recoverable state, and its name cannot \
             be reused; in this state, the secret can only be recovered or purged."
        );
        Self::conflict("ObjectIsDeletedButRecoverable", message)
    }

    /// 409 for a restore over a live secret; no inner code is known.
    pub(super) fn exists(name: &str) -> Self {
        Self::new(409, "Conflict", format!("Secret {name} already exists."))
    }

    /// 429.
    pub(super) fn throttled(retry_after: Option<Duration>) -> Self {
        Self {
            header: retry_after.map(|wait| ("retry-after", wait.as_secs().to_string())),
            ..Self::new(
                429,
                "Throttled",
                "Request was not processed because too many requests were received. Reason: \
                 VaultRequestTypeLimitReached",
            )
        }
    }

    /// The message, for callers that are not on the wire.
    pub(super) fn into_message(self) -> String {
        self.message
    }

    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            inner: None,
            header: None,
        }
    }

    fn inner(mut self, code: &str) -> Self {
        self.inner = Some(code.to_owned());
        self
    }
}

/// Puts an outcome on the wire.
pub(super) fn template(request: &Request, outcome: Result<Reply, Refusal>) -> ResponseTemplate {
    let template = match outcome {
        Ok(Reply::Json(body)) => json_body(ResponseTemplate::new(200), &body),
        Ok(Reply::Created(body)) => json_body(ResponseTemplate::new(201), &body),
        Ok(Reply::Nothing) => ResponseTemplate::new(204),
        Err(refusal) => {
            let mut error = json!({ "code": refusal.code, "message": refusal.message });
            if let (Some(inner), Some(fields)) = (refusal.inner, error.as_object_mut()) {
                fields.insert("innererror".into(), json!({ "code": inner }));
            }
            let template = ResponseTemplate::new(refusal.status);
            let template = match refusal.header {
                Some((name, value)) => template.insert_header(name, value.as_str()),
                None => template,
            };
            json_body(template, &json!({ "error": error }))
        }
    };
    with_service_headers(request, template)
}

/// An answer without a body, as from a gateway before the service.
pub(super) fn bare(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

fn json_body(template: ResponseTemplate, body: &Value) -> ResponseTemplate {
    template.set_body_raw(body.to_string(), "application/json; charset=utf-8")
}

fn with_service_headers(request: &Request, template: ResponseTemplate) -> ResponseTemplate {
    let template = template
        .insert_header("x-ms-request-id", Uuid::new_v4().to_string())
        .insert_header("x-ms-keyvault-region", "westus")
        .insert_header("x-ms-keyvault-service-version", "0.0.0-emulator");
    let wants_echo = request
        .headers
        .get("x-ms-return-client-request-id")
        .is_some_and(|value| value == "true");
    match request.headers.get("x-ms-client-request-id") {
        Some(id) if wants_echo => template.insert_header("x-ms-client-request-id", id.clone()),
        _ => template,
    }
}
