//! Every write of every store with its connection dying at every point: it is done once, or not at all, or
//! its error says that nobody knows and how to find out.

mod fault;
mod site;
mod write;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::{Either, select};
use http::Method;
use polyvault::capabilities::LostPut;
use polyvault::transport::{ClientOptions, ReqwestTransport};
use polyvault::{Error, ErrorKind, IdempotencyKey, Result, Retry};
use polyvault_testkit::refusals::check_help;

use self::fault::{Dying, Fault};
use self::site::Site;
use self::write::{Given, Write};

/// What came of a write, as the table says it.
const DONE: &str = "once";
const NOTHING: &str = "none, an error";
const UNKNOWN: &str = "unknown";
const PARTLY: &str = "in part, an error";
const EITHER: &str = "once or none";

/// The writes' requests by what they are for, as the table's rows.
const PARTS: [&str; 3] = ["", ", looking first", ", while it is polled"];

/// A write at a fresh site, with the connection dying at its request number `at`.
struct Try<'a> {
    store: &'a str,
    write: &'a Write,
    inner: &'a Arc<ReqwestTransport>,
}

/// The site before and after, the requests, and what the store said; `None` if the call was dropped.
struct Tried {
    site: Arc<Site>,
    given: Given,
    before: String,
    lines: Vec<(Method, String)>,
    outcome: Option<Result<()>>,
}

impl Try<'_> {
    async fn run(&self, at: usize, fault: Fault) -> Tried {
        let site = Arc::new(Site::start(self.store).await);
        let dying = Dying::at(self.inner, at, fault);
        let mut given = Given {
            options: dying.options(),
            key: None,
            older: None,
            backup: None,
        };
        let made = self.write.prepare.make(&site, &mut given).await;
        let refused = made.err();
        let keyed = self.write.keyed && keyed(&site);
        given.key = keyed.then(IdempotencyKey::random);
        let before = site.state().await;
        let outcome = match refused {
            Some(error) => Some(Err(error)),
            None => {
                let run = (self.write.run)(Arc::clone(&site), given.clone());
                match select(run, Box::pin(dying.dropped())).await {
                    Either::Left((outcome, _)) => Some(outcome),
                    Either::Right(_) => None,
                }
            }
        };
        Tried {
            lines: dying.lines(),
            site,
            given,
            before,
            outcome,
        }
    }
}

impl Tried {
    /// What came of it, held to the states that the write goes through when nothing dies, the last of
    /// which is the wanted one.
    async fn judge(mut self, write: &Write, states: &[String]) -> Result<&'static str, String> {
        let outcome = match (self.outcome.take(), self.given.key) {
            (Some(outcome), _) => Some(outcome),
            (None, Some(_)) => Some(self.again(write).await),
            (None, None) => None,
        };
        let after = self.site.state().await;
        let done = states.last() == Some(&after);
        let known = after == self.before || states.contains(&after);
        let unknown = |error: &Error| error.retry() == Retry::OutcomeUnknown;
        match &outcome {
            Some(Ok(())) if done => Ok(DONE),
            None if known => Ok(EITHER),
            Some(Err(error)) if unknown(error) && known => helped(error, UNKNOWN),
            Some(Err(error)) if after == self.before => helped(error, NOTHING),
            Some(Err(error)) if known && !done => helped(error, PARTLY),
            _ => Err(format!(
                "{outcome:?}\nbefore: {}\nafter: {after}\n{states:#?}",
                self.before
            )),
        }
    }

    /// The repeat of a call that was dropped, by another process that has its key.
    async fn again(&self, write: &Write) -> Result<()> {
        let given = Given {
            options: ClientOptions::default(),
            ..self.given.clone()
        };
        (write.run)(Arc::clone(&self.site), given).await
    }

    /// For what its request number `at` is.
    fn part(&self, at: usize) -> &'static str {
        let reads = |(method, path): &&(Method, String)| {
            *method == Method::GET || path.ends_with("/oauth2/token")
        };
        let writes = self.lines.iter().take(at + 1).filter(|line| !reads(line));
        match (writes.count(), self.lines.get(at)) {
            (0, _) => PARTS[1],
            (_, Some(line)) if reads(&line) => PARTS[2],
            _ => PARTS[0],
        }
    }
}

/// Whether its writes can be repeated by their keys.
fn keyed(site: &Site) -> bool {
    let store = site.open(ClientOptions::default());
    store.capabilities().lost_put == LostPut::Idempotent
}

fn helped(error: &Error, word: &'static str) -> Result<&'static str, String> {
    check_help(error).map(|()| word)
}

/// The table of a store, a row a write and part, and what must not be.
async fn table(store: &'static str) -> (String, Vec<String>) {
    let inner = Arc::new(ReqwestTransport::default());
    let heads = Fault::ALL.map(|(_, head)| head).join(" | ");
    let mut rows = vec![
        format!("| {store} | {heads} |"),
        format!("|---{}|", "|---".repeat(Fault::ALL.len())),
    ];
    let mut wrong = Vec::new();
    for write in write::all() {
        let one = Try {
            store,
            write: &write,
            inner: &inner,
        };
        let clean = one.run(usize::MAX, Fault::NotSent).await;
        match &clean.outcome {
            Some(Err(error)) if error.kind() == ErrorKind::Unsupported => continue,
            Some(Err(error)) => {
                wrong.push(format!("{}: {error}", write.name));
                continue;
            }
            _ => {}
        }
        let mut states = Vec::new();
        for at in 0..clean.lines.len() {
            states.push(one.run(at, Fault::DroppedAfter).await.site.state().await);
        }
        states.push(clean.site.state().await);
        let mut cells = [(); 3].map(|()| [(); Fault::ALL.len()].map(|()| BTreeSet::new()));
        for at in 0..clean.lines.len() {
            let part = PARTS.iter().position(|part| *part == clean.part(at));
            for (column, (fault, head)) in Fault::ALL.into_iter().enumerate() {
                let tried = one.run(at, fault).await;
                match tried.judge(&write, &states).await {
                    Ok(word) => {
                        cells[part.unwrap()][column].insert(word);
                    }
                    Err(why) => wrong.push(format!(
                        "{}, {head}, {:?}: {why}",
                        write.name, clean.lines[at]
                    )),
                }
            }
        }
        for (part, cells) in PARTS.iter().zip(cells) {
            if cells.iter().all(BTreeSet::is_empty) {
                continue;
            }
            let cells = cells.map(|words| words.into_iter().collect::<Vec<_>>().join(", "));
            rows.push(format!("| {}{part} | {} |", write.name, cells.join(" | ")));
        }
    }
    (rows.join("\n") + "\n", wrong)
}

async fn check(store: &'static str) {
    let (table, wrong) = table(store).await;
    println!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(&table), "SECURITY.md is to have\n{table}");
}

#[tokio::test]
async fn a_write_to_azure_key_vault_is_done_once_or_its_error_says_what_to_do() {
    check(site::STORES[0]).await;
}

#[tokio::test]
async fn a_write_to_the_resource_manager_is_done_once_or_its_error_says_what_to_do() {
    check(site::STORES[1]).await;
}

#[tokio::test]
async fn a_write_to_wix_is_done_once_or_its_error_says_what_to_do() {
    check(site::STORES[2]).await;
}

#[tokio::test]
async fn a_write_to_lockbox_is_done_once_or_its_error_says_what_to_do() {
    check(site::STORES[3]).await;
}
