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
            for path in paths_upwards(&text) {
                let mut words = path.split(|c: char| !c.is_alphanumeric() && c != '_');
                let room = words.find(|word| ["wire", "request", "response"].contains(word));
                assert!(room.is_none(), "{} uses {path}", file.display());
            }
        }
    }
}

/// What a source names by a path out of its own folder, lists in braces included.
fn paths_upwards(source: &str) -> impl Iterator<Item = &str> {
    let starts = ["crate::", "super::super::"];
    let found = starts
        .into_iter()
        .flat_map(|start| source.match_indices(start));
    found.filter_map(|(at, _)| {
        let path = source.get(at..)?;
        let end = path.find([';', '(', ')', ',', ' '])?;
        match path.find('{') {
            Some(open) if open < end => path.split_once('}').map(|(list, _)| list),
            _ => path.get(..end),
        }
    })
}

#[test]
fn a_path_upwards_is_found_in_every_form() {
    for (source, found) in [
        ("use crate::wire::Bundle;", "crate::wire::Bundle"),
        (
            "use crate::{\n    store::S,\n    wire,\n};",
            "crate::{\n    store::S,\n    wire,\n",
        ),
        ("let x = crate::request::get(a);", "crate::request::get"),
        ("use super::super::response;", "super::super::response"),
    ] {
        assert_eq!(paths_upwards(source).collect::<Vec<_>>(), [found]);
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
