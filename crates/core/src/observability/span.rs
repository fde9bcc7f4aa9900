//! What every span ends with.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{Instrument as _, Span};

use crate::clock::Clock;
use crate::{Error, Result};

/// The target of all spans and events, so that a filter outlives a moved module.
pub(crate) const TARGET: &str = "polyvault";

/// Does the work in the span, which is told how long it took and how it failed.
pub(crate) async fn within<T>(
    span: &Span,
    clock: &dyn Clock,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    if span.is_disabled() {
        return work.await;
    }
    let started = clock.now();
    let outcome = work.instrument(span.clone()).await;
    ended(span, since(started, clock), outcome.as_ref().err());
    outcome
}

pub(crate) fn ended(span: &Span, elapsed: Duration, error: Option<&Error>) {
    span.record("polyvault.elapsed_ms", millis(elapsed));
    if let Some(error) = error {
        span.record("error.type", error.kind().as_str());
        span.record("otel.status_code", "ERROR");
    }
}

/// How long ago it was; nothing where the clock was set back.
pub(crate) fn since(then: Timestamp, clock: &dyn Clock) -> Duration {
    Duration::try_from(clock.now().duration_since(then)).unwrap_or_default()
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
