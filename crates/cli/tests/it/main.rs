//! The program as another program drives it: arguments, bytes, exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may panic, and read answers that hold made-up values"
)]

mod emulate;
mod entries;
mod errors;
mod life;
mod run;
mod secrecy;
mod stores;
mod values;
