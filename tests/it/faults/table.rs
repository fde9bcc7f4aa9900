//! What each fault comes to, for each call of each store.
//!
//! `ok` is what comes without a fault, after as many repeats as it takes; a kind of error stands for
//! itself, with `?` where the outcome is unknown; `-` is a call that the fault does not fit.

use std::sync::Arc;
use std::time::Duration;

use polyvault::azure_key_vault::emulator::Emulator;
use polyvault::clock::ManualClock;
use polyvault::transport::{ClientOptions, ReqwestTransport, RetryPolicy};
use polyvault::{Error, ErrorKind, PageRequest, Retry, SecretStoreExt as _, Timestamp};
use polyvault_testkit::faults::{Fault, FaultPlan, FaultProxy};

use super::{STORES, Service, names, read};

/// The fault hits the first request that it fits; of a put and a delete, the first that writes.
const CALLS: [&str; 4] = ["read", "list", "put", "delete"];

/// More requests than any call makes here, but for one that polls until its time is up.
const MOST: usize = 12;

/// Answers are small, so that an endless one is soon too large.
const LARGEST: usize = 64 * 1024;

async fn holds(store: &str, expected: &str) {
    let mut seen = row("", CALLS);
    for fault in Fault::ALL {
        let mut cells = Vec::new();
        for call in CALLS {
            cells.push(cell(store, *fault, call).await);
        }
        seen += &row(&fault.to_string(), cells);
    }
    println!("{store}\n{seen}");
    assert_eq!(seen, expected, "{store}");
}

fn row(head: &str, cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells = cells.into_iter().fold(format!("{head:24}"), |row, cell| {
        row + &format!("{:17}", cell.as_ref())
    });
    format!("{}\n", cells.trim_end())
}

async fn cell(store: &str, fault: Fault, call: &str) -> String {
    let service = Service::start(store).await;
    for name in ["a", "b", "c"] {
        service.inside.put(name, "old").await.unwrap();
    }
    let plan = service.plan(0).once(fault);
    let proxy = FaultProxy::start(hits(plan, store, call)).await.unwrap();
    let attempt = match fault {
        // A loaded machine may be slow as well, and is no stalled service.
        Fault::StalledBody => Duration::from_secs(1),
        _ => Duration::from_secs(20),
    };
    let small = ReqwestTransport::builder()
        .max_answer_bytes(LARGEST)
        .build();
    let opened = (service.open)(ClientOptions {
        transport: Some(proxy.through(Arc::new(small))),
        retry: RetryPolicy {
            attempt,
            ..RetryPolicy::default()
        },
        ..ClientOptions::default()
    });

    let outcome = match call {
        "read" => read(&*opened, "b").await.map(|value| {
            let right = ["old", "b"].contains(&value.as_str());
            assert!(right, "{store}, {fault}: a wrong value, {value}");
        }),
        "list" => names(&*opened).await.map(|names| {
            assert_eq!(names, ["a", "b", "c"], "{store}, {fault}");
        }),
        "put" => opened.put("b", "new").await.map(drop),
        _ => opened.delete("b").await,
    };

    let at = format!("{store}, {fault}, {call}: {outcome:?}");
    let trace = proxy.trace();
    assert!(
        trace.len() <= MOST || fault == Fault::NeverDone,
        "{at} by {trace:#?}"
    );
    // An endless body is left as soon as it is too large, but for what lies in the buffers of the system.
    assert!(proxy.endless_bytes() < 8 * 1024 * 1024, "{at}");
    let after = read(&*service.inside, "b")
        .await
        .map_err(|error| error.kind());
    let done = match call {
        "put" => Ok("new".to_owned()),
        "delete" => Err(ErrorKind::NotFound),
        _ => Ok("old".to_owned()),
    };
    match &outcome {
        Ok(()) => assert_eq!(after, done, "{at}"),
        Err(error) if error.retry() != Retry::OutcomeUnknown => {
            assert_eq!(after, Ok("old".to_owned()), "{at}");
        }
        Err(_) => {}
    }
    match outcome {
        Ok(()) if !trace.iter().any(|one| one.fault == Some(fault) && one.fits) => "-".to_owned(),
        Ok(()) => "ok".to_owned(),
        Err(error) => told(&error),
    }
}

fn hits(plan: FaultPlan, store: &str, call: &str) -> FaultPlan {
    match (call, store) {
        ("put", "wix-secrets") => plan.on("PATCH", ""),
        ("put", "yandex-lockbox") => plan.on("POST", ""),
        ("put", "azure-key-vault" | "azure-key-vault-arm") => plan.on("PUT", ""),
        ("delete", _) => plan.on("DELETE", ""),
        _ => plan,
    }
}

fn told(error: &Error) -> String {
    let unknown = match error.retry() {
        Retry::OutcomeUnknown => "?",
        _ => "",
    };
    format!("{:?}{unknown}", error.kind())
}

#[tokio::test]
async fn each_fault_has_its_outcome_on_azure() {
    holds(
        "azure-key-vault",
        include_str!("outcomes/azure-key-vault.txt"),
    )
    .await;
}

#[tokio::test]
async fn each_fault_has_its_outcome_on_the_control_plane() {
    holds(
        "azure-key-vault-arm",
        include_str!("outcomes/azure-key-vault-arm.txt"),
    )
    .await;
}

#[tokio::test]
async fn each_fault_has_its_outcome_on_wix() {
    holds("wix-secrets", include_str!("outcomes/wix-secrets.txt")).await;
}

#[tokio::test]
async fn each_fault_has_its_outcome_on_lockbox() {
    holds(
        "yandex-lockbox",
        include_str!("outcomes/yandex-lockbox.txt"),
    )
    .await;
}

#[tokio::test]
async fn a_fault_that_stays_is_told_for_what_it_is_after_few_requests() {
    let long = Duration::from_secs(3600);
    for store in STORES {
        for (fault, kind, most) in [
            (Fault::RateLimited(None), ErrorKind::RateLimited, 6),
            (Fault::RateLimited(Some(long)), ErrorKind::RateLimited, 1),
            (Fault::Status(500), ErrorKind::Unavailable, 6),
            (Fault::StatusAfterCommit(503), ErrorKind::Unavailable, 6),
            (Fault::CutBody, ErrorKind::Unavailable, 6),
            (Fault::ResetBeforeCommit, ErrorKind::Unavailable, 6),
            (Fault::ResetAfterCommit, ErrorKind::Unavailable, 6),
            (Fault::TruncatedJson, ErrorKind::Decode, 6),
            (Fault::HtmlPage, ErrorKind::Decode, 1),
            (Fault::ExpiredToken, ErrorKind::Unauthenticated, 2),
        ] {
            let service = Service::start(store).await;
            service.inside.put("b", "old").await.unwrap();
            let plan = service.plan(0).one_in(1, [fault]);
            let proxy = FaultProxy::start(plan).await.unwrap();
            let opened = (service.open)(proxy.options());

            let error = read(&*opened, "b").await.unwrap_err();

            assert_eq!(error.kind(), kind, "{store}, {fault}: {error}");
            let requests = proxy.trace().len();
            assert!(requests <= most, "{store}, {fault}: {requests} requests");
        }
    }
}

#[tokio::test]
async fn an_empty_page_before_each_page_loses_nothing() {
    for store in STORES {
        let service = Service::start(store).await;
        for name in ["a", "b", "c"] {
            service.inside.put(name, "old").await.unwrap();
        }
        let plan = service.plan(0).one_in(1, [Fault::EmptyPage]);
        let proxy = FaultProxy::start(plan).await.unwrap();

        // By the page: a listing of nothing but empty ones has no end.
        let opened = (service.open)(proxy.options());
        let mut listed = Vec::new();
        let mut page = PageRequest::default();
        for _ in 0..10 {
            let told = opened.list_page(page).await.unwrap();
            listed.extend(told.items.into_iter().filter_map(|info| info.name));
            page = PageRequest::default();
            page.token = told.next;
            if page.token.is_none() {
                break;
            }
        }

        listed.sort();
        let listed: Vec<_> = listed.iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["a", "b", "c"], "{store}: {:#?}", proxy.trace());
    }
}

#[tokio::test]
async fn work_that_never_ends_on_azure_is_a_knob_of_its_emulator() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let vault = Emulator::builder().clock(clock).start().await;
    vault.seed("b", ["old"]).unwrap();
    vault.delete_polls(u32::MAX);
    let proxy = FaultProxy::start(FaultPlan::new(0)).await.unwrap();

    let error = vault.store_with(proxy.options()).delete("b").await;

    let error = error.unwrap_err();
    assert_eq!(told(&error), "Timeout?");
}
