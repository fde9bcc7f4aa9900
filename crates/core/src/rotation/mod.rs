//! Rotation: a new value for a secret, at the service that it opens and in the store, exactly once.
//!
//! A [`Rotator`] goes step by step, and finds each step out of what store and service show: nothing is
//! remembered in the process. So the same event may come again, to another process, or after a
//! restart, and the work goes on where it is.
//!
//! 1. *Prepared*: the new value stands in a secret of its own beside the old one, `NAME-next-…`. It is
//!    there before the service is changed, so no crash can lose a value that the service knows.
//! 2. *Changed*: the service takes the new value.
//! 3. *Published*: the new value is the secret's newest version. Its label [`ROTATED_FROM`] says which
//!    version it follows on, which is how a repeated event is known.
//! 4. *Cleaned*: the secret beside it is deleted, where the store deletes.
//!
//! With two sets of credentials ([`Rotator::two_sets`]) the one that nobody reads is changed, so readers
//! never hold a value that doesn't work. With one set the service changes first: until the new version
//! is read, which is the next step, readers hold the old value. Where the service takes the old one for a
//! while longer, there is no gap.
//!
//! Two processes at the same step at the same instant may each carry it out, where the store can't
//! decide between them (see [`Capabilities::create`](crate::Capabilities::create)): both then use the
//! value that was prepared, so the service is set to the same value twice, or two versions hold it.
//!
//! The caller reads and puts the secret and the one beside it, and deletes the latter, also when an event
//! comes again: without the right to delete, what is published stays so and each call ends in `Forbidden`.
//!
//! <https://learn.microsoft.com/azure/key-vault/secrets/tutorial-rotation>,
//! <https://learn.microsoft.com/azure/key-vault/secrets/tutorial-rotation-dual>

mod look;
mod rotator;

use async_trait::async_trait;

use crate::{Payload, Result, SecretRef, VersionId};

pub use self::rotator::Rotator;

/// The label of a version that a rotation published: the id of the version that it followed on.
pub const ROTATED_FROM: &str = "polyvault-rotated-from";

/// The label that says which of two sets a version holds, unless another is chosen.
pub const SET: &str = "polyvault-set";

/// What is to be rotated: a secret, and the version that a notice was about.
///
/// # Example
///
/// ```
/// use polyvault_core::VersionId;
/// use polyvault_core::rotation::Due;
///
/// let due = Due::new("db-password".try_into()?, VersionId::new("4387e9f3d6e14c459867679a90fd0f79")?);
/// assert_eq!(due.secret.as_str(), "db-password");
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The secret.
    pub secret: SecretRef,
    /// The version that is to be followed by another. Once it isn't the current one, there is nothing to do.
    pub version: VersionId,
}

impl Due {
    /// This version of this secret.
    #[must_use]
    pub fn new(secret: SecretRef, version: VersionId) -> Self {
        Self { secret, version }
    }
}

/// What one step of a rotation did or found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The new value was put beside the old one.
    Prepared,
    /// The service was given the new value.
    Changed,
    /// The new value became the secret's newest version.
    Published,
    /// The secret beside it was deleted.
    Cleaned,
    /// There is nothing left to do: this version followed on the one that was due.
    Done(VersionId),
    /// The version that was due isn't current, and no rotation of it made the one that is.
    Stale(VersionId),
}

impl Step {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Stale(_))
    }
}

/// What opens with the secret: a database, an account. What it is asked for may be asked again.
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use polyvault_core::rotation::{Change, Target};
/// use polyvault_core::{Payload, Result};
///
/// #[derive(Debug)]
/// struct Role; // with a connection to its database
///
/// #[async_trait]
/// impl Target for Role {
///     async fn works(&self, _set: Option<&str>, value: &Payload) -> Result<bool> {
///         let _password = value.single()?.expose_text()?;
///         Ok(true) // whether one can sign in with it
///     }
///     async fn change(&self, change: Change<'_>) -> Result<()> {
///         let _password = change.next.single()?.expose_text()?;
///         Ok(()) // ALTER ROLE … PASSWORD …, signed in with `change.current`
///     }
/// }
/// ```
#[async_trait]
pub trait Target: Send + Sync {
    /// Whether this value works now; of this set, where there are two.
    ///
    /// # Errors
    ///
    /// Where that can't be found out: a service that is away doesn't make a value wrong.
    async fn works(&self, set: Option<&str>, value: &Payload) -> Result<bool>;

    /// Makes the next value the one that works. It must take being asked again with the same value.
    ///
    /// # Errors
    ///
    /// Where it was not changed, or that is not known: the step is made again.
    async fn change(&self, change: Change<'_>) -> Result<()>;
}

/// What a [`Target`] is to change.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The set to change, where there are two.
    pub set: Option<&'a str>,
    /// The value that the store has now: of the same set where there is one, of the other where there are two.
    pub current: &'a Payload,
    /// The value that is to work.
    pub next: &'a Payload,
}

/// A new value, on each call another: a [`PasswordSpec`](crate::PasswordSpec), a closure, or one's own.
///
/// # Example
///
/// ```
/// use async_trait::async_trait;
/// use polyvault_core::rotation::NewValue;
/// use polyvault_core::{PasswordSpec, Payload, Result};
///
/// /// A password with the name of its user, as one entry each.
/// struct Login(PasswordSpec);
///
/// #[async_trait]
/// impl NewValue for Login {
///     async fn make(&self, set: Option<&str>) -> Result<Payload> {
///         let password = self.0.make(set).await?.single()?.clone();
///         let user = polyvault_core::Value::text(set.unwrap_or("app"));
///         Payload::from_entries([("user", user), ("password", password)])
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let made = Login(PasswordSpec::default()).make(Some("app_b")).await?;
/// assert_eq!(made.len(), 2);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait NewValue: Send + Sync {
    /// Makes it.
    ///
    /// # Errors
    ///
    /// Where there is none; nothing was changed yet.
    async fn make(&self, set: Option<&str>) -> Result<Payload>;
}

#[async_trait]
impl NewValue for crate::PasswordSpec {
    async fn make(&self, _set: Option<&str>) -> Result<Payload> {
        self.generate()
    }
}

#[async_trait]
impl<F> NewValue for F
where
    F: Fn(Option<&str>) -> Result<Payload> + Send + Sync,
{
    async fn make(&self, set: Option<&str>) -> Result<Payload> {
        self(set)
    }
}
