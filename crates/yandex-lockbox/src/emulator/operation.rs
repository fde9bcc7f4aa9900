//! Operations: changes that take effect at once or after some polls.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::{Applied, Change, Rules};
use super::render::{Writer, millis, nanos};
use super::state::{Secret, State};
use super::status::Status;

/// An operation that nobody polls ends after this long for each answer that would say
/// that it is not done.
const UNPOLLED: Duration = Duration::from_secs(5);

const EMPTY: &str = "type.googleapis.com/google.protobuf.Empty";

/// Who does everything here.
const ACTOR: &str = "ajeemulator000000001";

pub(super) struct Operation {
    id: String,
    pub(super) secret_id: String,
    created_at: Timestamp,
    modified_at: Timestamp,
    metadata: Value,
    change: Change,
    /// How it must end, where a knob says so.
    fails: Option<Status>,
    /// Whether it says how it will end while it is pending.
    rolls_back: bool,
    /// How many answers still say that it is not done.
    pending: u32,
    /// How many polls still find nothing.
    hidden: u32,
    /// When it ends by itself.
    ends_at: Timestamp,
    outcome: Option<Result<Value, Status>>,
}

impl State {
    /// Begins `change`, or refuses it at once where it can't be made now.
    pub(super) fn begin(&mut self, secret_id: &str, change: Change) -> Result<Value, Status> {
        let now = self.clock.now();
        let mut trial = self.secret(secret_id)?.clone();
        change.apply(&mut trial, now, self.knobs.rules)?;

        let id = self.new_id();
        // Recordings: Create answers before it is done, all others when they are.
        let by_itself = u32::from(matches!(change, Change::Create(_)));
        let pending = self.knobs.pending_polls.unwrap_or(by_itself);
        let rolls_back = self.knobs.roll_back_next_operation.take();
        // What is rolled back says so before it is done.
        let pending = pending.max(u32::from(rolls_back.is_some()));
        self.operations.push(Operation {
            id: id.clone(),
            secret_id: secret_id.into(),
            created_at: now,
            modified_at: now,
            metadata: self.metadata(secret_id, &change),
            change,
            rolls_back: rolls_back.is_some(),
            fails: rolls_back.or_else(|| self.knobs.fail_next_operation.take()),
            pending,
            hidden: self.knobs.leading_404s,
            ends_at: now.saturating_add(UNPOLLED * pending).unwrap_or(now),
            outcome: None,
        });
        if pending == 0 {
            self.settle(self.operations.len() - 1);
        }
        self.begun(&id)
    }

    /// Ends the operations whose time is up: not every client polls.
    pub(super) fn settle_overdue(&mut self, now: Timestamp) {
        for index in 0..self.operations.len() {
            let operation = self.operations.get_mut(index);
            let due = |o: &&mut Operation| o.outcome.is_none() && o.ends_at <= now;
            if let Some(operation) = operation.filter(due) {
                operation.pending = 0;
                self.settle(index);
            }
        }
    }

    /// The operation as it stands, which a repeated request is answered with.
    pub(super) fn begun(&self, id: &str) -> Result<Value, Status> {
        let found = self.operations.iter().find(|operation| operation.id == id);
        let operation = found.ok_or_else(|| Status::not_found("Operation"))?;
        Ok(self.operation_json(operation, false))
    }

    /// Operation.Get: each call brings a pending operation nearer to its end.
    pub(super) fn poll(&mut self, id: &str) -> Result<Value, Status> {
        let missing = || Status::not_found("Operation");
        let index = self.operations.iter().position(|o| o.id == id);
        let index = index.ok_or_else(missing)?;
        let operation = self.operations.get_mut(index).ok_or_else(missing)?;
        if operation.hidden > 0 {
            operation.hidden -= 1;
            return Err(missing());
        }
        if operation.pending > 0 {
            operation.pending -= 1;
            if operation.pending == 0 {
                self.settle(index);
            }
        }
        let operation = self.operations.get(index).ok_or_else(missing)?;
        Ok(self.operation_json(operation, self.knobs.stored_empty))
    }

    /// `stored`: the response that was kept, which need not be the declared one.
    pub(super) fn operation_json(&self, operation: &Operation, stored: bool) -> Value {
        let (error, response) = match &operation.outcome {
            None => {
                let error = operation.fails.as_ref().filter(|_| operation.rolls_back);
                let error = error.map(|status| status.in_operation(self.writer()));
                (error.unwrap_or_default(), Value::Null)
            }
            Some(Err(status)) => (status.in_operation(self.writer()), Value::Null),
            Some(Ok(_)) if stored => (Value::Null, json!({"@type": EMPTY, "value": {}})),
            Some(Ok(response)) => (Value::Null, response.clone()),
        };
        self.writer().object([
            ("id", operation.id.as_str().into()),
            ("description", operation.change.description().into()),
            ("createdAt", nanos(operation.created_at)),
            ("createdBy", ACTOR.into()),
            ("modifiedAt", nanos(operation.modified_at)),
            ("done", operation.outcome.is_some().into()),
            ("metadata", operation.metadata.clone()),
            ("error", error),
            ("response", response),
        ])
    }

    pub(super) fn writer(&self) -> Writer {
        Writer {
            rendering: self.knobs.rendering,
        }
    }

    /// Ends the operation: its change takes effect now, or it fails.
    fn settle(&mut self, index: usize) {
        let now = self.clock.now();
        let (writer, rules) = (self.writer(), self.knobs.rules);
        let Some(operation) = self.operations.get_mut(index) else {
            return;
        };
        let place = self
            .secrets
            .iter()
            .position(|s| s.id == operation.secret_id);
        let outcome = match place {
            Some(place) => {
                let mut secret = self.secrets.remove(place);
                let (outcome, stays) = operation.end(&mut secret, now, rules, writer);
                if stays {
                    self.secrets.insert(place, secret);
                }
                outcome
            }
            None => Err(Status::not_found("Secret")),
        };
        operation.modified_at = now;
        operation.outcome = Some(outcome);
    }

    fn metadata(&self, secret_id: &str, change: &Change) -> Value {
        let id_field = match change {
            Change::SetBindings(_) | Change::UpdateBindings(_) => "resourceId",
            _ => "secretId",
        };
        let destroy_at = match change {
            Change::Schedule(_, at) => millis(*at),
            _ => Value::Null,
        };
        typed(
            change.metadata_type(),
            self.writer().object([
                (id_field, secret_id.into()),
                (
                    "versionId",
                    change.version_id().map_or(Value::Null, Value::from),
                ),
                ("destroyAt", destroy_at),
            ]),
        )
    }
}

impl Operation {
    /// The outcome, and whether the secret is still there after it.
    fn end(
        &mut self,
        secret: &mut Secret,
        now: Timestamp,
        rules: Rules,
        writer: Writer,
    ) -> (Result<Value, Status>, bool) {
        if let Some(status) = self.fails.take() {
            // A creation that fails leaves nothing behind.
            return (Err(status), !matches!(self.change, Change::Create(_)));
        }
        match self.change.apply(secret, now, rules) {
            Err(status) => (Err(status), true),
            Ok(Applied::Secret) => (Ok(typed("lockbox.v1.Secret", writer.secret(secret))), true),
            Ok(Applied::Bindings) => (Ok(json!({"@type": EMPTY})), true),
            Ok(Applied::Version(id)) => {
                let version = secret.version(&id);
                let version = version.map(|version| writer.version(&secret.id, version));
                (
                    version.map(|version| typed("lockbox.v1.Version", version)),
                    true,
                )
            }
            Ok(Applied::Deleted) => {
                // The recorded answer has no status.
                secret.status = "STATUS_UNSPECIFIED".into();
                (Ok(typed("lockbox.v1.Secret", writer.secret(secret))), false)
            }
        }
    }
}

fn typed(name: &str, mut message: Value) -> Value {
    if let Value::Object(fields) = &mut message {
        let type_url = format!("type.googleapis.com/yandex.cloud.{name}");
        fields.insert("@type".into(), type_url.into());
    }
    message
}
