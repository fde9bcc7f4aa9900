//! Request bodies, and the limits the service holds them to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use wiremock::Request;

use super::reply::Refusal;

/// `SecretSetParameters` and `SecretUpdateParameters`. Unknown fields are passed
/// over, null is as good as nothing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    pub(super) value: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    attributes: Option<Attributes>,
}

/// The attributes that a client may write.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Attributes {
    pub(super) enabled: Option<bool>,
    pub(super) nbf: Option<i64>,
    pub(super) exp: Option<i64>,
}

impl Parameters {
    /// Reads the parameters of a set or an update.
    pub(super) fn read(request: &Request) -> Result<Self, Refusal> {
        read::<Self>(request)?.within()
    }

    /// The properties of a resource, whose tags stand beside them.
    pub(super) fn checked(self, tags: Option<BTreeMap<String, String>>) -> Result<Self, Refusal> {
        Self { tags, ..self }.within()
    }

    fn within(self) -> Result<Self, Refusal> {
        match self.within_limits() {
            true => Ok(self),
            false => Err(Refusal::bad_property()),
        }
    }

    pub(super) fn attributes(&self) -> Attributes {
        self.attributes.unwrap_or_default()
    }

    fn within_limits(&self) -> bool {
        let tags = self.tags.iter().flatten();
        let length = |text: &str| text.chars().count();
        self.value.as_ref().is_none_or(|v| v.len() <= VALUE_BYTES)
            && self
                .content_type
                .as_ref()
                .is_none_or(|t| length(t) <= CONTENT_TYPE_CHARACTERS)
            && self.tags.as_ref().is_none_or(|tags| tags.len() <= TAGS)
            && tags.into_iter().all(|(name, value)| {
                length(name) <= TAG_CHARACTERS && length(value) <= TAG_CHARACTERS
            })
    }
}

/// Reads the blob of a restore, still encoded.
pub(super) fn read_blob(request: &Request) -> Result<String, Refusal> {
    #[derive(Deserialize)]
    struct Restore {
        value: String,
    }
    read::<Restore>(request).map(|restore| restore.value)
}

pub(super) fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    let content_type = request.headers.get("content-type");
    let is_json = content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !is_json {
        return Err(Refusal::not_json());
    }
    request.body_json().map_err(|_| Refusal::bad_property())
}

const VALUE_BYTES: usize = 25 * 1024;
const CONTENT_TYPE_CHARACTERS: usize = 255;
const TAGS: usize = 15;
const TAG_CHARACTERS: usize = 256;
