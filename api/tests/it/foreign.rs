//! Whose types stand in public signatures: their next major version is one of ours.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rustdoc_types::{Crate, Id, ItemEnum};
use serde_json::Value;

use crate::rustdoc::{Libraries, all, none};

/// What may stand there: the crate, the packages that name it, the feature it needs (or none), why.
const ALLOWED: &[(&str, &[&str], Option<&str>, &str)] = &[
    (
        "bytes",
        &["polyvault-core"],
        None,
        "bodies of the transport, shared without a copy",
    ),
    (
        "futures_core",
        &["polyvault-core"],
        None,
        "`Stream`, until the standard library has one",
    ),
    (
        "http",
        &[
            "polyvault-azure-key-vault",
            "polyvault-core",
            "polyvault-testkit",
        ],
        None,
        "requests and answers of any `Transport`, and deliveries to any web framework",
    ),
    (
        "jiff",
        &[
            "polyvault-azure-key-vault",
            "polyvault-core",
            "polyvault-wix-secrets",
            "polyvault-yandex-lockbox",
        ],
        None,
        "`Timestamp`: the standard library has no calendar",
    ),
    (
        "proptest",
        &["polyvault-testkit"],
        None,
        "`Strategy`: bodies are chosen and shrunk by it",
    ),
    (
        "secrecy",
        &[
            "polyvault-azure-key-vault",
            "polyvault-core",
            "polyvault-wix-secrets",
            "polyvault-yandex-lockbox",
        ],
        None,
        "text that prints as redacted and is wiped",
    ),
    (
        "serde_core",
        &["polyvault-core"],
        None,
        "bounds of `transport::json`, which adapters read and write with",
    ),
    (
        "serde_json",
        &["polyvault-core"],
        None,
        "`RawValue` of `transport::json`, decoded without unwiped copies",
    ),
    (
        "serde_json",
        &["polyvault-testkit"],
        None,
        "fixtures are JSON",
    ),
    (
        "url",
        &["polyvault-core"],
        None,
        "parsed store URLs and endpoints",
    ),
    (
        "zeroize",
        &["polyvault-core"],
        None,
        "buffers that are wiped",
    ),
    (
        "serde_core",
        &["polyvault-azure-key-vault"],
        Some("emulator"),
        "knobs that come as JSON",
    ),
    (
        "serde_json",
        ADAPTERS,
        Some("emulator"),
        "what a test hands to the emulator as JSON",
    ),
    (
        "serde_core",
        &["polyvault"],
        Some("config"),
        "stores as configuration that is read and written",
    ),
    (
        "reqwest",
        &["polyvault-core"],
        Some("reqwest"),
        "a client that is handed in",
    ),
    (
        "azure_core",
        &["polyvault-azure-key-vault"],
        Some("azure-core"),
        "the trait of the vendor's own credentials",
    ),
    (
        "wiremock",
        ADAPTERS,
        Some("emulator"),
        "the server, so that faults are mounted with an API one knows",
    ),
];

const ADAPTERS: &[&str] = &[
    "polyvault-azure-key-vault",
    "polyvault-wix-secrets",
    "polyvault-yandex-lockbox",
];

#[test]
fn without_features_only_vocabulary_stands_in_signatures() {
    same(none(), |feature| feature.is_none());
}

#[test]
fn features_add_only_the_types_they_are_for() {
    same(all(), |_| true);
}

fn same(libraries: &Libraries, counts: impl Fn(&Option<&str>) -> bool) {
    let found = found(libraries);
    let mut allowed = BTreeSet::new();
    for (foreign, packages, feature, _) in ALLOWED {
        for package in packages
            .iter()
            .filter(|name| libraries.contains_key(**name))
        {
            if counts(feature) {
                allowed.insert((package.to_string(), foreign.to_string()));
            }
        }
    }

    let new: Vec<_> = found
        .iter()
        .filter(|(pair, _)| !allowed.contains(*pair))
        .collect();
    let stale: Vec<_> = allowed
        .iter()
        .filter(|pair| !found.contains_key(*pair))
        .collect();
    assert!(
        new.is_empty(),
        "types of other crates in public signatures: {new:#?}"
    );
    assert!(stale.is_empty(), "allowed, but nowhere: {stale:#?}");
}

/// (package, crate) → an item that names a type of the crate.
fn found(libraries: &Libraries) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for (package, library) in libraries {
        for (foreign, item) in foreign(&library.krate) {
            found.entry((package.clone(), foreign)).or_insert(item);
        }
    }
    found
}

fn foreign(krate: &Crate) -> BTreeSet<(String, String)> {
    // Written by nobody here, so promised by nobody.
    let mut theirs: HashSet<Id> = HashSet::new();
    for (id, item) in &krate.index {
        if let ItemEnum::Impl(one) = &item.inner
            && (one.is_synthetic || one.blanket_impl.is_some())
        {
            theirs.insert(*id);
            theirs.extend(&one.items);
        }
    }
    let mut found = BTreeSet::new();
    for (id, item) in &krate.index {
        if item.crate_id != 0 || theirs.contains(id) || matches!(item.inner, ItemEnum::Module(_)) {
            continue;
        }
        let name = match &item.inner {
            ItemEnum::Impl(one) => format!(
                "an impl of {:?}",
                one.trait_.as_ref().map(|path| &path.path)
            ),
            _ => item.name.clone().unwrap_or_default(),
        };
        let inner = serde_json::to_value(&item.inner).unwrap();
        paths(&inner, &mut |id| {
            let Some(summary) = krate.paths.get(&id) else {
                return;
            };
            let Some(foreign) = krate.external_crates.get(&summary.crate_id) else {
                return;
            };
            let standard = ["std", "core", "alloc"].contains(&foreign.name.as_str());
            if !standard && !foreign.name.starts_with("polyvault") {
                found.insert((foreign.name.clone(), name.clone()));
            }
        });
    }
    found
}

/// Calls `see` with the id of every path in a signature, however deep.
fn paths(inner: &Value, see: &mut impl FnMut(Id)) {
    match inner {
        Value::Object(fields) => {
            let named = fields.contains_key("path") || fields.contains_key("source");
            if let Some(id) = fields.get("id").and_then(Value::as_u64)
                && named
            {
                see(Id(u32::try_from(id).unwrap()));
            }
            fields.values().for_each(|field| paths(field, see));
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, see)),
        _ => {}
    }
}
