//! A keyed digest of a value, for stores that never give one back.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::Drift;
use crate::{Capabilities, Error, ErrorKind, Payload, Result, SecretName};

/// The label that holds the digest of a value which can't be read back.
///
/// Its value is `v1-`, six characters that tell keys apart, `-`, and the HMAC-SHA-256, both in lower-case
/// base32hex without padding: 62 characters in all, of `a-v`, `0-9` and `-`.
pub const DIGEST_LABEL: &str = "polyvault-digest";

/// What the digest that is kept tells of a desired value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Same,
    Other,
    /// There is none, or one of another key or version.
    Unknown,
}

/// Makes digests under one key.
pub(super) struct Digester {
    keyed: Hmac<Sha256>,
    /// What every digest of this key begins with.
    prefix: String,
}

impl Digester {
    pub(super) fn of(drift: &Drift) -> Result<Option<Self>> {
        match drift {
            Drift::Unknown => Ok(None),
            Drift::Digest { key } => Self::new(key).map(Some),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the key goes into the HMAC")]
    fn new(key: &SecretString) -> Result<Self> {
        let key = key.expose_secret().as_bytes();
        if key.len() < LEAST_KEY {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("field `key`: the key of digests has at least {LEAST_KEY} bytes"),
            ));
        }
        let keyed = Hmac::<Sha256>::new_from_slice(key)
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "field `key`: no key of an HMAC"))?;
        let mut own = base32(&mac(keyed.clone(), [&b"key"[..]]));
        own.truncate(6);
        Ok(Self {
            keyed,
            prefix: format!("v1-{own}-"),
        })
    }

    /// The digest of `payload` in the secret `name`; the order of entries and the text mark don't count.
    pub(super) fn digest(
        &self,
        can: &Capabilities,
        name: &SecretName,
        payload: &Payload,
    ) -> String {
        let name = folded(can, name);
        let mut entries: Vec<(&str, &[u8])> = payload
            .iter()
            .map(|(key, value)| (key, value.expose_bytes()))
            .collect();
        entries.sort_unstable();
        let entries = entries.into_iter();
        let parts = entries.flat_map(|(key, bytes)| [key.as_bytes(), bytes]);
        let parts = [&b"value"[..], name.as_bytes()].into_iter().chain(parts);
        format!("{}{}", self.prefix, base32(&mac(self.keyed.clone(), parts)))
    }

    /// What `kept`, the value of the label, tells of the desired value with this digest.
    pub(super) fn compare(&self, kept: Option<&str>, digest: &str) -> Kept {
        match kept {
            Some(kept) if kept == digest => Kept::Same,
            Some(kept) if kept.starts_with(&self.prefix) => Kept::Other,
            _ => Kept::Unknown,
        }
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester(..)")
    }
}

/// The name as the store tells names apart.
pub(super) fn folded(can: &Capabilities, name: &SecretName) -> String {
    match can.limits.name.case_sensitive {
        true => name.as_str().to_owned(),
        false => name.as_str().to_ascii_lowercase(),
    }
}

/// Fewer can be guessed with a machine of one's own, given a digest of a value that one knows.
const LEAST_KEY: usize = 32;

/// The HMAC of the parts, each behind its length, so that no two lists of parts read the same.
fn mac<'a>(mut keyed: Hmac<Sha256>, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    for part in parts {
        keyed.update(&(part.len() as u64).to_be_bytes());
        keyed.update(part);
    }
    keyed.finalize().into_bytes().into()
}

/// In small letters, which is all that the labels of some services take.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut rest, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        rest = (rest << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.extend(char::from_digit((rest >> bits) & 31, 32));
        }
        rest &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.extend(char::from_digit((rest << (5 - bits)) & 31, 32));
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{MemoryStore, SecretStore as _, Value};

    fn digester(key: &str) -> Digester {
        Digester::new(&key.repeat(32).into()).unwrap()
    }

    fn digest(name: &str, entries: &[(&str, &str)]) -> String {
        let entries = entries.iter().map(|(key, text)| (*key, Value::text(*text)));
        let payload = Payload::from_entries(entries).unwrap();
        let store = MemoryStore::new();
        digester("k").digest(store.capabilities(), &name.parse().unwrap(), &payload)
    }

    #[test]
    fn base32_is_that_of_the_rfc_in_small_letters() {
        for (bytes, text) in [
            ("", ""),
            ("f", "co"),
            ("fo", "cpng"),
            ("foobar", "cpnmuoj1e8"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_digest_is_of_name_keys_and_values_and_of_nothing_else() {
        let base = digest("db", &[("a", "1"), ("b", "2")]);

        assert_eq!(digest("db", &[("b", "2"), ("a", "1")]), base);
        for other in [
            digest("dc", &[("a", "1"), ("b", "2")]),
            digest("db", &[("a", "2"), ("b", "1")]),
            digest("db", &[("a", "1b2")]),
            digest("db", &[("a", "1"), ("b", "")]),
            digest("d", &[("ba", "1"), ("b", "2")]),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn a_digest_is_the_same_in_every_version_of_this_library() {
        // By Python's hmac and base64.b32hexencode.
        assert_eq!(
            digest("db", &[("value", "s3cret")]),
            "v1-f36s9q-hkct04sovjrquqa8i22ft4eb2kjmn3jl5spg5ln8brl6u57pgsg0"
        );
    }

    #[test]
    fn names_of_another_case_are_one_where_the_store_takes_them_so() {
        let (azure, own) = (MemoryStore::like_azure(), MemoryStore::new());
        let of = |store: &MemoryStore, name: &str| {
            let name = name.parse().unwrap();
            digester("k").digest(store.capabilities(), &name, &Payload::text("x"))
        };

        assert_eq!(of(&azure, "DB"), of(&azure, "db"));
        assert_ne!(of(&own, "DB"), of(&own, "db"));
    }

    #[test]
    fn a_digest_of_another_key_or_of_none_tells_nothing() {
        let (one, two) = (digester("k"), digester("l"));
        let store = MemoryStore::new();
        let of = |by: &Digester, value: &str| {
            let name = "db".parse().unwrap();
            by.digest(store.capabilities(), &name, &Payload::text(value))
        };
        let kept = of(&one, "x");

        assert_eq!(one.compare(Some(&kept), &of(&one, "x")), Kept::Same);
        assert_eq!(one.compare(Some(&kept), &of(&one, "y")), Kept::Other);
        assert_eq!(two.compare(Some(&kept), &of(&two, "x")), Kept::Unknown);
        assert_eq!(one.compare(Some("v2-x"), &kept), Kept::Unknown);
        assert_eq!(one.compare(None, &kept), Kept::Unknown);
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        let short = Digester::new(&"k".repeat(31).into()).unwrap_err();

        assert_eq!(short.kind(), ErrorKind::InvalidInput);
        assert!(Digester::new(&"k".repeat(32).into()).is_ok());
    }
}
