//! What the transport counts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::ErrorKind;

/// Is told what a store's requests cost and how they end; it stands in
/// [`ClientOptions::metrics`](crate::transport::ClientOptions::metrics).
///
/// It is called in the middle of a request, so it should count and return. A panic
/// in it goes through the call that caused the event; the store stays usable.
/// Without one no event is made and no clock is read for it.
///
/// # Example
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use polyvault_core::observability::{Event, Metrics};
///
/// #[derive(Debug, Default)]
/// struct Counters {
///     attempts: AtomicU64,
///     retries: AtomicU64,
///     bytes: AtomicU64,
/// }
///
/// impl Metrics for Counters {
///     fn record(&self, event: &Event) {
///         match event {
///             Event::Attempt { sent, received, .. } => {
///                 self.attempts.fetch_add(1, Ordering::Relaxed);
///                 self.bytes.fetch_add(sent + received, Ordering::Relaxed);
///             }
///             Event::Retry { .. } => {
///                 self.retries.fetch_add(1, Ordering::Relaxed);
///             }
///             _ => {}
///         }
///     }
/// }
///
/// let options = polyvault_core::transport::ClientOptions {
///     metrics: Some(std::sync::Arc::new(Counters::default())),
///     ..Default::default()
/// };
/// # let _ = options;
/// ```
pub trait Metrics: fmt::Debug + Send + Sync + 'static {
    /// Takes note of an event.
    fn record(&self, event: &Event);
}

/// Something that happened on the way to a service.
///
/// No field names a secret, so each makes a label of few values. A request that is
/// dropped in the middle tells nothing of the attempt under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request was sent, and an answer came or none did. Attempts less retries are requests.
    #[non_exhaustive]
    Attempt {
        /// The provider's name.
        provider: &'static str,
        /// The operation it belongs to, such as `get` or `put`.
        operation: &'static str,
        /// Which attempt of its request it was, from 1.
        attempt: u32,
        /// The HTTP status; `None` where no answer came.
        status: Option<u16>,
        /// Why it was no success.
        error: Option<ErrorKind>,
        /// Whether the service may have done what was asked and did not say so.
        lost: bool,
        /// From before the first byte to after the last.
        elapsed: Duration,
        /// The bytes of the request's body.
        sent: u64,
        /// The bytes of the answer's body.
        received: u64,
    },
    /// An attempt failed and another follows.
    #[non_exhaustive]
    Retry {
        /// The provider's name.
        provider: &'static str,
        /// The operation it belongs to.
        operation: &'static str,
        /// Which attempt failed, from 1.
        attempt: u32,
        /// How it failed; `Unauthenticated` where another token is tried.
        error: ErrorKind,
        /// The pause before the next one; none before another token.
        delay: Duration,
    },
    /// The service refused an attempt for the rate of requests.
    #[non_exhaustive]
    Throttled {
        /// The provider's name.
        provider: &'static str,
        /// The operation it belongs to.
        operation: &'static str,
        /// How long the service asks to wait, where it told.
        wait: Option<Duration>,
    },
    /// A request waited until fewer than the most requests were under way, or for its turn: until
    /// the rate had room, a pause that the service asked for was over, or its pace allowed it.
    #[non_exhaustive]
    Queued {
        /// The provider's name.
        provider: &'static str,
        /// The operation it belongs to.
        operation: &'static str,
        /// How long it waited.
        waited: Duration,
    },
    /// A token was fetched, the first one or a newer one.
    #[non_exhaustive]
    Token {
        /// The provider's name.
        provider: &'static str,
        /// Why there is none.
        error: Option<ErrorKind>,
        /// How long it took.
        elapsed: Duration,
    },
}

/// Where events go, and whose they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    pub(crate) provider: &'static str,
    pub(crate) metrics: Option<Arc<dyn Metrics>>,
}

impl Watch {
    pub(crate) fn is_on(&self) -> bool {
        self.metrics.is_some()
    }

    /// Never under a lock: a hook may panic.
    pub(crate) fn tell(&self, event: impl FnOnce(&'static str) -> Event) {
        if let Some(metrics) = &self.metrics {
            metrics.record(&event(self.provider));
        }
    }
}
