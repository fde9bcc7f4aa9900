//! The public API of each library, as `api/PACKAGE.txt` has it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::render::{file, render};
use crate::rustdoc::all;

#[test]
fn the_public_api_is_the_committed_one() {
    let mut differences = String::new();
    for (name, library) in all() {
        let committed = std::fs::read_to_string(file(name)).unwrap_or_default();
        let now = render(library);
        let (before, after) = (lines(&committed), lines(&now));
        for gone in before.difference(&after) {
            writeln!(differences, "-{name}: {gone}").unwrap();
        }
        for new in after.difference(&before) {
            writeln!(differences, "+{name}: {new}").unwrap();
        }
    }
    assert!(
        differences.is_empty(),
        "the public API changed:\n\n{differences}\n{ACCEPT}"
    );
}

const ACCEPT: &str = "To accept it: cargo run -p polyvault-api --example accept";

fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}
