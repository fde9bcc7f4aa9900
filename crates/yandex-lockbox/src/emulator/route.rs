//! From a request to its method, and from its outcome to an answer.

use serde_json::Value;
use uuid::Uuid;
use wiremock::ResponseTemplate;

use super::call::Call;
use super::change::Change;
use super::fields;
use super::given::seeded;
use super::read::Query;
use super::services::service;
use super::state::State;
use super::status::{
    PERMISSION_DENIED, RESOURCE_EXHAUSTED, Status, UNAUTHENTICATED, UNIMPLEMENTED,
};
use super::write::text;

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

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    headers: Vec<(&'static str, String)>,
}

impl From<Answer> for ResponseTemplate {
    fn from(answer: Answer) -> Self {
        let body = answer.body.to_string().into_bytes();
        let template = Self::new(answer.status).set_body_raw(body, "application/json");
        answer
            .headers
            .into_iter()
            .fold(template, |template, (name, value)| {
                template.insert_header(name, value.as_str())
            })
    }
}

impl State {
    /// Carries a request out.
    pub(super) fn answer(&mut self, call: &Call) -> Answer {
        self.catch_up();
        let request_id = Uuid::new_v4().to_string();
        let mut headers = vec![
            ("server", "ycapi".to_owned()),
            ("x-request-id", request_id.clone()),
            ("x-server-trace-id", Uuid::new_v4().simple().to_string()),
        ];
        if let Some((status, error)) = self.knobs.fail_next.pop_front() {
            return Answer {
                status,
                body: error.body(&request_id),
                headers,
            };
        }
        let outcome = match self.knobs.throttle.take() {
            Some((left @ 1.., wait)) => {
                self.knobs.throttle = Some((left - 1, wait));
                headers.extend(wait.map(|wait| ("retry-after", wait.as_secs().to_string())));
                Err(Status::new(RESOURCE_EXHAUSTED, "Too many requests"))
            }
            _ => self.dispatch(call),
        };
        match outcome {
            Ok(body) => {
                let poll = self
                    .knobs
                    .poll_interval
                    .filter(|_| body.get("done").is_some());
                headers.extend(poll.map(|wait| ("x-operation-poll-interval", wait.to_string())));
                Answer {
                    status: 200,
                    body,
                    headers,
                }
            }
            Err(error) => Answer {
                status: error.http(),
                body: error.body(&request_id),
                headers,
            },
        }
    }

    /// Whether this request or the answer to it is to be lost.
    pub(super) fn drops(&self, call: &Call) -> bool {
        let knobs = &self.knobs;
        let throttled = knobs.throttle.is_some_and(|(left, _)| left > 0);
        (knobs.commit_then_drop > 0 || knobs.drop_next > 0)
            && knobs.fail_next.is_empty()
            && !throttled
            && self.writes(call)
    }

    /// Loses the request, or carries it out and loses the answer.
    pub(super) fn drop_one(&mut self, call: &Call) {
        match self.knobs.drop_next.checked_sub(1) {
            Some(left) => self.knobs.drop_next = left,
            None => {
                let left = self.knobs.commit_then_drop.saturating_sub(1);
                self.knobs.commit_then_drop = left;
                self.answer(call);
            }
        }
    }

    /// Whether it is one of the service's methods, changes something and is let in.
    fn writes(&self, call: &Call) -> bool {
        call.verb != "GET"
            && route(&call.verb, &call.path).is_some_and(|(method, _)| {
                METHODS.contains(&method) && self.authorize(call, method).is_ok()
            })
    }

    fn dispatch(&mut self, call: &Call) -> Result<Value, Status> {
        let found = route(&call.verb, &call.path);
        let here = found.filter(|(method, _)| call.at.is_none_or(|at| at == service(method)));
        let (method, id) = here.ok_or_else(|| Status::not_found("Method"))?;
        match method {
            "IamToken.Create" => {
                let body = call.read(&fields::IAM_TOKEN)?;
                return self.exchange(&body);
            }
            "ApiEndpoint.List" => return Ok(self.endpoints()),
            "ApiEndpoint.Get" => return self.endpoint(id),
            _ => {}
        }
        self.authorize(call, method)?;
        let most = if method.ends_with("AccessBindings") {
            64
        } else {
            50
        };
        if id.chars().count() > most {
            return Err(Status::invalid("id", "is too long"));
        }
        if call.verb == "GET" {
            call.read_none()?;
            return self.read(method, id, call);
        }
        let key = call.idempotency_key()?;
        if let Some(begun) = key.and_then(|key| self.keys.get(key)) {
            return self.begun(begun);
        }
        self.write(method, id, call, key)
    }

    fn authorize(&self, call: &Call, method: &str) -> Result<(), Status> {
        let given = call.header("authorization").unwrap_or_default();
        let token = given.strip_prefix("Bearer ").unwrap_or_default();
        if token.is_empty() || !self.knows(token) {
            let message = "The token is missing or not valid";
            return Err(Status::new(UNAUTHENTICATED, message));
        }
        match self.knobs.forbids(method) {
            true => Err(Status::new(PERMISSION_DENIED, "Permission denied")),
            false => Ok(()),
        }
    }

    fn read(&mut self, method: &str, id: &str, call: &Call) -> Result<Value, Status> {
        let query = |known: &[&str]| Query::read(&call.query, known);
        let paging = ["pageSize", "pageToken"];
        match method {
            "Secret.Get" => {
                query(&[])?;
                Ok(self.writer().secret(self.secret(id)?))
            }
            "Secret.List" => self.list(&query(&["folderId", "pageSize", "pageToken"])?),
            "Secret.ListVersions" => self.list_versions(id, &query(&paging)?),
            "Secret.ListOperations" => self.list_operations(id, &query(&paging)?),
            "Secret.ListAccessBindings" => self.list_access(id, &query(&paging)?),
            "Payload.Get" => self.payload(id, &query(&["versionId"])?),
            "Payload.GetEx" => self.payload_ex(&query(&[
                "secretId",
                "folderAndName.folderId",
                "folderAndName.secretName",
                "versionId",
            ])?),
            "Operation.Get" => {
                query(&[])?;
                self.poll(id)
            }
            _ => Err(Status::new(UNIMPLEMENTED, "Not implemented here")),
        }
    }

    fn write(
        &mut self,
        method: &str,
        id: &str,
        call: &Call,
        key: Option<&str>,
    ) -> Result<Value, Status> {
        Query::read(&call.query, &[])?;
        match method {
            "Secret.Create" => {
                let body = call.read(&fields::CREATE)?;
                if let Some(secret) = self.knobs.overtaker.take() {
                    let secret = seeded(self, &secret).map_err(|e| Status::invalid("seed", &e))?;
                    self.secrets.push(secret);
                }
                self.create(&body, key)
            }
            "Secret.Update" => self.update(id, call.read(&fields::UPDATE)?, key),
            "Secret.AddVersion" => self.add_version(id, &call.read(&fields::ADD_VERSION)?, key),
            "Secret.SetAccessBindings" => {
                self.set_access(id, &call.read(&fields::SET_ACCESS)?, key)
            }
            "Secret.UpdateAccessBindings" => {
                self.update_access(id, &call.read(&fields::UPDATE_ACCESS)?, key)
            }
            "Secret.ScheduleVersionDestruction" => {
                self.schedule(id, &call.read(&fields::SCHEDULE)?, key)
            }
            "Secret.SetCurrentVersion" => {
                let version = text(&call.read(&fields::VERSION)?, "versionId");
                self.begin(id, Change::SetCurrent(version), key)
            }
            "Secret.CancelVersionDestruction" => {
                let version = text(&call.read(&fields::VERSION)?, "versionId");
                self.begin(id, Change::Cancel(version), key)
            }
            "Secret.Delete" => {
                call.read_none()?;
                self.begin(id, Change::Delete, key)
            }
            "Secret.Activate" => {
                call.read_empty()?;
                self.begin(id, Change::Activate, key)
            }
            "Secret.Deactivate" => {
                call.read_empty()?;
                self.begin(id, Change::Deactivate, key)
            }
            _ => Err(Status::new(UNIMPLEMENTED, "Not implemented here")),
        }
    }
}

/// The method that a path names, and the id within the path.
fn route<'p>(verb: &str, path: &'p str) -> Option<(&'static str, &'p str)> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let found = match (verb, parts.as_slice()) {
        ("GET", ["lockbox", "v1", "secrets"]) => ("Secret.List", ""),
        ("POST", ["lockbox", "v1", "secrets"]) => ("Secret.Create", ""),
        ("GET", ["lockbox", "v1", "secrets:getEx"]) => ("Payload.GetEx", ""),
        ("POST", ["iam", "v1", "tokens"]) => ("IamToken.Create", ""),
        (
            "POST",
            [
                "iam",
                "v1",
                "tokens:createForServiceAccount" | "tokens:revoke",
            ],
        ) => ("IamToken.Other", ""),
        ("GET", ["endpoints"]) => ("ApiEndpoint.List", ""),
        ("GET", ["endpoints", id]) => ("ApiEndpoint.Get", *id),
        ("GET" | "POST", ["operations", last]) if last.ends_with(":cancel") => {
            ("Operation.Cancel", *last)
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
