//! The steps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::look::{beside, current, prepared};
use super::{Change, Due, NewValue, ROTATED_FROM, SET, Step, Target};
use crate::capabilities::{CreateStrength, Scope};
use crate::clock::{Clock, SystemClock};
use crate::model::{Labels, SecretInfo};
use crate::options::{GetOptions, PutMode, PutOptions, PutValue};
use crate::{
    Error, ErrorKind, PasswordSpec, Payload, Result, SecretRef, SecretStore, SecretStoreExt as _,
};

/// More steps than a rotation has, others' included.
const MOST_STEPS: usize = 16;

/// Rotates secrets of a store, as [`rotation`](super) says.
///
/// # Example
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use async_trait::async_trait;
/// use polyvault_core::rotation::{Change, Due, Rotator, Step, Target};
/// use polyvault_core::{MemoryStore, Payload, Result, SecretStoreExt};
///
/// /// A service that knows one password.
/// struct Service(Mutex<Payload>);
///
/// #[async_trait]
/// impl Target for Service {
///     async fn works(&self, _: Option<&str>, value: &Payload) -> Result<bool> {
///         Ok(self.0.lock().unwrap().same_as(value))
///     }
///     async fn change(&self, change: Change<'_>) -> Result<()> {
///         *self.0.lock().unwrap() = change.next.clone();
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let store = MemoryStore::new();
/// let old = store.put("db-password", "old").await?.version.id.expect("a version");
/// let service = Arc::new(Service(Mutex::new(Payload::text("old"))));
/// let rotator = Rotator::one_set(Arc::new(store.clone()), Arc::clone(&service) as _);
///
/// let due = Due::new("db-password".try_into()?, old);
/// let done = rotator.rotate(&due).await?;
/// assert_eq!(rotator.rotate(&due).await?, done, "the same event again");
///
/// assert_eq!(store.history("db-password").await?.len(), 2);
/// let read = store.get_with("db-password", Default::default()).await?;
/// assert!(service.works(None, &read.payload).await?);
/// # Ok(())
/// # }
/// ```
///
/// # Example: two keys in turn, on a schedule
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use async_trait::async_trait;
/// use polyvault_core::clock::ManualClock;
/// use polyvault_core::rotation::{Change, NewValue, Rotator, Step, Target};
/// use polyvault_core::{MemoryStore, Payload, PutOptions, Result, SecretStore, SecretStoreExt};
///
/// /// An account that takes whatever it is given.
/// struct Account;
///
/// #[async_trait]
/// impl Target for Account {
///     async fn works(&self, _set: Option<&str>, _value: &Payload) -> Result<bool> {
///         Ok(true)
///     }
///     async fn change(&self, _change: Change<'_>) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// /// Keys that somebody else makes.
/// struct Keys;
///
/// #[async_trait]
/// impl NewValue for Keys {
///     async fn make(&self, set: Option<&str>) -> Result<Payload> {
///         Ok(Payload::text(format!("made for {}", set.unwrap_or_default())))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let day = Duration::from_secs(24 * 60 * 60);
/// let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().expect("a time")));
/// let store = MemoryStore::new();
/// let ends = PutOptions { expires_at: "2026-01-20T00:00:00Z".parse().ok(), ..PutOptions::default() };
/// store.put_with("account-key", "first", ends).await?;
///
/// let rotator = Rotator::two_sets(Arc::new(store.clone()), Arc::new(Account), ["key1", "key2"])
///     .set_label("CredentialId")
///     .new_value(Keys)
///     .valid_for(60 * day)
///     .clock(clock);
/// let due = rotator.due("account-key".try_into()?, 30 * day).await?.expect("19 days are left");
/// assert_eq!(rotator.step(&due).await?, Step::Prepared);
/// rotator.rotate(&due).await?; // the other steps
///
/// let info = store.describe(&due.secret).await?;
/// assert_eq!(info.labels.expect("told")["CredentialId"], "key2");
/// assert!(rotator.due(due.secret, 30 * day).await?.is_none(), "60 days are left");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Rotator {
    store: Arc<dyn SecretStore>,
    target: Arc<dyn Target>,
    new_value: Arc<dyn NewValue>,
    sets: Option<[String; 2]>,
    set_label: String,
    valid_for: Option<Duration>,
    clock: Arc<dyn Clock>,
}

impl Rotator {
    /// One credential, whose value is changed: a password of a role.
    #[must_use]
    pub fn one_set(store: Arc<dyn SecretStore>, target: Arc<dyn Target>) -> Self {
        Self {
            store,
            target,
            new_value: Arc::new(PasswordSpec::default()),
            sets: None,
            set_label: SET.to_owned(),
            valid_for: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Two credentials in turn, of which the store holds one: two keys of an account, two roles.
    ///
    /// A version without the label that tells its set holds the first.
    #[must_use]
    pub fn two_sets(store: Arc<dyn SecretStore>, target: Arc<dyn Target>, sets: [&str; 2]) -> Self {
        Self {
            sets: Some(sets.map(str::to_owned)),
            ..Self::one_set(store, target)
        }
    }

    /// Where new values come from: a [`PasswordSpec`], which is what is used unless said, or a closure that
    /// is given the set. It is called before anything is changed, maybe more than once for one rotation.
    #[must_use]
    pub fn new_value(mut self, new_value: impl NewValue + 'static) -> Self {
        self.new_value = Arc::new(new_value);
        self
    }

    /// The label that tells the set of a version, [`SET`] unless said; Azure's samples have `CredentialId`.
    #[must_use]
    pub fn set_label(mut self, label: impl Into<String>) -> Self {
        self.set_label = label.into();
        self
    }

    /// How long new versions are valid; without it they have no end.
    #[must_use]
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }

    /// Where the time comes from; the machine's unless said.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What is due of a secret by its end of validity: nothing where its current version has none, or where
    /// that is further away than `ahead`. For stores that send no events, called on a schedule.
    ///
    /// # Errors
    ///
    /// Those of a describe; `Unsupported` for a store that tells no versions.
    pub async fn due(&self, secret: SecretRef, ahead: Duration) -> Result<Option<Due>> {
        let (version, info) = current(&*self.store, &secret).await?;
        let end = info.current.and_then(|version| version.expires_at);
        let soon = after(self.clock.now(), ahead)?;
        Ok(end
            .is_some_and(|end| end <= soon)
            .then(|| Due::new(secret, version)))
    }

    /// Makes all steps that are left; gives [`Step::Done`] or [`Step::Stale`].
    ///
    /// # Errors
    ///
    /// Those of [`step`](Self::step). What was done stays done: called again, it goes on from there.
    pub async fn rotate(&self, due: &Due) -> Result<Step> {
        for _ in 0..MOST_STEPS {
            let step = self.step(due).await?;
            if step.is_last() {
                return Ok(step);
            }
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "the service keeps refusing the value that was prepared for it",
        )
        .with_secret(&due.secret)
        .with_help("Check that `works` and `change` of the target speak to the same service."))
    }

    /// Makes the one step that is next, as store and service show.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a store that can't read values, tell versions, hold labels or refuse a second create;
    /// those of the store's calls, of the target and of the source of new values.
    pub async fn step(&self, due: &Due) -> Result<Step> {
        self.check()?;
        let (version, info) = current(&*self.store, &due.secret).await?;
        let beside = beside(&*self.store, &info, &due.version)?;
        if version != due.version {
            return self.after(due, version, &info, &beside).await;
        }
        let set = self.next_set(&info);
        let Some(next) = prepared(&*self.store, &beside).await? else {
            return self.prepare(&beside, set).await;
        };
        if self.target.works(set, &next).await? {
            return self.publish(due, set, next, &info).await;
        }
        let read = self.store.get(&due.secret, GetOptions::default()).await?;
        let change = Change {
            set,
            current: &read.payload,
            next: &next,
        };
        self.target.change(change).await?;
        Ok(Step::Changed)
    }

    fn check(&self) -> Result<()> {
        let can = self.store.capabilities();
        for (can_do, capability) in [
            (can.put, "put"),
            (can.read_values, "read_values"),
            (can.labels != Scope::None, "labels"),
            (can.create != CreateStrength::None, "create"),
        ] {
            if !can_do {
                return Err(Error::unsupported(can.provider, capability).with_help(
                    "A rotation reads and puts values, and keeps its outcome in labels.",
                ));
            }
        }
        Ok(())
    }

    /// The set that nobody reads.
    fn next_set(&self, info: &SecretInfo) -> Option<&str> {
        let [first, second] = self.sets.as_ref()?;
        let held = labels(info).get(&self.set_label);
        Some(match held {
            Some(held) if held == second => first,
            _ => second,
        })
    }

    async fn prepare(&self, beside: &SecretRef, set: Option<&str>) -> Result<Step> {
        let next = self.new_value.make(set).await?;
        let mode = PutOptions::from(PutMode::Create);
        match self.store.put_with(beside, next, mode).await {
            // Somebody else has prepared another value meanwhile, which is the one to use.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Step::Prepared),
            put => put.map(|_| Step::Prepared),
        }
    }

    async fn publish(
        &self,
        due: &Due,
        set: Option<&str>,
        next: Payload,
        info: &SecretInfo,
    ) -> Result<Step> {
        let mut labels = labels(info).clone();
        labels.insert(ROTATED_FROM.to_owned(), due.version.as_str().to_owned());
        if let Some(set) = set {
            labels.insert(self.set_label.clone(), set.to_owned());
        }
        let ends = self.valid_for.map(|time| after(self.clock.now(), time));
        let options = PutOptions {
            mode: PutMode::AddVersion,
            labels: Some(labels),
            expires_at: ends.transpose()?,
            ..PutOptions::default()
        };
        let put = self
            .store
            .put_with(&due.secret, PutValue::from(next), options);
        put.await.map(|_| Step::Published)
    }

    /// What is left once the version that was due isn't current any more.
    async fn after(
        &self,
        due: &Due,
        version: crate::VersionId,
        info: &SecretInfo,
        beside: &SecretRef,
    ) -> Result<Step> {
        let from = labels(info).get(ROTATED_FROM);
        if from.is_none_or(|from| from != due.version.as_str()) {
            return Ok(Step::Stale(version));
        }
        if !self.store.capabilities().delete {
            return Ok(Step::Done(version));
        }
        match self.store.delete(beside).await {
            Ok(()) => Ok(Step::Cleaned),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Step::Done(version)),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Rotator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotator")
            .field("store", &self.store.to_string())
            .field("sets", &self.sets)
            .field("valid_for", &self.valid_for)
            .finish_non_exhaustive()
    }
}

/// Of the current version where they are kept there, of the secret elsewhere.
fn labels(info: &SecretInfo) -> &Labels {
    static NONE: Labels = Labels::new();
    info.labels.as_ref().unwrap_or(&NONE)
}

fn after(now: Timestamp, time: Duration) -> Result<Timestamp> {
    now.checked_add(time).map_err(|_| {
        Error::new(
            ErrorKind::InvalidInput,
            "the time lies further ahead than times go",
        )
    })
}
