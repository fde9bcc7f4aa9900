//! Instructions in JSON: what fixtures say before their request.

use std::time::Duration;

use serde_json::Value;

use super::Emulator;
use super::call::Call;
use super::render::Rendering;

impl Emulator {
    /// Carries out one instruction.
    ///
    /// - `{"secret": {…}}`: as [`seed`](Self::seed).
    /// - `{"knob": {"pending_polls": 2}}`: turns the knobs of these names. `throttle` takes
    ///   `{"requests", "retry_after"}`, `fail_next` `{"status", "code"}`, and
    ///   `fail_next_operation` and `roll_back_next_operation` `{"code", "message"}`; `rendering`
    ///   is `omitted`, `recorded` or `all`.
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
            "roll_back_next_operation" => {
                let message = part("message")?.as_str().ok_or_else(bad)?;
                self.roll_back_next_operation(small(part("code")?)?, message);
            }
            "overtake_next_create" => self.overtake_next_create(value)?,
            "overtake_next_add_version" => self.overtake_next_add_version(value)?,
            "copy_with_base" => self.copy_with_base(on()?),
            "refuse_reused_keys" => self.refuse_reused_keys(on()?),
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
        let token = state.bearer();
        let mut headers = http::HeaderMap::new();
        let bearer = format!("Bearer {token}").parse();
        headers.insert(
            http::header::AUTHORIZATION,
            bearer.map_err(|_| "bad token")?,
        );
        let json = http::HeaderValue::from_static("application/json");
        headers.insert(http::header::CONTENT_TYPE, json);
        let answer = state.answer(&Call {
            service: None,
            verb: field("method").ok_or("call without method")?.into(),
            path: field("path").ok_or("call without path")?.into(),
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

fn only_field(step: &Value) -> Result<(&str, &Value), String> {
    let fields = step.as_object().ok_or("an instruction is no object")?;
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => Err("an instruction has one field".into()),
    }
}
