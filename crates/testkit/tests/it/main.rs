//! What the testkit promises: its checks find what they are meant to find.
#![expect(clippy::print_stdout, reason = "tests")]

mod broken;
mod faults;
