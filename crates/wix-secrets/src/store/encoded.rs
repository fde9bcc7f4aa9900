//! Encoded payloads: the mark stands in the description, which another call tells than the value.

use polyvault_core::encoding::{self, mark_description, split_description};
use polyvault_core::{
    Capabilities, Error, ErrorKind, Payload, PutOptions, Result, SecretInfo, SecretName, SecretRef,
    Value,
};

use super::WixSecrets;

/// How often a read looks again after another writer was faster.
const ROUNDS: usize = 4;

/// What every document names in its first field.
const FIELD: &[u8] = b"\"polyvault\"";

/// What a put writes.
pub(super) struct Due {
    pub(super) value: Value,
    marked: bool,
}

impl Due {
    pub(super) fn of(payload: &Payload) -> Result<Self> {
        match encoding::is_plain(payload) {
            true => Ok(Self {
                value: payload.single()?.clone(),
                marked: false,
            }),
            false => Ok(Self {
                value: encoding::encode(payload)?,
                marked: true,
            }),
        }
    }

    /// The description of a secret that is made.
    pub(super) fn description(&self, options: &PutOptions) -> Option<String> {
        let given = options.description.as_deref();
        match self.marked {
            true => Some(mark_description(given.unwrap_or_default())),
            false => given.map(str::to_owned),
        }
    }

    /// The description of a secret that is there, if it changes: the mark comes and goes with the value.
    pub(super) fn description_over(
        &self,
        found: &SecretInfo,
        options: &PutOptions,
        capabilities: &Capabilities,
    ) -> Result<Option<String>> {
        let (text, mark) = split_description(found.description.as_deref().unwrap_or_default());
        let text = options.description.as_deref().unwrap_or(text);
        Ok(match (self.marked, mark) {
            (true, _) => {
                capabilities.check_marked_description(text)?;
                Some(mark_description(text))
            }
            (false, Some(_)) => Some(text.to_owned()),
            (false, None) => options.description.clone(),
        })
    }
}

impl WixSecrets {
    /// The payload of a value. Only one that may be a document costs more requests: the list, and the
    /// value again, which shows that the description is of this value and of no other.
    pub(super) async fn decoded(
        &self,
        secret: &SecretRef,
        name: &SecretName,
        mut stored: Payload,
    ) -> Result<Payload> {
        for _ in 0..ROUNDS {
            if !may_be_document(stored.single()?) {
                return Ok(stored);
            }
            let found = self.look("get", &SecretRef::from(name)).await?;
            let again = self.stored("get", secret, name.as_str()).await?;
            if again.same_as(&stored) {
                let description = found.and_then(|info| info.description);
                return match split_description(description.as_deref().unwrap_or_default()) {
                    (_, Some(mark)) => mark.decode(stored.single()?),
                    (_, None) => Ok(stored),
                };
            }
            stored = again;
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!("other writers changed the value {ROUNDS} times while it was read"),
        )
        .with_help("Read it again."))
    }

    /// A new description, with the mark if the old one has it.
    pub(super) fn redescribed(&self, found: &SecretInfo, text: String) -> Result<String> {
        let old = found.description.as_deref().unwrap_or_default();
        match split_description(old).1 {
            None => Ok(text),
            Some(_) => {
                self.capabilities.check_marked_description(&text)?;
                Ok(mark_description(&text))
            }
        }
    }
}

/// The secret as its user described it.
pub(super) fn shown(info: SecretInfo) -> SecretInfo {
    let text = info.description.as_deref().map(split_description);
    let text = text.map(|(text, _)| text).filter(|text| !text.is_empty());
    SecretInfo {
        description: text.map(str::to_owned),
        ..info
    }
}

/// Whether a value has the look of a document. Only the mark says that it is one.
fn may_be_document(value: &Value) -> bool {
    let bytes = value.expose_bytes();
    bytes.trim_ascii_start().first() == Some(&b'{')
        && bytes.windows(FIELD.len()).any(|window| window == FIELD)
}
