//! Services that repeat in an answer what they were sent.

/// The characters in a row that make a text a repetition.
const PIECE: usize = 16;

/// What a service was shown with a request. No `Debug`: it holds both.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    /// Empty if there is none.
    pub(super) credential: &'a str,
    pub(super) body: &'a [u8],
}

impl Sent<'_> {
    /// Whether `told` has 16 characters in a row of what was sent, all of the credential, or is one of the texts in
    /// the body: then it may be a secret, and is not told on.
    pub(super) fn repeated_in(&self, told: &str) -> bool {
        // A body of another encoding is none that holds a secret as text.
        let body = std::str::from_utf8(self.body).unwrap_or_default();
        let credential = self.credential;
        if !credential.is_empty() && told.contains(credential) {
            return true;
        }
        let is_whole = !told.is_empty()
            && body.match_indices(told).any(|(at, _)| {
                let (before, rest) = body.split_at(at);
                let after = rest.get(told.len()..).unwrap_or_default();
                before.ends_with(['"', '=']) && (after.is_empty() || after.starts_with(['"', '&']))
            });
        is_whole || pieces(told).any(|piece| credential.contains(piece) || body.contains(piece))
    }
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, one)| at + one.len_utf8());
    let begins = text.char_indices().map(|(at, _)| at);
    begins
        .zip(ends.skip(PIECE - 1))
        .filter_map(|(begin, end)| text.get(begin..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_credential_or_of_the_body_is_a_repetition() {
        let sent = Sent {
            credential: "t1.9euelZqNx8eQmZKLk",
            body: br#"{"name":"db","value":"hunter2","blob":"MDEyMzQ1Njc4OWFiY2RlZg=="}"#,
        };
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
    fn a_field_of_a_form_and_a_short_credential_are_known_again() {
        let sent = Sent {
            credential: "key",
            body: b"client_id=app&client_secret=hunter2",
        };

        assert!(sent.repeated_in("hunter2"));
        assert!(sent.repeated_in("app"));
        assert!(sent.repeated_in("the key `key` is wrong"));
        assert!(!sent.repeated_in("invalid_client"));
    }
}
