//! Whether a value shows where it must not.

use std::fmt::{Debug, Display, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem::Finder;
use polyvault_core::IdempotencyKey;

/// A text that stands nowhere else, to be put into a store and then searched for.
///
/// It is the same nine small letters and digits again and again. No escaping hides them, base64 shows them
/// in one of three ways wherever it begins, and any 17 bytes in a row hold them: a half is found like the whole.
///
/// # Example
///
/// ```
/// use polyvault_core::Payload;
/// use polyvault_testkit::leak::{Mark, assert_absent};
///
/// let mark = Mark::new();
/// let payload = Payload::text(mark.text());
///
/// assert_eq!(mark.find_in_debug(&payload), None);
/// assert_absent(&mark, "the Debug of a payload", &payload);
/// assert_eq!(mark.find_in_all("another text"), None);
/// assert_eq!(mark.find_in(&format!("the password is {}", mark.text())), Some("plain"));
/// assert_eq!(mark.find_in_bytes(&mark.text().as_bytes()[..17]), Some("plain"));
/// ```
#[derive(Clone)]
pub struct Mark {
    text: String,
    shapes: Vec<(&'static str, Finder<'static>)>,
}

/// The length of the part that comes again and again: base64 has groups of three bytes.
const CORE: usize = 9;

impl Mark {
    /// A fresh mark of 36 characters: as a value for any store, or as a token.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        let core = core();
        Self::of(&core, core.repeat(4))
    }

    /// A fresh mark of 20 kB with quotes, ends of lines, backslashes and letters outside of ASCII, which decoders
    /// can't lend from what they read, and which is longer than what is read at a time.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_testkit::leak::Mark;
    ///
    /// let mark = Mark::large();
    /// assert_eq!(mark.text().len(), 20_480);
    /// assert!(["\"", "\n", "\\", "\u{e9}"].iter().all(|one| mark.text().contains(one)));
    /// let half = &mark.text()[10_000..];
    /// assert!(mark.find_in(half).is_some());
    /// ```
    #[must_use]
    pub fn large() -> Self {
        let core = core();
        // 64 bytes a line.
        let line = format!("{}\"\u{e9}\\\u{e9}\u{e9}\\\n", core.repeat(6));
        Self::of(&core, line.repeat(20_480 / line.len()))
    }

    fn of(core: &str, text: String) -> Self {
        let shapes = shapes(core).into_iter();
        Self {
            text,
            shapes: shapes
                .map(|(how, shape)| (how, Finder::new(&shape).into_owned()))
                .collect(),
        }
    }

    /// The text to put.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says how `output` shows the mark, or a part of it: plain, as base64 wherever it stands in what was
    /// encoded, in hexadecimal, escaped as in a URL, in JSON or in a literal, or as the numbers of its bytes.
    #[must_use]
    pub fn find_in(&self, output: &str) -> Option<&'static str> {
        self.find_in_bytes(output.as_bytes()).or_else(|| {
            // A pretty `Debug` has a line a number.
            let dense: String = output.chars().filter(|c| !c.is_whitespace()).collect();
            self.find_in_bytes(dense.as_bytes())
        })
    }

    /// [`find_in`](Self::find_in) bytes, blanks and all. It allocates nothing, so that an allocator can call it.
    #[must_use]
    pub fn find_in_bytes(&self, output: &[u8]) -> Option<&'static str> {
        let mut shapes = self.shapes.iter();
        shapes.find_map(|(how, shape)| shape.find(output).map(|_| *how))
    }

    /// [`find_in`](Self::find_in) what `{:?}` and `{:#?}` give.
    #[must_use]
    pub fn find_in_debug(&self, thing: &(impl Debug + ?Sized)) -> Option<&'static str> {
        self.find_in(&format!("{thing:?}"))
            .or_else(|| self.find_in(&format!("{thing:#?}")))
    }

    /// [`find_in`](Self::find_in) what `{}`, `{:?}` and `{:#?}` give.
    #[must_use]
    pub fn find_in_all(&self, thing: &(impl Debug + Display + ?Sized)) -> Option<&'static str> {
        self.find_in(&format!("{thing}"))
            .or_else(|| self.find_in_debug(thing))
    }
}

/// Shows no mark: a failed test must not be the leak.
impl Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mark(..)")
    }
}

/// Panics if `output` shows the mark in any way that [`Mark::find_in`] knows.
///
/// # Example
///
/// ```
/// use polyvault_core::Payload;
/// use polyvault_testkit::leak::{Mark, assert_absent};
///
/// let mark = Mark::new();
/// assert_absent(&mark, "the Debug of a payload", &Payload::text(mark.text()));
/// ```
///
/// # Panics
///
/// If it does.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion of tests")]
pub fn assert_absent(mark: &Mark, what: &str, thing: &(impl Debug + ?Sized)) {
    if let Some(how) = mark.find_in_debug(thing) {
        panic!("{what} shows the marked value {how}");
    }
}

/// Nine letters and digits by chance.
fn core() -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let chance = IdempotencyKey::random().to_string().replace('-', "");
    let letter = |digits: &[u8]| {
        let digits = digits
            .iter()
            .filter_map(|digit| (*digit as char).to_digit(16));
        let number = digits.fold(0, |number, digit| number * 16 + digit as usize);
        LETTERS
            .get(number % LETTERS.len())
            .map(|letter| *letter as char)
    };
    // Three digits each but in front, where an id tells its version.
    let digits = chance.as_bytes().rchunks(3);
    digits.filter_map(letter).take(CORE).collect()
}

/// How the core stands in what shows it.
fn shapes(core: &str) -> Vec<(&'static str, Vec<u8>)> {
    let of_bytes = |before: &str, upper: bool, after: &str| {
        let mut text = String::new();
        for byte in core.bytes() {
            let _ = match upper {
                true => write!(text, "{before}{byte:02X}{after}"),
                false => write!(text, "{before}{byte:02x}{after}"),
            };
        }
        let end = text.len() - after.len();
        text.truncate(end);
        text.into_bytes()
    };
    let numbers: Vec<String> = core.bytes().map(|byte| byte.to_string()).collect();
    let mut shapes = vec![
        ("plain", core.as_bytes().to_vec()),
        ("plain, in capitals", core.to_uppercase().into_bytes()),
        (
            "as the numbers of its bytes",
            numbers.join(",").into_bytes(),
        ),
    ];
    // Letters and digits are the same in both alphabets of base64.
    shapes.extend((0..3).filter_map(|turn| {
        let turned = [core.get(turn..)?, core.get(..turn)?].concat();
        Some(("as base64", STANDARD_NO_PAD.encode(turned).into_bytes()))
    }));
    for upper in [false, true] {
        shapes.extend([
            ("in hexadecimal", of_bytes("", upper, "")),
            ("in hexadecimal", of_bytes("", upper, ",")),
            ("in hexadecimal", of_bytes("", upper, " ")),
            ("in hexadecimal", of_bytes("", upper, ":")),
            ("in hexadecimal", of_bytes("0x", upper, ",")),
            ("escaped as in a URL", of_bytes("%", upper, "")),
            ("escaped as in JSON", of_bytes("\\u00", upper, "")),
            ("escaped as in a literal", of_bytes("\\x", upper, "")),
            ("escaped as in a literal", of_bytes("\\u{", upper, "}")),
        ]);
    }
    shapes
}

#[cfg(test)]
mod tests;
