//! What every table of refusals must keep.

use std::collections::HashSet;

use polyvault_core::ErrorKind;
use polyvault_core::transport::RefusalRow;

/// Holds a table to having no row twice, and to reading nothing but a 404 as missing.
///
/// # Example
///
/// ```
/// use polyvault_core::ErrorKind;
/// use polyvault_testkit::refusals::check_table;
///
/// let hidden = (403, "", ErrorKind::NotFound, "there is none");
/// assert!(check_table(&[hidden]).is_err(), "forbidden never reads as missing");
/// ```
///
/// # Errors
///
/// A text that names the status and the code of the row.
pub fn check_table(table: &[RefusalRow]) -> Result<(), String> {
    let mut rows = HashSet::new();
    for (status, code, kind, _) in table {
        if !rows.insert((status, code)) {
            return Err(format!("{status} {code:?} stands twice"));
        }
        if *kind == ErrorKind::NotFound && *status != 404 {
            return Err(format!("{status} {code:?} reads as missing"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_row_twice_and_another_status_as_missing() {
        let missing = (404, "", ErrorKind::NotFound, "there is none");
        let forbidden = (403, "", ErrorKind::Forbidden, "not allowed");
        let hidden = (403, "Hidden", ErrorKind::NotFound, "there is none");

        assert_eq!(check_table(&[missing, forbidden]), Ok(()));
        assert!(check_table(&[missing, forbidden, missing]).is_err());
        assert!(check_table(&[missing, forbidden, hidden]).is_err());
    }
}
