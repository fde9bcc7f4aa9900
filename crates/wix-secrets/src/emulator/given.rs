//! The instructions of a fixture's `given`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::state::Secret;
use super::{Call, Emulator};

/// Carries out one instruction; see [`Emulator::given`].
pub(super) fn apply(emulator: &Emulator, step: &Value) -> Result<(), String> {
    match single(step)? {
        ("secret", secret) => seed(emulator, object(secret)?),
        ("app_token", token) => {
            let token = text(token)?.to_owned();
            emulator.state().tokens.insert(token, Timestamp::MAX);
            Ok(())
        }
        ("knob", knob) => turn(emulator, single(knob)?),
        (key, _) => Err(format!("unknown instruction {key}")),
    }
}

fn turn(emulator: &Emulator, (knob, setting): (&str, &Value)) -> Result<(), String> {
    match knob {
        "throttle" => {
            let setting = object(setting)?;
            known_keys(setting, &["requests", "retry_after"])?;
            let requests = setting.get("requests").ok_or("no requests")?;
            let wait = setting.get("retry_after").map(seconds).transpose()?;
            emulator.throttle(number(requests)?, wait);
        }
        "fail_next" => emulator.fail_next(status(setting)?),
        "forbid" => emulator.forbid(calls(setting)?),
        "commit_then_drop" => emulator.commit_then_drop(number(setting)?),
        "drop_next" => emulator.drop_next(number(setting)?),
        "empty_list_as_missing" => emulator.empty_list_as_missing(flag(setting)?),
        "stale_reads" => emulator.stale_reads(flag(setting)?),
        "consistency_header" => emulator.consistency_header(flag(setting)?),
        "require_api_key" => emulator.require_api_key(text(setting)?),
        "require_site" => emulator.require_site(text(setting)?),
        "require_app_secret" => emulator.require_app_secret(text(setting)?),
        "expire_tokens" if flag(setting)? => emulator.expire_tokens(),
        "corrupt" if emulator.corrupt(text(setting)?) => {}
        _ => return Err(format!("unknown knob {knob}, or a setting it can't take")),
    }
    Ok(())
}

fn seed(emulator: &Emulator, fields: &Map<String, Value>) -> Result<(), String> {
    known_keys(
        fields,
        &[
            "id",
            "name",
            "value",
            "description",
            "createdDate",
            "updatedDate",
        ],
    )?;
    let field = |key: &str| fields.get(key).map(text).transpose();
    let instant = |key: &str| match field(key)? {
        Some(date) => date
            .parse::<Timestamp>()
            .map(Some)
            .map_err(|error| format!("{key}: {error}")),
        None => Ok(None),
    };
    let name = field("name")?.ok_or("a secret without a name")?;
    let value = field("value")?.ok_or("a secret without a value")?;

    let mut state = emulator.state();
    let mut secret = Secret::new(name, value, state.clock.now());
    if let Some(id) = field("id")? {
        secret.id = id.to_owned();
    }
    secret.description = field("description")?.map(str::to_owned);
    if let Some(created) = instant("createdDate")? {
        secret.created = created;
        secret.updated = created;
    }
    if let Some(updated) = instant("updatedDate")? {
        secret.updated = updated;
    }
    state.secrets.push(secret);
    Ok(())
}

fn calls(setting: &Value) -> Result<Vec<Call>, String> {
    if setting == "all" {
        return Ok(Call::ALL.to_vec());
    }
    let names = setting.as_array().ok_or("neither \"all\" nor a list")?;
    names
        .iter()
        .map(|name| match text(name)? {
            "create" => Ok(Call::Create),
            "list" => Ok(Call::List),
            "get_value" => Ok(Call::GetValue),
            "update" => Ok(Call::Update),
            "delete" => Ok(Call::Delete),
            other => Err(format!("unknown call {other}")),
        })
        .collect()
}

fn single(value: &Value) -> Result<(&str, &Value), String> {
    let fields = object(value)?;
    match (fields.iter().next(), fields.len()) {
        (Some((key, inner)), 1) => Ok((key, inner)),
        _ => Err("not an object of one key".into()),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "not an object".into())
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "not a text".into())
}

fn flag(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| "neither true nor false".into())
}

fn number(value: &Value) -> Result<u32, String> {
    value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| "not a whole number".into())
}

fn seconds(value: &Value) -> Result<Duration, String> {
    let seconds = value.as_u64().ok_or("not a whole number of seconds")?;
    Ok(Duration::from_secs(seconds))
}

fn status(value: &Value) -> Result<u16, String> {
    value
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| http::StatusCode::from_u16(*status).is_ok())
        .ok_or_else(|| "not a status".into())
}

fn known_keys(fields: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown key {key}")),
        None => Ok(()),
    }
}
