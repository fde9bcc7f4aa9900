//! The README says what the code says.

use polyvault_azure_key_vault::PROVIDER;
use polyvault_core::encoding::{self, Mark};
use polyvault_core::{Payload, Value};
use polyvault_testkit::readme::check_cells;

#[test]
fn the_readme_lists_what_is_not_yet() {
    let readme = include_str!("../../README.md");
    let not_yet = PROVIDER.not_yet.iter();
    let not_yet = not_yet.map(|cell| format!("- `{}`: {}", cell.capability, cell.what));

    for line in not_yet {
        assert!(readme.lines().any(|found| found == line), "{line}");
    }
}

/// The checksum bit by bit, as its definition is: over the bytes that the page writes out.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| match sum & 1 {
            0 => sum >> 1,
            _ => (sum >> 1) ^ 0xedb8_8320,
        })
    })
}

#[test]
fn the_worked_example_of_the_encoding_is_what_is_written() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## Payload encoding").unwrap();
    let blocks: Vec<&str> = section.split("```").skip(1).step_by(2).take(3).collect();
    let body = |block: &'static str| block.split_once('\n').unwrap().1.trim();
    let (document, mark) = (body(blocks[0]), body(blocks[1]));
    let digits: Vec<char> = body(blocks[2])
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    let entries = [
        ("user", Value::text("scott")),
        ("blob", Value::binary([0, 1, 2].as_slice())),
    ];
    let payload = Payload::from_entries(entries).unwrap();

    let written = encoding::encode(&payload).unwrap();

    assert_eq!(written.expose_text().unwrap(), document);
    assert_eq!(Mark::of(Some("text/plain")).to_string(), mark);
    let sum = format!(r#""crc32":"{:08x}""#, crc32(&bytes));
    assert!(document.contains(&sum), "{sum}");
}

#[test]
fn each_cell_beside_the_vendors_clients_leads_to_its_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));

    let cells = check_cells(include_str!("../../README.md"), root).unwrap();

    assert!(cells > 10);
}
