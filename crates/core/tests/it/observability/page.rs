//! The page against what is sent out.

use std::collections::{BTreeMap, BTreeSet};

use polyvault_core::observability::Traced;
use polyvault_core::{
    DeleteOptions, GetOptions, InfoPatch, MemoryStore, OperationId, PageRequest, Payload,
    PutOptions, SecretRef, SecretStore, VersionChange, VersionId,
};

use super::capture::{Capture, Seen};
use super::scenario::ALL;

const PAGE: &str = include_str!("../../../docs/observability.md");

/// Name to level and fields.
type Table = BTreeMap<String, (String, BTreeSet<String>)>;

/// The cells of the table under this heading, without its head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once(&format!("# {heading}\n")).unwrap();
    let section = section.split("\n# ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.split('|').map(str::trim).collect())
        .collect()
}

/// What stands in backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn told(heading: &str) -> Table {
    let row = |row: Vec<&str>| {
        let name = names(row[1]).pop_first().unwrap();
        (name, (row[2].to_owned(), names(row[4])))
    };
    rows(heading).into_iter().map(row).collect()
}

#[tokio::test]
async fn the_page_has_the_names_levels_and_fields_that_are_sent_out_and_no_others() {
    let mut seen = Table::new();
    let mut filled = Table::new();
    let mut places = BTreeSet::new();
    for scenario in ALL {
        scenario().await.capture.look(|all| {
            for one in all {
                assert_eq!(one.target, "polyvault", "{one:?}");
                let kind = (one.level.clone(), one.declared.iter().cloned().collect());
                let before = seen.insert(one.name.clone(), kind.clone());
                assert!(before.is_none_or(|before| before == kind), "{one:?}");
                let entry = filled.entry(one.name.clone());
                let (_, fields) = entry.or_insert_with(|| (one.level.clone(), BTreeSet::new()));
                fields.extend(one.fields.keys().cloned());
                if !one.name.starts_with("polyvault.") {
                    places.insert((one.name.clone(), all[one.parent.unwrap()].name.clone()));
                }
            }
        });
    }

    let mut page = told("Spans");
    page.extend(told("Events"));
    assert_eq!(page, seen);
    let place = |row: Vec<&str>| (names(row[1]).pop_first(), names(row[3]).pop_first());
    let told: BTreeSet<_> = rows("Events").into_iter().map(place).collect();
    let places = places
        .into_iter()
        .map(|(event, span)| (Some(event), Some(span)));
    assert_eq!(told, places.collect());
    let fields: BTreeSet<_> = seen.values().flat_map(|(_, fields)| fields).collect();
    let explained: Vec<_> = rows("Fields")
        .into_iter()
        .flat_map(|row| names(row[1]))
        .collect();
    assert_eq!(explained.iter().collect::<BTreeSet<_>>(), fields);
    assert_eq!(explained.len(), fields.len());
    // A field that is declared and never filled would be a promise that nobody keeps.
    assert_eq!(filled, seen);
}

#[tokio::test]
async fn the_page_has_the_operations_of_all_calls() {
    let (capture, _guard) = Capture::start();
    let store = Traced::new(MemoryStore::new());
    let name = SecretRef::try_from("db").unwrap();
    let version = VersionId::new("v").unwrap();
    let page = PageRequest::default;

    // What comes of them is another matter: each is a call.
    let _ = store.get(&name, GetOptions::default()).await;
    let _ = store.describe(&name).await;
    let _ = store.list_page(page()).await;
    let _ = store.list_versions_page(&name, page()).await;
    let _ = store.list_deleted_page(page()).await;
    let value = Payload::text("a").into();
    let _ = store.begin_put(&name, value, PutOptions::default()).await;
    let _ = store.begin_update(&name, InfoPatch::default()).await;
    let change = VersionChange::MakeCurrent;
    let _ = store.begin_update_version(&name, &version, change).await;
    let _ = store.begin_delete(&name, DeleteOptions::default()).await;
    let _ = store.begin_recover(&name).await;
    let _ = store.begin_purge(&name).await;
    let _ = store.resume(&OperationId::new("op").unwrap()).await;

    let seen: BTreeSet<_> = capture.look(|all| {
        let operation = |seen: &Seen| seen.fields.get("polyvault.operation").cloned();
        all.iter().filter_map(operation).collect()
    });
    let row = rows("Fields")
        .into_iter()
        .find(|row| row[1] == "`polyvault.operation`")
        .unwrap();
    assert_eq!(names(row[2]), seen);
}
