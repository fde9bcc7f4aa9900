//! What a store can do, and how strongly.

mod check;
mod refuse;
mod rule;

pub use self::rule::{Alphabet, LabelRule, Limits, NameRule, SizeUnit};

/// How far a store knows versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// One live value a name.
    None,
    /// Versions can be listed, and only the current one read.
    Listed,
    /// Versions can be listed, and each one read by its id.
    PinnedReads,
}

/// How many entries a payload may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries {
    /// One value under [`DEFAULT_KEY`](crate::DEFAULT_KEY).
    Single,
    /// Any number under keys of their own.
    Many,
}

/// How payloads are stored that are more than one text, where the service holds one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// As they are, or not at all.
    Never,
    /// As [`encoding`](crate::encoding) says, marked in the content type.
    InContentType,
    /// As [`encoding`](crate::encoding) says, marked at the end of the description.
    InDescription,
}

/// Where a service keeps something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nowhere.
    None,
    /// At the secret: it outlives its versions.
    Secret,
    /// At each version.
    Version,
}

/// How a version can be made current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakeCurrent {
    /// Not at all.
    None,
    /// The service moves its mark.
    Service,
    /// By a copy of it as a new version.
    Copy,
}

/// How surely `Create` makes no second secret of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateStrength {
    /// It can't refuse: there is no `Create`.
    None,
    /// It looks first; two writers at once may both create.
    Checked,
    /// The service decides: one writer wins.
    Atomic,
}

/// What is known of a put whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostPut {
    /// A repeat is the same put: it is repeated.
    Idempotent,
    /// Reading may show that it took place; it is never repeated.
    Confirmed,
    /// Nothing.
    Unknown,
}

/// Who makes generated passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generate {
    /// The service: the password never passes through this process.
    Service,
    /// This library.
    Client,
}

/// What a store can do today. What it refuses here, it refuses before any request.
///
/// One field for everything that can be refused; `check_*` refuse a call in the words that
/// every store has for it.
///
/// # Example
///
/// ```
/// use polyvault_core::capabilities::Versions;
/// use polyvault_core::{
///     DeleteOptions, ErrorKind, GetOptions, InfoPatch, MemoryStore, PageRequest, Payload,
///     PutOptions, SecretRef, SecretStore, VersionChange,
/// };
///
/// let store = MemoryStore::new();
/// let can = store.capabilities();
/// assert_eq!(can.versions, Versions::PinnedReads);
///
/// // What an adapter does before each request:
/// let secret = SecretRef::try_from("db-password")?;
/// let page = PageRequest::default();
/// can.check_secret(&secret)?;
/// can.check_get(&secret, &GetOptions::default())?;
/// can.check_put(&secret, &Payload::text("s3cret"), &PutOptions::default())?;
/// can.check_update_version(&secret, &VersionChange::MakeCurrent)?;
/// can.check_delete(&secret, &DeleteOptions::default())?;
/// can.check_recover(&secret).and(can.check_purge(&secret))?;
/// can.check_page(&page).and(can.check_list_deleted(&page))?;
/// can.check_list_versions(&secret, &page)?;
///
/// let nothing = can.check_update(&secret, &InfoPatch::default());
/// assert_eq!(nothing.map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
/// let resumed = can.check_resume();
/// assert_eq!(resumed.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The provider's name, the scheme of its store URLs.
    pub provider: &'static str,
    /// Putting values; a store without it is only read.
    pub put: bool,
    /// Reading payloads.
    pub read_values: bool,
    /// Versions.
    pub versions: Versions,
    /// Entries of a payload.
    pub entries: Entries,
    /// Values that are not text.
    pub binary: bool,
    /// How payloads that are not one text are stored: their limit counts what is stored.
    pub encoded: Encoded,
    /// Values of no bytes.
    pub empty_values: bool,
    /// Labels.
    pub labels: Scope,
    /// Content types.
    pub content_type: bool,
    /// Descriptions.
    pub description: Scope,
    /// Start and end of a version's validity.
    pub validity: bool,
    /// Clearing the start or the end of a version's validity by a change.
    pub clear_validity: bool,
    /// Disabling.
    pub disable: Scope,
    /// Renaming.
    pub rename: bool,
    /// Deletion protection.
    pub deletion_protection: bool,
    /// Changing the metadata of a version.
    pub update_version: bool,
    /// Making another version current.
    pub make_current: MakeCurrent,
    /// Destroying one version.
    pub destroy: bool,
    /// Taking back a destruction.
    pub cancel_destruction: bool,
    /// Deleting a secret.
    pub delete: bool,
    /// Whether a deleted secret stays, in the list of deleted ones.
    pub soft_delete: bool,
    /// Recovering a deleted secret.
    pub recover: bool,
    /// Purging a deleted secret.
    pub purge: bool,
    /// Resuming an operation by its id.
    pub resume: bool,
    /// How surely `Create` makes no second secret of a name.
    pub create: CreateStrength,
    /// What is known of a put whose answer was lost.
    pub lost_put: LostPut,
    /// Who makes generated passwords.
    pub generate: Generate,
    /// Whether two secrets may have the same name.
    pub twins: bool,
    /// Limits of names, values, labels and pages.
    pub limits: Limits,
}
