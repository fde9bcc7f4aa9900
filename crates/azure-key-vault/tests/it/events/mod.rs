//! Event Grid: what is read of bodies, and who may deliver them.

mod emulated;
mod parse;
mod receive;

use polyvault_testkit::fixture;

/// A body of the folder of events.
fn body(name: &str) -> Vec<u8> {
    let folder = fixture::folder("azure-key-vault").join("events");
    std::fs::read(folder.join(format!("{name}.json"))).unwrap()
}

#[test]
fn every_body_stands_in_the_table() {
    let folder = fixture::folder("azure-key-vault");
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut seen = 0;

    for entry in std::fs::read_dir(folder.join("events")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let row = format!("| events/{name} |");
        assert!(table.lines().any(|line| line.starts_with(&row)), "{row}");
        seen += 1;
    }

    assert!(seen > 0);
}
