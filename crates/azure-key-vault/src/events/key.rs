//! The key by which a delivery shows that it comes from one's own subscription.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::{HeaderMap, HeaderName, Uri};
use polyvault_core::{Error, ErrorKind, Result, SecretString};
use secrecy::ExposeSecret as _;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::config::SCHEME;

/// A key with fewer bytes could be guessed.
const SHORTEST: usize = 16;

#[derive(Debug)]
pub(super) struct Key {
    place: Place,
    keys: Vec<SecretString>,
}

/// Where deliveries hold it.
#[derive(Debug)]
enum Place {
    Query(String),
    Header(HeaderName),
}

/// What a request shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Right,
    Nothing,
    Wrong,
}

impl Key {
    pub(super) fn in_query(parameter: String, key: SecretString) -> Result<Self> {
        let place = Place::Query(parameter);
        Self {
            place,
            keys: vec![],
        }
        .or(key)
    }

    pub(super) fn in_header(name: &str, key: SecretString) -> Result<Self> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refuse("the header of the key is not the name of one"))?;
        let place = Place::Header(name);
        Self {
            place,
            keys: vec![],
        }
        .or(key)
    }

    /// Another key is right as well.
    #[expect(clippy::disallowed_methods, reason = "the form of a key is checked")]
    pub(super) fn or(mut self, key: SecretString) -> Result<Self> {
        let bytes = key.expose_secret().as_bytes();
        let passes = |byte: &u8| match self.place {
            Place::Query(_) => byte.is_ascii_alphanumeric() || b"-._~".contains(byte),
            Place::Header(_) => byte.is_ascii_graphic(),
        };
        if bytes.len() < SHORTEST || !bytes.iter().all(passes) {
            return Err(refuse(
                "a key has 16 bytes or more, in a query letters, digits and -._~ only, in a header no blanks",
            ));
        }
        self.keys.push(key);
        Ok(self)
    }

    /// Whether deliveries alone hold it, and handshakes may not.
    pub(super) fn is_in_header(&self) -> bool {
        matches!(self.place, Place::Header(_))
    }

    pub(super) fn shown(&self, uri: &Uri, headers: &HeaderMap) -> Shown {
        let given: Vec<Zeroizing<Vec<u8>>> = match &self.place {
            Place::Query(parameter) => {
                let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
                pairs
                    .filter(|(name, _)| name == parameter)
                    .map(|(_, value)| Zeroizing::new(value.into_owned().into_bytes()))
                    .collect()
            }
            Place::Header(name) => {
                let values = headers.get_all(name).iter();
                values
                    .map(|value| Zeroizing::new(value.as_bytes().to_vec()))
                    .collect()
            }
        };
        match given.as_slice() {
            [] => Shown::Nothing,
            [one] if self.fits(one) => Shown::Right,
            _ => Shown::Wrong,
        }
    }

    /// Compared in a time that tells nothing but the lengths, and with every key.
    #[expect(
        clippy::disallowed_methods,
        reason = "a key is compared with what a delivery shows"
    )]
    fn fits(&self, given: &[u8]) -> bool {
        self.keys.iter().fold(false, |fits, key| {
            fits | verify_slices_are_equal(key.expose_secret().as_bytes(), given).is_ok()
        })
    }
}

pub(super) fn refuse(rule: &'static str) -> Error {
    Error::new(ErrorKind::Config, rule).with_provider(SCHEME)
}
