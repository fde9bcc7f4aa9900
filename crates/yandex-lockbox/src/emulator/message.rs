//! A strict reader of the request messages' JSON.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Map, Value};

use super::fields::{Kind, Message};
use super::status::Status;

const TOO_FEW: &str = "has too few items";

impl Message {
    /// Reads a body; what it gives has JSON names, no nulls, and only what the limits allow.
    pub(super) fn read(&self, body: &Value) -> Result<Map<String, Value>, Status> {
        self.read_at(body, "")
    }

    fn read_at(&self, body: &Value, at: &str) -> Result<Map<String, Value>, Status> {
        let body = body
            .as_object()
            .ok_or_else(|| Status::invalid(whole(at), "must be an object"))?;
        let mut read = Map::new();
        for (key, value) in body {
            let at = join(at, key);
            let Some(field) = self.fields.iter().find(|field| field.is_called(key)) else {
                return Err(Status::invalid(at, "no such field"));
            };
            if value.is_null() {
                continue;
            }
            let value = field.kind.read(value, &at)?;
            if read.insert(field.name.to_owned(), value).is_some() {
                return Err(Status::invalid(at, "given twice"));
            }
        }
        self.check(&read, at)?;
        Ok(read)
    }

    fn check(&self, read: &Map<String, Value>, at: &str) -> Result<(), Status> {
        for field in self.fields.iter().filter(|field| field.required) {
            if read.get(field.name).is_none_or(|value| value == "") {
                return Err(Status::invalid(join(at, field.name), "is required"));
            }
        }
        for field in self.fields {
            if matches!(field.kind, Kind::Many(_, 1.., _)) && !read.contains_key(field.name) {
                return Err(Status::invalid(join(at, field.name), TOO_FEW));
            }
        }
        let Some(union) = &self.union else {
            return Ok(());
        };
        let set = union
            .members
            .iter()
            .filter(|name| read.contains_key(**name));
        match (set.count(), union.needs_one) {
            (1, _) | (0, false) => Ok(()),
            _ => Err(Status::invalid(
                join(at, union.name),
                "one of its fields must be set",
            )),
        }
    }
}

impl Kind {
    fn read(&self, value: &Value, at: &str) -> Result<Value, Status> {
        let read = match self {
            Self::Text(longest, rule) => text_value(value, *longest, *rule),
            Self::Bytes(longest) => bytes_value(value, *longest),
            Self::Bool => value
                .is_boolean()
                .then(|| value.clone())
                .ok_or("must be true or false"),
            Self::Int64(largest) => match integer(value) {
                Some(number) if (0..=*largest).contains(&number) => Ok(number.to_string().into()),
                _ => Err("must be a whole number within the limits"),
            },
            Self::Labels => labels(value),
            Self::Mask(paths) => mask(value, paths),
            Self::Duration => match value.as_str().and_then(duration) {
                Some(_) => Ok(value.clone()),
                None => Err("must be seconds with the suffix s"),
            },
            Self::One(message) => return Ok(message.read_at(value, at)?.into()),
            Self::Many(message, fewest, most) => {
                return many(value, message, *fewest..=*most, at);
            }
            Self::Enum(names) => enumerated(value, names),
        };
        read.map_err(|rule| Status::invalid(at, rule))
    }
}

/// Seconds and nanoseconds of a Duration such as `86400.500s`.
pub(super) fn duration(text: &str) -> Option<(i64, i32)> {
    let text = text.strip_suffix('s')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    Some((
        seconds.parse().ok()?,
        format!("{fraction:0<9}").parse().ok()?,
    ))
}

/// A signed 64-bit number, which proto3 JSON takes as a number or as a string.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        _ => value.as_i64(),
    }
}

/// The bytes of a `binaryValue`: either alphabet, padded or not.
pub(super) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn text_value(
    value: &Value,
    longest: usize,
    rule: fn(&str) -> bool,
) -> Result<Value, &'static str> {
    let text = value.as_str().ok_or("must be a string")?;
    if text.chars().count() > longest {
        return Err("is too long");
    }
    match rule(text) {
        true => Ok(value.clone()),
        false => Err("does not match the pattern"),
    }
}

fn bytes_value(value: &Value, longest: usize) -> Result<Value, &'static str> {
    let text = value.as_str().ok_or("must be a base64 string")?;
    let bytes = base64_bytes(text).ok_or("must be a base64 string")?;
    match bytes.len() <= longest {
        true => Ok(STANDARD.encode(bytes).into()),
        false => Err("is too long"),
    }
}

fn labels(value: &Value) -> Result<Value, &'static str> {
    let labels = value.as_object().ok_or("must be an object")?;
    if labels.len() > 64 {
        return Err("must be at most 64");
    }
    let plain = |text: &str| {
        text.len() <= 63
            && text
                .bytes()
                .all(|b| matches!(b, b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z'))
    };
    for (key, value) in labels {
        let value = value.as_str().ok_or("must hold strings")?;
        if !key.starts_with(|c: char| c.is_ascii_lowercase()) || !plain(key) || !plain(value) {
            return Err("a key or value does not match the pattern or is too long");
        }
    }
    Ok(value.clone())
}

fn mask(value: &Value, paths: &[&str]) -> Result<Value, &'static str> {
    let mask = value.as_str().ok_or("must be a string")?;
    let known = |path: &str| paths.contains(&path);
    match mask.is_empty() || mask.split(',').all(known) {
        true => Ok(value.clone()),
        false => Err("must name fields in lowerCamelCase, separated by commas"),
    }
}

/// A name, or its number; the default is read as an empty text.
fn enumerated(value: &Value, names: &[&str]) -> Result<Value, &'static str> {
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    let name = match (number, value.as_str()) {
        (Some(0), _) => Some(""),
        (Some(number), _) => names.get(number - 1).copied(),
        (None, Some(text)) if text.ends_with("_UNSPECIFIED") => Some(""),
        (None, text) => text.filter(|text| names.contains(text)),
    };
    name.map(Value::from).ok_or("is no name of the enum")
}

fn many(
    value: &Value,
    message: &Message,
    allowed: RangeInclusive<usize>,
    at: &str,
) -> Result<Value, Status> {
    let items = value
        .as_array()
        .ok_or_else(|| Status::invalid(at, "must be an array"))?;
    if items.len() < *allowed.start() {
        return Err(Status::invalid(at, TOO_FEW));
    }
    if items.len() > *allowed.end() {
        return Err(Status::invalid(at, "has too many items"));
    }
    let read: Result<Vec<Value>, Status> = items
        .iter()
        .enumerate()
        .map(|(index, item)| Ok(message.read_at(item, &format!("{at}[{index}]"))?.into()))
        .collect();
    Ok(read?.into())
}

fn join(at: &str, name: &str) -> String {
    match at {
        "" => name.to_owned(),
        _ => format!("{at}.{name}"),
    }
}

fn whole(at: &str) -> &str {
    if at.is_empty() { "body" } else { at }
}
