//! polyvault's own code, without an HTTP stack on its thread: no block at all.

use std::collections::BTreeMap;

use polyvault::observability::Traced;
use polyvault::transport::Body;
use polyvault::{
    EnvStore, Environment, ErrorKind, FallbackStore, MemoryStore, PageRequest, SecretStoreExt as _,
};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Answer, Script, answer, lost};

use super::across::Across;
use super::recorder::{Block, record};
use super::told::Told;
use super::{calls, services};

/// A value and a token, for the whole run: the recorder looks for them from anywhere.
pub(crate) fn marks() -> &'static [Mark] {
    Box::leak(Box::new([Mark::large(), Mark::new()]))
}

/// What was freed, by whom.
pub(crate) fn report(what: &str, blocks: &[Block]) -> String {
    let mut seen = BTreeMap::<String, (usize, usize)>::new();
    for block in blocks {
        let which = ["value", "credential", "token", "token"][block.mark];
        let frames: Vec<_> = block.frames.iter().take(14).map(String::as_str).collect();
        let key = format!(
            "{which} {}, freed by\n    {}",
            block.how,
            frames.join("\n    ")
        );
        let one = seen.entry(key).or_default();
        *one = (one.0 + 1, one.1 + block.size);
    }
    let mut text = format!("{what}: {} blocks\n", blocks.len());
    for (key, (count, bytes)) in seen {
        text += &format!("  {count} of {bytes} bytes: {key}\n");
    }
    text
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

/// Holds `work` to freeing no block with a mark in it.
#[track_caller]
pub(crate) fn wipes<T>(what: &str, marks: &'static [Mark], work: impl Future<Output = T>) -> T {
    let (made, blocks) = record(marks, || run(work));
    assert!(blocks.is_empty(), "{}", report(what, &blocks));
    made
}

/// How a service fails that repeats nothing: what it repeats in a header, a code or a message is text like any other,
/// never told on, but not wiped.
fn failures(mark: &Mark) -> Vec<Answer> {
    let statuses = [400, 401, 403, 404, 409, 412, 429, 500, 503];
    let mut failures: Vec<_> = statuses.map(|status| answer(status, "{}")).into();
    let text = serde_json::to_string(mark.text()).unwrap();
    failures.extend([
        lost(),
        answer(200, "{}"),
        answer(200, "<html>"),
        // The value in its place, and the rest not as it should be.
        answer(
            200,
            format!(
                r#"{{"value":{{"x":{text}}},"id":7,"entries":[{{"key":"value","textValue":[{text}]}}]}}"#
            ),
        ),
        answer(
            200,
            format!(r#"{{"value":{text},"entries":[{{"key":"value","textValue":{text}}}],"id":"#),
        ),
    ]);
    failures
}

/// All calls of a store over HTTP, and then all again with every seventh request answered by a failure.
fn wiped_by(which: &'static str) {
    let marks = marks();
    let (across, url) = Across::start(which);
    let told = wipes(which, marks, async {
        let mut told = Told::default();
        let store = services::open(&url, &marks[1], across.options());
        calls::all(&*store, &marks[0], &mut told).await;
        told
    });
    let sent = across.sent();
    assert!(sent > 20 && told.len() > 100, "{which}: {sent} requests");

    const TURNS: usize = 7;
    let failures: Vec<_> = failures(&marks[0]);
    for turn in 0..failures.len() {
        let (across, url) = Across::start(which);
        let failures = failures.clone();
        across.answer_otherwise(move |number| {
            let failure = &failures[(number / TURNS + turn) % failures.len()];
            (number % TURNS == turn % TURNS).then(|| failure.clone())
        });
        let told = wipes(&format!("{which}, turn {turn}"), marks, async {
            let mut told = Told::default();
            let store = services::open(&url, &marks[1], across.options());
            calls::all(&*store, &marks[0], &mut told).await;
            told
        });
        assert!(told.errors() > 10);
    }
}

#[test]
fn azure_key_vault_wipes_what_it_frees() {
    wiped_by("azure-key-vault");
}

#[test]
fn the_control_plane_wipes_what_it_frees() {
    wiped_by("azure-key-vault-arm");
}

#[test]
fn wix_secrets_wipe_what_they_free() {
    wiped_by("wix-secrets");
    wiped_by("wix-secrets encoded");
}

#[test]
fn lockbox_wipes_what_it_frees() {
    wiped_by("yandex-lockbox");
}

#[test]
fn only_the_json_parser_keeps_a_value_that_stands_where_none_can() {
    let marks = marks();
    let text = serde_json::to_string(marks[0].text()).unwrap();
    let script = Script::always(answer(200, format!(r#"{{"value":[{text}]}}"#)));
    let store = services::open("azure-key-vault://marked", &marks[1], script.options());

    let (listed, blocks) = record(marks, || run(store.list_page(PageRequest::default())));

    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Decode);
    // It words an error that quotes the text, which polyvault drops unread.
    assert!(
        !blocks.is_empty(),
        "SECURITY.md says that something is left"
    );
    let of_the_parser = |block: &Block| {
        block
            .frames
            .iter()
            .any(|name| name.contains("serde_json::"))
    };
    assert!(
        blocks.iter().all(of_the_parser),
        "{}",
        report("a list", &blocks)
    );
}

#[test]
fn stores_in_memory_and_wrappers_wipe_what_they_free() {
    let marks = marks();
    let told = wipes("memory", marks, async {
        let mut told = Told::default();
        for memory in [
            MemoryStore::new(),
            MemoryStore::like_azure(),
            MemoryStore::like_lockbox(),
            MemoryStore::like_wix(),
        ] {
            calls::all(&memory, &marks[0], &mut told).await;
            let wrapped = FallbackStore::new(Traced::new(memory), MemoryStore::new());
            calls::all(&wrapped, &marks[0], &mut told).await;
        }
        told
    });
    assert!(told.len() > 1_000, "{}", told.len());
}

#[test]
fn the_environment_wipes_what_it_frees() {
    let marks = marks();
    wipes("EnvStore", marks, async {
        let environment = Environment::empty().with("APP_MARKED", marks[0].text());
        let store = EnvStore::upper_snake(environment, "APP_");
        store.get_text("marked").await.unwrap();
        let mut told = Told::default();
        calls::all(&store, &marks[0], &mut told).await;
    });
}

#[test]
fn a_copy_that_is_not_wiped_is_found() {
    let marks = marks();
    let store = MemoryStore::new();

    let ((), blocks) = record(marks, || {
        run(async {
            store.put("marked", marks[0].text()).await.unwrap();
            let read = store.get_with("marked", Default::default()).await.unwrap();
            let value = read.payload.single().unwrap();
            // A copy, a part of one that grew, base64 of a third, and none of what is wiped.
            drop(value.expose_text().unwrap().to_owned());
            drop(value.expose_bytes()[..30].to_vec());
            let mut growing = Vec::with_capacity(64);
            growing.extend_from_slice(&value.expose_bytes()[..64]);
            growing.reserve(10_000);
            growing.fill(0);
            drop(Body::from_wiped(value.expose_bytes().to_vec().into()));
        });
    });

    let sizes: Vec<_> = blocks.iter().map(|block| block.size).collect();
    assert_eq!(sizes, [20_480, 30, 64], "{}", report("planted", &blocks));
    let test = |block: &Block| block.frames.iter().any(|name| name.contains("a_copy_that"));
    assert!(blocks.iter().all(test), "{}", report("planted", &blocks));
}
