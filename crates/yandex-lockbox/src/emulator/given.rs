//! Instructions in JSON: what fixtures say before their request.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Emulator;
use super::call::Call;
use super::fields::SEED;
use super::render::Rendering;
use super::state::{ACTIVE, Content, Entry, SCHEDULED, Secret, State, Version};
use super::status::Status;
use super::write::{flag, object, text};

impl Emulator {
    /// Carries out one instruction.
    ///
    /// - `{"secret": {…}}`: as [`seed`](Self::seed).
    /// - `{"knob": {"pending_polls": 2}}`: turns the knobs of these names. `throttle` takes
    ///   `{"requests", "retry_after"}`, `fail_next` `{"status", "code"}`, `rendering` `omitted`,
    ///   `recorded` or `all`, and `fail_next_operation` and `roll_back_next_operation`
    ///   `{"code", "message"}`.
    /// - `{"ids": ["…"]}`: the ids that are handed out next: for Create the secret's, the
    ///   version's, the operation's; for AddVersion the version's, the operation's; else the
    ///   operation's.
    /// - `{"call": {"method", "path", "body"}}`: a request that must succeed.
    ///
    /// # Errors
    ///
    /// A text that names what is not understood, or the call's outcome.
    pub fn given(&self, step: &Value) -> Result<(), String> {
        let (name, value) = only_field(step)?;
        match name {
            "secret" => self.seed(value).map(drop),
            "knob" => {
                let knobs = value.as_object().ok_or("knob is no object")?;
                knobs
                    .iter()
                    .try_for_each(|(name, value)| self.turn(name, value))
            }
            "ids" => {
                let ids = value.as_array().ok_or("ids is no array")?;
                let ids = ids.iter().filter_map(Value::as_str).map(str::to_owned);
                self.state().next_ids.extend(ids);
                Ok(())
            }
            "call" => self.call(value),
            _ => Err(format!("unknown instruction {name}")),
        }
    }

    /// Puts a secret in place, as if made earlier, and gives its id.
    ///
    /// It is written as the service writes one: `id`, `folderId` (default: the stand-in's),
    /// `createdAt`, `name` (need not be unique), `description`, `labels`, `kmsKeyId`, `status`
    /// (any text), `deletionProtection`, `passwordPayloadSpecification`; and `versions`, each
    /// with `id`, `createdAt`, `destroyAt`, `description`, `status`, `passwordPayloadSpecification` where
    /// the service generated it, and `entries` of `key` and `textValue` or `binaryValue`; `currentVersionId`, which is the last one's otherwise.
    ///
    /// # Errors
    ///
    /// A text that names the field that is wrong.
    pub fn seed(&self, secret: &Value) -> Result<String, String> {
        let fields = SEED.read(secret).map_err(reason)?;
        let mut state = self.state();
        let secret = seeded(&mut state, &fields)?;
        let id = secret.id.clone();
        state.secrets.push(secret);
        Ok(id)
    }

    fn turn(&self, name: &str, value: &Value) -> Result<(), String> {
        let bad = || format!("knob {name} can't be {value}");
        let number = |value: &Value| value.as_u64().ok_or_else(bad);
        let small = |value: &Value| u32::try_from(number(value)?).map_err(|_| bad());
        let on = || value.as_bool().ok_or_else(bad);
        let part = |key: &str| value.get(key).ok_or_else(bad);
        match name {
            "pending_polls" => self.pending_polls(small(value)?),
            "leading_404s" => self.leading_404s(small(value)?),
            "poll_interval" => self.poll_interval(number(value)?),
            "throttle" => {
                let wait = value.get("retry_after").map(number).transpose()?;
                self.throttle(small(part("requests")?)?, wait.map(Duration::from_secs));
            }
            "forbid" => self.forbid(value.as_str().ok_or_else(bad)?)?,
            "fail_next_operation" => {
                let message = part("message")?.as_str().ok_or_else(bad)?;
                self.fail_next_operation(small(part("code")?)?, message);
            }
            "roll_back_next_operation" => {
                let message = part("message")?.as_str().ok_or_else(bad)?;
                self.roll_back_next_operation(small(part("code")?)?, message);
            }
            "fail_next" => {
                let status = u16::try_from(small(part("status")?)?).map_err(|_| bad())?;
                self.fail_next(status, small(part("code")?)?);
            }
            "page_size" => {
                self.page_size(usize::try_from(number(value)?).map_err(|_| bad())?);
            }
            "empty_page" => self.empty_page(on()?),
            "stored_empty" => self.stored_empty(on()?),
            "rendering" => self.render(match value.as_str() {
                Some("omitted") => Rendering::Omitted,
                Some("recorded") => Rendering::Recorded,
                Some("all") => Rendering::All,
                _ => return Err(bad()),
            }),
            "copy_with_base" => self.copy_with_base(on()?),
            "carry_scheduled" => self.carry_scheduled(on()?),
            "commit_then_drop" => self.commit_then_drop(small(value)?),
            "drop_next" => self.drop_next(small(value)?),
            _ => return Err(format!("unknown knob {name}")),
        }
        Ok(())
    }

    fn call(&self, value: &Value) -> Result<(), String> {
        let field = |name: &str| value.get(name).and_then(Value::as_str);
        let mut state = self.state();
        let token = state.token.clone().unwrap_or_else(|| "t1.given".into());
        let mut headers = http::HeaderMap::new();
        let bearer = format!("Bearer {token}").parse();
        headers.insert(
            http::header::AUTHORIZATION,
            bearer.map_err(|_| "bad token")?,
        );
        let json = http::HeaderValue::from_static("application/json");
        headers.insert(http::header::CONTENT_TYPE, json);
        let answer = state.answer(&Call {
            verb: field("method").ok_or("call without method")?.into(),
            path: field("path").ok_or("call without path")?.into(),
            at: None,
            query: Vec::new(),
            headers,
            body: value
                .get("body")
                .map(Value::to_string)
                .unwrap_or_default()
                .into(),
        });
        match answer.status {
            200 => Ok(()),
            status => Err(format!("the call was answered {status}: {}", answer.body)),
        }
    }
}

pub(super) fn seeded(state: &mut State, fields: &Map<String, Value>) -> Result<Secret, String> {
    let password = object(fields, "passwordPayloadSpecification");
    let versions = fields.get("versions").and_then(Value::as_array);
    let versions: Result<Vec<Version>, String> = versions
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|version| seeded_version(state, version))
        .collect();
    let versions = versions?;
    let last = versions.last().map(|version| version.id.clone());
    let folder = state.folder.clone();
    Ok(Secret {
        serial: state.next_serial(),
        id: given(fields, "id").unwrap_or_else(|| state.new_id()),
        folder: given(fields, "folderId").unwrap_or(folder),
        created_at: time(fields, "createdAt")?.unwrap_or_else(|| state.clock.now()),
        name: text(fields, "name"),
        description: text(fields, "description"),
        labels: object(fields, "labels").unwrap_or_default(),
        kms_key: text(fields, "kmsKeyId"),
        status: given(fields, "status").unwrap_or_else(|| ACTIVE.into()),
        current: given(fields, "currentVersionId").or(last),
        deletion_protection: flag(fields, "deletionProtection").unwrap_or_default(),
        password,
        versions,
        access: Vec::new(),
    })
}

fn seeded_version(state: &mut State, fields: &Map<String, Value>) -> Result<Version, String> {
    let entries = fields.get("entries").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().map(|item| {
        let (key, value) = Entry::change(item);
        let value = value.unwrap_or(Content::Text(String::new()));
        Entry { key, value }
    });
    let status = given(fields, "status").unwrap_or_else(|| ACTIVE.into());
    let destroy_at = time(fields, "destroyAt")?;
    if status == SCHEDULED && destroy_at.is_none() {
        return Err("a scheduled version needs destroyAt".into());
    }
    Ok(Version {
        serial: state.next_serial(),
        id: given(fields, "id").unwrap_or_else(|| state.new_id()),
        created_at: time(fields, "createdAt")?.unwrap_or_else(|| state.clock.now()),
        destroy_at,
        description: text(fields, "description"),
        status,
        password: object(fields, "passwordPayloadSpecification"),
        entries: entries.collect(),
    })
}

fn given(fields: &Map<String, Value>, name: &str) -> Option<String> {
    Some(text(fields, name)).filter(|text| !text.is_empty())
}

fn time(fields: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    let parse = |text: String| text.parse().map_err(|_| format!("{name} is no time"));
    given(fields, name).map(parse).transpose()
}

fn only_field(step: &Value) -> Result<(&str, &Value), String> {
    let fields = step.as_object().ok_or("an instruction is no object")?;
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => Err("an instruction has one field".into()),
    }
}

pub(super) fn reason(status: Status) -> String {
    status.in_operation().to_string()
}
