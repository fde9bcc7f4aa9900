//! Files that hold secrets.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use zeroize::Zeroizing;

/// The content of a file of up to `most` bytes, wiped when it is dropped.
///
/// `FileTooLarge`, `IsADirectory` for whatever is no file, and `ResourceBusy` where it is written
/// meanwhile, beside what the system says.
pub(crate) fn read_file(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>> {
    // Before it is opened: who opens a pipe waits for its writer.
    let meta = path.metadata()?;
    if !meta.is_file() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut file = File::open(path)?;
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    if size > most {
        return Err(ErrorKind::FileTooLarge.into());
    }
    // One byte more than it is large, so that the buffer never moves.
    let mut bytes = Zeroizing::new(vec![0; size + 1]);
    let mut filled = 0;
    while let Some(free) = bytes.get_mut(filled..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if filled > size {
        return Err(Error::from(ErrorKind::ResourceBusy));
    }
    bytes.truncate(filled);
    Ok(bytes)
}
