//! What has behaviour shows it: a runnable example each, and `# Errors` where a `Result` is given.
//!
//! A public function has behaviour unless it only lends a part of its value: no input but
//! `&self` (or `self` of a `Copy` type), not async, an output without a `Result` or a future.
//! Traits and their methods always have. Its example is its own, or one on the page of its type
//! or trait, or in the docs of a module around it, that names it as `name(` or `name::<`, with the type in
//! front where it takes no `self`.

use std::collections::HashSet;

use rustdoc_types::{Crate, Function, Id, Impl, Item, ItemEnum, Type};
use serde_json::Value;

use crate::rustdoc::{all, written};

#[test]
fn what_has_behaviour_has_a_runnable_example() {
    let mut bare = Vec::new();
    for library in all().values() {
        let lacks_one = |one: &&Documented<'_>| one.has_behaviour && !one.has_example;
        let found = documented(&library.krate);
        bare.extend(found.iter().filter(lacks_one).map(|one| one.path.clone()));
    }
    assert!(
        bare.is_empty(),
        "no runnable example names these: {bare:#?}"
    );
}

#[test]
fn what_gives_a_result_says_when_it_fails() {
    let mut silent = Vec::new();
    for (name, library) in all() {
        let gives_errors = |one: &&Documented<'_>| one.gives_a_result && !one.says("# Errors");
        let found = documented(&library.krate);
        silent.extend(
            found
                .iter()
                .filter(gives_errors)
                .map(|one| format!("{name} {}", one.path)),
        );
    }
    assert!(silent.is_empty(), "no `# Errors`: {silent:#?}");
}

struct Documented<'a> {
    path: String,
    docs: &'a str,
    has_behaviour: bool,
    has_example: bool,
    gives_a_result: bool,
}

impl Documented<'_> {
    fn says(&self, heading: &str) -> bool {
        self.docs.lines().any(|line| line.trim() == heading)
    }
}

fn documented(krate: &Crate) -> Vec<Documented<'_>> {
    let mut walk = Walk {
        krate,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    walk.module(krate.root, "", "");
    walk.found
}

struct Walk<'a> {
    krate: &'a Crate,
    seen: HashSet<Id>,
    found: Vec<Documented<'a>>,
}

impl<'a> Walk<'a> {
    fn module(&mut self, id: Id, path: &str, around: &str) {
        let item = &self.krate.index[&id];
        let ItemEnum::Module(module) = &item.inner else {
            return;
        };
        let path = join(path, name(item));
        let around = format!("{around}{}", examples(docs(item)));
        for id in &module.items {
            self.item(*id, &path, &around);
        }
    }

    fn item(&mut self, id: Id, path: &str, around: &str) {
        let Some(item) = self.krate.index.get(&id) else {
            return;
        };
        if item.crate_id != 0 || !self.seen.insert(id) {
            return;
        }
        match &item.inner {
            ItemEnum::Module(_) => self.module(id, path, around),
            ItemEnum::Use(one) if one.is_glob => {
                if let Some(ItemEnum::Module(module)) = one
                    .id
                    .and_then(|id| self.krate.index.get(&id))
                    .map(|item| &item.inner)
                {
                    for id in &module.items {
                        self.item(*id, path, around);
                    }
                }
            }
            ItemEnum::Use(one) => {
                if let Some(id) = one.id {
                    self.item(id, path, around);
                }
            }
            ItemEnum::Function(function) => self.function(item, function, false, path, around),
            ItemEnum::Trait(one) => self.page(item, &one.items, true, path, around),
            ItemEnum::Struct(one) => self.own(item, &one.impls, path, around),
            ItemEnum::Enum(one) => self.own(item, &one.impls, path, around),
            _ => {}
        }
    }

    /// A type: what its inherent impls hold.
    fn own(&mut self, item: &'a Item, impls: &'a [Id], path: &str, around: &str) {
        let mut items = Vec::new();
        let mut copy = false;
        for one in written(self.krate, impls) {
            let ItemEnum::Impl(Impl {
                trait_, items: ids, ..
            }) = &one.inner
            else {
                continue;
            };
            match trait_ {
                None => items.extend(ids),
                Some(path) => copy |= path.path == "Copy",
            }
        }
        self.page(item, &items, copy, path, around);
    }

    /// A type or trait with its functions: all stand on one page.
    fn page(&mut self, item: &'a Item, ids: &[Id], copy: bool, path: &str, around: &str) {
        let path = join(path, name(item));
        let members: Vec<_> = ids
            .iter()
            .filter_map(|id| self.krate.index.get(id))
            .collect();
        let mut page = format!("{around}{}", examples(docs(item)));
        for member in &members {
            page += &examples(docs(member));
        }
        if matches!(item.inner, ItemEnum::Trait(_)) {
            self.found.push(Documented {
                path: path.clone(),
                docs: docs(item),
                has_behaviour: true,
                has_example: page
                    .split(|c: char| !word(c))
                    .any(|found| found == name(item)),
                gives_a_result: false,
            });
        }
        for member in members {
            if let ItemEnum::Function(function) = &member.inner {
                self.function(member, function, copy, &path, &page);
            }
        }
    }

    fn function(
        &mut self,
        item: &'a Item,
        function: &Function,
        copy: bool,
        path: &str,
        page: &str,
    ) {
        let output = serde_json::to_value(&function.sig.output).unwrap();
        let gives_a_result = mentions(&output, "Result");
        let lends = match function.sig.inputs.as_slice() {
            [(name, Type::BorrowedRef { is_mutable, .. })] => name == "self" && !is_mutable,
            [(name, _)] => name == "self" && copy,
            _ => false,
        };
        let later =
            function.header.is_async || mentions(&output, "Future") || mentions(&output, "Stream");
        let (owner, has_self) = (path.rsplit("::").next().unwrap(), takes_self(function));
        // `new(` alone would be anybody's.
        let called = match owner.starts_with(char::is_uppercase) && !has_self {
            true => format!("{owner}::{}", name(item)),
            false => name(item).to_owned(),
        };
        self.found.push(Documented {
            path: join(path, name(item)),
            docs: docs(item),
            has_behaviour: !lends || later || gives_a_result || output.is_null(),
            has_example: !examples(docs(item)).is_empty() || calls(page, &called),
            gives_a_result,
        });
    }
}

fn takes_self(function: &Function) -> bool {
    let first = function.sig.inputs.first();
    first.is_some_and(|(name, _)| name == "self")
}

fn name(item: &Item) -> &str {
    item.name.as_deref().unwrap_or_default()
}

fn docs(item: &Item) -> &str {
    item.docs.as_deref().unwrap_or_default()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}::{name}")
    }
}

/// The code that `cargo test --doc` runs and a reader sees.
fn examples(docs: &str) -> String {
    let mut code = String::new();
    let mut fence: Option<bool> = None;
    for line in docs.lines() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            let runs = |word: &str| word.is_empty() || word == "rust" || word == "should_panic";
            fence = match fence {
                Some(_) => None,
                None => Some(info.split(',').all(|word| runs(word.trim()))),
            };
        } else if fence == Some(true) && !line.trim_start().starts_with("# ") {
            code += line;
            code += "\n";
        }
    }
    code
}

fn calls(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        !before.ends_with(word) && (after.starts_with('(') || after.starts_with("::<"))
    })
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a path of a signature ends in `name`.
fn mentions(signature: &Value, name: &str) -> bool {
    match signature {
        Value::Object(fields) => {
            let path = fields.get("path").and_then(Value::as_str);
            path.is_some_and(|path| path.rsplit("::").next() == Some(name))
                || fields.values().any(|field| mentions(field, name))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        _ => false,
    }
}
