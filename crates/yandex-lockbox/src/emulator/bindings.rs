//! Access bindings: who has which role on a secret.

use serde_json::{Map, Value, json};

use super::change::Change;
use super::read::Query;
use super::state::{Secret, State};
use super::status::Status;
use super::write::{object, text};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Binding {
    role: String,
    subject: String,
    subject_type: String,
}

/// One step of a change of bindings.
pub(super) enum Delta {
    Add(Binding),
    Remove(Binding),
}

impl Binding {
    fn read(fields: &Map<String, Value>) -> Self {
        let subject = object(fields, "subject").unwrap_or_default();
        Self {
            role: text(fields, "roleId"),
            subject: text(&subject, "id"),
            subject_type: text(&subject, "type"),
        }
    }

    pub(super) fn all(fields: &Map<String, Value>, name: &str) -> Vec<Self> {
        messages(fields, name).map(Self::read).collect()
    }

    /// All its fields are required, so that none is a default.
    fn json(&self) -> Value {
        let subject = json!({"id": self.subject, "type": self.subject_type});
        json!({"roleId": self.role, "subject": subject})
    }
}

impl Delta {
    fn read(fields: &Map<String, Value>) -> Self {
        let binding = Binding::read(&object(fields, "accessBinding").unwrap_or_default());
        match text(fields, "action").as_str() {
            "REMOVE" => Self::Remove(binding),
            _ => Self::Add(binding),
        }
    }
}

impl Secret {
    /// Each binding is there once; adding one that is there and removing one that is not are no
    /// errors.
    pub(super) fn bind(&mut self, deltas: &[Delta]) {
        for delta in deltas {
            match delta {
                Delta::Add(binding) if self.bindings.contains(binding) => {}
                Delta::Add(binding) => self.bindings.push(binding.clone()),
                Delta::Remove(binding) => self.bindings.retain(|other| other != binding),
            }
        }
    }
}

impl State {
    pub(super) fn list_bindings(&self, id: &str, query: &Query) -> Result<Value, Status> {
        let bindings = self.secret(id)?.bindings.iter().map(Binding::json);
        self.page("accessBindings", (1..).zip(bindings).collect(), query, 2000)
    }

    pub(super) fn set_bindings(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Value, Status> {
        let all = Binding::all(body, "accessBindings");
        let deltas = all.into_iter().map(Delta::Add).collect();
        self.begin(id, Change::SetBindings(deltas))
    }

    pub(super) fn update_bindings(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Value, Status> {
        let deltas = messages(body, "accessBindingDeltas").map(Delta::read);
        self.begin(id, Change::UpdateBindings(deltas.collect()))
    }
}

fn messages<'b>(
    body: &'b Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = &'b Map<String, Value>> {
    let items = body.get(field).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_object)
}
