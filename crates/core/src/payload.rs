//! What a version of a secret holds.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, ErrorKind, Result};

/// The key under which a payload of a single value stands.
pub const DEFAULT_KEY: &str = "value";

/// One value: bytes, with a mark whether they are meant as text.
///
/// The bytes are wiped when the last clone is dropped. `Debug` shows their
/// number and the mark.
///
/// # Example
///
/// ```
/// use polyvault_core::Value;
///
/// let value = Value::text("s3cret");
/// assert!(value.is_text() && !value.is_empty());
/// assert_eq!((value.len(), value.expose_bytes()), (6, &b"s3cret"[..]));
/// assert_eq!(format!("{value:?}"), "Value(text, 6 bytes)");
/// let copy = value.to_secret_string()?; // for APIs that take a `SecretString`
/// # let _ = copy;
///
/// let value = Value::binary(vec![0xff, 0xfe]);
/// assert!(value.expose_text().is_err());
/// assert!(!Value::text_or_binary(&[0xff]).is_text());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Value {
    bytes: Arc<SecretSlice<u8>>,
    text: bool,
}

impl Value {
    /// A text. A `String` that is handed in is wiped.
    pub fn text(text: impl Into<SecretText>) -> Self {
        Self {
            bytes: Arc::new(text.into().0),
            text: true,
        }
    }

    /// Bytes that are not meant as text. The vector that is handed in is wiped.
    #[must_use]
    pub fn binary(bytes: impl Into<SecretBytes>) -> Self {
        Self {
            bytes: Arc::new(bytes.into().0),
            text: false,
        }
    }

    /// Bytes from a wiped buffer, as text where they are UTF-8 and as binary where not.
    #[must_use]
    pub fn text_or_binary(bytes: &[u8]) -> Self {
        Self {
            bytes: Arc::new(exact(bytes)),
            text: std::str::from_utf8(bytes).is_ok(),
        }
    }

    /// Whether it is meant as text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.text
    }

    /// The number of bytes.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the length alone leaves")]
    pub fn len(&self) -> usize {
        self.bytes.expose_secret().len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The plaintext bytes: the one way out, named so that it can be searched for.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the caller asks for plaintext")]
    pub fn expose_bytes(&self) -> &[u8] {
        self.bytes.expose_secret()
    }

    /// The plaintext as text.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the bytes are not UTF-8.
    pub fn expose_text(&self) -> Result<&str> {
        std::str::from_utf8(self.expose_bytes())
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "the value is not UTF-8 text"))
    }

    /// A copy of the text of its own.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the bytes are not UTF-8.
    pub fn to_secret_string(&self) -> Result<SecretString> {
        self.expose_text().map(SecretString::from)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.text { "text" } else { "binary" };
        write!(f, "Value({mark}, {} bytes)", self.len())
    }
}

/// A text on its way into a [`Value`]: wiped at the source where it was owned.
pub struct SecretText(SecretSlice<u8>);

/// Bytes on their way into a [`Value`]: wiped at the source where they were owned.
pub struct SecretBytes(SecretSlice<u8>);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(exact(text.as_bytes()))
    }
}

impl From<String> for SecretText {
    fn from(mut text: String) -> Self {
        let copy = exact(text.as_bytes());
        text.zeroize();
        Self(copy)
    }
}

impl From<SecretString> for SecretText {
    #[expect(clippy::disallowed_methods, reason = "from one wiped box into another")]
    fn from(text: SecretString) -> Self {
        Self(exact(text.expose_secret().as_bytes()))
    }
}

impl From<Zeroizing<String>> for SecretText {
    fn from(text: Zeroizing<String>) -> Self {
        Self(exact(text.as_bytes()))
    }
}

impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(exact(bytes))
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(mut bytes: Vec<u8>) -> Self {
        let copy = exact(&bytes);
        bytes.zeroize();
        Self(copy)
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(exact(&bytes))
    }
}

/// All entries of a version: keys and values, at least one.
///
/// A payload of one value has it under [`DEFAULT_KEY`]. The order of entries and
/// the text mark are hints: [`same_as`](Payload::same_as) compares keys and bytes.
/// A clone shares the values. It is deliberately neither `PartialEq` nor `Serialize`.
///
/// # Example
///
/// ```
/// use polyvault_core::{Payload, Value};
///
/// let payload = Payload::from_entries([
///     ("user", Value::text("scott")),
///     ("password", Value::text("tiger")),
/// ])?;
/// assert_eq!(payload.get("user").map(Value::len), Some(5));
/// assert!(payload.keys().eq(["user", "password"]));
/// assert!(payload.single().is_err(), "there are two");
/// assert!(!format!("{payload:?}").contains("tiger"));
///
/// let one = Payload::of(Value::text("tiger"));
/// assert!(one.same_as(&Payload::text("tiger")));
/// assert!(one.same_as(&Payload::binary(&b"tiger"[..])), "the mark is a hint");
/// for (key, value) in one.iter() {
///     assert_eq!((key, value.len()), ("value", 5));
/// }
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Payload {
    entries: Arc<[(String, Value)]>,
}

impl Payload {
    /// A payload of one text under [`DEFAULT_KEY`].
    pub fn text(text: impl Into<SecretText>) -> Self {
        Self::of(Value::text(text))
    }

    /// A payload of one binary value under [`DEFAULT_KEY`].
    #[must_use]
    pub fn binary(bytes: impl Into<SecretBytes>) -> Self {
        Self::of(Value::binary(bytes))
    }

    /// A payload of one value under [`DEFAULT_KEY`].
    #[must_use]
    pub fn of(value: Value) -> Self {
        Self {
            entries: Arc::from([(DEFAULT_KEY.to_owned(), value)]),
        }
    }

    /// A payload of several entries, in the order given.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no entry, a key is empty, or a key comes twice.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{ErrorKind, Payload, Value};
    ///
    /// let twice = [("key", Value::text("a")), ("key", Value::text("b"))];
    /// let refused = Payload::from_entries(twice).map_err(|error| error.kind());
    /// assert_eq!(refused.err(), Some(ErrorKind::InvalidInput));
    /// ```
    pub fn from_entries<K: Into<String>>(
        entries: impl IntoIterator<Item = (K, Value)>,
    ) -> Result<Self> {
        let entries: Vec<(String, Value)> =
            entries.into_iter().map(|(k, v)| (k.into(), v)).collect();
        let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        let rule = if keys.is_empty() {
            Some("a payload needs at least one entry")
        } else if keys.first().is_some_and(|key| key.is_empty()) {
            Some("the key of an entry must not be empty")
        } else if keys.windows(2).any(|pair| pair.first() == pair.last()) {
            Some("the keys of the entries must differ")
        } else {
            None
        };
        match rule {
            Some(rule) => Err(Error::new(ErrorKind::InvalidInput, rule)),
            None => Ok(Self {
                entries: entries.into(),
            }),
        }
    }

    /// The value, where there is but one entry, whatever its key.
    ///
    /// # Errors
    ///
    /// `InvalidInput` that lists the keys, if there are several.
    pub fn single(&self) -> Result<&Value> {
        match &*self.entries {
            [(_, value)] => Ok(value),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "the payload has several entries: {}",
                    self.keys().collect::<Vec<_>>().join(", ")
                ),
            )
            .with_help("Ask for one of the keys.")),
        }
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter()
            .find_map(|(k, value)| (k == key).then_some(value))
    }

    /// The entries, in the order of the service or of the giver.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The keys, in the same order.
    #[must_use]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// The number of entries, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a payload is never empty")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether both have the same keys with the same bytes, in whatever order.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| {
                other
                    .get(key)
                    .is_some_and(|theirs| theirs.expose_bytes() == value.expose_bytes())
            })
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload ")?;
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A box of just these bytes: `secrecy`'s own conversions reallocate, unwiped,
/// where a buffer has room to spare.
fn exact(bytes: &[u8]) -> SecretSlice<u8> {
    SecretBox::new(Box::from(bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_same_payload_may_differ_in_order_and_mark() {
        let one = Payload::from_entries([("a", Value::text("1")), ("b", Value::text("2"))]);
        let two = Payload::from_entries([("b", Value::binary(&b"2"[..])), ("a", Value::text("1"))]);

        assert!(one.unwrap().same_as(&two.unwrap()));
    }

    #[test]
    fn payloads_that_differ_in_a_key_or_a_byte_are_not_the_same() {
        let base = Payload::text("1");

        assert!(!base.same_as(&Payload::text("2")));
        assert!(!base.same_as(&Payload::from_entries([("k", Value::text("1"))]).unwrap()));
        let more = Payload::from_entries([(DEFAULT_KEY, Value::text("1")), ("b", Value::text(""))]);
        assert!(!base.same_as(&more.unwrap()));
    }

    #[test]
    fn refuses_no_entry_an_empty_key_and_a_key_twice() {
        for keys in [&[][..], &[""], &["a", "b", "a"]] {
            let entries = keys.iter().map(|key| (*key, Value::text("v")));
            let error = Payload::from_entries(entries).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn debug_shows_shape_only() {
        let payload = Payload::from_entries([("user", Value::text("hunter2"))]).unwrap();

        assert_eq!(
            format!("{payload:?}"),
            r#"Payload {"user": Value(text, 7 bytes)}"#
        );
    }
}
