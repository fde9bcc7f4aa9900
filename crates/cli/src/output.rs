//! What goes to stdout.

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use polyvault::{Error, ErrorKind, Result};

/// Writes exactly these bytes.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    told(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Writes a text and a newline.
pub(crate) fn line(text: impl Display) -> Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Nobody else can read the file at any moment, and nothing is left of one that can't be written.
pub(crate) fn new_file(
    command: &'static str,
    option: &str,
    path: &Path,
    bytes: &[u8],
) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);

    let refuse = |error: io::Error| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("field `{option}`: {error}"),
        )
        .with_operation(command)
        .with_help("Name a file that does not exist yet, in a folder that you can write to.")
    };
    let mut file = options.open(path).map_err(refuse)?;
    file.write_all(bytes).map_err(|error| {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
        refuse(error)
    })
}

/// A reader that has seen enough, such as `head`, is no failure.
fn told(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            ErrorKind::Unexpected,
            format!("stdout can't be written: {error}"),
        )
        .with_help("Look at what stdout goes to: a full disk, or a closed file.")),
        _ => Ok(()),
    }
}
