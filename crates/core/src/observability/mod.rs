#![doc = include_str!("../../docs/observability.md")]

mod metrics;
mod span;
mod traced;

pub use self::metrics::{Event, Metrics};
pub use self::traced::Traced;

pub(crate) use self::metrics::Watch;
pub(crate) use self::span::{TARGET, ended, millis, since, within};
