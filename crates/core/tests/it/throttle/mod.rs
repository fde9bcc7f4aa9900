//! The throttle and the retry budget, on a clock that nobody waits for.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "figures of tests"
)]

mod bulk;
mod gate;
mod outage;
mod service;
