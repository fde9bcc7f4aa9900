//! Values on their way in: byte for byte, and through wiped buffers only.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use polyvault::{Error, ErrorKind, Result, Value};
use zeroize::Zeroizing;

/// No service takes so much: more is a mistake, which must not fill the memory.
const MAX_BYTES: usize = 16 << 20;

/// Larger than the buffer of `std`'s stdin, which is not wiped: reads of this size go past it.
const CHUNK: usize = 64 << 10;

/// All of stdin: text where it is UTF-8, binary where not.
pub(crate) fn stdin() -> Result<Value> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        // Without it, a user waits for a program that waits for him.
        let _ = writeln!(
            io::stderr(),
            "polyvault: type the value, which stays visible, and end it with Ctrl-D"
        );
    }
    value("stdin", read_all(stdin))
}

/// All of a file: text where it is UTF-8, binary where not.
pub(crate) fn file(field: &str, path: &Path) -> Result<Value> {
    value(field, File::open(path).and_then(read_all))
}

/// The path is not told: it may be a value in the wrong place.
fn value(field: &str, read: io::Result<Zeroizing<Vec<u8>>>) -> Result<Value> {
    match read {
        Ok(bytes) if bytes.len() > MAX_BYTES => Err(Error::new(
            ErrorKind::TooLarge,
            format!("field `{field}`: more than {MAX_BYTES} bytes"),
        )
        .with_operation("put")),
        Ok(bytes) => Ok(Value::text_or_binary(&bytes)),
        Err(error) => Err(Error::new(
            ErrorKind::InvalidInput,
            format!("field `{field}`: can't be read: {error}"),
        )
        .with_operation("put")),
    }
}

/// Reads to the end, or a little beyond the limit. `read_to_end` would leave
/// copies behind wherever its buffer grows.
fn read_all(mut from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(vec![0; CHUNK]);
    let mut filled = 0;
    while filled <= MAX_BYTES {
        if buffer.len() - filled < CHUNK {
            let mut larger = Zeroizing::new(vec![0; buffer.len() * 2]);
            for (to, byte) in larger.iter_mut().zip(&*buffer) {
                *to = *byte;
            }
            buffer = larger;
        }
        let room = buffer.get_mut(filled..).unwrap_or_default();
        match from.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(buffer.len() >= CHUNK, "goes past the buffer of stdin");
            let most = buffer.len().min(7001);
            self.0.read(buffer.get_mut(..most).unwrap())
        }
    }

    #[test]
    fn reads_everything_across_growing_buffers() {
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 17] {
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();

            assert_eq!(*read_all(Slow(&bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn stops_a_little_beyond_the_limit() {
        let read = read_all(io::repeat(b'x'));

        assert_eq!(
            value("stdin", read).unwrap_err().kind(),
            ErrorKind::TooLarge
        );
    }
}
