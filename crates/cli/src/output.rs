//! What goes to stdout.

use std::fmt::Display;
use std::io::{self, Write};

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
