//! JSON in and out: errors without text, plaintext without unwiped copies.
//!
//! The one file that calls `serde_json::from_*`.
//!
//! # Example
//!
//! ```
//! use polyvault_core::transport::json;
//! use polyvault_core::Value;
//! use serde::{Deserialize, Serialize};
//! use serde_json::value::RawValue;
//!
//! #[derive(Serialize)]
//! struct Put<'a> {
//!     value: json::PlainText<'a>,
//!     blob: json::PlainBase64<'a>,
//! }
//!
//! #[derive(Deserialize)]
//! struct Got<'a> {
//!     #[serde(borrow)]
//!     value: Option<&'a RawValue>,
//!     #[serde(borrow)]
//!     blob: Option<&'a RawValue>,
//! }
//!
//! let value = Value::text("s3cret");
//! let body = json::encode(&Put { value: json::PlainText(&value), blob: json::PlainBase64(&value) })?;
//!
//! let got: Got<'_> = json::decode(body.as_bytes())?;
//! let text = json::text(got.value.ok_or_else(|| json::missing("value"))?)?;
//! let blob = json::binary(got.blob.ok_or_else(|| json::missing("blob"))?)?;
//! assert_eq!(text.expose_bytes(), blob.expose_bytes());
//! # Ok::<(), polyvault_core::Error>(())
//! ```

mod many;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

pub use self::many::{fields, items};

use super::Body;
use crate::{Error, ErrorKind, Result, Value};

/// Reads a body. Fields that hold plaintext are to be `&RawValue`, and read by [`text`] or [`binary`].
///
/// # Errors
///
/// `Decode` with line and column: `serde_json`'s own errors quote the body.
#[expect(clippy::disallowed_methods, reason = "this is the json file")]
pub fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| unreadable(body, &error))
}

/// The error of a body that begins as JSON and ends before its end; one of no bytes does not begin.
#[expect(clippy::disallowed_methods, reason = "this is the json file")]
pub(super) fn cut_off(body: &[u8]) -> Option<Error> {
    let read: serde_json::Result<IgnoredAny> = serde_json::from_slice(body);
    let error = read.err().filter(serde_json::Error::is_eof)?;
    (!body.trim_ascii().is_empty()).then(|| unreadable(body, &error))
}

fn unreadable(body: &[u8], error: &serde_json::Error) -> Error {
    let what = match error.classify() {
        serde_json::error::Category::Data => "JSON of another shape",
        _ if body.is_empty() => "empty",
        _ => "not JSON, or cut off",
    };
    Error::new(
        ErrorKind::Decode,
        format!(
            "the answer is {what} (line {}, column {})",
            error.line(),
            error.column()
        ),
    )
}

/// Writes a body into a wiped buffer that is sized beforehand.
///
/// # Errors
///
/// `Unexpected` if the type can't be JSON.
pub fn encode<T: Serialize>(value: &T) -> Result<Body> {
    let refuse = |_| {
        Error::new(
            ErrorKind::Unexpected,
            "the request can't be written as JSON",
        )
    };
    let mut size = Count(0);
    serde_json::to_writer(&mut size, value).map_err(refuse)?;
    let mut buffer = Zeroizing::new(Vec::with_capacity(size.0));
    serde_json::to_writer(&mut *buffer, value).map_err(refuse)?;
    Ok(Body::from_wiped(buffer))
}

/// A value on its way into a request, as JSON text.
#[derive(Debug)]
pub struct PlainText<'a>(pub &'a Value);

impl Serialize for PlainText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.expose_text() {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Err(serde::ser::Error::custom("not text")),
        }
    }
}

/// A value on its way into a request, as base64.
#[derive(Debug)]
pub struct PlainBase64<'a>(pub &'a Value);

impl Serialize for PlainBase64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.expose_bytes();
        let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(3) * 4));
        STANDARD.encode_string(bytes, &mut text);
        serializer.serialize_str(&text)
    }
}

/// Reads a JSON text that holds plaintext, through one wiped buffer of its size.
///
/// # Errors
///
/// `Decode` if it is no text.
pub fn text(raw: &RawValue) -> Result<Value> {
    let text = unescape(raw.get()).ok_or_else(no_text)?;
    Ok(Value::text(text))
}

/// Reads a JSON text that holds base64, standard or url-safe, padded or not.
///
/// # Errors
///
/// `Decode` if it is no text or no base64.
pub fn binary(raw: &RawValue) -> Result<Value> {
    let text = unescape(raw.get()).ok_or_else(no_text)?;
    let mut standard = Zeroizing::new(String::with_capacity(text.len()));
    for character in text.trim_end_matches('=').chars() {
        standard.push(match character {
            '-' => '+',
            '_' => '/',
            other => other,
        });
    }
    let mut bytes = Zeroizing::new(vec![0; standard.len() / 4 * 3 + 3]);
    let length = STANDARD_NO_PAD
        .decode_slice(standard.as_bytes(), &mut bytes)
        .map_err(|_| Error::new(ErrorKind::Decode, "a value in the answer is not base64"))?;
    bytes.truncate(length);
    Ok(Value::binary(bytes))
}

/// An error about an answer without a field that it must have; `field` is ours to word.
#[must_use]
pub fn missing(field: &str) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the answer lacks the field {field}"),
    )
}

fn no_text() -> Error {
    Error::new(ErrorKind::Decode, "a value in the answer is not a text")
}

/// The text of a JSON string, in a buffer as large as the string at least:
/// `serde_json` would unescape into one that grows and is not wiped.
fn unescape(json: &str) -> Option<Zeroizing<String>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        let plain = match character {
            '\\' => match rest.next()? {
                'u' => unicode(&mut rest)?,
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                same @ ('"' | '\\' | '/') => same,
                _ => return None,
            },
            other => other,
        };
        text.push(plain);
    }
    Some(text)
}

fn unicode(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let unit = hex4(rest)?;
    let code = match unit {
        0xD800..=0xDBFF => {
            (rest.next()? == '\\' && rest.next()? == 'u').then_some(())?;
            let low = hex4(rest)?;
            (0xDC00..=0xDFFF).contains(&low).then_some(())?;
            0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
        }
        _ => unit,
    };
    char::from_u32(code)
}

fn hex4(rest: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |code, _| Some(code * 16 + rest.next()?.to_digit(16)?))
}

/// Counts what is written to it.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::disallowed_methods,
        reason = "tests"
    )]

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }

    fn read(json: &str) -> Result<Value> {
        let answer: Answer<'_> = decode(json.as_bytes())?;
        text(answer.value.ok_or_else(no_text)?)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn unescapes_as_serde_json_does(expected in any::<String>()) {
            let json = serde_json::json!({ "value": expected }).to_string();

            let value = read(&json).unwrap();

            prop_assert_eq!(value.expose_text().unwrap(), expected);
        }

        #[test]
        fn writes_what_it_reads(bytes in any::<Vec<u8>>()) {
            let body = encode(&PlainBase64(&Value::binary(bytes.as_slice()))).unwrap();
            let raw: &RawValue = serde_json::from_slice(body.as_bytes()).unwrap();

            let value = binary(raw).unwrap();
            prop_assert_eq!(value.expose_bytes(), bytes);
        }
    }

    #[test]
    fn reads_every_escape() {
        let json = r#"{"value":"\"\\\/\b\f\n\r\té𝄞\u00E9\ud834\uDD1E"}"#;

        let value = read(json).unwrap();

        assert_eq!(value.expose_text().unwrap(), "\"\\/\u{8}\u{c}\n\r\té𝄞é𝄞");
    }

    #[test]
    fn what_is_no_text_is_a_decode_error_without_text() {
        for json in [
            r#"{"value":7004}"#,
            r#"{"value":{"a":"hunter2"}}"#,
            r#"{"value":["hunter2"]}"#,
            r#"{"value":"\ud834"}"#,
            r#"{"value":"\ud834A"}"#,
            r#"{"value":null}"#,
            r#"{"value":"hunter2"#,
            r#""hunter2""#,
            "<html>hunter2</html>",
            "",
        ] {
            let error = read(json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{json}");
            assert!(!format!("{error:?} {error}").contains("hunter2"));
        }
    }

    #[test]
    fn reads_every_base64() {
        for json in ["\"/+8=\"", "\"/+8\"", "\"_-8=\"", "\"_-8\""] {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            let value = binary(raw).unwrap();
            assert_eq!(value.expose_bytes(), [0xFF, 0xEF], "{json}");
        }
    }

    #[test]
    fn an_end_before_the_end_is_told_from_what_is_no_json() {
        let whole = r#"{"value":"a\"é","more":[1,{"x":null}]}"#.as_bytes();
        for end in 1..whole.len() {
            assert!(cut_off(&whole[..end]).is_some(), "{end}");
        }
        for other in [whole, b"", b" \n", b"<html>", b"{]", b"true", b"7", b"{}{"] {
            assert!(cut_off(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn a_decode_error_tells_line_and_column() {
        let error = decode::<Answer<'_>>(b"{\n \"value\": }").unwrap_err();

        assert!(error.message().contains("line 2, column 11"), "{error}");
    }
}
