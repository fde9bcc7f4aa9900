//! No block of memory that polyvault frees holds a value or a credential.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod across;
#[path = "../../../tests/it/secrecy/calls.rs"]
mod calls;
mod http_stack;
mod own;
mod recorder;
#[path = "../../../tests/it/secrecy/services.rs"]
mod services;
mod signed;
#[path = "../../../tests/it/secrecy/told.rs"]
mod told;
mod work;
