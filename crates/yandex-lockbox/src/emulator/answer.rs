//! From a request to its outcome, and from that to an answer.

use serde_json::Value;
use uuid::Uuid;
use wiremock::ResponseTemplate;

use super::call::Call;
use super::change::Change;
use super::fields;
use super::read::Query;
use super::route::{METHODS, check_id};
use super::state::{State, UsedKey};
use super::status::{
    PERMISSION_DENIED, RESOURCE_EXHAUSTED, Status, UNAUTHENTICATED, UNIMPLEMENTED,
};
use super::write::text;

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
                body: error.body(&request_id, self.writer()),
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
                body: error.body(&request_id, self.writer()),
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
            && call.route().is_some_and(|(method, _)| {
                METHODS.contains(&method) && self.authorize(call, method).is_ok()
            })
    }

    fn dispatch(&mut self, call: &Call) -> Result<Value, Status> {
        let (method, id) = call.route().ok_or_else(|| Status::not_found("Method"))?;
        match method {
            "IamToken.Create" => return self.exchange(&call.read(&fields::IAM_TOKEN)?),
            "ApiEndpoint.List" | "ApiEndpoint.Get" => {
                call.read_none()?;
                Query::read(&call.query, &["pageSize", "pageToken"])?;
                return self.endpoints(method, id);
            }
            _ => {}
        }
        self.authorize(call, method)?;
        if !METHODS.contains(&method) {
            return Err(Status::new(UNIMPLEMENTED, "Not implemented here"));
        }
        check_id(method, id)?;
        if call.verb == "GET" {
            call.read_none()?;
            return self.read(method, id, call);
        }
        let Some(key) = call.idempotency_key()? else {
            return self.write(method, id, call);
        };
        if let Some(used) = self.keys.get(key) {
            if self.knobs.refuse_reused_keys && used.request != call.fingerprint() {
                let rule = "came with another request before";
                return Err(Status::invalid("Idempotency-Key", rule));
            }
            return self.begun(&used.operation);
        }
        // What is refused leaves no key behind.
        let begun = self.write(method, id, call)?;
        let operation = begun.get("id").and_then(Value::as_str);
        let used = UsedKey {
            operation: operation.unwrap_or_default().into(),
            request: call.fingerprint(),
        };
        self.keys.insert(key.into(), used);
        Ok(begun)
    }

    fn authorize(&self, call: &Call, method: &str) -> Result<(), Status> {
        let given = call.header("authorization").unwrap_or_default();
        let token = given.strip_prefix("Bearer ").unwrap_or_default();
        let known = match &self.token {
            Some(wanted) => wanted == token,
            None => self.sign_in.accepts(token, self.clock.now()),
        };
        if token.is_empty() || !known {
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
            "Secret.ListAccessBindings" => self.list_bindings(id, &query(&paging)?),
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

    fn write(&mut self, method: &str, id: &str, call: &Call) -> Result<Value, Status> {
        Query::read(&call.query, &[])?;
        match method {
            "Secret.Create" => {
                let body = call.read(&fields::CREATE)?;
                self.overtake_create()?;
                self.create(&body)
            }
            "Secret.Update" => self.update(id, call.read(&fields::UPDATE)?),
            "Secret.AddVersion" => {
                let body = call.read(&fields::ADD_VERSION)?;
                self.overtake_add_version(id)?;
                self.add_version(id, &body)
            }
            "Secret.ScheduleVersionDestruction" => {
                self.schedule(id, &call.read(&fields::SCHEDULE)?)
            }
            "Secret.SetCurrentVersion" => {
                let version = text(&call.read(&fields::VERSION)?, "versionId");
                self.begin(id, Change::SetCurrent(version))
            }
            "Secret.CancelVersionDestruction" => {
                let version = text(&call.read(&fields::VERSION)?, "versionId");
                self.begin(id, Change::Cancel(version))
            }
            "Secret.SetAccessBindings" => self.set_bindings(id, &call.read(&fields::SET_BINDINGS)?),
            "Secret.UpdateAccessBindings" => {
                self.update_bindings(id, &call.read(&fields::UPDATE_BINDINGS)?)
            }
            "Secret.Delete" => {
                call.read_none()?;
                self.begin(id, Change::Delete)
            }
            "Secret.Activate" => {
                call.read_empty()?;
                self.begin(id, Change::Activate)
            }
            "Secret.Deactivate" => {
                call.read_empty()?;
                self.begin(id, Change::Deactivate)
            }
            _ => Err(Status::new(UNIMPLEMENTED, "Not implemented here")),
        }
    }
}
