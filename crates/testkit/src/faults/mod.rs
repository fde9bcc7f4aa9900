//! Faults by plan: a proxy before any emulator that resets, cuts, slows, and lies, the same for the same seed.

mod answer;
mod edit;
mod fault;
mod plan;
mod proxy;
mod reply;
mod trace;

pub use self::fault::Fault;
pub use self::plan::FaultPlan;
pub use self::proxy::FaultProxy;
pub use self::trace::Traced;
