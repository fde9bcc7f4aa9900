//! The README's table comes from the code.

use std::fs;
use std::path::Path;

use polyvault::capabilities::{
    CreateStrength, Entries, Generate, LostPut, MakeCurrent, Scope, Versions,
};
use polyvault::provider::Provider;
use polyvault::{Capabilities, PROVIDERS};

const BEGIN: &str = "<!-- capabilities: made by tests/it/readme.rs -->\n";
const END: &str = "<!-- end of capabilities -->";

type Row = (&'static str, &'static str, fn(&Capabilities) -> String);

/// What people read, the field that says so, and its cell; an empty cell means no.
const ROWS: &[Row] = &[
    ("read values", "read_values", |c| yes(c.read_values)),
    ("versions", "versions", |c| {
        text(match c.versions {
            Versions::None => "",
            Versions::Listed => "listed",
            Versions::PinnedReads => "listed, each readable",
        })
    }),
    ("entries of a payload", "entries", |c| {
        text(match c.entries {
            Entries::Single => "",
            Entries::Many => "many",
        })
    }),
    ("binary values", "binary", |c| yes(c.binary)),
    ("empty values", "empty_values", |c| yes(c.empty_values)),
    ("labels", "labels", |c| scope(c.labels)),
    ("content type", "content_type", |c| yes(c.content_type)),
    ("description", "description", |c| scope(c.description)),
    ("validity", "validity", |c| yes(c.validity)),
    ("disable", "disable", |c| scope(c.disable)),
    ("rename", "rename", |c| yes(c.rename)),
    ("deletion protection", "deletion_protection", |c| {
        yes(c.deletion_protection)
    }),
    ("change a version's metadata", "update_version", |c| {
        yes(c.update_version)
    }),
    ("make a version current", "make_current", |c| {
        text(match c.make_current {
            MakeCurrent::None => "",
            MakeCurrent::Service => "by the service",
            MakeCurrent::Copy => "by a copy",
        })
    }),
    ("destroy a version", "destroy", |c| yes(c.destroy)),
    ("take a destruction back", "cancel_destruction", |c| {
        yes(c.cancel_destruction)
    }),
    ("delete", "delete", |c| yes(c.delete)),
    ("list deleted", "soft_delete", |c| yes(c.soft_delete)),
    ("recover", "recover", |c| yes(c.recover)),
    ("purge", "purge", |c| yes(c.purge)),
    ("resume an operation", "resume", |c| yes(c.resume)),
    ("create", "create", |c| {
        text(match c.create {
            CreateStrength::None => "",
            CreateStrength::Checked => "looks first",
            CreateStrength::Atomic => "atomic",
        })
    }),
    ("a put whose answer was lost", "lost_put", |c| {
        text(match c.lost_put {
            LostPut::Idempotent => "repeated safely",
            LostPut::Confirmed => "confirmed by looking",
            LostPut::Unknown => "",
        })
    }),
    ("generated passwords", "generate", |c| {
        text(match c.generate {
            Generate::Service => "by the service",
            Generate::Client => "by polyvault",
        })
    }),
    ("size of the values", "limits.payload_size", |c| {
        match c.limits.payload_size {
            None => "any".to_owned(),
            Some(most) => format!("{most} {}", c.limits.payload_unit),
        }
    }),
    ("names", "limits.name", |c| {
        let twins = if c.twins { ", not unique" } else { "" };
        format!("{}{twins}", c.limits.name)
    }),
];

fn yes(can: bool) -> String {
    text(if can { "yes" } else { "" })
}

fn scope(scope: Scope) -> String {
    text(match scope {
        Scope::None => "",
        Scope::Secret => "of the secret",
        Scope::Version => "of each version",
    })
}

fn text(cell: &str) -> String {
    cell.to_owned()
}

fn cell(provider: &Provider, field: &str, made: String) -> String {
    let later = provider
        .not_yet
        .iter()
        .any(|not_yet| not_yet.capability == field);
    match (made.is_empty(), later) {
        (true, true) => "not yet".into(),
        (true, false) => "–".into(),
        (false, true) => format!("{made} (more: not yet)"),
        (false, false) => made,
    }
}

fn table() -> String {
    let mut lines = vec![
        PROVIDERS
            .iter()
            .fold("| |".to_owned(), |row, p| format!("{row} {} |", p.title)),
        PROVIDERS
            .iter()
            .fold("|---|".to_owned(), |row, _| format!("{row}---|")),
    ];
    for (what, field, made) in ROWS {
        let row = PROVIDERS
            .iter()
            .fold(format!("| {what} |"), |row, provider| {
                let cell = cell(provider, field, made(&(provider.capabilities)()));
                format!("{row} {cell} |")
            });
        lines.push(row);
    }
    lines.push(String::new());
    for provider in PROVIDERS {
        for not_yet in provider.not_yet {
            lines.push(format!("- not yet, {}: {}", provider.title, not_yet.what));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[test]
fn the_readmes_table_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let between = readme
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .map(|(table, _)| table);

    let made = table();

    assert!(
        between == Some(&made),
        "put this between the marks:\n{made}"
    );
}

#[test]
fn every_not_yet_names_a_row_of_the_table() {
    for provider in PROVIDERS {
        for not_yet in provider.not_yet {
            let named = ROWS
                .iter()
                .any(|(_, field, _)| *field == not_yet.capability);
            assert!(named, "{}: {not_yet:?}", provider.scheme);
        }
    }
}
