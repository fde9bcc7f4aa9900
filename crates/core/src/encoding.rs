//! One text for payloads that are more than one text: for services that hold one text a version.
//!
//! A payload of exactly one text under [`DEFAULT_KEY`] is *plain* and is stored as it is. Any other
//! is stored as a document, whose content type carries a [`Mark`]. Only the mark says that a
//! value is a document: one that merely looks like it is somebody's text. A service without content types
//! has the mark at the end of the description: [`mark_description`].
//!
//! # The document
//!
//! One line of JSON:
//!
//! ```json
//! {"polyvault":1,"crc32":"badc26fd","entries":[{"key":"user","text":"scott"},{"key":"blob","base64":"AAEC"}]}
//! ```
//!
//! - `polyvault`: the version of the encoding, 1.
//! - `crc32`: the checksum, 8 hexadecimal digits.
//! - `entries`: at least one, in their order; each has a `key` that is not empty and stands once, and
//!   either `text` or `base64` (RFC 4648, section 4, padded).
//!
//! Readers ignore fields that they do not know.
//!
//! # The checksum
//!
//! CRC-32 as in zlib, gzip and PNG (reflected polynomial `edb88320`, begun with and xored by `ffffffff`),
//! over this for each entry, in order: the number of bytes of the key, as 8 bytes, big-endian; the
//! key in UTF-8; one byte, `t` for text and `b` for base64; the number of bytes of the
//! value, as 8 bytes, big-endian; the bytes of the value: UTF-8 of a text, decoded base64.
//!
//! It finds what an editor, a script or a cut left broken. It proves nothing about who wrote it.
//!
//! # Example
//!
//! ```
//! use polyvault_core::encoding::{self, Mark};
//! use polyvault_core::{Payload, Value};
//!
//! let entries = [("user", Value::text("scott")), ("blob", Value::binary([0, 1, 2].as_slice()))];
//! let payload = Payload::from_entries(entries)?;
//! assert!(!encoding::is_plain(&payload));
//!
//! let (document, mark) = (encoding::encode(&payload)?, Mark::of(Some("text/plain")));
//! let document = document.expose_text()?;
//! assert!(document.starts_with(r#"{"polyvault":1,"crc32":"badc26fd","entries":[{"key":"user","#));
//! assert_eq!(
//!     mark.to_string(),
//!     r#"application/vnd.polyvault.payload+json;version=1;type="text/plain""#
//! );
//!
//! let mark = Mark::read(&mark.to_string()).expect("a mark");
//! assert!(mark.decode(&Value::text(document))?.same_as(&payload));
//! # Ok::<(), polyvault_core::Error>(())
//! ```

mod description;
mod mark;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::transport::json::{self, PlainBase64, PlainText};
use crate::{DEFAULT_KEY, Error, ErrorKind, Payload, Result, Value};

pub use self::description::{check_description, mark_description, split_description};
pub use self::mark::Mark;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// Whether a payload is stored as it is: one text under [`DEFAULT_KEY`].
///
/// # Example
///
/// ```
/// use polyvault_core::{Payload, encoding};
///
/// assert!(encoding::is_plain(&Payload::text("s3cret")));
/// assert!(!encoding::is_plain(&Payload::binary(b"s3cret".as_slice())));
/// ```
#[must_use]
pub fn is_plain(payload: &Payload) -> bool {
    payload.keys().eq([DEFAULT_KEY]) && payload.iter().all(|(_, value)| value.is_text())
}

/// The document of a payload, in a wiped buffer.
///
/// # Errors
///
/// `InvalidInput` if a value is marked as text and is none.
///
/// # Example
///
/// ```
/// use polyvault_core::{Payload, encoding};
///
/// let document = encoding::encode(&Payload::binary([0, 1, 2].as_slice()))?;
/// assert_eq!(
///     document.expose_text()?,
///     r#"{"polyvault":1,"crc32":"028e5f73","entries":[{"key":"value","base64":"AAEC"}]}"#
/// );
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub fn encode(payload: &Payload) -> Result<Value> {
    let entries = payload.iter().map(|(key, value)| {
        let (text, base64) = match value.is_text() {
            true => (Some(PlainText(value)), None),
            false => (None, Some(PlainBase64(value))),
        };
        if value.is_text() {
            value.expose_text()?;
        }
        Ok(Entry { key, text, base64 })
    });
    let body = json::encode(&Document {
        polyvault: VERSION,
        crc32: checksum(payload),
        entries: entries.collect::<Result<_>>()?,
    })?;
    let text = std::str::from_utf8(body.as_bytes());
    text.map(Value::text)
        .map_err(|_| Error::new(ErrorKind::Unexpected, "the document is not UTF-8"))
}

/// Reads a document, whose mark was there: see [`Mark::decode`].
fn decode(document: &Value) -> Result<Payload> {
    let read: Read<'_> = json::decode(document.expose_bytes())
        .map_err(|_| broken("is not one, or is cut off or changed"))?;
    if read.polyvault != VERSION {
        return Err(other_version());
    }
    let mut entries = Vec::with_capacity(read.entries.len());
    for entry in read.entries {
        let value = match (entry.text, entry.base64) {
            (Some(text), None) => json::text(text),
            (None, Some(base64)) => json::binary(base64),
            _ => return Err(broken("has an entry without one value")),
        };
        let value = value.map_err(|_| broken("has a value that can't be read"))?;
        entries.push((entry.key, value));
    }
    let payload = Payload::from_entries(entries)
        .map_err(|_| broken("has no entry, a key twice or an empty key"))?;
    match read.crc32.eq_ignore_ascii_case(&checksum(&payload)) {
        true => Ok(payload),
        false => Err(broken("has another checksum: it was changed")),
    }
}

/// As the module's page says.
fn checksum(payload: &Payload) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for (key, value) in payload.iter() {
        hasher.update(&length(key.as_bytes()));
        hasher.update(key.as_bytes());
        hasher.update(if value.is_text() { b"t" } else { b"b" });
        hasher.update(&length(value.expose_bytes()));
        hasher.update(value.expose_bytes());
    }
    format!("{:08x}", hasher.finalize())
}

fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes()
}

fn broken(how: &str) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the value is marked as an encoded payload, and {how}"),
    )
}

fn other_version() -> Error {
    broken("is of a version that this library does not know")
        .with_help("Read it with a newer polyvault, or put the secret again.")
}

#[derive(Serialize)]
struct Document<'a> {
    polyvault: u32,
    crc32: String,
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<PlainText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<PlainBase64<'a>>,
}

#[derive(Deserialize)]
struct Read<'a> {
    polyvault: u32,
    crc32: String,
    #[serde(borrow)]
    entries: Vec<ReadEntry<'a>>,
}

#[derive(Deserialize)]
struct ReadEntry<'a> {
    key: String,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    base64: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests;
