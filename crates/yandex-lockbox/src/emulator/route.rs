//! From a path to its method, its service and the id within.

use super::ports::Service;
use super::status::Status;

/// The names of the methods that can be forbidden.
pub(super) const METHODS: &[&str] = &[
    "Secret.Get",
    "Secret.List",
    "Secret.Create",
    "Secret.Update",
    "Secret.Delete",
    "Secret.Activate",
    "Secret.Deactivate",
    "Secret.ListVersions",
    "Secret.AddVersion",
    "Secret.SetCurrentVersion",
    "Secret.ScheduleVersionDestruction",
    "Secret.CancelVersionDestruction",
    "Secret.ListOperations",
    "Secret.ListAccessBindings",
    "Secret.SetAccessBindings",
    "Secret.UpdateAccessBindings",
    "Payload.Get",
    "Payload.GetEx",
    "Operation.Get",
];

/// The method that a path names, and the id within the path.
pub(super) fn route<'p>(verb: &str, path: &'p str) -> Option<(&'static str, &'p str)> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let found = match (verb, parts.as_slice()) {
        ("GET", ["lockbox", "v1", "secrets"]) => ("Secret.List", ""),
        ("POST", ["lockbox", "v1", "secrets"]) => ("Secret.Create", ""),
        ("GET", ["lockbox", "v1", "secrets:getEx"]) => ("Payload.GetEx", ""),
        ("POST", ["iam", "v1", "tokens"]) => ("IamToken.Create", ""),
        ("POST", ["iam", "v1", "tokens:createForServiceAccount"]) => {
            ("IamToken.CreateForServiceAccount", "")
        }
        ("POST", ["iam", "v1", "tokens:revoke"]) => ("IamToken.Revoke", ""),
        ("GET", ["endpoints"]) => ("ApiEndpoint.List", ""),
        ("GET", ["endpoints", id]) => ("ApiEndpoint.Get", *id),
        ("GET" | "POST", ["operations", last]) if last.ends_with(":cancel") => {
            ("Operation.Cancel", last.trim_end_matches(":cancel"))
        }
        ("GET", ["operations", id]) => ("Operation.Get", *id),
        ("GET", ["lockbox", "v1", "secrets", id, "versions"]) => ("Secret.ListVersions", *id),
        ("GET", ["lockbox", "v1", "secrets", id, "operations"]) => ("Secret.ListOperations", *id),
        ("GET", ["lockbox", "v1", "secrets", id, "payload"]) => ("Payload.Get", *id),
        (_, ["lockbox", "v1", "secrets", last]) => match (verb, last.split_once(':')) {
            ("GET", None) => ("Secret.Get", *last),
            ("PATCH", None) => ("Secret.Update", *last),
            ("DELETE", None) => ("Secret.Delete", *last),
            (_, Some((id, custom))) => (custom_method(verb, custom)?, id),
            _ => return None,
        },
        _ => return None,
    };
    Some(found)
}

/// The service that has `method`; discovery is asked of the first.
pub(super) fn service(method: &str) -> Service {
    match method.split_once('.') {
        Some(("Payload", _)) => Service::Payload,
        Some(("Operation", _)) => Service::Operation,
        Some(("IamToken", _)) => Service::Iam,
        _ => Service::Lockbox,
    }
}

/// The id within the path of `method` as a field of its request.
pub(super) fn check_id(method: &str, id: &str) -> Result<(), Status> {
    let (field, longest) = match method {
        "Secret.List" | "Secret.Create" | "Payload.GetEx" => return Ok(()),
        _ if method.ends_with("AccessBindings") => ("resourceId", 64),
        _ if method.starts_with("Operation.") => ("operationId", usize::MAX),
        _ => ("secretId", 50),
    };
    match id.chars().count() {
        0 => Err(Status::invalid(field, "is required")),
        count if count > longest => Err(Status::invalid(field, "is too long")),
        _ => Ok(()),
    }
}

fn custom_method(verb: &str, custom: &str) -> Option<&'static str> {
    match (verb, custom) {
        ("POST", "activate") => Some("Secret.Activate"),
        ("POST", "deactivate") => Some("Secret.Deactivate"),
        ("POST", "addVersion") => Some("Secret.AddVersion"),
        ("POST", "setCurrentVersion") => Some("Secret.SetCurrentVersion"),
        ("POST", "scheduleVersionDestruction") => Some("Secret.ScheduleVersionDestruction"),
        ("POST", "cancelVersionDestruction") => Some("Secret.CancelVersionDestruction"),
        ("GET", "listAccessBindings") => Some("Secret.ListAccessBindings"),
        ("POST", "setAccessBindings") => Some("Secret.SetAccessBindings"),
        ("POST", "updateAccessBindings") => Some("Secret.UpdateAccessBindings"),
        _ => None,
    }
}
