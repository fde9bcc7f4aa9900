//! What a store can do, as its behaviour shows: one check for each field of its capabilities.
//!
//! A check makes the calls that the field is about, reads back through the second
//! client, and holds what it saw against what the store claims: a claim that is too wide
//! fails, and so does one that is too narrow. It looks at its own field only.

mod labels;
mod life;
mod metadata;
mod names;
mod sizes;
mod strength;
mod values;
mod versions;

use std::fmt::Debug;

use polyvault_core::capabilities::Alphabet;
use polyvault_core::{
    Capabilities, Error, ErrorKind, GetOptions, Payload, SecretRef, SecretStore, SecretStoreExt,
};

use super::tools::{ensure, fail, given};
use super::{Check, Failure, Harness, Stop};

/// What was seen of a store.
#[derive(Clone, Debug)]
pub struct Witnessed {
    /// What it can do: as seen, but for what is `untold`.
    pub capabilities: Capabilities,
    /// The fields that could not be seen, as claimed, each with the reason: a hook is missing.
    pub untold: Vec<(&'static str, String)>,
}

/// Finds out what a store can do from what it does: the claims are only asked for where
/// a limit lies.
///
/// # Errors
///
/// What the store did that fits no capabilities, or a limit that is not where it claims.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault_core::{MemoryStore, SecretStore};
/// use polyvault_testkit::conformance::{Harness, witness};
///
/// struct Memory(MemoryStore);
///
/// impl Harness for Memory {
///     fn store(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.clone())
///     }
///     fn second(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.clone())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let store = MemoryStore::new();
/// let seen = witness(&Memory(store.clone())).await.unwrap();
///
/// assert_eq!(seen.capabilities, *store.capabilities());
/// let untold: Vec<_> = seen.untold.iter().map(|(field, _)| *field).collect();
/// assert_eq!(untold, ["create", "generate"]);
/// # }
/// ```
pub async fn witness(harness: &dyn Harness) -> Result<Witnessed, Failure> {
    let store = harness.store();
    let claim = store.capabilities();
    let mut untold = Vec::new();
    macro_rules! seen {
        ($field:ident, $topic:ident) => {
            match $topic::$field(harness).await {
                Ok(seen) => seen,
                Err(Stop::Skip(why)) => {
                    untold.push((stringify!($field), why));
                    claim.$field
                }
                Err(Stop::Fail(failure)) => return Err(failure),
            }
        };
    }
    let capabilities = Capabilities {
        provider: seen!(provider, strength),
        put: seen!(put, values),
        read_values: seen!(read_values, values),
        versions: seen!(versions, versions),
        entries: seen!(entries, values),
        binary: seen!(binary, values),
        encoded: seen!(encoded, values),
        empty_values: seen!(empty_values, values),
        labels: seen!(labels, metadata),
        content_type: seen!(content_type, metadata),
        description: seen!(description, metadata),
        validity: seen!(validity, metadata),
        clear_validity: seen!(clear_validity, versions),
        disable: seen!(disable, metadata),
        rename: seen!(rename, metadata),
        deletion_protection: seen!(deletion_protection, metadata),
        update_version: seen!(update_version, versions),
        make_current: seen!(make_current, versions),
        destroy: seen!(destroy, versions),
        cancel_destruction: seen!(cancel_destruction, versions),
        delete: seen!(delete, life),
        soft_delete: seen!(soft_delete, life),
        recover: seen!(recover, life),
        purge: seen!(purge, life),
        resume: seen!(resume, life),
        create: seen!(create, strength),
        lost_put: seen!(lost_put, strength),
        generate: seen!(generate, strength),
        twins: seen!(twins, strength),
        limits: claim.limits,
    };
    for limit in limits() {
        match (limit.run)(harness).await {
            Ok(()) => {}
            Err(Stop::Skip(why)) => untold.push((limit.name, why)),
            Err(Stop::Fail(failure)) => return Err(failure),
        }
    }
    Ok(Witnessed {
        capabilities,
        untold,
    })
}

/// A check for each field: what was seen is what is claimed.
macro_rules! claims {
    ($($check:ident $($reads:ident)?: $topic:ident::$field:ident),* $(,)?) => {
        fn flags() -> Vec<Check> {
            vec![$(Check {
                name: stringify!($check),
                contract: 9,
                reads: !stringify!($($reads)?).is_empty(),
                run: |harness| Box::pin(async move {
                    let seen = $topic::$field(harness).await?;
                    agree(stringify!($field), &harness.store().capabilities().$field, &seen)
                }),
            }),*]
        }
    };
}

claims! {
    capability_provider reads: strength::provider,
    capability_put reads: values::put,
    capability_read_values reads: values::read_values,
    capability_versions: versions::versions,
    capability_entries: values::entries,
    capability_binary reads: values::binary,
    capability_encoded: values::encoded,
    capability_empty_values reads: values::empty_values,
    capability_labels: metadata::labels,
    capability_content_type: metadata::content_type,
    capability_description: metadata::description,
    capability_validity: metadata::validity,
    capability_clear_validity: versions::clear_validity,
    capability_disable: metadata::disable,
    capability_rename: metadata::rename,
    capability_deletion_protection: metadata::deletion_protection,
    capability_update_version: versions::update_version,
    capability_make_current: versions::make_current,
    capability_destroy: versions::destroy,
    capability_cancel_destruction: versions::cancel_destruction,
    capability_delete: life::delete,
    capability_soft_delete reads: life::soft_delete,
    capability_recover: life::recover,
    capability_purge: life::purge,
    capability_resume: life::resume,
    capability_create: strength::create,
    capability_lost_put: strength::lost_put,
    capability_generate: strength::generate,
    capability_twins: strength::twins,
}

fn limits() -> Vec<Check> {
    [names::checks(), sizes::checks(), labels::checks()].concat()
}

pub(super) fn checks() -> Vec<Check> {
    [flags(), limits()].concat()
}

fn agree<T: PartialEq + Debug>(field: &str, claim: &T, seen: &T) -> Result<(), Stop> {
    ensure(
        claim == seen,
        format!("`{field}`: the store claims {claim:?}, and {seen:?} was seen"),
    )
}

/// What a call gave; `None` where the store says that it has no such thing.
fn offered<T>(result: Result<T, Error>) -> Result<Option<T>, Stop> {
    unless(result, &[ErrorKind::Unsupported])
}

/// What a call gave; `None` where the store says that it can't take what it was given.
fn taken<T>(result: Result<T, Error>) -> Result<Option<T>, Stop> {
    unless(result, &[ErrorKind::InvalidInput, ErrorKind::TooLarge])
}

fn unless<T>(result: Result<T, Error>, kinds: &[ErrorKind]) -> Result<Option<T>, Stop> {
    match result {
        Ok(given) => Ok(Some(given)),
        Err(error) if kinds.contains(&error.kind()) => Ok(None),
        Err(error) => Err(fail(format!("{kinds:?} is due, or success, not {error}"))),
    }
}

/// Whether the store takes this payload; one that it takes must come back.
async fn takes(h: &dyn Harness, name: &SecretRef, payload: &Payload) -> Result<bool, Stop> {
    match h.store().capabilities().put {
        true if taken(h.store().put(name, payload).await)?.is_none() => return Ok(false),
        true => {}
        false => drop(given(h, name, payload.clone()).await?),
    }
    comes_back(h, name, payload).await.map(|()| true)
}

/// Fails if the payload reads otherwise; a store that gives no values to anybody can't be held to it.
async fn comes_back(h: &dyn Harness, name: &SecretRef, payload: &Payload) -> Result<(), Stop> {
    match offered(h.second().get(name, GetOptions::default()).await)? {
        None => Ok(()),
        Some(read) => ensure(
            read.payload.same_as(payload),
            format!("{payload:?} was put, {:?} came back", read.payload),
        ),
    }
}

/// The characters that alphabets are tried with: all of ASCII, and others of every width and kind.
fn candidates() -> impl Iterator<Item = char> {
    let others = "\u{85}\u{a0}\u{e9}\u{df}\u{2028}\u{79d8}\u{1f511}";
    (0..128_u8).map(char::from).chain(others.chars())
}

/// The texts that hold all characters of an alphabet, `most` in each.
fn texts_of(alphabet: Alphabet, most: usize) -> Vec<String> {
    let all: Vec<char> = candidates().filter(|c| alphabet.allows(*c)).collect();
    all.chunks(most.max(1))
        .map(|chunk| chunk.iter().collect())
        .collect()
}
