//! The README's tables come from what the stores do.

mod methods;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use polyvault::capabilities::{
    CreateStrength, Encoded, Entries, Generate, LostPut, MakeCurrent, Scope, Versions,
};
use polyvault::provider::{NotYet, Provider, Rule};
use polyvault::{Capabilities, PROVIDERS};
use polyvault_testkit::conformance::witness;

use self::methods::{Method, methods};
use crate::harnesses::start;

type Row = (&'static str, &'static str, fn(&Capabilities) -> String);

/// What people read, the field that says so, and its cell; an empty cell means no.
const ROWS: &[Row] = &[
    ("put", "put", |c| yes(c.put)),
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
    ("encoding of what is not one text", "encoded", |c| {
        text(match c.encoded {
            Encoded::Never => "never",
            Encoded::InContentType => "marked by the content type",
            Encoded::InDescription => "marked by the description",
        })
    }),
    ("empty values", "empty_values", |c| yes(c.empty_values)),
    ("labels", "labels", |c| scope(c.labels)),
    ("content type", "content_type", |c| yes(c.content_type)),
    ("description", "description", |c| scope(c.description)),
    ("validity", "validity", |c| yes(c.validity)),
    ("clear the validity of a version", "clear_validity", |c| {
        yes(c.clear_validity)
    }),
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

/// A provider, and what was seen of its store.
struct Seen {
    provider: &'static Provider,
    capabilities: Capabilities,
    methods: Vec<Method>,
}

impl Seen {
    /// What refuses a capability: a rule of the service, by its number among all, or what is still to come.
    fn why(&self, field: &str) -> String {
        let names = |rule: &Rule| rule.capabilities.contains(&field);
        match self.provider.refusals.iter().find(|rule| names(rule)) {
            Some(rule) => format!("({})", rules().position(|(_, r)| r == rule).unwrap() + 1),
            None => String::new(),
        }
    }

    fn later(&self, field: &str) -> bool {
        let named = |later: &NotYet| later.capability == field;
        self.provider.not_yet.iter().any(named)
    }

    fn cell(&self, field: &str, seen: String) -> String {
        match (seen.is_empty(), self.later(field)) {
            (true, true) => "not yet".into(),
            (true, false) => format!("– {}", self.why(field)),
            (false, true) => format!("{seen} (more: not yet)"),
            (false, false) => seen,
        }
    }

    fn denied(&self) -> BTreeSet<&'static str> {
        let denied = |(_, _, seen): &&Row| seen(&self.capabilities).is_empty();
        ROWS.iter()
            .filter(denied)
            .map(|(_, field, _)| *field)
            .collect()
    }
}

/// All rules of all services, in the order of their numbers.
fn rules() -> impl Iterator<Item = (&'static Provider, &'static Rule)> {
    PROVIDERS
        .iter()
        .flat_map(|provider| provider.refusals.iter().map(move |rule| (provider, rule)))
}

async fn seen() -> Vec<Seen> {
    let mut stores = Vec::new();
    for provider in PROVIDERS {
        let witnessed = witness(&*start(provider.scheme).await).await.unwrap();
        assert!(witnessed.untold.is_empty(), "{:?}", witnessed.untold);
        let capabilities = witnessed.capabilities;
        let harness = start(provider.scheme).await;
        stores.push(Seen {
            provider,
            methods: methods(&*harness, capabilities.resume).await,
            capabilities,
        });
    }
    stores
}

fn table<'a>(stores: &[Seen], rows: impl Iterator<Item = (&'a str, Vec<String>)>) -> Vec<String> {
    let row = |first: &str, cells: Vec<String>| format!("| {first} | {} |", cells.join(" | "));
    let titles = stores.iter().map(|seen| seen.provider.title.to_owned());
    let mut lines = vec![
        row("", titles.collect()).replacen("  ", " ", 1),
        format!("|---|{}", "---|".repeat(stores.len())),
    ];
    lines.extend(rows.map(|(first, cells)| row(first, cells)));
    lines
}

fn capability_lines(stores: &[Seen]) -> Vec<String> {
    let rows = ROWS.iter().map(|(what, field, seen)| {
        let cell = |store: &Seen| store.cell(field, seen(&store.capabilities));
        (*what, stores.iter().map(cell).collect())
    });
    let mut lines = table(stores, rows);
    lines.push(String::new());
    for provider in PROVIDERS {
        for later in provider.not_yet {
            lines.push(format!("- not yet, {}: {}", provider.title, later.what));
        }
    }
    lines
}

fn method_lines(stores: &[Seen]) -> Vec<String> {
    let rows = (0..stores[0].methods.len()).map(|at| {
        let cell = |store: &Seen| {
            let (_, capability, works) = store.methods[at];
            match works {
                true => "works".to_owned(),
                false if store.later(capability) => "not yet".to_owned(),
                false => format!("refused {}", store.why(capability)),
            }
        };
        (stores[0].methods[at].0, stores.iter().map(cell).collect())
    });
    let mut lines = table(stores, rows);
    lines.push(String::new());
    for (number, (provider, Rule { rule, url, .. })) in rules().enumerate() {
        let (number, title) = (number + 1, provider.title);
        lines.push(format!("{number}. {title}: {rule} ([page]({url}))"));
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_tables_are_what_the_stores_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let stores = seen().await;
    for (name, lines) in [
        ("capabilities", capability_lines(&stores)),
        ("methods", method_lines(&stores)),
    ] {
        let begin = format!("<!-- {name}: made by tests/it/readme.rs -->\n");
        let end = format!("<!-- end of {name} -->");
        let between = readme
            .split_once(&begin)
            .and_then(|(_, rest)| rest.split_once(&end))
            .map(|(table, _)| table);
        let made = lines.join("\n") + "\n";
        assert!(
            between == Some(&made),
            "put this between the marks:\n{made}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_a_rule_of_the_service_or_is_not_yet_and_no_rule_stands_without_one() {
    for store in seen().await {
        let refusals = store.provider.refusals.iter();
        let ruled: Vec<_> = refusals.flat_map(|rule| rule.capabilities).collect();
        let explained: BTreeSet<_> = ruled.iter().map(|field| **field).collect();
        assert_eq!(ruled.len(), explained.len(), "a refusal has one rule");
        let denied = store.denied();
        let later: BTreeSet<_> = denied
            .iter()
            .copied()
            .filter(|field| store.later(field))
            .collect();
        let scheme = store.provider.scheme;
        assert!(
            explained.is_disjoint(&later),
            "{scheme}: {explained:?} {later:?}"
        );
        assert_eq!(&explained | &later, denied, "{scheme}");
        for (what, capability, works) in &store.methods {
            let refused = denied.contains(capability);
            assert_eq!(*works, !refused, "{scheme}: {what}");
        }
        for rule in store.provider.refusals {
            assert!(rule.url.starts_with("https://"), "{scheme}: {}", rule.url);
        }
    }
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
