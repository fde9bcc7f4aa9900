//! The service's JSON, field by field. No other file names one.

use polyvault::transport::json::PlainText;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<String>,
    pub(crate) more: bool,
}

#[derive(Deserialize)]
pub(crate) struct Key {
    pub(crate) key: String,
}

/// The value stays raw: it is unescaped into a buffer that is wiped.
#[derive(Deserialize)]
pub(crate) struct Read<'a> {
    pub(crate) key: String,
    #[serde(borrow)]
    pub(crate) value: &'a RawValue,
}

#[derive(Serialize)]
pub(crate) struct Write<'a> {
    pub(crate) value: PlainText<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Wrote {
    pub(crate) key: String,
    pub(crate) created: bool,
}

#[derive(Default, Deserialize)]
pub(crate) struct Refused {
    pub(crate) code: Option<String>,
}
