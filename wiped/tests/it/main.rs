//! No block of memory that polyvault frees holds a value or a credential.
#![expect(
    clippy::unwrap_used,
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
#[expect(dead_code, reason = "the tests of the facade take more of it")]
mod services;
mod signed;
#[path = "../../../tests/it/secrecy/told.rs"]
#[expect(dead_code, reason = "the tests of the facade take more of it")]
mod told;
mod work;
