//! polyvault's own code, without an HTTP stack on its thread: no block at all.

use polyvault_testkit::leak::Mark;

use super::across::Across;
use super::recorder::{Block, record};
use super::told::Told;
use super::{calls, services};

/// A value and a token for the whole run: the recorder looks for them from anywhere.
pub(crate) fn marks() -> &'static [Mark] {
    Box::leak(Box::new([Mark::large(), Mark::new()]))
}

pub(crate) fn report(what: &str, blocks: &[Block]) -> String {
    let mut text = format!("{what}: {} blocks\n", blocks.len());
    let mut seen = std::collections::BTreeMap::<String, (usize, usize)>::new();
    for block in blocks {
        let which = ["value", "credential"][block.mark];
        let frames: Vec<_> = block.frames.iter().take(14).map(String::as_str).collect();
        let key = format!(
            "{which} {}, freed by\n    {}",
            block.how,
            frames.join("\n    ")
        );
        let one = seen.entry(key).or_default();
        one.0 += 1;
        one.1 += block.size;
    }
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

#[test]
fn every_call_of_every_store_wipes_what_it_frees() {
    let marks = marks();
    let mut all = String::new();
    for which in services::ALL {
        let (across, url) = Across::start(which);
        let (told, blocks) = record(marks, || {
            run(async {
                let mut told = Told::default();
                let store = services::open(&url, &marks[1], across.options());
                calls::all(&*store, &marks[0], &mut told).await;
                told
            })
        });
        println!(
            "{which}: {} requests, {} texts, {} errors",
            across.sent(),
            told.len(),
            told.errors()
        );
        assert_eq!(told.leaks(&[&marks[0], &marks[1]]), [""; 0]);
        if !blocks.is_empty() {
            all += &report(which, &blocks);
        }
    }
    assert!(all.is_empty(), "{all}");
}
