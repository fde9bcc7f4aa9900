//! Know one adapter, know all: the same files with the same names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOMS: [&str; 10] = [
    "builder.rs",
    "config.rs",
    "credential.rs",
    "error.rs",
    "lib.rs",
    "operation.rs",
    "request.rs",
    "response.rs",
    "store.rs",
    "wire.rs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn adapters() -> Vec<PathBuf> {
    let schemes = polyvault::PROVIDERS.iter().map(|provider| provider.scheme);
    schemes
        .filter(|scheme| *scheme != "memory")
        .map(|scheme| root().join("crates").join(scheme).join("src"))
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_adapter_has_the_same_rooms() {
    let rooms: BTreeSet<String> = ROOMS.iter().map(|room| (*room).to_owned()).collect();
    assert!(!adapters().is_empty());
    for folder in adapters() {
        let files = fs::read_dir(&folder).expect("an adapter has its scheme as folder");
        let found: BTreeSet<String> = files
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, rooms, "{}", folder.display());
        assert!(folder.join("emulator/mod.rs").is_file());
    }
}

#[test]
fn no_emulator_knows_the_adapters_wire() {
    for folder in adapters() {
        let mut files = Vec::new();
        sources(&folder.join("emulator"), &mut files);
        assert!(!files.is_empty());
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for room in ["wire", "request", "response"] {
                for form in [
                    format!("crate::{room}"),
                    format!("super::super::{room}"),
                    format!("crate::{{{room}"),
                ] {
                    assert!(!text.contains(&form), "{} uses {form}", file.display());
                }
            }
        }
    }
}

#[test]
fn no_file_is_over_five_hundred_lines() {
    for folder in ["src", "crates", "examples", "tests"] {
        let mut files = Vec::new();
        sources(&root().join(folder), &mut files);
        assert!(!files.is_empty());
        for file in files {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 500, "{}: {lines} lines", file.display());
        }
    }
}
