//! The public API of a library as its file in `api/` has it.

use std::path::PathBuf;

use crate::rustdoc::{Library, root};

pub(crate) fn file(package: &str) -> PathBuf {
    root().join(format!("api/{package}.txt"))
}

/// A line an item. Left out is what a trait's own docs tell: the methods of its impls; and of what
/// the compiler adds all but `Send` and `Sync`, which alone are a promise.
pub(crate) fn render(library: &Library) -> String {
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
