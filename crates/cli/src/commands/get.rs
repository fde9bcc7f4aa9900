//! `polyvault get`

use polyvault::{Error, ErrorKind, GetOptions, Payload, Result, Value, VersionId};

use crate::args::Get;
use crate::stores::Stores;
use crate::{json, output};

pub(crate) async fn run(args: &Get, stores: &Stores, json: bool) -> Result<()> {
    let (store, reference) = args.target.open(stores)?;
    let options = match &args.version {
        Some(id) => GetOptions {
            version: VersionId::new(id.as_str())?.into(),
        },
        None => GetOptions::default(),
    };
    let secret = store.get(&reference, options).await?;

    let entry = args.entry.as_deref();
    let pick = || {
        pick(&secret.payload, entry)
            .map_err(|error| error.with_operation("get").with_secret(&reference))
    };
    match (&args.out, json) {
        (None, false) => output::bytes(pick()?.expose_bytes()),
        (None, true) => {
            let entries = match entry {
                Some(key) => vec![(key, pick()?)],
                None => secret.payload.iter().collect(),
            };
            let document = json::secret_with_entries(&secret, entries)?;
            output::bytes(document.as_bytes())?;
            output::bytes(b"\n")
        }
        (Some(path), _) => {
            output::new_file("get", "--out", path, pick()?.expose_bytes())?;
            if json {
                return output::line(json::secret(&secret));
            }
            Ok(())
        }
    }
}

/// The value that is meant. Errors name the keys there are, not the one asked for.
fn pick<'a>(payload: &'a Payload, entry: Option<&str>) -> Result<&'a Value> {
    let refused = match entry {
        None => return payload.single().map_err(with_advice),
        Some(key) => payload.get(key),
    };
    refused.ok_or_else(|| {
        let keys: Vec<&str> = payload.keys().collect();
        with_advice(Error::new(
            ErrorKind::InvalidInput,
            format!("the payload has no such entry, but: {}", keys.join(", ")),
        ))
    })
}

fn with_advice(error: Error) -> Error {
    error.with_help("Name one of the keys with --entry, or read all entries with --json.")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn two_entries() -> Payload {
        Payload::from_entries([
            ("user", Value::text("scott")),
            ("password", Value::text("hunter2")),
        ])
        .unwrap()
    }

    #[test]
    fn several_entries_without_a_key_are_refused_with_the_keys() {
        let error = pick(&two_entries(), None).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("user, password"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn picks_one_of_several_entries_by_its_key() {
        let payload = two_entries();

        assert_eq!(
            pick(&payload, Some("user")).unwrap().expose_bytes(),
            b"scott"
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_keys_there_are() {
        let error = pick(&two_entries(), Some("hunter3")).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("user, password"), "{error}");
        assert!(!format!("{error:?}").contains("hunter3"));
    }
}
