//! The public API of each library, as `api/PACKAGE.txt` has it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::rustdoc::{Library, all, root};

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

#[test]
#[ignore = "writes the files in api/: run it to accept a change"]
fn accept() {
    for (name, library) in all() {
        std::fs::write(file(name), render(library)).unwrap();
    }
}

const ACCEPT: &str = "To accept it: cargo test -p polyvault-api accept -- --ignored";

fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

fn file(package: &str) -> PathBuf {
    root().join(format!("api/{package}.txt"))
}

/// A line an item. Left out is what a trait's own docs tell: the methods of its impls; and of what
/// the compiler adds all but `Send` and `Sync`, which alone are a promise.
fn render(library: &Library) -> String {
    let api = public_api::Builder::from_rustdoc_json(&library.json)
        .omit_blanket_impls(true)
        .build()
        .unwrap();
    let unpromised = [
        "Freeze",
        "RefUnwindSafe",
        "StructuralPartialEq",
        "Unpin",
        "UnsafeUnpin",
        "UnwindSafe",
    ];
    let mut text = String::new();
    let mut of_a_trait = None;
    for item in api.items() {
        let line = item.to_string();
        if line.starts_with("impl") {
            let implementor = line.split_once(" for ").map(|(_, implementor)| implementor);
            let path = |implementor: &str| implementor.split(['<', ' ']).next().map(str::to_owned);
            of_a_trait = implementor.and_then(path);
        }
        let is_method = of_a_trait.as_ref().is_some_and(|path| {
            let of = |after: &str| line.contains(&format!(" {path}{after}"));
            line.contains(" fn ") && (of("::") || of("<"))
        });
        let is_unpromised = |name: &&str| line.contains(&format!("::{name} for "));
        if !is_method && !unpromised.iter().any(is_unpromised) {
            text += &line;
            text += "\n";
        }
    }
    text
}
