//! Services that repeat in an answer what they were sent.

use http::{HeaderMap, HeaderValue};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::json;

/// The characters in a row that make a text a repetition.
const PIECE: usize = 16;

/// What a service was shown with a request. No `Debug`: it holds both.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    /// Empty if there is none.
    pub(super) credential: &'a str,
    /// Those marked as sensitive are credentials, too.
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Sent<'_> {
    /// Whether `told` has 16 bytes in a row of what was sent, all of a credential, or is one of the texts in
    /// the body: then it may be a secret, and is not told on.
    pub(super) fn repeated_in(&self, told: &str) -> bool {
        if told.is_empty() {
            return false;
        }
        if self.has_credential_in(told.as_bytes()) || self.has_in_body(told.as_bytes()) {
            return true;
        }
        if self.body.is_empty() {
            return false;
        }
        // What it was sent escaped, a service tells as it was before.
        let json = json::encode(&told).unwrap_or_default();
        let json = json.as_bytes().strip_prefix(b"\"");
        let json = json.and_then(|json| json.strip_suffix(b"\""));
        let mut form = Zeroizing::new(String::with_capacity(3 * told.len()));
        form.extend(form_urlencoded::byte_serialize(told.as_bytes()));
        [json.unwrap_or_default(), form.as_bytes()]
            .iter()
            .any(|escaped| *escaped != told.as_bytes() && self.has_in_body(escaped))
    }

    fn has_credential_in(&self, told: &[u8]) -> bool {
        let headers = self.headers.values().filter(|value| value.is_sensitive());
        let mut credentials = headers
            .map(HeaderValue::as_bytes)
            .chain([self.credential.as_bytes()])
            .filter(|credential| !credential.is_empty());
        credentials.any(|credential| {
            has(told, credential) || told.windows(PIECE).any(|piece| has(credential, piece))
        })
    }

    fn has_in_body(&self, told: &[u8]) -> bool {
        places(self.body, told).any(|(before, after)| {
            matches!(before.last(), Some(b'"' | b'='))
                && matches!(after.first(), None | Some(b'"' | b'&'))
                && !ends_name(after)
        }) || told.windows(PIECE).any(|piece| {
            let is_word = piece.iter().all(u8::is_ascii_alphanumeric);
            // The name of a field a service may tell.
            places(self.body, piece).any(|(_, after)| !(is_word && ends_name(after)))
        })
    }
}

/// Whether nothing but the end of a field's name stands first: only there a colon follows the quote.
fn ends_name(rest: &[u8]) -> bool {
    let mut rest = rest.iter().skip_while(|byte| byte.is_ascii_alphanumeric());
    (rest.next(), rest.next()) == (Some(&b'"'), Some(&b':'))
}

/// What stands before and after each place where `bytes` holds `part`.
///
/// Byte by byte: the search of std loads parts of what it looks through into registers as wide as a short secret,
/// which are left on the stack and from there get into the heap.
fn places<'a>(bytes: &'a [u8], part: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    (0..bytes.len()).filter_map(move |at| {
        let (before, rest) = bytes.split_at_checked(at)?;
        let (text, after) = rest.split_at_checked(part.len())?;
        (text.first() == part.first() && text == part).then_some((before, after))
    })
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    places(bytes, part).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'a>(credential: &'a str, headers: &'a HeaderMap, body: &'a [u8]) -> Sent<'a> {
        Sent {
            credential,
            headers,
            body,
        }
    }

    #[test]
    fn a_header_is_a_credential_if_it_is_marked_as_sensitive() {
        let mut headers = HeaderMap::new();
        headers.insert("x-site", HeaderValue::from_static("my-site"));
        let mut secret = HeaderValue::from_static("made-up-and-long-enough");
        secret.set_sensitive(true);
        headers.insert("x-key", secret);

        let sent = shown("", &headers, b"");

        assert!(sent.repeated_in("the key made-up-and-long-enough is wrong"));
        assert!(sent.repeated_in("up-and-long-enou"));
        assert!(!sent.repeated_in("the site my-site is unknown"));
        assert!(!sent.repeated_in(""));
    }

    #[test]
    fn a_part_of_the_credential_or_of_the_body_is_a_repetition() {
        let headers = HeaderMap::new();
        let sent = shown(
            "t1.9euelZqNx8eQmZKLk",
            &headers,
            br#"{"name":"db","value":"hunter2","blob":"MDEyMzQ1Njc4OWFiY2RlZg=="}"#,
        );
        for repeated in [
            "the token t1.9euelZqNx8eQmZKLk is not taken",
            "token 9euelZqNx8eQmZKL...",
            "hunter2",
            "\"MDEyMzQ1Njc4OWFi\" is too short",
        ] {
            assert!(sent.repeated_in(repeated), "{repeated}");
        }
        for other in [
            "",
            "hunter",
            "Forbidden",
            "the token is not taken: t1.9euelZqNx8",
        ] {
            assert!(!sent.repeated_in(other), "{other}");
        }
    }

    #[test]
    fn the_name_of_a_field_is_no_repetition_but_a_text_like_it_is() {
        let headers = HeaderMap::new();
        let sent = shown(
            "key",
            &headers,
            br#"{"passwordPayloadSpecification":{"lengthOfPasswords":7},"value":"payload"}"#,
        );
        for named in [
            "value",
            "lengthOfPasswords",
            "passwordPayloadSpecification is invalid",
        ] {
            assert!(!sent.repeated_in(named), "{named}");
        }
        assert!(sent.repeated_in("payload"));
        assert!(sent.repeated_in(r#"{"lengthOfPasswords":7}"#));
        assert!(sent.repeated_in(r#"words":7},"value"#));

        let twins = shown(
            "key",
            &headers,
            br#"{"key":"value","lengthOfPasswords":"lengthOfPasswords","value":"a\":b"}"#,
        );
        assert!(twins.repeated_in("value"));
        assert!(twins.repeated_in("lengthOfPasswords"));
    }

    #[test]
    fn what_was_sent_escaped_is_known_again_without_the_escapes() {
        let headers = HeaderMap::new();
        let body = br#"{"value":"{\"user\":\"app\",\"password\":\"hunter2\"}","other":"pa\"ss\n"}"#;
        let sent = shown("key", &headers, body);
        for repeated in [
            r#"{"user":"app","password":"hunter2"}"#,
            r#"bad value: ","password":"hunter2"}"#,
            "pa\"ss\n",
        ] {
            assert!(sent.repeated_in(repeated), "{repeated}");
        }
        assert!(!sent.repeated_in("pa\"s"));

        let form = shown("key", &headers, b"client_id=app&client_secret=ab%7Ecd%21+e");
        assert!(form.repeated_in("ab~cd! e"));
        assert!(!form.repeated_in("ab~cd"));
    }

    #[test]
    fn a_field_of_a_form_and_a_short_credential_are_known_again() {
        let headers = HeaderMap::new();
        let sent = shown("key", &headers, b"client_id=app&client_secret=hunter2");

        assert!(sent.repeated_in("hunter2"));
        assert!(sent.repeated_in("app"));
        assert!(sent.repeated_in("the key `key` is wrong"));
        assert!(!sent.repeated_in("invalid_client"));
    }
}
