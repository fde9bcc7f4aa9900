//! What the platform tells of changed secrets: webhooks, each a signed statement.
//!
//! <https://dev.wix.com/docs/rest/articles/getting-started/webhooks>

mod statement;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use polyvault_core::clock::{Clock, SystemClock};
use polyvault_core::{Error, ErrorKind, Result, SecretId, SecretName};

use self::statement::{Claims, Event};
use crate::config::SCHEME;

/// How far the clocks of the platform and of this machine may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// How long a statement is taken that tells when it was made and not when it ends.
const LIFE: SignedDuration = SignedDuration::from_secs(300);

/// The most deliveries that are remembered until they end.
const MOST: usize = 10_000;

/// Verifies deliveries for one app on one site, and knows one again that was delivered before.
///
/// The platform wants an answer of 200 within 1.25 seconds, and delivers again without one. An event says
/// that something changed and what is to be read anew; it never holds a value.
///
/// # Example
///
/// ```
/// use polyvault_wix_secrets::events::Webhooks;
///
/// let none = Webhooks::new("no key", "the-instance-id");
/// assert!(none.is_err());
///
/// /// The body of a POST to the app's callback URL.
/// fn delivered(webhooks: &Webhooks, body: &str) -> polyvault_core::Result<()> {
///     let event = webhooks.verify(body)?;
///     println!("{:?} {}", event.kind, event.secret);
///     Ok(())
/// }
/// # let _ = delivered;
/// ```
pub struct Webhooks {
    key: DecodingKey,
    instance: String,
    clock: Arc<dyn Clock>,
    /// Signatures, and when what they sign ends.
    seen: Mutex<BTreeMap<String, Timestamp>>,
}

/// A secret was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretEvent {
    /// What happened.
    pub kind: EventKind,
    /// The secret.
    pub secret: SecretId,
    /// Its name after that; a delete does not tell it.
    pub name: Option<SecretName>,
    /// When it happened. UTC.
    pub at: Option<Timestamp>,
    /// The place of the event among those of the secret, as the platform counts.
    pub sequence: Option<String>,
}

/// What happened to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It was made.
    Created,
    /// Its value, its name or its description was changed.
    Updated,
    /// It was deleted.
    Deleted,
}

impl Webhooks {
    /// For the app whose public key this is (PEM, as the app's page shows it), on the site of the instance.
    ///
    /// # Errors
    ///
    /// `Config` if it is no RSA public key.
    pub fn new(public_key: &str, instance: impl Into<String>) -> Result<Self> {
        let key = DecodingKey::from_rsa_pem(public_key.trim().as_bytes()).map_err(|_| {
            Error::new(
                ErrorKind::Config,
                "field `public_key`: not an RSA public key in PEM",
            )
            .with_provider(SCHEME)
            .with_help("Take it from the webhooks page of the app, with its first and last line.")
        })?;
        Ok(Self {
            key,
            instance: instance.into(),
            clock: Arc::new(SystemClock),
            seen: Mutex::default(),
        })
    }

    /// Takes the time from `clock`.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use polyvault_core::clock::SystemClock;
    /// use polyvault_wix_secrets::events::Webhooks;
    ///
    /// fn on_the_systems_clock(webhooks: Webhooks) -> Webhooks {
    ///     webhooks.clock(Arc::new(SystemClock))
    /// }
    /// # let _ = on_the_systems_clock;
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The event in the body of a delivery, once: only RS256 of the app's own key, of this instance, in time.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` for a statement that is not signed so, has ended, or is of another app or instance;
    /// `Conflict` for one that was delivered before: answer 200 and do nothing; `Unsupported` for an event that
    /// is not of a secret; `Decode` for one of another shape.
    pub fn verify(&self, body: &str) -> Result<SecretEvent> {
        let body = body.trim();
        let mut rules = Validation::new(Algorithm::RS256);
        // Time is this value's clock's.
        (rules.validate_exp, rules.validate_aud) = (false, false);
        rules.required_spec_claims.clear();
        let read = jsonwebtoken::decode::<Claims>(body, &self.key, &rules);
        let claims = read
            .map_err(|_| refused("it is not signed with RS256 and the app's key"))?
            .claims;
        let now = self.clock.now();
        let ends = claims
            .ends(LIFE)
            .ok_or_else(|| refused("it tells no time"))?;
        if ends.saturating_add(SKEW).unwrap_or(ends) <= now {
            return Err(refused("it has ended"));
        }
        if claims
            .begins()
            .is_some_and(|at| at.saturating_sub(SKEW).unwrap_or(at) > now)
        {
            return Err(refused("it is from the future"));
        }
        let event = Event::read(&claims)?;
        if event.instance.as_deref() != Some(self.instance.as_str()) {
            return Err(refused("it is of another instance"));
        }
        let event = event.secret()?;
        self.once(body, ends, now)?;
        Ok(event)
    }

    /// Refuses what was delivered before and has not ended yet.
    fn once(&self, body: &str, ends: Timestamp, now: Timestamp) -> Result<()> {
        let (_, signature) = body.rsplit_once('.').unwrap_or_default();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, ends| ends.saturating_add(SKEW).unwrap_or(*ends) > now);
        if seen.contains_key(signature) {
            return Err(
                Error::new(ErrorKind::Conflict, "the event was delivered before")
                    .with_provider(SCHEME)
                    .with_help(
                        "Answer 200 and do nothing: the first delivery is being dealt with.",
                    ),
            );
        }
        if seen.len() >= MOST {
            return Err(Error::new(
                ErrorKind::RateLimited,
                "too many events at once: none is taken that could not be known again",
            )
            .with_provider(SCHEME));
        }
        seen.insert(signature.to_owned(), ends);
        Ok(())
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

fn refused(rule: &str) -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        format!("the delivery is not taken: {rule}"),
    )
    .with_provider(SCHEME)
    .with_help(
        "Answer 401. If deliveries of the platform are refused, check the app's public key, the instance's id and \
         this machine's clock.",
    )
}
