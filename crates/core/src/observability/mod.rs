#![doc = include_str!("../../docs/observability.md")]

mod metrics;
mod span;

pub use self::metrics::{Event, Metrics};

pub(crate) use self::metrics::Watch;
pub(crate) use self::span::{TARGET, ended, millis, since, within};
