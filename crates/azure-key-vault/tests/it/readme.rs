//! The README says what the code says.

use polyvault_azure_key_vault::PROVIDER;

#[test]
fn the_readme_lists_every_parameter_variable_and_what_is_not_yet() {
    let readme = include_str!("../../README.md");
    let parameters = PROVIDER.parameters.iter().map(|parameter| {
        let (name, default, what) = (parameter.name, parameter.default, parameter.what);
        format!("| `{name}` | `{default}` | {what} |")
    });
    let variables = PROVIDER.variables.iter();
    let variables =
        variables.map(|variable| format!("| `{}` | {} |", variable.name, variable.what));
    let not_yet = PROVIDER.not_yet.iter();
    let not_yet = not_yet.map(|cell| format!("- `{}`: {}", cell.capability, cell.what));

    for line in parameters.chain(variables).chain(not_yet) {
        assert!(readme.lines().any(|found| found == line), "{line}");
    }
}
