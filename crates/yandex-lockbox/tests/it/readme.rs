//! The README says what the code says.

use polyvault_testkit::readme::check_cells;
use polyvault_yandex_lockbox::PROVIDER;

#[test]
fn the_readme_lists_what_is_not_yet() {
    let readme = include_str!("../../README.md");
    let not_yet = PROVIDER.not_yet.iter();
    let not_yet = not_yet.map(|cell| format!("- `{}`: {}", cell.capability, cell.what));

    for line in not_yet {
        assert!(readme.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn each_cell_beside_the_other_clients_leads_to_its_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));

    let cells = check_cells(include_str!("../../README.md"), root).unwrap();

    assert!(cells > 10);
}
