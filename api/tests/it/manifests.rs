//! What crates.io and docs.rs show of each package.

use serde_json::Value;

use crate::rustdoc::packages;

#[test]
fn every_package_says_what_crates_io_shows() {
    for package in published() {
        let name = package["name"].as_str().unwrap();
        for field in [
            "description",
            "license",
            "repository",
            "documentation",
            "readme",
        ] {
            assert!(package[field].is_string(), "{name} has no {field}");
        }
        let count = |field: &str| package[field].as_array().unwrap().len();
        assert!((1..=5).contains(&count("keywords")), "{name}: keywords");
        assert!((1..=5).contains(&count("categories")), "{name}: categories");
        assert_eq!(package["rust_version"], "1.95", "{name}");
        let library = package["targets"][0]["kind"][0] == "lib";
        let docs_rs = &package["metadata"]["docs"]["rs"];
        assert!(
            !library || docs_rs["all-features"] == true,
            "{name}: docs.rs"
        );
    }
}

#[test]
fn every_readme_has_an_example_the_features_and_the_oldest_rust() {
    for package in published() {
        let name = package["name"].as_str().unwrap();
        let manifest = package["manifest_path"].as_str().unwrap();
        let readme = manifest.replace("Cargo.toml", "README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        assert!(
            readme.contains("Rust 1.95 or newer"),
            "{name}: the oldest Rust"
        );
        assert!(readme.contains("\n```"), "{name}: an example");
        let features = package["features"].as_object().unwrap().keys();
        for feature in features.filter(|feature| *feature != "default") {
            assert!(
                readme.contains(feature.as_str()),
                "{name}: feature {feature}"
            );
        }
    }
}

fn published() -> Vec<Value> {
    let mut packages = packages();
    packages.retain(|package| package["publish"].is_null());
    assert!(packages.len() > 6);
    packages
}
