//! The provider that the guide walks through, and how short a harness is.

#[expect(dead_code, reason = "the example's own main")]
#[path = "../../examples/provider/main.rs"]
mod example;

use std::fs;
use std::path::{Path, PathBuf};

use polyvault::PROVIDERS;

#[tokio::test]
async fn the_guides_provider_keeps_every_promise() {
    let report = example::run().await.unwrap();

    assert!(report.is_green(), "{report}");
    // Two hooks are for services that have operations or twins.
    for (check, why) in report.skipped() {
        let hook = why.contains("`make_twins`") || why.contains("`fail_next_operation`");
        assert!(hook || why.starts_with("capability"), "{check}: {why}");
    }
}

fn harnesses() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let adapters = PROVIDERS.iter().filter(|p| p.scheme != "memory");
    let crates = adapters.map(|p| root.join("crates").join(p.scheme).join("tests/it"));
    let folders = crates.chain([root.join("examples/provider")]);
    folders.map(|folder| folder.join("harness.rs")).collect()
}

#[test]
fn every_harness_is_under_a_hundred_lines() {
    for file in harnesses() {
        let text = fs::read_to_string(&file).expect("every provider has a harness");
        let lines = text.lines().count();
        assert!(lines < 100, "{}: {lines} lines", file.display());
    }
}

#[test]
fn the_guide_names_every_file_of_its_provider() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    for entry in fs::read_dir(root.join("examples/provider")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let link = format!("(examples/provider/{name})");
        assert!(guide.contains(&link), "no word of {name}");
    }
}
