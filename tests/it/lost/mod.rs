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
use self::write::{Given, Prepare, Write};

/// What came of a write, as the table says it.
const DONE: &str = "once";
const NOTHING: &str = "none";
const UNKNOWN: &str = "unknown";
const PARTLY: &str = "in part";
const EITHER: &str = "once or none";

/// The points, as the table heads them.
const POINTS: [&str; 8] = [
    "never left",
    "lost before it was done",
    "done, answer lost",
    "done, answer cut in the middle",
    "done, 503",
    "token expired",
    "a poll lost in any of these ways",
    "dropped",
];

/// The same where nothing gets through from then on.
const GONE: &str = "done, and gone for good";

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

    /// Where in the table a fault at its request number `at` stands.
    fn column(&self, at: usize, fault: Fault) -> usize {
        let reads = |(method, path): &&(Method, String)| {
            *method == Method::GET || path.ends_with("/oauth2/token")
        };
        let begun = self.lines.iter().take(at).any(|line| !reads(&line));
        let polls = begun && self.lines.get(at).is_some_and(|line| reads(&line));
        match fault {
            Fault::GoneAfter => 8,
            Fault::DroppedBefore | Fault::DroppedAfter => 7,
            _ if polls => 6,
            Fault::NotSent => 0,
            Fault::LostBefore => 1,
            Fault::LostAfter => 2,
            Fault::HalfAnswer => 3,
            Fault::GatewayAfter => 4,
            Fault::Expired => 5,
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
    let heads = POINTS.join(" | ");
    let mut rows = vec![
        format!("| {store} | {heads} | {GONE} |"),
        format!("|---{}|", "|---".repeat(POINTS.len() + 1)),
    ];
    let mut wrong = Vec::new();
    for write in write::all() {
        let one = Try {
            store,
            write: &write,
            inner: &inner,
        };
        let clean = one.run(usize::MAX, Fault::NotSent).await;
        if write.prepare == Prepare::Deleted && !clean.site.keeps_deleted() {
            continue;
        }
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
        let mut cells = [(); POINTS.len() + 1].map(|()| BTreeSet::new());
        for at in 0..clean.lines.len() {
            for fault in Fault::ALL {
                // There is no token yet that could expire.
                if fault == Fault::Expired && clean.lines[at].1.ends_with("/oauth2/token") {
                    continue;
                }
                let column = clean.column(at, fault);
                match one.run(at, fault).await.judge(&write, &states).await {
                    Ok(word) => {
                        cells[column].insert(word);
                    }
                    Err(why) => {
                        let line = &clean.lines[at];
                        wrong.push(format!("{}, {fault:?}, {line:?}: {why}", write.name));
                    }
                }
            }
        }
        let cells = cells.map(|words| words.into_iter().collect::<Vec<_>>().join(" / "));
        rows.push(format!("| {} | {} |", write.name, cells.join(" | ")));
    }
    (rows.join("\n") + "\n", wrong)
}

/// Prints the table and holds SECURITY.md to it.
async fn check(store: &'static str) -> String {
    let (table, wrong) = table(store).await;
    println!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(&table), "SECURITY.md is to have\n{table}");
    table
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
    let table = check(site::STORES[3]).await;
    // Its keys settle whatever dies once.
    for row in table.lines().skip(2) {
        let once = row.split(" | ").skip(1).take(POINTS.len() - 1);
        assert!(
            once.into_iter()
                .all(|cell| ["once", ""].contains(&cell.trim())),
            "{row}"
        );
    }
}
