//! What the offline run starts from, and what must come of it.

use std::collections::BTreeMap;
use std::time::Duration;

use polyvault::azure_key_vault::emulator::{Emulator, Version};
use polyvault::clock::ManualClock;

/// A secret as it was put into the vault: the truth that a copy is held to.
#[derive(Debug)]
pub(crate) struct Seeded {
    pub(crate) name: String,
    /// In the order in which they were made; the last one is current.
    pub(crate) versions: Vec<SeededVersion>,
    /// Whether Wix can hold the current value under this name.
    pub(crate) fits_wix: bool,
}

/// One version as it was put into the vault.
#[derive(Clone, Debug)]
pub(crate) struct SeededVersion {
    pub(crate) wire: Version,
    /// Whether Lockbox can hold it and it can be read.
    pub(crate) fits_lockbox: bool,
}

/// Puts a few dozen secrets into the vault, several versions each.
///
/// # Errors
///
/// The emulator's text, for a secret that it refuses to hold.
pub(crate) fn seed(vault: &Emulator, clock: &ManualClock) -> Result<Vec<Seeded>, String> {
    let mut all = plain();
    all.extend(special());
    for secret in &mut all {
        let same_second = secret.name == "same-second";
        for version in &mut secret.versions {
            vault.seed(&secret.name, [version.wire.clone()])?;
            // The emulator gives the id.
            let made = vault.versions(&secret.name).pop();
            version.wire = made.ok_or("the vault lost a version")?;
            if !same_second {
                clock.advance(Duration::from_secs(61));
            }
        }
        clock.advance(Duration::from_secs(61));
    }
    Ok(all)
}

/// Thirty everyday secrets of three versions each.
fn plain() -> Vec<Seeded> {
    (0..30)
        .map(|number| {
            let values = (1..=3).map(|turn| format!("password {turn} of service {number:02}"));
            of(&format!("service-{number:02}-password"), values)
        })
        .collect()
}

/// The secrets that make a migration hard.
fn special() -> Vec<Seeded> {
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    let mut all = vec![
        of(
            "same-second",
            texts(&["made first", "made in the same second"]),
        ),
        of("non-ascii", texts(&["caffè", "пароль – 秘密 🔑"])),
        of(
            "quotes-and-newlines",
            texts(&["{\"a\": \"b\"}", "one \"two\"\n\\three\\\r\n\tfour\n"]),
        ),
    ];

    let mut labelled = of("labelled", texts(&["v1", "v2"]));
    for version in &mut labelled.versions {
        version.wire.tags = Some(BTreeMap::from([
            ("env".to_owned(), "prod".to_owned()),
            ("Cost Center".to_owned(), "R&D".to_owned()),
        ]));
    }
    all.push(labelled);

    let mut typed = of("typed", texts(&["{}", "{\"user\":\"scott\"}"]));
    for version in &mut typed.versions {
        version.wire.content_type = Some("application/json".to_owned());
    }
    all.push(typed);

    let mut expiring = of("expiring", texts(&["until the new year"]));
    for version in &mut expiring.versions {
        version.wire.exp = Some(1_798_761_600);
    }
    all.push(expiring);

    let mut disabled = of("disabled-in-the-middle", texts(&["v1", "withdrawn", "v3"]));
    if let Some(version) = disabled.versions.get_mut(1) {
        version.wire.enabled = false;
        version.fits_lockbox = false;
    }
    all.push(disabled);

    let mut withdrawn = of("disabled-at-the-end", texts(&["v1", "withdrawn"]));
    // A copy of the older version alone would bring it back as the current one.
    for version in &mut withdrawn.versions {
        version.fits_lockbox = false;
    }
    if let Some(version) = withdrawn.versions.last_mut() {
        version.wire.enabled = false;
    }
    withdrawn.fits_wix = false;
    all.push(withdrawn);

    let mut large = of("large", ["x".repeat(10), "0123456789".repeat(2_500)]);
    large.fits_wix = false;
    all.push(large);

    let mut long = of(
        &"long-name-".repeat(8),
        texts(&["a name of eighty characters"]),
    );
    long.fits_wix = false;
    all.push(long);

    let mut empty = of("empty", texts(&["", "filled later"]));
    if let Some(version) = empty.versions.first_mut() {
        version.fits_lockbox = false;
    }
    all.push(empty);
    all
}

fn of(name: &str, values: impl IntoIterator<Item = String>) -> Seeded {
    let versions = values.into_iter().map(|value| SeededVersion {
        wire: Version {
            value,
            ..Version::default()
        },
        fits_lockbox: true,
    });
    Seeded {
        name: name.to_owned(),
        versions: versions.collect(),
        fits_wix: true,
    }
}
