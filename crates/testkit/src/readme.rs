//! What an adapter's README says of tests.

use std::path::Path;

/// Checks that each cell of the column `polyvault` in the table beside other clients leads to a test of
/// this name in `tests/it` of the crate at `root`, and gives how many there are.
///
/// # Errors
///
/// A text that names the cell or the test that is not there.
///
/// # Example
///
/// ```
/// use std::path::Path;
///
/// use polyvault_testkit::readme::check_cells;
///
/// let readme = "| | other | polyvault |\n|---|---|---|\n| it works | no | yes |\n";
/// assert!(check_cells(readme, Path::new(".")).is_err(), "the cell has no link");
/// ```
pub fn check_cells(readme: &str, root: &Path) -> Result<usize, String> {
    let table = readme.split_once("| polyvault |\n");
    let (_, table) = table.ok_or("there is no table with a column `polyvault`")?;
    let rows = table.lines().skip(1);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit_once("| ");
        let link = cell.and_then(|(_, cell)| cell.split_once("/tests/it/"));
        let parts = link.and_then(|(_, link)| link.split_once(" \""));
        let (file, name) = parts.ok_or_else(|| format!("no link in {row}"))?;
        let name = name.trim_end_matches("\")");
        let source = std::fs::read_to_string(root.join("tests/it").join(file));
        let source = source.map_err(|error| format!("{file}: {error}"))?;
        if !source.contains(&format!("fn {name}(")) {
            return Err(format!("{file} has no {name}"));
        }
        count += 1;
    }
    Ok(count)
}
