//! Desired state: secrets are made and changed until they are as said, and no further.
//!
//! [`plan`] reads and tells what would be done, [`Plan::apply`] does it, and [`ensure`] does both for
//! one secret. What is equal is not written; what differs is changed by the smallest write.
//!
//! - Only what is said is managed: a field that a [`Desired`] leaves out stays as it is.
//! - Nothing is ever deleted. A secret that no longer stands in the list stays, an empty list is an
//!   empty plan, and there is no pruning: a list that came out short by mistake would cost secrets
//!   that nothing brings back.
//! - A value that is to be generated is made with the secret, and never compared.
//! - A new value begins a new version, whose validity is what is said, or none: a put carries none over.
//! - No service takes a write on a condition. [`Plan::apply`] looks once more before each change; who
//!   writes between that look and the write is not seen.
//!
//! # Values that can't be read
//!
//! Where [`Capabilities::read_values`](crate::Capabilities::read_values) is false, [`Drift`] says how a value
//! is compared. [`Drift::Digest`] keeps a digest in the label [`DIGEST_LABEL`], written by the put of the value:
//! HMAC-SHA-256 under a key of yours over the name and all entries, so that neither a guess can be
//! tried nor two secrets be seen to be equal without the key. Who reads labels sees when a secret goes
//! back to a value that it had, and no more.
//!
//! The digest tells whether the value that [`ensure`] put last is the desired one. A writer who changes the
//! value and keeps the labels, as every put of this library does, is not noticed.
//!
//! A digest that was made with another key, or none at all, tells nothing: the value is *unknown*,
//! which the step says, and [`OnUnknown`] decides. So a new key never rewrites every secret by surprise;
//! one run with [`OnUnknown::Put`] takes over secrets that have no digest yet, or one of an older key.
//!
//! Labels that are desired don't list the digest, and can't: replacing labels keeps it.

mod check;
mod compare;
mod desired;
mod digest;
mod look;
mod step;
mod write;

use std::fmt;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use secrecy::SecretString;

use self::digest::Digester;
use crate::{Result, SecretRef, SecretStore};

pub use self::compare::{Difference, Field};
pub use self::desired::Desired;
pub use self::digest::DIGEST_LABEL;
pub use self::step::{Action, Applied, Step};

/// How a value is compared that the store never gives back.
///
/// Where values can be read they are compared themselves, and this is not looked at.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Drift {
    /// It isn't: the value of a secret that exists is unknown.
    #[default]
    Unknown,
    /// By a keyed digest in the label [`DIGEST_LABEL`].
    Digest {
        /// The key, at least 32 bytes that nobody can guess; the same for every run.
        key: SecretString,
    },
}

/// What becomes of a value that can't be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnknown {
    /// It stays, and the step says that it is unknown.
    #[default]
    Keep,
    /// The desired one is put, each time that the present one is unknown.
    Put,
}

/// Options of [`plan`] and [`ensure`].
#[derive(Clone, Debug)]
pub struct EnsureOptions {
    /// How a value is compared that the store never gives back.
    pub drift: Drift,
    /// What becomes of a value that can't be compared, also because its version is disabled.
    pub on_unknown: OnUnknown,
    /// How many secrets a plan reads at a time; 0 is taken as 1.
    pub parallel: usize,
}

impl Default for EnsureOptions {
    fn default() -> Self {
        Self {
            drift: Drift::default(),
            on_unknown: OnUnknown::default(),
            parallel: 8,
        }
    }
}

/// What would be done, a [`Step`] for each desired secret in the order given; shown to people by `Display`.
///
/// It holds the values that it would put. Neither `Display` nor `Debug` shows one.
///
/// # Example
///
/// ```
/// use polyvault_core::ensure::{Action, Desired, EnsureOptions, plan};
/// use polyvault_core::{MemoryStore, SecretStoreExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let store = MemoryStore::new();
/// store.put("db-password", "old").await?;
/// let desired = [
///     Desired::new("db-password")?.value("new"),
///     Desired::new("api-key")?.value("k1"),
/// ];
///
/// let plan = plan(&store, &desired, &EnsureOptions::default()).await?;
/// assert_eq!(plan.to_string(), "change db-password: value: it is another\ncreate api-key\n");
/// assert_eq!(plan.steps()[1].action(), &Action::Create);
/// assert!(!plan.is_unchanged());
///
/// for (secret, outcome) in plan.apply(&store).await {
///     println!("{secret}: {}", outcome?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    steps: Vec<Step>,
}

impl Plan {
    /// The steps, in the order of the desired secrets.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether nothing would be written.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.steps
            .iter()
            .all(|step| *step.action() == Action::Unchanged)
    }

    /// Does the steps one after another, each with an outcome of its own: one that fails stops no other.
    ///
    /// `store` is the one that was planned for. Before each change the secret is described once more.
    /// A plan that is applied twice writes once.
    ///
    /// # Errors
    ///
    /// In each outcome: `AlreadyExists` if somebody has made the secret since the plan, `Conflict` if it changed
    /// since, both before any write; else as the writes of [`SecretStore`]. Where a step takes
    /// two writes, as for deletion protection beside a value, the first stands if the second fails.
    pub async fn apply(&self, store: &dyn SecretStore) -> Vec<(SecretRef, Result<Applied>)> {
        let mut outcomes = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let outcome = match step.still_holds(store).await {
                Ok(()) => step.apply(store).await,
                Err(error) => Err(error),
            };
            let outcome = outcome.map_err(|error| blame(error, store, step.secret()));
            outcomes.push((step.secret().clone(), outcome));
        }
        outcomes
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

/// Reads what is there and tells what would be done; it writes nothing.
///
/// # Errors
///
/// Before any request: `Unsupported` or `InvalidInput` for what the store can't hold, for two secrets of one name
/// by the store's rule of case, for the label [`DIGEST_LABEL`], and for a key of less than 32 bytes; `TooLarge`.
/// After reading: `NotFound` for a secret that is missing while no value is desired, `Conflict` if a
/// secret changed while it was read, `FailedPrecondition` if a digest would cost labels that the store doesn't tell,
/// `Unsupported` for a change that the store takes with a value only; else as
/// [`SecretStore::describe`] and [`SecretStore::get`]. One that can't be read fails the plan.
///
/// # Example
///
/// ```
/// use polyvault_core::MemoryStore;
/// use polyvault_core::ensure::{EnsureOptions, plan};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let nothing = plan(&MemoryStore::new(), &[], &EnsureOptions::default()).await?;
/// assert!(nothing.steps().is_empty(), "and nothing is deleted");
/// # Ok(())
/// # }
/// ```
pub async fn plan(
    store: &dyn SecretStore,
    desired: &[Desired],
    options: &EnsureOptions,
) -> Result<Plan> {
    let digester = checked(store, desired, options)?;
    // Owned, since a future that borrows an item of a stream is not known to be `Send`.
    let steps = stream::iter(desired.to_vec())
        .map(|desired| planned(store, desired, digester.as_ref(), options.on_unknown))
        .buffered(options.parallel.max(1));
    Ok(Plan {
        steps: steps.try_collect().await?,
    })
}

/// Makes one secret as it is desired, and tells what was changed and why.
///
/// Where nothing differs nothing is written, and no more is read than it takes: one describe where
/// values can't be read or none is desired; else a get, and a describe where a get doesn't tell the rest.
///
/// # Errors
///
/// As [`plan`], and as the writes of [`SecretStore`]; `AlreadyExists` if somebody makes the secret at the same time.
///
/// # Example
///
/// ```
/// use polyvault_core::ensure::{Action, Desired, EnsureOptions, Field, ensure};
/// use polyvault_core::{MemoryStore, Timestamp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// let (store, options) = (MemoryStore::new(), EnsureOptions::default());
/// let desired = Desired::new("db-password")?.value("s3cret").content_type("text/plain");
/// assert_eq!(ensure(&store, &desired, &options).await?.action, Action::Create);
/// assert_eq!(ensure(&store, &desired, &options).await?.action, Action::Unchanged);
///
/// let end: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
/// let applied = ensure(&store, &desired.expires_at(end), &options).await?;
/// let Action::Change(differences) = applied.action else { panic!() };
/// assert_eq!(differences[0].field, Field::ExpiresAt);
/// # Ok(())
/// # }
/// ```
pub async fn ensure(
    store: &dyn SecretStore,
    desired: &Desired,
    options: &EnsureOptions,
) -> Result<Applied> {
    let digester = checked(store, std::slice::from_ref(desired), options)?;
    let secret = SecretRef::from(&desired.name);
    let done = async {
        let present = look::at(store, desired).await?;
        let can = store.capabilities();
        let step = Step::new(can, desired, present, digester.as_ref(), options.on_unknown)?;
        step.apply(store).await
    };
    done.await.map_err(|error| blame(error, store, &secret))
}

/// All that can be refused before any request.
fn checked(
    store: &dyn SecretStore,
    desired: &[Desired],
    options: &EnsureOptions,
) -> Result<Option<Digester>> {
    let can = store.capabilities();
    let digester = Digester::of(&options.drift)
        .map_err(|error| error.about(can.provider, OPERATION, None))?
        .filter(|_| !can.read_values);
    check::names(can, desired)?;
    for one in desired {
        check::one(can, one, digester.as_ref())
            .map_err(|error| blame(error, store, &SecretRef::from(&one.name)))?;
    }
    Ok(digester)
}

async fn planned(
    store: &dyn SecretStore,
    desired: Desired,
    digester: Option<&Digester>,
    on_unknown: OnUnknown,
) -> Result<Step> {
    let secret = SecretRef::from(&desired.name);
    let planned = async {
        let present = look::at(store, &desired).await?;
        let can = store.capabilities();
        let step = Step::new(can, &desired, present, digester, on_unknown)?;
        step.held(store).await
    };
    planned.await.map_err(|error| blame(error, store, &secret))
}

const OPERATION: &str = "ensure";

fn blame(error: crate::Error, store: &dyn SecretStore, secret: &SecretRef) -> crate::Error {
    let provider = store.capabilities().provider;
    error.about(provider, OPERATION, Some(secret.as_str()))
}
