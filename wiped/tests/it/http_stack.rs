//! What the HTTP stack frees with a value or a credential in it, and that the opt-in leaves nothing.

use std::collections::BTreeMap;
use std::thread;

use polyvault::transport::ClientOptions;
use polyvault::{GetOptions, Payload, SecretStoreExt as _};
use polyvault_testkit::leak::Mark;

use super::own::{marks, report, run};
use super::recorder::{Block, record, record_cleared};
use super::services::{self, Service};

const SERVICES: [&str; 4] = [
    "azure-key-vault",
    "azure-key-vault over TLS",
    "wix-secrets",
    "yandex-lockbox",
];

/// A service on a thread of its own: the URL of its store, and its CA.
fn start(which: &'static str) -> (String, Option<String>) {
    let (told, at) = std::sync::mpsc::channel();
    thread::spawn(move || {
        run(async {
            let service = Service::start(which).await;
            told.send((service.url.clone(), service.ca.clone()))
                .unwrap();
            std::future::pending::<()>().await;
        });
    });
    at.recv().unwrap()
}

/// Puts a value and reads it, and ends the connections.
fn put_and_get((url, ca): &(String, Option<String>), [value, token]: [&Mark; 2]) {
    run(async {
        let options = services::trusting(ca.as_deref(), ClientOptions::default());
        let store = services::open(url, token, options);
        let most = match url.starts_with("wix") {
            true => &value.text()[..3_008],
            false => value.text(),
        };
        store.put("marked", most).await.unwrap();
        let read = store
            .get_with("marked", GetOptions::default())
            .await
            .unwrap();
        assert!(read.payload.same_as(&Payload::text(most)));
    });
}

/// The crate of the innermost function that isn't of std or of the crates of bytes and headers, which free what
/// others hold.
fn freed_by(block: &Block) -> String {
    let crates = block.frames.iter().map(|name| {
        let name = name.trim_start_matches(['<', '&']);
        let name = name
            .strip_prefix("core::ptr::drop_in_place<")
            .unwrap_or(name);
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        name.split_at(end.unwrap_or(name.len())).0
    });
    let passed_on = [
        "core", "alloc", "std", "bytes", "http", "tokio", "dyn", "impl", "T",
    ];
    let mut own = crates.filter(|name| !passed_on.contains(name));
    own.next().unwrap_or("nobody").to_owned()
}

#[test]
fn only_the_http_stack_frees_what_it_did_not_wipe() {
    let marks = marks();
    for which in SERVICES {
        let at = start(which);
        let ((), blocks) = record(marks, || put_and_get(&at, [&marks[0], &marks[1]]));
        let mut by: BTreeMap<(String, usize), (usize, usize)> = BTreeMap::new();
        for block in &blocks {
            let one = by.entry((freed_by(block), block.mark)).or_default();
            *one = (one.0 + 1, one.1 + block.size);
        }
        println!("{which}, a put and a get:");
        for ((who, mark), (count, bytes)) in &by {
            let what = ["value", "credential"][*mark];
            println!("  {what}: {count} blocks of {bytes} bytes freed by {who}");
        }
        println!("{}", report(which, &blocks));
        let known = ["hyper", "hyper_util", "reqwest", "rustls"];
        let others = by.keys().filter(|(who, _)| !known.contains(&who.as_str()));
        assert_eq!(others.count(), 0, "{}", report(which, &blocks));
        assert!(
            !blocks.is_empty(),
            "SECURITY.md says that something is left"
        );
    }
}

#[test]
fn an_allocator_that_zeroes_what_is_freed_leaves_nothing() {
    let marks = marks();
    for which in SERVICES {
        let at = start(which);

        let ((), blocks) = record_cleared(marks, || put_and_get(&at, [&marks[0], &marks[1]]));

        assert!(blocks.is_empty(), "{}", report(which, &blocks));
    }
}
