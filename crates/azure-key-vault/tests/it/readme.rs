//! The README says what the code says.

use polyvault_azure_key_vault::PROVIDER;

#[test]
fn the_readme_lists_what_is_not_yet() {
    let readme = include_str!("../../README.md");
    let not_yet = PROVIDER.not_yet.iter();
    let not_yet = not_yet.map(|cell| format!("- `{}`: {}", cell.capability, cell.what));

    for line in not_yet {
        assert!(readme.lines().any(|found| found == line), "{line}");
    }
}
