//! Refusals before any request: the same rules for every store.

#[cfg(test)]
mod tests;

use super::{Capabilities, CreateStrength, Encoded, Entries, MakeCurrent, Scope, Versions};
use crate::encoding::{self, Mark};
use crate::model::{Edit, InfoPatch, Labels, VersionChange, VersionPatch};
use crate::options::{DeleteOptions, GetOptions, PutMode, PutOptions};
use crate::password::PasswordSpec;
use crate::payload::DEFAULT_KEY;
use crate::{Error, ErrorKind, PageRequest, Payload, Result, SecretRef, VersionSelector};

/// The way out where a change can't clear the validity.
const CLEAR_BY_A_PUT: &str = "Put a new version without this start or end of validity: a put \
     never carries them over.";

impl Capabilities {
    /// Checks which secret is meant.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the store can't hold such a name.
    pub fn check_secret(&self, secret: &SecretRef) -> Result<()> {
        match secret {
            SecretRef::Name(name) => self.limits.name.check(name.as_str()),
            SecretRef::Id(_) => Ok(()),
        }
        .map_err(|error| error.with_provider(self.provider).with_secret(secret))
    }

    /// Checks a read.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name; `Unsupported` if values or versions can't be read.
    pub fn check_get(&self, secret: &SecretRef, options: &GetOptions) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.read_values, "read_values")?;
        match options.version {
            VersionSelector::Current => Ok(()),
            VersionSelector::Exact(_) => {
                self.need(self.versions == Versions::PinnedReads, "versions")
            }
        }
    }

    /// Checks a put.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name, an empty or binary value, a key, labels or a text; `TooLarge` for
    /// the values; `Unsupported` for an option, or if the store is only read.
    pub fn check_put(
        &self,
        secret: &SecretRef,
        payload: &Payload,
        options: &PutOptions,
    ) -> Result<()> {
        self.check_target(secret, options)?;
        self.check_payload(payload)?;
        self.check_put_options(options)?;
        if self.encodes(payload) && self.encoded == Encoded::InDescription {
            self.check_marked_description(options.description.as_deref().unwrap_or_default())?;
        }
        self.check_stored_type(payload, options.content_type.as_deref())
    }

    /// Checks a put of a password that the service is to generate.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name, the rules, the key of the entry, labels or a text; `Unsupported`
    /// for an option, or if the store is only read.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{MemoryStore, PasswordSpec, PutOptions, SecretStore};
    ///
    /// let store = MemoryStore::like_lockbox();
    /// let spec = PasswordSpec { entry_key: "no key".into(), ..PasswordSpec::default() };
    /// let checked = store.capabilities().check_generate(&"db".try_into()?, &spec, &PutOptions::default());
    /// assert!(checked.is_err(), "a blank is no character of a key there");
    /// # Ok::<(), polyvault_core::Error>(())
    /// ```
    pub fn check_generate(
        &self,
        secret: &SecretRef,
        spec: &PasswordSpec,
        options: &PutOptions,
    ) -> Result<()> {
        self.check_target(secret, options)?;
        spec.check()
            .map_err(|error| error.with_provider(self.provider))?;
        self.check_key(&spec.entry_key)?;
        self.check_put_options(options)
    }

    fn check_target(&self, secret: &SecretRef, options: &PutOptions) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.put, "put")?;
        if options.mode == PutMode::Create {
            self.need(self.create != CreateStrength::None, "create")?;
            if matches!(secret, SecretRef::Id(_)) {
                return Err(self.invalid("field `secret`: a secret is created by name, not by id"));
            }
        }
        Ok(())
    }

    fn check_put_options(&self, options: &PutOptions) -> Result<()> {
        self.check_labels(options.labels.as_ref())?;
        self.check_content_type(options.content_type.as_deref())?;
        self.check_description(options.description.as_deref())?;
        if options.not_before.is_some() || options.expires_at.is_some() {
            self.need(self.validity, "validity")?;
        }
        if options.enabled == Some(false) {
            self.need(self.disable == Scope::Version, "disable")?;
        }
        Ok(())
    }

    /// Checks a change to a secret.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a name, labels or a text, or if there is nothing to change; `Unsupported` for a field.
    pub fn check_update(&self, secret: &SecretRef, patch: &InfoPatch) -> Result<()> {
        self.check_secret(secret)?;
        if *patch == InfoPatch::default() {
            return Err(self.invalid("field `patch`: there is nothing to change"));
        }
        if let Some(name) = &patch.name {
            self.need(self.rename, "rename")?;
            self.limits
                .name
                .check(name.as_str())
                .map_err(|error| error.with_provider(self.provider))?;
        }
        self.check_labels(patch.labels.as_ref())?;
        self.check_description(patch.description.as_deref())?;
        if patch.deletion_protection.is_some() {
            self.need(self.deletion_protection, "deletion_protection")?;
        }
        if patch.enabled.is_some() {
            self.need(self.disable != Scope::None, "disable")?;
        }
        Ok(())
    }

    /// Checks a change to a version.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for labels or a text, or if there is nothing to change; `Unsupported` for the change.
    pub fn check_update_version(&self, secret: &SecretRef, change: &VersionChange) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.versions != Versions::None, "versions")?;
        match change {
            VersionChange::MakeCurrent => {
                self.need(self.make_current != MakeCurrent::None, "make_current")
            }
            VersionChange::Destroy { .. } => self.need(self.destroy, "destroy"),
            VersionChange::CancelDestruction => {
                self.need(self.cancel_destruction, "cancel_destruction")
            }
            VersionChange::Update(patch) => self.check_version_patch(patch),
        }
    }

    fn check_version_patch(&self, patch: &VersionPatch) -> Result<()> {
        self.need(self.update_version, "update_version")?;
        if *patch == VersionPatch::default() {
            return Err(self.invalid("field `patch`: there is nothing to change"));
        }
        if patch.enabled.is_some() {
            self.need(self.disable == Scope::Version, "disable")?;
        }
        let validity = [patch.not_before, patch.expires_at];
        if validity != [Edit::Keep; 2] {
            self.need(self.validity, "validity")?;
        }
        if validity.contains(&Edit::Clear) {
            self.need(self.clear_validity, "clear_validity")
                .map_err(|error| error.with_help(CLEAR_BY_A_PUT))?;
        }
        if patch.labels.is_some() {
            self.need(self.labels == Scope::Version, "labels")?;
        }
        self.check_labels(patch.labels.as_ref())?;
        self.check_content_type(patch.content_type.as_deref())
    }

    /// Checks a delete.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name; `Unsupported`.
    pub fn check_delete(&self, secret: &SecretRef, _options: &DeleteOptions) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.delete, "delete")
    }

    /// Checks a list of versions.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name or the page; `Unsupported`.
    pub fn check_list_versions(&self, secret: &SecretRef, page: &PageRequest) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.versions != Versions::None, "versions")?;
        self.check_page(page)
    }

    /// Checks a list of deleted secrets.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the page; `Unsupported`.
    pub fn check_list_deleted(&self, page: &PageRequest) -> Result<()> {
        self.need(self.soft_delete, "soft_delete")?;
        self.check_page(page)
    }

    /// Checks the size of a page.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is 0 or more than the store gives.
    pub fn check_page(&self, page: &PageRequest) -> Result<()> {
        let most = self.limits.page_size.unwrap_or(u32::MAX);
        match page.size {
            Some(size) if size == 0 || size > most => {
                Err(self.invalid(format!("field `size`: a page has 1 to {most} items")))
            }
            _ => Ok(()),
        }
    }

    /// Checks a recovery.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name; `Unsupported`.
    pub fn check_recover(&self, secret: &SecretRef) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.recover, "recover")
    }

    /// Checks a purge.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the name; `Unsupported`.
    pub fn check_purge(&self, secret: &SecretRef) -> Result<()> {
        self.check_secret(secret)?;
        self.need(self.purge, "purge")
    }

    /// Checks that operations can be resumed.
    ///
    /// # Errors
    ///
    /// `Unsupported`.
    pub fn check_resume(&self) -> Result<()> {
        self.need(self.resume, "resume")
    }

    fn check_payload(&self, payload: &Payload) -> Result<()> {
        if self.entries == Entries::Single && !payload.keys().eq([DEFAULT_KEY]) {
            return Err(self.invalid(format!(
                "field `payload`: the store holds one value, under the key {DEFAULT_KEY:?}"
            )));
        }
        for (key, value) in payload.iter() {
            if !value.is_text() && !self.binary {
                return Err(
                    self.invalid("field `payload`: the store holds text, not binary values")
                );
            }
            if value.is_text() && value.expose_text().is_err() {
                return Err(self.invalid("field `payload`: a value marked as text is not UTF-8"));
            }
            if value.is_empty() && !self.empty_values {
                return Err(self.invalid(format!(
                    "field `payload`: the store can't hold an empty value (entry {key:?})"
                )));
            }
            self.check_key(key)?;
        }
        self.check_size(payload)
    }

    /// Checks the key of an entry.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is too long or has other characters than the store allows.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{MemoryStore, SecretStore};
    ///
    /// let store = MemoryStore::like_lockbox();
    /// assert!(store.capabilities().check_key("tls/key.pem").is_ok());
    /// assert!(store.capabilities().check_key("TLS key").is_err());
    /// ```
    pub fn check_key(&self, key: &str) -> Result<()> {
        match self.limits.entry_key {
            Some((most, alphabet))
                if key.is_empty()
                    || key.chars().count() > most
                    || !key.chars().all(|c| alphabet.allows(c)) =>
            {
                Err(self.invalid(format!(
                    "field `payload`: the entry key {key:?} must be 1 to {most} characters of {alphabet}"
                )))
            }
            _ => Ok(()),
        }
    }

    fn check_size(&self, payload: &Payload) -> Result<()> {
        let unit = self.limits.payload_unit;
        let (size, how) = match self.encodes(payload) {
            true => (unit.size_of(&encoding::encode(payload)?), " encoded"),
            false => (
                payload.iter().map(|(_, value)| unit.size_of(value)).sum(),
                "",
            ),
        };
        match self.limits.payload_size {
            Some(most) if size > most => Err(Error::new(
                ErrorKind::TooLarge,
                format!("field `payload`: {size} {unit}{how}, the store holds {most}"),
            )
            .with_provider(self.provider)),
            _ => Ok(()),
        }
    }

    fn check_labels(&self, labels: Option<&Labels>) -> Result<()> {
        let Some(labels) = labels else { return Ok(()) };
        self.need(self.labels != Scope::None, "labels")?;
        let Some(rule) = self.limits.labels else {
            return Ok(());
        };
        if labels.len() > rule.max_count {
            return Err(self.invalid(format!(
                "field `labels`: {} labels, the store takes {}",
                labels.len(),
                rule.max_count
            )));
        }
        labels
            .iter()
            .try_for_each(|(key, value)| rule.check(key, value))
            .map_err(|error| error.with_provider(self.provider))
    }

    fn check_content_type(&self, content_type: Option<&str>) -> Result<()> {
        let Some(text) = content_type else {
            return Ok(());
        };
        self.need(self.content_type, "content_type")?;
        self.check_chars("content_type", text, self.limits.content_type_chars)?;
        if self.encoded == Encoded::InContentType && Mark::read(text).is_some() {
            return Err(self
                .invalid("field `content_type`: it is the store's own mark of an encoded payload")
                .with_help(
                    "Give the payload as it is and a content type of your own, or none: the store \
                     encodes and marks what needs it.",
                ));
        }
        Ok(())
    }

    /// Whether the store holds a payload encoded.
    pub(crate) fn encodes(&self, payload: &Payload) -> bool {
        self.encoded != Encoded::Never && !encoding::is_plain(payload)
    }

    /// Checks the content type that a payload is to be stored with.
    pub(crate) fn check_stored_type(
        &self,
        payload: &Payload,
        content_type: Option<&str>,
    ) -> Result<()> {
        match self.encodes(payload) && self.encoded == Encoded::InContentType {
            true => self.check_mark(&Mark::of(content_type)),
            false => Ok(()),
        }
    }

    /// Checks that a description fits with the mark of an encoded payload.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is too long.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::{MemoryStore, SecretStore};
    ///
    /// let mut can = MemoryStore::new().capabilities().clone();
    /// can.limits.description_chars = Some(200);
    ///
    /// assert!(can.check_marked_description(&"d".repeat(149)).is_ok());
    /// assert!(can.check_marked_description(&"d".repeat(150)).is_err());
    /// ```
    pub fn check_marked_description(&self, description: &str) -> Result<()> {
        let marked = encoding::mark_description(description);
        let most = self.limits.description_chars;
        self.check_chars("description", &marked, most)
            .map_err(|error| error.with_help("Shorten it: a mark of 51 characters is added."))
    }

    /// Checks that a mark fits where the store keeps content types.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the content type in it is too long.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::encoding::Mark;
    /// use polyvault_core::{MemoryStore, SecretStore};
    ///
    /// let store = MemoryStore::like_azure();
    /// assert!(store.capabilities().check_mark(&Mark::of(Some("text/plain"))).is_ok());
    /// assert!(store.capabilities().check_mark(&Mark::of(Some(&"t".repeat(255)))).is_err());
    /// ```
    pub fn check_mark(&self, mark: &Mark) -> Result<()> {
        let stored = mark.to_string();
        match self.limits.content_type_chars {
            Some(most) if stored.chars().count() > most => Err(self
                .invalid(format!(
                    "field `content_type`: at most {most} characters with the mark of an encoded payload"
                ))
                .with_help("Give a shorter content type.")),
            _ => Ok(()),
        }
    }

    fn check_description(&self, description: Option<&str>) -> Result<()> {
        let Some(text) = description else {
            return Ok(());
        };
        self.need(self.description != Scope::None, "description")?;
        self.check_chars("description", text, self.limits.description_chars)?;
        match self.encoded {
            Encoded::InDescription => encoding::check_description(text)
                .map_err(|error| error.with_provider(self.provider)),
            Encoded::Never | Encoded::InContentType => Ok(()),
        }
    }

    fn check_chars(&self, field: &str, text: &str, most: Option<usize>) -> Result<()> {
        match most {
            Some(most) if text.chars().count() > most => {
                Err(self.invalid(format!("field `{field}`: at most {most} characters")))
            }
            _ => Ok(()),
        }
    }

    fn need(&self, can: bool, capability: &str) -> Result<()> {
        if can {
            return Ok(());
        }
        Err(Error::unsupported(self.provider, capability))
    }

    fn invalid(&self, rule: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::InvalidInput, rule).with_provider(self.provider)
    }
}
